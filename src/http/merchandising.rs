//! Rules and boosts, what a draft of them would change, and what differs between two shoppers.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::access::Access;
use super::body::{Incoming, typed};
use super::editing::{Editing, Versioned, versioned};
use super::failure::Failure;
use super::params::{Asked, Names};
use super::state::AppState;
use crate::domain::id::RuleId;
use crate::engine::{
    BoostEffect, CompareRequest, Comparison, Engine, Preview, PreviewRequest, QueryOrder,
    QueryPreview, QueryPreviewRequest, RecentQueries, RuleConflicts,
};
use crate::settings::Settings;
use crate::settings::access::Scope;
use crate::settings::boosts::Boosts;
use crate::settings::rules::Rule;

/// A list has at most so many texts.
const QUERIES_MAX: usize = 1_000;

/// Which texts a list has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueriesAsked {
    order: QueryOrder,
    limit: usize,
}

impl Default for QueriesAsked {
    fn default() -> Self {
        Self { order: QueryOrder::default(), limit: 50 }
    }
}

/// A rule with its id.
#[derive(Debug, Serialize)]
pub(super) struct NamedRule {
    id: RuleId,
    #[serde(flatten)]
    rule: Rule,
}

/// `GET /v1/indexes/{index}/rules`: by id.
pub(super) async fn list_rules(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Versioned<Value>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let Settings { version, rules, .. } = state.read(move |engine| engine.settings(&index)).await?;
    let rules: Vec<NamedRule> =
        rules.into_iter().map(|(id, rule)| NamedRule { id, rule }).collect();
    Ok(versioned(version, json!({ "rules": rules, "settings_version": version })))
}

/// `GET /v1/indexes/{index}/rules/{id}`.
pub(super) async fn get_rule(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Versioned<NamedRule>, Failure> {
    let (index, id) = (names.index()?, names.rule()?);
    access.demand(Scope::Merchandise, Some(&index))?;
    let name = id.clone();
    let (version, rule) = state.read(move |engine| engine.rule(&index, &name)).await?;
    Ok(versioned(version, NamedRule { id, rule }))
}

/// `PUT /v1/indexes/{index}/rules/{id}`: adds or replaces.
pub(super) async fn put_rule(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
    body: Incoming,
) -> Result<Versioned<NamedRule>, Failure> {
    let (index, id) = (names.index()?, names.rule()?);
    let edit = editing.demand(Scope::Merchandise, &index)?;
    let rule = rule_of(body.value().await?, &id)?;
    let named = NamedRule { id: id.clone(), rule: rule.clone() };
    let write = state.write(move |engine| engine.editor(edit).put_rule(&index, &id, rule));
    Ok(versioned(write.await?.version, named))
}

/// `DELETE /v1/indexes/{index}/rules/{id}`.
pub(super) async fn delete_rule(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
) -> Result<Versioned<Value>, Failure> {
    let (index, id) = (names.index()?, names.rule()?);
    let edit = editing.demand(Scope::Merchandise, &index)?;
    let answer = json!({ "deleted": id });
    let write = state.write(move |engine| engine.editor(edit).delete_rule(&index, &id));
    Ok(versioned(write.await?.version, answer))
}

/// `GET /v1/indexes/{index}/rules/conflicts`: what is wrong with the rules at present.
pub(super) async fn conflicts(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<RuleConflicts>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    state.read(move |engine| engine.rule_conflicts(&index, access.now)).await.map(Json)
}

/// `POST /v1/indexes/{index}/rules/preview`: a search without and with a draft.
pub(super) async fn preview(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<Preview>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let draft: PreviewRequest = body.object().await?;
    let caller = access.caller(&index);
    state.read(move |engine| engine.preview(&index, draft, caller)).await.map(Json)
}

/// `POST /v1/indexes/{index}/rules/preview/queries`: what a draft changes on the first pages of what
/// is searched for of late. Between two pieces of the work other calls get their turn.
pub(super) async fn preview_queries(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<QueryPreview>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let draft: QueryPreviewRequest = body.object().await?;
    let caller = access.caller(&index);
    let begin = move |engine: &Engine| engine.preview_queries(&index, draft, caller);
    let mut run = state.read(begin).await?;
    while !run.is_done() {
        run = state.read(move |engine| run.go_on(engine)).await?;
    }
    Ok(Json(run.found()))
}

/// `GET /v1/indexes/{index}/queries`: what is searched for of late.
pub(super) async fn recent_queries(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(QueriesAsked { order, limit }): Asked<QueriesAsked>,
) -> Result<Json<RecentQueries>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    if !(1..=QUERIES_MAX).contains(&limit) {
        let message = format!("'limit' is from 1 to {QUERIES_MAX}");
        return Err(Failure::bad_request("invalid_parameter", message, "ask for less"));
    }
    let now = access.now;
    let recent = move |engine: &Engine| engine.recent_queries(&index, (order, limit), now);
    state.read(recent).await.map(Json)
}

/// `POST /v1/indexes/{index}/search/compare`: a search for one party and for another.
pub(super) async fn compare(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<Comparison>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let request: CompareRequest = body.object().await?;
    let caller = access.caller(&index);
    state.read(move |engine| engine.compare(&index, request, caller)).await.map(Json)
}

/// `GET /v1/indexes/{index}/boosts`.
pub(super) async fn get_boosts(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Versioned<Boosts>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let settings = state.read(move |engine| engine.settings(&index)).await?;
    Ok(versioned(settings.version, settings.boosts))
}

/// `PUT /v1/indexes/{index}/boosts`: replaces them.
pub(super) async fn put_boosts(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
    body: Incoming,
) -> Result<Versioned<Boosts>, Failure> {
    let index = names.index()?;
    let edit = editing.demand(Scope::Merchandise, &index)?;
    let boosts: Boosts = body.object().await?;
    let write = state.write(move |engine| engine.editor(edit).put_boosts(&index, boosts));
    let settings = write.await?;
    Ok(versioned(settings.version, settings.boosts))
}

/// `POST /v1/indexes/{index}/boosts/effect`: what a draft of boosts would do over the index.
pub(super) async fn boost_effect(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<BoostEffect>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Merchandise, Some(&index))?;
    let boosts: Boosts = body.object().await?;
    let caller = access.caller(&index);
    state.read(move |engine| engine.boost_effect(&index, &boosts, caller)).await.map(Json)
}

/// The rule of a body, which may repeat its id, so that what was read can be sent back.
fn rule_of(mut body: Value, id: &RuleId) -> Result<Rule, Failure> {
    let written = body.as_object_mut().and_then(|fields| fields.shift_remove("id"));
    if written.is_some_and(|written| written != id.as_str()) {
        let message = format!("the body names another rule than the path, which names '{id}'");
        return Err(Failure::bad_request("invalid_rule", message, "nothing was changed"));
    }
    typed(body).map_err(|(field, reason)| {
        let message = format!("'{field}': {reason}");
        Failure::bad_request("invalid_rule", message, "GET /openapi.json has the shape of a rule")
    })
}
