//! Access keys.

use std::num::NonZeroU32;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::body::Incoming;
use super::ceilings;
use super::failure::Failure;
use super::params::Names;
use super::state::AppState;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, KeyWish, NewKey, OVERLAP_S};
use crate::settings::access::Scope;

/// What a new key shall be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    #[serde(default)]
    name: String,
    scopes: Vec<Scope>,
    #[serde(default)]
    indexes: Vec<IndexName>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    per_second: Option<NonZeroU32>,
}

/// `GET /v1/keys`: without their secrets.
pub(super) async fn list(
    State(state): State<AppState>,
    access: Access,
) -> Result<Json<Value>, Failure> {
    access.demand(Scope::Admin, None)?;
    let keys = state.read(|engine| Ok::<_, Failure>(engine.keys())).await?;
    Ok(Json(json!({ "keys": keys })))
}

/// `POST /v1/keys`: the only answer that shows the secret.
pub(super) async fn create(
    State(state): State<AppState>,
    access: Access,
    body: Incoming,
) -> Result<(StatusCode, Json<NewKey>), Failure> {
    access.demand(Scope::Admin, None)?;
    let Wish { name, scopes, indexes, expires_at, per_second } = body.object().await?;
    let wish = KeyWish { name, scopes, indexes, expires_at, per_second };
    let (now, most) = (access.now, state.config().limits.keys_max);
    let make = move |engine: &Engine| {
        ceilings::check_key(engine, most)?;
        Ok::<_, Failure>(engine.create_key(wish, now)?)
    };
    let key = state.create(make).await?;
    Ok((StatusCode::CREATED, Json(key)))
}

/// `GET /v1/keys/own`: what the key of the call opens, whatever that is.
pub(super) async fn own(access: Access) -> Result<Json<Value>, Failure> {
    let Some(key) = access.demand_key()? else {
        let all = json!({
            "id": "", "name": "development", "scopes": [Scope::Admin], "indexes": [],
            "expires_at": null,
        });
        return Ok(Json(all));
    };
    Ok(Json(json!({
        "id": key.id, "name": key.name, "scopes": key.scopes, "indexes": key.indexes,
        "expires_at": key.expires_at,
    })))
}

/// How long the present secret of a key goes on to work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rotation {
    overlap_s: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { overlap_s: OVERLAP_S }
    }
}

/// `POST /v1/keys/{id}/rotate`: another secret, and the present one for a while more.
pub(super) async fn rotate(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<NewKey>, Failure> {
    access.demand(Scope::Admin, None)?;
    let Rotation { overlap_s } = body.object().await?;
    let (id, now) = (names.key(), access.now);
    state.write(move |engine| engine.rotate_key(&id, overlap_s, now)).await.map(Json)
}

/// `DELETE /v1/keys/{id}`: it stops to work at once.
pub(super) async fn delete(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Value>, Failure> {
    access.demand(Scope::Admin, None)?;
    let id = names.key();
    let answer = json!({ "deleted": id });
    state.write(move |engine| engine.delete_key(&id)).await?;
    Ok(Json(answer))
}
