//! What is searched for of late: how often, and how often in vain. Known are texts, never who
//! searched for them.
//!
//! A text counts in the present week and, once that is over, for one week more: what is told is of
//! the last one to two weeks. It is told, and written to disk, only once several visitors searched
//! for it; what looks like an address or a telephone or card number is not even counted.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::domain::id::IndexName;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::index::suggestions::private::looks_private;
use crate::text::normalise::fold;

/// Texts of a week that are kept for sure; when there are twice as many, the half that was searched
/// for least is forgotten, so that a flood of single texts costs little memory and no time.
const TEXTS_MAX: usize = 4_096;

/// A text is told once so many visitors searched for it.
const VISITORS_MIN: u32 = 3;

/// Counts begin anew this often; those before are kept for as long again.
const WEEK_MS: i64 = 7 * DAY_MS;

/// The file beside an index.
const FILE: &str = "queries.json";

/// The format of the file.
const FORMAT: u32 = 1;

/// A searched text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryCount {
    /// The text, folded.
    pub q: String,
    /// First pages that were served for it.
    pub searches: u32,
    /// How many of them had no product.
    pub without_result: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// Texts searched for of late.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecentQueries {
    /// In the order asked for.
    pub queries: Vec<QueryCount>,
    /// When counting began; absent where nothing was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// In which order texts are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryOrder {
    /// The most searched for first.
    #[default]
    Frequent,
    /// Those that found nothing most often first, and only those that ever did.
    WithoutResult,
}

/// A served search, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Served<'s> {
    /// The text as typed.
    pub q: &'s str,
    /// Whoever searched; only tells visitors apart, and is not kept.
    pub visitor: Option<&'s str>,
    /// Whether there was no product.
    pub without_result: bool,
    /// When.
    pub at: Timestamp,
}

/// Counts of one index.
pub struct QueryCounts {
    counts: Mutex<Counts>,
    /// Tells visitors apart; another one in each process.
    salt: RandomState,
    file: Option<PathBuf>,
}

#[derive(Default)]
struct Counts {
    present: Week,
    before: Week,
    /// Since it was written.
    changed: bool,
}

#[derive(Default)]
struct Week {
    since: Option<Timestamp>,
    texts: HashMap<Box<str>, Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    searches: u32,
    without_result: u32,
    last_at: Timestamp,
    /// A bit for each visitor, by a salted hash: too few bits to tell anybody by.
    visitors: u64,
}

/// A week as it is written.
#[derive(Default, Serialize, Deserialize)]
struct Written {
    since: Option<Timestamp>,
    texts: Vec<QueryCount>,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    present: Written,
    before: Written,
}

impl QueryCounts {
    /// Goes on with what is in a folder, if there is one and it can be read.
    pub fn open(folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join(FILE));
        let counts = file.as_deref().and_then(read).unwrap_or_default();
        Self { counts: Mutex::new(counts), salt: RandomState::new(), file }
    }

    /// Counts a served search.
    pub fn count(&self, served: &Served<'_>) {
        let text = fold(served.q).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || looks_private(&text) {
            return;
        }
        let mut counts = self.counts.lock();
        counts.turn(served.at);
        counts.present.since.get_or_insert(served.at);
        counts.changed = true;
        let texts = &mut counts.present.texts;
        let count = texts.entry(text.into_boxed_str()).or_default();
        // Who is nobody is taken for somebody else each time.
        let lot = match served.visitor {
            Some(visitor) => self.salt.hash_one(visitor) as u32,
            None => count.searches,
        };
        count.visitors |= 1 << (lot % u64::BITS);
        count.searches = count.searches.saturating_add(1);
        count.without_result += u32::from(served.without_result);
        count.last_at = count.last_at.max(served.at);
        if texts.len() >= 2 * TEXTS_MAX {
            forget_half(texts);
        }
    }

    /// Up to `limit` texts of late.
    pub fn recent(&self, order: QueryOrder, limit: usize, now: Timestamp) -> RecentQueries {
        let (mut queries, since) = {
            let mut counts = self.counts.lock();
            counts.turn(now);
            (counts.told(), counts.before.since.or(counts.present.since))
        };
        let key = |one: &QueryCount| match order {
            QueryOrder::Frequent => one.searches,
            QueryOrder::WithoutResult => one.without_result,
        };
        queries.retain(|one| key(one) > 0);
        queries.sort_unstable_by(|one, other| {
            key(other).cmp(&key(one)).then_with(|| one.q.cmp(&other.q))
        });
        queries.truncate(limit);
        RecentQueries { queries, since }
    }

    /// Writes what was counted since the last time. That it fails harms nothing but counts.
    pub fn save(&self) {
        let Some(file) = &self.file else { return };
        let saved = {
            let mut counts = self.counts.lock();
            if !std::mem::take(&mut counts.changed) {
                return;
            }
            let (present, before) = (counts.present.written(), counts.before.written());
            Saved { format: FORMAT, present, before }
        };
        if let Err(error) = write(file, &saved) {
            tracing::warn!(%error, path = %file.display(), "counts of queries are not saved");
        }
    }
}

impl Engine {
    /// Up to `limit` texts that are searched for of late in an index.
    ///
    /// # Errors
    /// `NotFound` for an unknown index.
    pub fn recent_queries(
        &self,
        index: &IndexName,
        (order, limit): (QueryOrder, usize),
        now: Timestamp,
    ) -> Result<RecentQueries> {
        Ok(self.index(index)?.queries().recent(order, limit, now))
    }
}

/// A text that was forgotten may come again; one that is searched for often outlasts the others.
fn forget_half(texts: &mut HashMap<Box<str>, Count>) {
    let mut ranks: Vec<(u32, Timestamp)> =
        texts.values().map(|count| (count.searches, count.last_at)).collect();
    let (_, least, _) = ranks.select_nth_unstable(texts.len() - TEXTS_MAX);
    let least = *least;
    texts.retain(|_, count| (count.searches, count.last_at) >= least);
    // Texts that are equal in both stay together; too many of them are no better than none.
    if texts.len() > TEXTS_MAX + TEXTS_MAX / 2 {
        texts.retain(|_, count| (count.searches, count.last_at) > least);
    }
}

impl Counts {
    /// Begins a new week when the present one is over.
    fn turn(&mut self, now: Timestamp) {
        let Some(since) = self.present.since else { return };
        let age_ms = now.as_ms() - since.as_ms();
        if age_ms >= WEEK_MS {
            let ended = Week { since: Some(now), texts: HashMap::new() };
            let ended = std::mem::replace(&mut self.present, ended);
            self.before = if age_ms < 2 * WEEK_MS { ended } else { Week::default() };
            self.changed = true;
        }
    }

    /// Texts of both weeks that several visitors searched for.
    fn told(&self) -> Vec<QueryCount> {
        let mut sums: HashMap<&str, Count> = HashMap::new();
        for (text, count) in self.before.texts.iter().chain(&self.present.texts) {
            let sum = sums.entry(text).or_default();
            sum.searches = sum.searches.saturating_add(count.searches);
            sum.without_result = sum.without_result.saturating_add(count.without_result);
            sum.last_at = sum.last_at.max(count.last_at);
            sum.visitors |= count.visitors;
        }
        let told = sums.into_iter().filter(|(_, count)| count.is_of_several());
        told.map(|(text, count)| count.named(text)).collect()
    }
}

impl Count {
    fn is_of_several(&self) -> bool {
        self.visitors.count_ones() >= VISITORS_MIN
    }

    fn named(&self, text: &str) -> QueryCount {
        let Self { searches, without_result, last_at, .. } = *self;
        QueryCount { q: text.to_owned(), searches, without_result, last_at }
    }
}

impl Week {
    /// What few searched for is not written.
    fn written(&self) -> Written {
        let told = self.texts.iter().filter(|(_, count)| count.is_of_several());
        Written { since: self.since, texts: told.map(|(text, count)| count.named(text)).collect() }
    }
}

impl From<Written> for Week {
    fn from(written: Written) -> Self {
        // It was told before, so it may be told again.
        let count = |one: &QueryCount| Count {
            searches: one.searches,
            without_result: one.without_result,
            last_at: one.last_at,
            visitors: u64::MAX,
        };
        let texts = written.texts.into_iter().take(2 * TEXTS_MAX - 1);
        let texts = texts.map(|one| (one.q.as_str().into(), count(&one))).collect();
        Self { since: written.since, texts }
    }
}

/// A file that cannot be read is passed over: it holds nothing but counts.
fn read(file: &Path) -> Option<Counts> {
    let bytes = std::fs::read(file).ok()?;
    let saved: Saved =
        serde_json::from_slice(&bytes).ok().filter(|saved: &Saved| saved.format == FORMAT)?;
    Some(Counts { present: saved.present.into(), before: saved.before.into(), ..Counts::default() })
}

/// Whole or not at all: a reader finds the old counts or the new ones.
fn write(file: &Path, saved: &Saved) -> Result<()> {
    let failed = |error: std::io::Error| Error::internal("queries_file", error.to_string(), "");
    let bytes = serde_json::to_vec(saved)
        .map_err(|error| Error::internal("queries_file", error.to_string(), ""))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, bytes).map_err(failed)?;
    std::fs::rename(&fresh, file).map_err(failed)
}
