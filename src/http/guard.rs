//! Around every call: who calls, whether too often, and what is kept of it.

use axum::Json;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::audit::{Entry, is_administrative};
use super::failure::Failure;
use super::identity::Identity;
use super::observe::RequestId;
use super::params::{Asked, Names};
use super::state::{AppState, now};
use crate::settings::access::Scope;

/// Lines of the audit log that one call answers at most.
const ENTRIES_MAX: usize = 1_000;

/// Finds out who calls, holds up who calls too often, and keeps administrative calls.
pub(super) async fn guard(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let identity = Identity::of(&request, &state);
    if !state.config().dev
        && let Err(too_often) = state.rates().admit(&identity)
    {
        return too_often.into_response();
    }
    let entry;
    (entry, request) = entry_of(request, &identity, &state).await;
    request.extensions_mut().insert(identity.clone());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Err(too_often) = state.rates().failed(&identity)
    {
        response = too_often.into_response();
    }
    if let Some(entry) = entry {
        keep(&state, entry, response.status()).await;
    }
    response
}

/// What is kept of an administrative call, but for its outcome.
async fn entry_of(
    request: Request,
    identity: &Identity,
    state: &AppState,
) -> (Option<Entry>, Request) {
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("", MatchedPath::as_str);
    if !is_administrative(method.as_str(), route) {
        return (None, request);
    }
    let (mut parts, body) = request.into_parts();
    let names = Names::from_request_parts(&mut parts, state).await.ok();
    let name = |name| names.as_ref().and_then(|names: &Names| names.given(name));
    let shopper = route.starts_with("/v1/shoppers/");
    let id = name("id").map(|id| if shopper { state.tokens().pseudonym(&id) } else { id });
    let id = match (id, name("number")) {
        (Some(id), Some(number)) => Some(format!("{id}/{number}")),
        (id, number) => id.or(number),
    };
    let request_id = parts.extensions.get::<RequestId>();
    let entry = Entry {
        at: now(),
        request_id: request_id.map_or_else(String::new, |id| id.0.clone()),
        by: "nobody",
        key: identity.key.as_ref().map(|key| key.id.clone()),
        key_name: identity.key.as_ref().map(|key| key.name.clone()).filter(|name| !name.is_empty()),
        address: identity.address,
        method: method.to_string(),
        route: route.to_owned(),
        index: name("index"),
        id,
        status: 0,
    };
    (Some(entry), Request::from_parts(parts, body))
}

async fn keep(state: &AppState, entry: Entry, status: StatusCode) {
    let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
    let by = match &entry.key {
        _ if state.config().dev => "development",
        Some(_) => "key",
        None if refused => "nobody",
        // Nothing else opens an administrative call.
        None => "shopper",
    };
    let entry = Entry { by, status: status.as_u16(), ..entry };
    entry.log();
    if refused {
        return;
    }
    if let Some(log) = state.audit().cloned() {
        // Products come by the thousand, and the store has synchronised them already.
        let sync = !entry.route.ends_with("/products");
        let kept = tokio::task::spawn_blocking(move || log.keep(&entry, sync)).await;
        if let Err(error) = kept {
            tracing::error!(%error, "an administrative call was not kept");
        }
    }
}

/// How many lines are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limit {
    limit: usize,
}

impl Default for Limit {
    fn default() -> Self {
        Self { limit: 100 }
    }
}

/// `GET /v1/audit?limit=`: the latest administrative calls.
pub(super) async fn list(
    State(state): State<AppState>,
    access: Access,
    Asked(asked): Asked<Limit>,
) -> Result<Json<Value>, Failure> {
    access.demand(Scope::Admin, None)?;
    if !(1..=ENTRIES_MAX).contains(&asked.limit) {
        let message = format!("'limit' is from 1 to {ENTRIES_MAX}");
        let hint = "audit.jsonl in the data folder has everything";
        return Err(Failure::bad_request("over_limit", message, hint));
    }
    let log = state.audit().cloned();
    let read = move |_: &_| log.map_or_else(|| Ok(Vec::new()), |log| log.latest(asked.limit));
    let entries = state.read(read).await?;
    Ok(Json(json!({ "entries": entries })))
}
