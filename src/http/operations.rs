//! For operators and programs: health, readiness, counters, and the description of all calls.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::access::Access;
use super::failure::Failure;
use super::state::AppState;
use crate::settings::access::Scope;
use crate::telemetry::{CacheCounts, Gauges, IndexGauges};

/// Every call, in the OpenAPI format.
const OPENAPI: &str = include_str!("openapi.json");

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /readyz`: every index has caught up with the store once since the start.
pub(super) async fn ready(State(state): State<AppState>) -> Result<Json<Value>, Failure> {
    if !state.is_ready() {
        let indexes = state.engine().index_states();
        if let Some(behind) = indexes.iter().find(|index| !index.is_settled()) {
            return Err(not_ready(behind.name.as_str()));
        }
        state.set_ready();
    }
    Ok(Json(json!({ "status": "ready" })))
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
    let gauges = gauges(&state);
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((format, state.metrics().render(&gauges)))
}

/// Taken from memory and past the gates: a monitor must see a busy server, too.
fn gauges(state: &AppState) -> Gauges {
    let indexes = state.engine().index_states().into_iter().map(|index| IndexGauges {
        name: index.name.to_string(),
        products: index.products,
        waiting_embeddings: index.waiting_embeddings,
        rebuilding: index.rebuilding,
        changes_behind: index.changes_behind,
        seconds_behind: index.seconds_behind,
    });
    let caches = state.engine().caches().into_iter().map(|cache| CacheCounts {
        name: cache.cache,
        hits: cache.hits,
        misses: cache.misses,
    });
    Gauges { indexes: indexes.collect(), gates: state.gates(), caches: caches.collect() }
}

/// `GET /openapi.json`.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
