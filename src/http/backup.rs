//! A consistent copy of the store while the server runs.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::body::Incoming;
use super::failure::Failure;
use super::state::AppState;
use crate::engine::Engine;
use crate::error::Error;
use crate::settings::access::Scope;

/// The folder in the data directory: callers name a backup, never a path of the server.
const FOLDER: &str = "backups";

/// What the backup shall be called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    name: String,
    #[serde(default)]
    embeddings: bool,
}

/// `POST /v1/backup`: answers once the copy is complete and on disk.
pub(super) async fn create(
    State(state): State<AppState>,
    access: Access,
    body: Incoming,
) -> Result<(StatusCode, Json<Value>), Failure> {
    access.demand(Scope::Admin, None)?;
    let Wish { name, embeddings } = body.object().await?;
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(letter) {
        let rule = "a backup's name has 1 to 64 letters, digits, '-' or '_'";
        return Err(Error::bad_request("invalid_name", rule, "choose another name").into());
    }
    let folder = state.config().data_dir.join(FOLDER);
    let target = folder.join(&name);
    let answer = json!({ "name": name, "folder": target.display().to_string() });
    let back_up = move |engine: &Engine| {
        make(&folder)?;
        engine.back_up(&target, embeddings)
    };
    state.write(back_up).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

fn make(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("the folder of backups cannot be made: {error}");
        Error::internal("disk_failed", message, "look at the system's log")
    })
}
