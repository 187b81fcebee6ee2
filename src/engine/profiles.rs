//! Profiles of recent visitors, kept ready until something is heard of them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use super::measures::Tally;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::shopper::packed::Packed;
use crate::shopper::profile::{Profile, ProfileParameters};

/// Visitors whose profiles are kept.
const VISITORS_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(10_000);

/// Visitors whose profiles are also kept unpacked: those who type or turn pages just now.
const OPEN_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(127);

/// A profile decays by itself; a kept one is folded again after this time.
const AGE_MS_MAX: i64 = 30_000;

/// A profile with what it was folded by and when.
pub(super) struct Folded {
    pub(super) index: IndexName,
    pub(super) at: Timestamp,
    pub(super) parameters: Arc<ProfileParameters>,
    pub(super) profile: Packed,
}

/// Profiles by visitor and index.
#[derive(Default)]
pub(super) struct Profiles {
    kept: Mutex<Kept>,
    tally: Tally,
}

struct Kept {
    /// One profile for each index; nearly always there is one.
    by_visitor: LruCache<Box<str>, Vec<Folded>>,
    /// Profiles in use, with what they were unpacked from.
    open: LruCache<Box<str>, (Packed, Arc<Profile>)>,
    /// Counts what was forgotten: a profile read from the store before that is not kept after it.
    forgotten: u64,
}

impl Default for Kept {
    fn default() -> Self {
        let by_visitor = LruCache::new(VISITORS_KEPT);
        let open = LruCache::new(OPEN_KEPT);
        Self { by_visitor, open, forgotten: 0 }
    }
}

impl Profiles {
    /// The kept profile, if it was folded lately by the same parameters; else the count of what
    /// was forgotten so far, to be given to `keep`.
    pub(super) fn get(
        &self,
        visitor: &str,
        index: &IndexName,
        wanted: (&Arc<ProfileParameters>, Timestamp),
    ) -> Result<Packed, u64> {
        let mut kept = self.kept.lock();
        let forgotten = kept.forgotten;
        let fits = |one: &&Folded| {
            one.index == *index
                && Arc::ptr_eq(&one.parameters, wanted.0)
                && (wanted.1.as_ms() - one.at.as_ms()).abs() < AGE_MS_MAX
        };
        let folded = kept.by_visitor.get(visitor).and_then(|folded| folded.iter().find(fits));
        self.tally.count(folded.is_some());
        folded.map(|one| one.profile.clone()).ok_or(forgotten)
    }

    /// How often a profile was kept ready.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Keeps a profile, unless something was forgotten since `forgotten` was counted.
    pub(super) fn keep(&self, visitor: &str, folded: Folded, forgotten: u64) {
        let mut kept = self.kept.lock();
        if kept.forgotten != forgotten {
            return;
        }
        let one = || Vec::with_capacity(1);
        let all = kept.by_visitor.get_or_insert_mut(visitor.into(), one);
        all.retain(|other| other.index != folded.index);
        all.push(folded);
    }

    /// Forgets a visitor's profiles: there is news, or the visitor is to be erased.
    pub(super) fn forget(&self, visitor: &str) {
        let mut kept = self.kept.lock();
        kept.forgotten += 1;
        kept.by_visitor.pop(visitor);
        kept.open.pop(visitor);
    }

    /// The profile unpacked; for the same packed one the same, while its visitor is busy.
    pub(super) fn open(&self, visitor: &str, packed: &Packed) -> Arc<Profile> {
        let forgotten = {
            let mut kept = self.kept.lock();
            if let Some((from, profile)) = kept.open.get(visitor)
                && from.is_same(packed)
            {
                return Arc::clone(profile);
            }
            kept.forgotten
        };
        let profile = Arc::new(packed.unpack());
        let mut kept = self.kept.lock();
        if kept.forgotten == forgotten {
            kept.open.put(visitor.into(), (packed.clone(), Arc::clone(&profile)));
        }
        profile
    }
}
