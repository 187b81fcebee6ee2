//! For operators and programs: health, readiness, counters, and the description of all calls.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::access::Access;
use super::failure::Failure;
use super::state::AppState;
use crate::engine::Engine;
use crate::error::Error;
use crate::failpoint;
use crate::settings::access::Scope;
use crate::telemetry::IndexGauges;

/// Every call, in the OpenAPI format.
const OPENAPI: &str = include_str!("openapi.json");

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /readyz`: every index has caught up with the store once since the start.
pub(super) async fn ready(State(state): State<AppState>) -> Result<Json<Value>, Failure> {
    if !state.is_ready() {
        state.read(caught_up).await?;
        state.set_ready();
    }
    Ok(Json(json!({ "status": "ready" })))
}

fn caught_up(engine: &Engine) -> Result<(), Failure> {
    for index in engine.indexes() {
        match engine.wait_settled(&index.name, Duration::ZERO, &|_| ()) {
            // An index deleted meanwhile keeps nobody waiting.
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(Error::Unavailable(_)) => return Err(not_ready(index.name.as_str())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn not_ready(index: &str) -> Failure {
    let message = format!("the index '{index}' has not caught up yet");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Failure::new(status, "not_ready", message, "searches work, on what is indexed so far")
        .retry_after(1)
}

/// `GET /metrics`: in Prometheus' text format.
pub(super) async fn metrics(
    State(state): State<AppState>,
    access: Access,
) -> Result<impl IntoResponse, Failure> {
    if !state.config().open_metrics {
        access.demand(Scope::Admin, None)?;
    }
    let indexes = state.read(|engine| Ok::<_, Failure>(engine.indexes())).await?;
    let gauges: Vec<IndexGauges> = indexes
        .into_iter()
        .map(|index| IndexGauges {
            name: index.name.to_string(),
            products: index.products,
            waiting_embeddings: index.waiting_embeddings,
            rebuilding: index.rebuilding,
        })
        .collect();
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((format, state.metrics().render(&gauges) + &failpoint::report()))
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
