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
use crate::engine::{Edit, Engine, Part, Version, VersionSettings, Versions};
use crate::error::Error;
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

/// What a key may see and restore: everything with `catalog`, a merchandiser's part with
/// `merchandise` alone.
fn part(access: &Access, index: &IndexName) -> Result<Part, Failure> {
    if access.opens(Scope::Catalog, Some(index)) {
        return Ok(Part::Whole);
    }
    if access.opens(Scope::Merchandise, Some(index)) {
        return Ok(Part::Merchandising);
    }
    access.demand(Scope::Catalog, Some(index)).map(|()| Part::Whole)
}

/// `GET /v1/indexes/{index}/settings/versions`: the latest first.
pub(super) async fn list(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(Listed { before, limit }): Asked<Listed>,
) -> Result<Json<Versions>, Failure> {
    let index = names.index()?;
    let part = part(&access, &index)?;
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("'limit' is from 1 to {LIMIT_MAX}");
        let hint = "go on with 'before', as 'next_before' of the answer tells";
        return Err(Failure::bad_request("invalid_parameter", message, hint));
    }
    let list = move |engine: &Engine| engine.settings_versions(&index, (before, limit), part);
    state.read(list).await.map(Json)
}

/// `GET /v1/indexes/{index}/settings/versions/{number}`: as it was, with what it changed.
pub(super) async fn get(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Version>, Failure> {
    let index = names.index()?;
    let part = part(&access, &index)?;
    let version = names.version()?;
    state.read(move |engine| engine.settings_version(&index, version, part)).await.map(Json)
}

/// `POST /v1/indexes/{index}/settings/versions/{number}/restore`: makes the settings again what
/// they were, or a merchandiser's part of them where the key opens no more. With `catalog`, going
/// back to other rules, boosts or suggestions needs `merchandise` as well.
pub(super) async fn restore(
    State(state): State<AppState>,
    editing: Editing,
    names: Names,
) -> Result<Versioned<VersionSettings>, Failure> {
    let index = names.index()?;
    let part = part(&editing.access, &index)?;
    let mut edit = match part {
        Part::Whole => editing.demand(Scope::Catalog, &index)?,
        Part::Merchandising => editing.demand(Scope::Merchandise, &index)?,
    };
    let version = names.version()?;
    let (name, asked) = (index.clone(), edit.clone());
    let check = state.read(move |engine| merchandise_changes(engine, asked, (&name, version)));
    let (present, changes) = check.await?;
    if changes {
        editing.access.demand(Scope::Merchandise, Some(&index))?;
    }
    // What was checked is what is changed.
    edit.version = Some(present);
    let restore = move |engine: &Engine| engine.editor(edit).restore(&index, version, part);
    let settings = state.write(restore).await?;
    Ok(versioned(settings.version, VersionSettings::of(settings, part)))
}

/// The present version, and whether going back to another changes a merchandiser's part.
fn merchandise_changes(
    engine: &Engine,
    edit: Edit,
    (index, version): (&IndexName, u64),
) -> Result<(u64, bool), Error> {
    let present = engine.editor(edit).settings(index)?;
    let differs = engine.merchandising_differs(index, &present, version)?;
    Ok((present.version, differs))
}
