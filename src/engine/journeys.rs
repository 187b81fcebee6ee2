//! Pages of one search: whoever turns to the next page goes on with the profile of the first, so
//! that no product repeats or vanishes while events arrive.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::domain::deadline::Rung;
use crate::domain::event::Visitor;
use crate::domain::id::IndexName;
use crate::domain::search::SearchRequest;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::shopper::packed::Packed;

/// Visitors whose searches are kept for their next pages.
const VISITORS_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2_000);

/// Searches kept of each: nobody turns the pages of more at a time.
const JOURNEYS_OF_EACH: usize = 4;

/// Searches of which something was left out that are kept.
const RUNGS_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2_000);

/// Who turns a page later than this begins anew.
const AGE_MS_MAX: i64 = 30 * 60 * 1_000;

/// Identifies a visitor's search, whichever page of it.
type Key = [u8; 32];

/// What the pages of one search have in common.
#[derive(Clone)]
pub(super) struct Journey {
    /// When the first page was asked for.
    pub(super) begun: Timestamp,
    /// What was known then; packed, since a busy visitor's profile is large.
    pub(super) profile: Packed,
}

/// The searches of late by visitor and request.
pub(super) struct Journeys(Mutex<Kept>);

struct Kept {
    /// The latest of each visitor, the oldest first.
    journeys: LruCache<Box<str>, VecDeque<(Key, Journey)>>,
    /// Searches of which something was left out, with when and how much was done.
    rungs: LruCache<Key, (Timestamp, Rung)>,
    /// Counts what was forgotten: what was known before that is not kept after it.
    forgotten: u64,
}

impl Default for Journeys {
    fn default() -> Self {
        let journeys = LruCache::new(VISITORS_KEPT);
        let rungs = LruCache::new(RUNGS_KEPT);
        Self(Mutex::new(Kept { journeys, rungs, forgotten: 0 }))
    }
}

impl Journeys {
    /// What the first page of this search was made with, if this is a later one.
    pub(super) fn of(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        now: Timestamp,
    ) -> Option<Journey> {
        if request.page <= 1 {
            return None;
        }
        let (visitor, key) = (visitor(request)?.key(), key(index, request)?);
        let mut kept = self.0.lock();
        let of_visitor = kept.journeys.get(visitor.as_str())?;
        let journey = of_visitor.iter().find(|(known, _)| *known == key)?.1.clone();
        is_recent(journey.begun, now).then_some(journey)
    }

    /// How much was done for the pages of this search so far, if this is a later one.
    pub(super) fn rung(&self, index: &IndexName, request: &SearchRequest, now: Timestamp) -> Rung {
        if request.page <= 1 {
            return Rung::Full;
        }
        let kept = |key: Key| self.0.lock().rungs.get(&key).copied();
        let recent = key(index, request).and_then(kept).filter(|(at, _)| is_recent(*at, now));
        recent.map_or(Rung::Full, |(_, rung)| rung)
    }

    /// Keeps how much was done for a page, so that those that follow get no more; a first page
    /// begins anew.
    pub(super) fn keep_rung(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        (now, rung): (Timestamp, Rung),
    ) {
        if rung.is_full() && (request.page > 1 || self.0.lock().rungs.is_empty()) {
            return;
        }
        if let Some(key) = key(index, request) {
            let rungs = &mut self.0.lock().rungs;
            if rung.is_full() {
                rungs.pop(&key);
            } else {
                rungs.put(key, (now, rung));
            }
        }
    }

    /// The count of what was forgotten so far, to be given to `begin`.
    pub(super) fn forgotten(&self) -> u64 {
        self.0.lock().forgotten
    }

    /// Keeps what a page was made with for those that follow, unless something was forgotten since
    /// `forgotten` was counted.
    pub(super) fn begin(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        (begun, profile): (Timestamp, &Packed),
        forgotten: u64,
    ) {
        let visitor = visitor(request).map(|visitor| visitor.key());
        if let (Some(visitor), Some(key)) = (visitor, key(index, request)) {
            let mut kept = self.0.lock();
            if kept.forgotten != forgotten {
                return;
            }
            let of_visitor = kept.journeys.get_or_insert_mut(visitor.into(), VecDeque::new);
            of_visitor.retain(|(known, _)| *known != key);
            if of_visitor.len() == JOURNEYS_OF_EACH {
                of_visitor.pop_front();
            }
            of_visitor.push_back((key, Journey { begun, profile: profile.clone() }));
        }
    }

    /// Forgets what was made for a visitor.
    pub(super) fn forget(&self, visitor: &str) {
        let mut kept = self.0.lock();
        kept.forgotten += 1;
        kept.journeys.pop(visitor);
    }
}

fn is_recent(then: Timestamp, now: Timestamp) -> bool {
    (0..AGE_MS_MAX).contains(&(now.as_ms() - then.as_ms()))
}

fn visitor(request: &SearchRequest) -> Option<Visitor> {
    Visitor::from_parts(request.shopper.as_ref(), request.session.as_ref())
}

/// The request without its page and its haste; `None` for one that names nobody.
fn key(index: &IndexName, request: &SearchRequest) -> Option<Key> {
    visitor(request)?;
    let request = SearchRequest {
        page: 1,
        explain: false,
        deadline_ms: None,
        degraded: Rung::Full,
        ..request.clone()
    };
    let text = serde_json::to_vec(&(index, request)).ok()?;
    Some(Sha256::digest(text).into())
}

/// What chance is drawn from: the same for one visitor, query and day.
pub(super) fn seed(request: &SearchRequest, now: Timestamp) -> u64 {
    let visitor = visitor(request).map(|visitor| visitor.key()).unwrap_or_default();
    let day = now.as_ms().div_euclid(DAY_MS);
    let digest = Sha256::new()
        .chain_update(day.to_be_bytes())
        .chain_update(visitor)
        .chain_update([0])
        .chain_update(&request.q)
        .finalize();
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
