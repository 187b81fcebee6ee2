//! Who may do what: keys, kept as hashes, compared in constant time.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::RwLock;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Engine;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};
use crate::settings::access::{Key, Scope};
use crate::store::{Store, Write};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 24;

/// All keys by id, as the store has them.
#[derive(Default)]
pub(super) struct Keys(RwLock<BTreeMap<String, Key>>);

/// A key just made: the only time its secret is shown.
#[derive(Clone, Debug, Serialize)]
pub struct NewKey {
    /// What callers send.
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: KeyView,
}

/// A key as lists show it.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// Names the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// Indexes it is limited to; empty means all.
    pub indexes: Vec<IndexName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl From<&Key> for KeyView {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            indexes: key.indexes.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct KeyWish {
    /// What it is for.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// Indexes it is limited to; empty means all.
    pub indexes: Vec<IndexName>,
    /// When it stops to work.
    pub expires_at: Option<Timestamp>,
}

impl Keys {
    pub(super) fn load(store: &dyn Store) -> Result<Self> {
        let keys = store.keys()?.into_iter().map(|key| (key.id.clone(), key)).collect();
        Ok(Self(RwLock::new(keys)))
    }
}

fn digest(secret: &str) -> String {
    let hash = Sha256::digest(secret.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random_text(bytes: usize) -> Result<String> {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random)
        .map_err(|error| Error::internal("no_randomness", error.to_string(), ""))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

impl Engine {
    /// Whether there is a key that opens everything.
    pub fn has_admin_key(&self) -> bool {
        self.keys.0.read().values().any(|key| key.scopes.contains(&Scope::Admin))
    }

    /// The key behind `token`, if it is one that opens `scope` on `index` at `now`.
    ///
    /// # Errors
    /// Why not: the edge answers 401 or 403.
    pub fn key_opens(
        &self,
        token: &str,
        scope: Scope,
        place: (Option<&IndexName>, Timestamp),
    ) -> std::result::Result<String, Denied> {
        let (id, secret) = token.split_once('.').ok_or(Denied::UnknownKey)?;
        let keys = self.keys.0.read();
        let key = keys.get(id).ok_or(Denied::UnknownKey)?;
        let same: bool = digest(secret).as_bytes().ct_eq(key.secret_sha256.as_bytes()).into();
        if !same {
            return Err(Denied::UnknownKey);
        }
        if key.opens(scope, place.0, place.1) { Ok(key.name.clone()) } else { Err(Denied::Closed) }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// `BadRequest` without a scope, Unavailable or Internal when the disk fails.
    pub fn create_key(&self, wish: KeyWish, now: Timestamp) -> Result<NewKey> {
        if wish.scopes.is_empty() || wish.name.chars().count() > 100 {
            return Err(Error::bad_request(
                "invalid_key",
                "a key needs at least one scope and a name of at most 100 characters",
                "scopes are search, events, catalog, merchandise and admin",
            ));
        }
        let id = random_text(9)?.replace(['-', '_'], "x");
        let secret = random_text(SECRET_BYTES)?;
        let key = Key {
            id: id.clone(),
            name: wish.name,
            secret_sha256: digest(&secret),
            scopes: wish.scopes,
            indexes: wish.indexes,
            created_at: now,
            expires_at: wish.expires_at,
        };
        self.write_one(Write::PutKey(key.clone()))?;
        let kept = KeyView::from(&key);
        self.keys.0.write().insert(id.clone(), key);
        Ok(NewKey { key: format!("{id}.{secret}"), kept })
    }

    /// All keys, without their secrets.
    pub fn keys(&self) -> Vec<KeyView> {
        self.keys.0.read().values().map(KeyView::from).collect()
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// `NotFound` for an unknown id, Unavailable or Internal when the disk fails.
    pub fn delete_key(&self, id: &str) -> Result<()> {
        self.write_one(Write::DeleteKey(id.to_owned()))?;
        self.keys.0.write().remove(id);
        Ok(())
    }
}

/// Why a token does not open something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no such key.
    UnknownKey,
    /// The key does not have the scope or the index, or has expired.
    Closed,
}
