//! Callers who change settings: in whose name, and from which version.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;

use super::access::Access;
use super::failure::Failure;
use super::state::AppState;
use crate::domain::id::IndexName;
use crate::engine::Edit;
use crate::settings::Change;
use crate::settings::access::Scope;

/// An answer with the version of the settings that it shows, as `ETag`.
pub(super) type Versioned<T> = ([(HeaderName, String); 1], Json<T>);

/// Something that settings of this version say.
pub(super) fn versioned<T>(version: u64, body: T) -> Versioned<T> {
    ([(ETAG, format!("\"{version}\""))], Json(body))
}

/// A caller who may change settings, with the version named in `If-Match`.
pub(super) struct Editing {
    pub(super) access: Access,
    version: Option<u64>,
}

impl FromRequestParts<AppState> for Editing {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let access = Access::from_request_parts(parts, state).await?;
        let version = match parts.headers.get(IF_MATCH).map(|value| value.to_str()) {
            None | Some(Ok("*")) => None,
            Some(text) => Some(text.ok().and_then(version_of).ok_or_else(unreadable)?),
        };
        Ok(Self { access, version })
    }
}

fn version_of(tag: &str) -> Option<u64> {
    tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn unreadable() -> Failure {
    let message = "If-Match names no version of the settings";
    Failure::bad_request("invalid_version", message, "send the ETag that was read, such as \"12\"")
}

impl Editing {
    /// The change goes on only with a key that opens `scope`, and bears its name.
    pub(super) fn demand(&self, scope: Scope, index: &IndexName) -> Result<Edit, Failure> {
        self.access.demand(scope, Some(index))?;
        let by = self.access.key_name();
        Ok(Edit { change: Some(Change { by, at: self.access.now }), version: self.version })
    }
}
