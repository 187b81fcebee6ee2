//! Products: upserts, patches, single reads and deletes.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::access::Access;
use super::body::{Incoming, malformed};
use super::failure::Failure;
use super::params::{Asked, Names, Wait};
use super::state::AppState;
use super::upload::Upload;
use crate::domain::id::{IndexName, Sequence};
use crate::domain::product::Product;
use crate::engine::{Accepted, Mapping};
use crate::error::Error;
use crate::settings::access::Scope;

/// What became of a write, with whether it can be searched where the caller waited for that.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    #[serde(flatten)]
    accepted: Accepted,
    #[serde(skip_serializing_if = "Option::is_none")]
    searchable: Option<bool>,
}

/// `POST /v1/indexes/{index}/products`: upserts; answers once they are on disk.
pub(super) async fn upsert(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(asked): Asked<Wait>,
    body: Incoming,
) -> Result<Json<Written>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    let limits = state.config().limits;
    let media_type = body.media_type();
    let bytes = body.bytes(limits.products_bytes_max).await?;
    let name = index.clone();
    let write = state.write(move |engine| {
        engine.index_summary(&name)?;
        let upload = Upload::check(bytes, &media_type, limits.products_unpacked_bytes_max)?;
        let form = (upload.format, &Mapping::default());
        Ok::<_, Failure>(engine.put_products(&name, upload.reader(), form, &|_| ())?)
    });
    written(&state, index, write.await?, asked.wait).await
}

/// `PATCH /v1/indexes/{index}/products`: partial updates, each with an `id`.
pub(super) async fn patch(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(asked): Asked<Wait>,
    body: Incoming,
) -> Result<Json<Written>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Catalog, Some(&index))?;
    let bytes = body.plain(state.config().limits.products_bytes_max).await?;
    let name = index.clone();
    let write = state.write(move |engine| {
        let patches = patches(&bytes)?;
        Ok::<_, Failure>(engine.patch_products(&name, &patches)?)
    });
    written(&state, index, write.await?, asked.wait).await
}

/// `GET /v1/indexes/{index}/products/{id}`: as it is stored.
pub(super) async fn get(
    State(state): State<AppState>,
    access: Access,
    names: Names,
) -> Result<Json<Product>, Failure> {
    let (index, id) = (names.index()?, names.product()?);
    access.demand(Scope::Catalog, Some(&index))?;
    state.read(move |engine| engine.product(&index, &id)).await.map(Json)
}

/// `DELETE /v1/indexes/{index}/products/{id}`.
pub(super) async fn delete(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    Asked(asked): Asked<Wait>,
) -> Result<Json<Value>, Failure> {
    let (index, id) = (names.index()?, names.product()?);
    access.demand(Scope::Catalog, Some(&index))?;
    let mut answer = json!({ "deleted": id });
    let name = index.clone();
    let sequence = state.write(move |engine| engine.delete_product(&name, &id)).await?;
    answer["sequence"] = sequence.into();
    if asked.wait {
        answer["searchable"] = searchable(&state, index, sequence).await?.into();
    }
    Ok(Json(answer))
}

/// One object, an array of objects, or one object per line.
fn patches(bytes: &[u8]) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut patches = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        match value.map_err(|error| malformed(&error, ""))? {
            Value::Array(several) => patches.extend(several),
            one @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => patches.push(one),
        }
    }
    let objects = patches.into_iter().zip(1..).map(|(patch, place)| match patch {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            let message = format!("patch {place} is not an object");
            Err(Failure::bad_request("invalid_request", message, "nothing was changed"))
        }
    });
    objects.collect()
}

async fn written(
    state: &AppState,
    index: IndexName,
    accepted: Accepted,
    wait: bool,
) -> Result<Json<Written>, Failure> {
    if accepted.accepted == 0 && accepted.rejected_count > 0 {
        return Err(nothing_accepted(&accepted));
    }
    let searchable = match wait {
        true if accepted.accepted > 0 => Some(searchable(state, index, accepted.sequence).await?),
        true => Some(true),
        false => None,
    };
    Ok(Json(Written { accepted, searchable }))
}

/// Waits; a wait that takes too long is no failure, since the write is safe.
async fn searchable(
    state: &AppState,
    index: IndexName,
    sequence: Sequence,
) -> Result<bool, Failure> {
    let wait =
        state.wait(move |engine, limit| match engine.wait_searchable(&index, sequence, limit) {
            Err(Error::Unavailable(_)) => Ok(false),
            waited => waited.map(|()| true),
        });
    wait.await
}

fn nothing_accepted(accepted: &Accepted) -> Failure {
    let first = accepted.rejected.first();
    let why = first.map_or_else(String::new, |rejected| {
        format!("; the first, in line {}: {}: {}", rejected.line, rejected.field, rejected.reason)
    });
    let message = format!("none of {} records was taken{why}", accepted.rejected_count);
    let hint = "nothing was changed; 'rejected' says what is wrong with each record";
    Failure::bad_request("nothing_accepted", message, hint)
        .beside(serde_json::to_value(accepted).unwrap_or_default())
}
