//! Who may do what: keys, kept as hashes, compared in constant time.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::Engine;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};
use crate::settings::access::{Key, PreviousSecret, Scope};
use crate::store::{Store, Write};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 24;

/// Characters of a key's name.
const NAME_CHARS_MAX: usize = 100;

/// Indexes that one key can be limited to.
const INDEXES_MAX: usize = 100;

/// Seconds that a replaced secret goes on to work unless a call says otherwise: one day.
pub const OVERLAP_S: u32 = 24 * 3_600;

/// Seconds that a replaced secret can go on to work: 30 days.
const OVERLAP_S_MAX: u32 = 30 * 24 * 3_600;

/// All keys by id, as the store has them.
#[derive(Default)]
pub(super) struct Keys {
    all: RwLock<BTreeMap<String, Arc<Key>>>,
    /// Held while one changes: what is revoked must not come back by a rotation beside it.
    changing: Mutex<()>,
}

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
    /// Calls per second that it may make, where it has a limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<NonZeroU32>,
    /// Until when the secret before the last rotation works, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
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
            per_second: key.per_second,
            previous_until: key.previous.as_ref().map(|previous| previous.until),
        }
    }
}

/// What a new key shall be.
#[derive(Clone, Debug, Default)]
pub struct KeyWish {
    /// What it is for.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// Indexes it is limited to; empty means all.
    pub indexes: Vec<IndexName>,
    /// When it stops to work.
    pub expires_at: Option<Timestamp>,
    /// Calls per second that it may make; `None` leaves it to the server.
    pub per_second: Option<NonZeroU32>,
}

impl KeyWish {
    /// A key that opens everything, for ever.
    pub fn admin(name: &str) -> Self {
        Self { name: name.to_owned(), scopes: vec![Scope::Admin], ..Self::default() }
    }

    fn check(&self) -> Result<()> {
        let fits = !self.scopes.is_empty()
            && self.name.chars().count() <= NAME_CHARS_MAX
            && !self.name.chars().any(char::is_control)
            && self.indexes.len() <= INDEXES_MAX;
        if fits {
            return Ok(());
        }
        Err(Error::bad_request(
            "invalid_key",
            format!(
                "a key needs at least one scope, a name of at most {NAME_CHARS_MAX} characters in \
                 one line, and at most {INDEXES_MAX} indexes"
            ),
            "scopes are search, events, catalog, merchandise and admin",
        ))
    }
}

impl Keys {
    pub(super) fn load(store: &dyn Store) -> Result<Self> {
        let keys = store.keys()?.into_iter().map(|key| (key.id.clone(), Arc::new(key))).collect();
        Ok(Self { all: RwLock::new(keys), changing: Mutex::default() })
    }

    fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.all.read().get(id).cloned()
    }

    fn put(&self, key: Key) {
        self.all.write().insert(key.id.clone(), Arc::new(key));
    }
}

/// Whether a secret of this digest is the key's, or the one before it while that still works. Both
/// are compared whole, whatever differs where.
fn is_secret_of(key: &Key, digest: &str, now: Timestamp) -> bool {
    let same = |kept: &str| digest.as_bytes().ct_eq(kept.as_bytes());
    let previous = key.previous.as_ref().filter(|previous| now < previous.until);
    let before = previous.map_or(Choice::from(0), |previous| same(&previous.secret_sha256));
    (same(&key.secret_sha256) | before).into()
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
    /// Whether there is a key that opens everything at `now`.
    pub fn has_admin_key(&self, now: Timestamp) -> bool {
        self.keys.all.read().values().any(|key| key.opens(Scope::Admin, None, now))
    }

    /// The key whose secret `token` has, whatever it opens and whether it has ended.
    pub fn key(&self, token: &str, now: Timestamp) -> Option<Arc<Key>> {
        let (id, secret) = token.split_once('.')?;
        let digest = digest(secret);
        self.keys.get(id).filter(|key| is_secret_of(key, &digest, now))
    }

    /// Makes a key.
    ///
    /// # Errors
    /// `BadRequest` without a scope, Unavailable or Internal when the disk fails.
    pub fn create_key(&self, wish: KeyWish, now: Timestamp) -> Result<NewKey> {
        wish.check()?;
        let secret = random_text(SECRET_BYTES)?;
        let key = Key {
            id: random_text(9)?.replace(['-', '_'], "x"),
            name: wish.name,
            secret_sha256: digest(&secret),
            scopes: wish.scopes,
            indexes: wish.indexes,
            created_at: now,
            expires_at: wish.expires_at,
            per_second: wish.per_second,
            previous: None,
        };
        let _changing = self.keys.changing.lock();
        self.keep_key(key, &secret)
    }

    /// Gives a key another secret. The one that it had works for `overlap_s` seconds more, so that
    /// callers can change over one after the other; the one before that ends at once.
    ///
    /// # Errors
    /// `NotFound` for an unknown id, `BadRequest` for an overlap of more than 30 days, Unavailable
    /// or Internal when the disk fails.
    pub fn rotate_key(&self, id: &str, overlap_s: u32, now: Timestamp) -> Result<NewKey> {
        if overlap_s > OVERLAP_S_MAX {
            return Err(Error::bad_request(
                "over_limit",
                format!("'overlap_s' is {overlap_s}, and at most {OVERLAP_S_MAX} is allowed"),
                "rotate the key again when callers have changed over",
            ));
        }
        let _changing = self.keys.changing.lock();
        let old = self.keys.get(id).ok_or_else(|| unknown_key(id))?;
        let secret = random_text(SECRET_BYTES)?;
        let until = Timestamp::from_ms(now.as_ms() + i64::from(overlap_s) * 1_000);
        let previous = PreviousSecret { secret_sha256: old.secret_sha256.clone(), until };
        let key = Key {
            secret_sha256: digest(&secret),
            previous: Some(previous).filter(|_| overlap_s > 0),
            ..Key::clone(&old)
        };
        self.keep_key(key, &secret)
    }

    fn keep_key(&self, key: Key, secret: &str) -> Result<NewKey> {
        self.write_one(Write::PutKey(key.clone()))?;
        let made = NewKey { key: format!("{}.{secret}", key.id), kept: KeyView::from(&key) };
        self.keys.put(key);
        Ok(made)
    }

    /// All keys, without their secrets.
    pub fn keys(&self) -> Vec<KeyView> {
        self.keys.all.read().values().map(|key| KeyView::from(&**key)).collect()
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// `NotFound` for an unknown id, Unavailable or Internal when the disk fails.
    pub fn delete_key(&self, id: &str) -> Result<()> {
        let _changing = self.keys.changing.lock();
        self.write_one(Write::DeleteKey(id.to_owned()))?;
        self.keys.all.write().remove(id);
        Ok(())
    }
}

fn unknown_key(id: &str) -> Error {
    Error::not_found("key_not_found", format!("there is no key '{id}'"), "GET /v1/keys lists them")
}
