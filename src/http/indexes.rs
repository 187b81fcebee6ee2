//! Indexes and their settings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::access::Access;
use super::body::Incoming;
use super::ceilings;
use super::editing::{Editing, Versioned, versioned};
use super::failure::Failure;
use super::params::Names;
use super::state::AppState;
use crate::domain::id::IndexName;
use crate::engine::{Edit, Engine, IndexSummary};
use crate::error::Error;
use crate::settings::Settings;
use crate::settings::access::Scope;

/// Parts of the settings that belong to merchandisers.
const MERCHANDISE: [&str; 3] = ["rules", "boosts", "suggestions"];

/// `GET /v1/indexes`: those that the key opens.
pub(super) async fn list(
    State(state): State<AppState>,
    access: Access,
) -> Result<Json<Value>, Failure> {
    access.demand_key()?;
    let all = state.read(|engine| Ok::<_, Failure>(engine.indexes())).await?;
    let open: Vec<IndexSummary> =
        all.into_iter().filter(|index| access.opens(Scope::Catalog, Some(&index.name))).collect();
    if open.is_empty() {
        // A key that opens none of them is told so; one for all indexes gets the empty list.
        access.demand(Scope::Catalog, None)?;
    }
    Ok(Json(json!({ "indexes": open })))
}

/// `PUT /v1/indexes/{index}`: makes it, or lays the settings over those that it has.
pub(super) async fn put(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
    body: Incoming,
) -> Result<Response, Failure> {
    let index = names.index()?;
    let edit = editing.demand(Scope::Catalog, &index)?;
    let patch = settings_patch(body, &editing.access, &index).await?;
    let most = state.config().limits.indexes_max;
    let write = state.create(move |engine| {
        ceilings::check_index(engine, &index, most)?;
        Ok::<_, Failure>(create_or_patch(engine, edit, (&index, &patch))?)
    });
    let (created, summary) = write.await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(summary)).into_response())
}

fn create_or_patch(
    engine: &Engine,
    edit: Edit,
    (index, patch): (&IndexName, &Value),
) -> Result<(bool, IndexSummary), Error> {
    let editor = engine.editor(edit);
    match editor.create_index(index, patch) {
        Ok(summary) => return Ok((true, summary)),
        Err(Error::Conflict(_)) => {}
        Err(error) => return Err(error),
    }
    if patch.as_object().is_some_and(|fields| !fields.is_empty()) {
        editor.patch(index, patch)?;
    }
    Ok((false, engine.index_summary(index)?))
}

/// `GET /v1/indexes/{index}`.
pub(super) async fn get(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<IndexSummary>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    state.read(move |engine| engine.index_summary(&index)).await.map(Json)
}

/// `DELETE /v1/indexes/{index}`: with its products and settings.
pub(super) async fn delete(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Value>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    let answer = json!({ "deleted": index });
    state.write(move |engine| engine.delete_index(&index)).await?;
    Ok(Json(answer))
}

/// `GET /v1/indexes/{index}/settings`.
pub(super) async fn get_settings(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Versioned<Settings>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    let settings = state.read(move |engine| engine.settings(&index)).await?;
    Ok(versioned(settings.version, settings))
}

/// `PUT /v1/indexes/{index}/settings`: a JSON merge patch over the present ones.
pub(super) async fn put_settings(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
    body: Incoming,
) -> Result<Versioned<Settings>, Failure> {
    let index = names.index()?;
    let edit = editing.demand(Scope::Catalog, &index)?;
    let patch = settings_patch(body, &editing.access, &index).await?;
    let write = state.write(move |engine| engine.editor(edit).patch(&index, &patch));
    let settings = write.await?;
    Ok(versioned(settings.version, settings))
}

/// Reads a patch; one that touches a merchandiser's part needs that scope as well.
async fn settings_patch(
    body: Incoming,
    access: &Access,
    index: &IndexName,
) -> Result<Value, Failure> {
    let patch: Value = body.value().await?;
    let Some(fields) = patch.as_object() else {
        let message = "settings are a JSON object";
        return Err(Failure::bad_request("invalid_settings", message, "nothing was changed"));
    };
    if MERCHANDISE.iter().any(|name| fields.contains_key(*name)) {
        access.demand(Scope::Merchandise, Some(index))?;
    }
    Ok(patch)
}
