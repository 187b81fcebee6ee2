//! Access keys and what they open.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Search and suggest.
    Search,
    /// Record events.
    Events,
    /// Products, indexes and settings.
    Catalog,
    /// Rules and boosts.
    Merchandise,
    /// Everything, shoppers' data and keys included.
    Admin,
}

/// A key as it is kept: its secret only as a hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Public part of the key, which names it in logs and lists.
    pub id: String,
    /// What it is for, in the admin's words.
    pub name: String,
    /// SHA-256 of the secret, in hexadecimal.
    pub secret_sha256: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// Indexes it is limited to; empty means all.
    #[serde(default)]
    pub indexes: Vec<IndexName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Calls per second that it may make; without one the server's own limit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<NonZeroU32>,
    /// The secret before the last rotation, while it still works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
}

/// A secret that another one has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// SHA-256 of the secret, in hexadecimal.
    pub secret_sha256: String,
    /// When it stops to work.
    pub until: Timestamp,
}

impl Key {
    /// Whether the key has not ended yet.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the key opens `scope` on `index` at `now`. Admin opens everything.
    pub fn opens(&self, scope: Scope, index: Option<&IndexName>, now: Timestamp) -> bool {
        let scoped = self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin);
        let placed =
            self.indexes.is_empty() || index.is_some_and(|index| self.indexes.contains(index));
        self.is_alive(now) && scoped && placed
    }
}
