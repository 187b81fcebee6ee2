//! Autocomplete, and what merchandisers say of it.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::access::Access;
use super::body::Incoming;
use super::ceilings;
use super::editing::{Editing, Versioned, versioned};
use super::failure::Failure;
use super::params::{Asked, Names};
use super::state::AppState;
use crate::domain::deadline::Deadline;
use crate::domain::filter::Filter;
use crate::domain::id::{SessionId, ShopperId};
use crate::domain::page::{SuggestionKind, Suggestions};
use crate::domain::search::SuggestRequest;
use crate::engine::Engine;
use crate::settings::access::Scope;
use crate::settings::suggestions::SuggestionSettings;

/// The parameters of a call for suggestions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SuggestParameters {
    q: String,
    shopper: Option<ShopperId>,
    session: Option<SessionId>,
    limit: usize,
    /// Names with commas between.
    kinds: String,
    /// A JSON object, as in a search.
    filters: String,
    explain: bool,
}

impl Default for SuggestParameters {
    fn default() -> Self {
        Self {
            q: String::new(),
            shopper: None,
            session: None,
            limit: SuggestRequest::default().limit,
            kinds: String::new(),
            filters: String::new(),
            explain: false,
        }
    }
}

impl SuggestParameters {
    fn request(self) -> Result<SuggestRequest, Failure> {
        Ok(SuggestRequest {
            kinds: kinds(&self.kinds)?,
            filters: filters(&self.filters)?,
            q: self.q,
            shopper: self.shopper,
            session: self.session,
            limit: self.limit,
            explain: self.explain,
        })
    }
}

/// `GET /v1/indexes/{index}/suggest`.
pub(super) async fn suggest(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(asked): Asked<SuggestParameters>,
) -> Result<Json<Suggestions>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Search, Some(&index))?;
    access.demand_known(asked.shopper.as_ref(), &index)?;
    let request = asked.request()?;
    ceilings::check_filters(&request.filters, &state.config().limits)?;
    let names_somebody = request.shopper.is_some() || request.session.is_some();
    let shopper = request.shopper.as_ref();
    let hides = request.explain && names_somebody && !access.may_read(shopper, &index);
    let caller = access.caller(&index);
    let suggest = move |engine: &Engine, deadline: &Deadline| {
        engine.suggest_within(&index, &request, caller, deadline)
    };
    let mut answer = state.read_within(state.suggest_deadline(), suggest).await?;
    if hides {
        hide_personal_numbers(&mut answer);
    }
    Ok(Json(answer))
}

/// What is known of a shopper is not told to whoever knows the shopper's id: with one of the
/// numbers, the score would tell the others.
fn hide_personal_numbers(answer: &mut Suggestions) {
    let suggestions = answer.suggestions.iter_mut();
    for reason in suggestions.filter_map(|suggestion| suggestion.explain.as_mut()) {
        (reason.popularity, reason.quality, reason.affinity) = (None, None, None);
    }
}

fn kinds(text: &str) -> Result<Vec<SuggestionKind>, Failure> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let known = SuggestionKind::ALL.into_iter().find(|kind| kind.name() == name);
            known.ok_or_else(|| {
                let message = format!("'kinds' names '{name}', which is no kind of suggestion");
                let known = SuggestionKind::ALL.map(SuggestionKind::name).join(", ");
                Failure::bad_request("invalid_parameter", message, format!("kinds are {known}"))
            })
        })
        .collect()
}

fn filters(text: &str) -> Result<Filter, Failure> {
    if text.trim().is_empty() {
        return Ok(Filter::default());
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("'filters' is not a JSON object of conditions: {error}");
        let hint = r#"for example filters={"brand":["Nike"]}, percent-encoded"#;
        Failure::bad_request("invalid_filter", message, hint)
    })
}

/// `GET /v1/indexes/{index}/suggestions`.
pub(super) async fn get_settings(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Versioned<SuggestionSettings>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let settings = state.read(move |engine| engine.settings(&index)).await?;
    Ok(versioned(settings.version, settings.suggestions))
}

/// `PUT /v1/indexes/{index}/suggestions`: replaces them.
pub(super) async fn put_settings(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
    body: Incoming,
) -> Result<Versioned<SuggestionSettings>, Failure> {
    let index = names.index()?;
    let edit = editing.demand(Scope::Merchandise, &index)?;
    let wanted: SuggestionSettings = body.object().await?;
    let write = state.write(move |engine| engine.editor(edit).put_suggestions(&index, wanted));
    let settings = write.await?;
    Ok(versioned(settings.version, settings.suggestions))
}
