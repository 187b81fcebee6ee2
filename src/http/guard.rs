//! Around every call: who calls, whether too often, and what is kept of it.

use axum::Json;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::access::{Access, SHOPPER_TOKEN, bearer};
use super::audit::{By, Entry, is_administrative};
use super::failure::Failure;
use super::identity::Identity;
use super::observe::RequestId;
use super::params::{Asked, Names};
use super::state::{AppState, now};
use crate::settings::access::Scope;

/// The status that is kept of a call whose caller went away before it was answered.
const GONE: u16 = 499;

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
    let pending;
    (pending, request) = pending_of(request, &identity, &state).await;
    request.extensions_mut().insert(identity.clone());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Err(too_often) = state.rates().failed(&identity)
    {
        response = too_often.into_response();
    }
    if let Some(pending) = pending {
        pending.ended(response.status().as_u16()).await;
    }
    response
}

/// What is kept of an administrative call, but for its outcome.
async fn pending_of(
    request: Request,
    identity: &Identity,
    state: &AppState,
) -> (Option<Pending>, Request) {
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("", MatchedPath::as_str);
    if !is_administrative(method.as_str(), route) {
        return (None, request);
    }
    let (mut parts, body) = request.into_parts();
    let names = Names::from_request_parts(&mut parts, state).await.ok();
    let name = |name| names.as_ref().and_then(|names: &Names| names.given(name));
    let id = name("id");
    let of_shopper = route.starts_with("/v1/shoppers/");
    let own = of_shopper && is_shopper(&parts.headers, id.as_deref(), state);
    let id = id.map(|id| if of_shopper { state.tokens().pseudonym(&id) } else { id });
    let id = match (id, name("number")) {
        (Some(id), Some(number)) => Some(format!("{id}/{number}")),
        (id, number) => id.or(number),
    };
    let request_id = parts.extensions.get::<RequestId>();
    let entry = Entry {
        at: now(),
        request_id: request_id.map_or_else(String::new, |id| id.0.clone()),
        by: match identity.key {
            _ if state.config().dev => By::Development,
            _ if own => By::Shopper,
            Some(_) => By::Key,
            None => By::Nobody,
        },
        key: identity.key.as_ref().map(|key| key.id.clone()),
        key_name: identity.key.as_ref().map(|key| key.name.clone()).filter(|name| !name.is_empty()),
        address: identity.address,
        method: method.to_string(),
        route: route.to_owned(),
        index: name("index"),
        id,
        status: 0,
    };
    let pending = Pending { state: state.clone(), entry: Some(entry) };
    (Some(pending), Request::from_parts(parts, body))
}

/// Whether the shopper whom the path names shows a token.
fn is_shopper(headers: &HeaderMap, id: Option<&str>, state: &AppState) -> bool {
    let header = headers.get(&SHOPPER_TOKEN).and_then(|value| value.to_str().ok());
    let tokens = bearer(headers).ok().flatten().into_iter().chain(header.map(str::to_owned));
    let mut shoppers = tokens.filter_map(|token| state.tokens().shopper(&token, now()));
    shoppers.any(|shopper| Some(shopper.as_str()) == id)
}

/// An administrative call that is not answered yet. One whose caller goes away before is kept as
/// well, for it may have been carried out.
struct Pending {
    state: AppState,
    entry: Option<Entry>,
}

impl Pending {
    async fn ended(mut self, status: u16) {
        let Some(keeping) = self.keep(status) else { return };
        if let Err(error) = keeping.await {
            tracing::error!(%error, "an administrative call was not kept");
        }
    }

    /// Keys of pages are public, so what is refused is kept no more often than it may fail.
    fn belongs_in_files(&self, entry: &Entry) -> bool {
        let refused = (400..500).contains(&entry.status) && entry.status != GONE;
        match entry.by {
            By::Shopper | By::Nobody => false,
            By::Key | By::Development if refused => {
                self.state.rates().may_keep_refusal(entry.key.as_deref().unwrap_or_default())
            }
            By::Key | By::Development => true,
        }
    }

    /// Logs the call and begins to write it to the files, where it belongs there.
    fn keep(&mut self, status: u16) -> Option<JoinHandle<()>> {
        let entry = Entry { status, ..self.entry.take()? };
        entry.log();
        let log = self.state.audit().filter(|_| self.belongs_in_files(&entry)).cloned()?;
        // Products come by the thousand, and the store has synchronised them already.
        let sync = !entry.route.ends_with("/products");
        match Handle::try_current() {
            Ok(runtime) => Some(runtime.spawn_blocking(move || log.keep(&entry, sync))),
            Err(_) => {
                log.keep(&entry, sync);
                None
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // Written by itself: there is nobody left to wait for it.
        drop(self.keep(GONE));
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
