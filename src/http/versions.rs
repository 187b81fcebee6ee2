//! Versions of an index's settings.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::access::Access;
use super::editing::{Editing, Versioned, versioned};
use super::failure::Failure;
use super::params::{Asked, Names};
use super::state::AppState;
use crate::domain::id::IndexName;
use crate::engine::{Edit, Engine, Version, Versions};
use crate::error::Error;
use crate::settings::Settings;
use crate::settings::access::Scope;

/// A list has at most so many versions.
const LIMIT_MAX: usize = 100;

/// Which versions a list has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listed {
    before: Option<u64>,
    limit: usize,
}

impl Default for Listed {
    fn default() -> Self {
        Self { before: None, limit: 20 }
    }
}

/// `GET /v1/indexes/{index}/settings/versions`: the latest first.
pub(super) async fn list(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(Listed { before, limit }): Asked<Listed>,
) -> Result<Json<Versions>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("'limit' is from 1 to {LIMIT_MAX}");
        let hint = "go on with 'before', as 'next_before' of the answer tells";
        return Err(Failure::bad_request("invalid_parameter", message, hint));
    }
    state.read(move |engine| engine.settings_versions(&index, before, limit)).await.map(Json)
}

/// `GET /v1/indexes/{index}/settings/versions/{number}`: whole, with what it changed.
pub(super) async fn get(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Version>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    let version = names.version()?;
    state.read(move |engine| engine.settings_version(&index, version)).await.map(Json)
}

/// `POST /v1/indexes/{index}/settings/versions/{number}/restore`: makes the settings again what
/// they were. Where that changes a merchandiser's part, it needs that scope as well.
pub(super) async fn restore(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
) -> Result<Versioned<Settings>, Failure> {
    let index = names.index()?;
    let mut edit = editing.demand(Scope::Catalog, &index)?;
    let version = names.version()?;
    let (name, asked) = (index.clone(), edit.clone());
    let check = state.read(move |engine| merchandise_changes(engine, asked, (&name, version)));
    let (present, changes) = check.await?;
    if changes {
        editing.access.demand(Scope::Merchandise, Some(&index))?;
    }
    // What was checked is what is changed.
    edit.version = Some(present);
    let write = state.write(move |engine: &Engine| engine.editor(edit).restore(&index, version));
    let settings = write.await?;
    Ok(versioned(settings.version, settings))
}

/// The present version, and whether going back to another changes a merchandiser's part.
fn merchandise_changes(
    engine: &Engine,
    edit: Edit,
    (index, version): (&IndexName, u64),
) -> Result<(u64, bool), Error> {
    let present = engine.editor(edit).settings(index)?;
    let old = engine.settings_version(index, version)?.settings;
    let same = old.rules == present.rules
        && old.boosts == present.boosts
        && old.suggestions == present.suggestions;
    Ok((present.version, !same))
}
