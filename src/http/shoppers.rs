//! Shoppers' own data: what is known of them, their word, its export and its erasure.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::body::Incoming;
use super::failure::Failure;
use super::params::{Asked, Names};
use super::state::AppState;
use crate::domain::id::{IndexName, ShopperId};
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::settings::access::Scope;
use crate::shopper::Preferences;

/// Seconds that a shopper's token lasts unless the call says otherwise.
const TOKEN_TTL_S: i64 = 3_600;

/// Seconds that a shopper's token lasts at most: 30 days.
const TOKEN_TTL_S_MAX: i64 = 30 * 24 * 3_600;

/// Where a profile is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Place {
    index: Option<IndexName>,
}

/// `GET /v1/shoppers/{id}?index=`: the profile in an index, with its evidence.
pub(super) async fn get(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(place): Asked<Place>,
) -> Result<Json<Value>, Failure> {
    let shopper = names.shopper()?;
    access.demand_shopper(&shopper, place.index.as_ref())?;
    let now = access.now;
    state.read(move |engine| read_profile(engine, &shopper, place.index, now)).await.map(Json)
}

fn read_profile(
    engine: &Engine,
    shopper: &ShopperId,
    index: Option<IndexName>,
    now: Timestamp,
) -> Result<Value, Failure> {
    let index = index.map_or_else(|| only_index(engine), Ok)?;
    let profile = engine.profile(&index, shopper, now)?;
    let preferences = engine.preferences(shopper)?;
    Ok(json!({
        "shopper": shopper, "index": index, "preferences": preferences, "profile": profile,
    }))
}

fn only_index(engine: &Engine) -> Result<IndexName, Failure> {
    let mut indexes = engine.indexes();
    match (indexes.pop(), indexes.is_empty()) {
        (Some(index), true) => Ok(index.name),
        _ => Err(Failure::bad_request(
            "missing_index",
            "a profile is judged within an index, and there is not exactly one",
            "name it: GET /v1/shoppers/{id}?index=NAME",
        )),
    }
}

/// `DELETE /v1/shoppers/{id}`: erases events, preferences and everything derived from them.
pub(super) async fn erase(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Value>, Failure> {
    let shopper = names.shopper()?;
    access.demand_shopper(&shopper, None)?;
    let answer = json!({ "erased": shopper });
    let now = access.now;
    state.write(move |engine| engine.erase_shopper(&shopper, now)).await?;
    Ok(Json(answer))
}

/// `PUT /v1/shoppers/{id}/preferences`: replaces the shopper's own word and consent.
pub(super) async fn put_preferences(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<Preferences>, Failure> {
    let shopper = names.shopper()?;
    access.demand_shopper(&shopper, None)?;
    let preferences: Preferences = body.object().await?;
    let answer = preferences.clone();
    state.write(move |engine| engine.put_preferences(&shopper, preferences)).await?;
    Ok(Json(answer))
}

/// `GET /v1/shoppers/{id}/events`: everything recorded of the shopper, by time.
pub(super) async fn export(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Value>, Failure> {
    let shopper = names.shopper()?;
    access.demand_shopper(&shopper, None)?;
    let id = shopper.clone();
    let events = state.read(move |engine| engine.events_of(&shopper)).await?;
    Ok(Json(json!({ "shopper": id, "events": events })))
}

/// `DELETE /v1/shoppers/{id}/events/{number}`: removes one event, as if it had never come.
pub(super) async fn remove_event(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Value>, Failure> {
    let shopper = names.shopper()?;
    access.demand_shopper(&shopper, None)?;
    let number = names.number()?;
    let answer = json!({ "shopper": shopper, "removed": number });
    state.write(move |engine| engine.remove_event(&shopper, number)).await?;
    Ok(Json(answer))
}

/// How long a token shall last.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TokenWish {
    ttl_s: i64,
}

impl Default for TokenWish {
    fn default() -> Self {
        Self { ttl_s: TOKEN_TTL_S }
    }
}

/// `POST /v1/shoppers/{id}/token`: signs a token for that shopper.
pub(super) async fn sign_token(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<Value>, Failure> {
    let shopper = names.shopper()?;
    access.demand(Scope::Admin, None)?;
    let wish: TokenWish = body.object().await?;
    if !(1..=TOKEN_TTL_S_MAX).contains(&wish.ttl_s) {
        let message = format!("'ttl_s' is from 1 to {TOKEN_TTL_S_MAX}");
        return Err(Failure::bad_request("over_limit", message, "sign another one when it ends"));
    }
    let expires_at = Timestamp::from_ms(access.now.as_ms() + wish.ttl_s * 1_000);
    let token = state.tokens().sign(&shopper, expires_at);
    Ok(Json(json!({ "shopper": shopper, "token": token, "expires_at": expires_at })))
}
