//! Access keys.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::body::Incoming;
use super::failure::Failure;
use super::params::Names;
use super::state::AppState;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::engine::{KeyWish, NewKey};
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
    let Wish { name, scopes, indexes, expires_at } = body.object().await?;
    let wish = KeyWish { name, scopes, indexes, expires_at };
    let now = access.now;
    let key = state.write(move |engine| engine.create_key(wish, now)).await?;
    Ok((StatusCode::CREATED, Json(key)))
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
