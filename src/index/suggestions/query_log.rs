//! What shoppers searched for: counts with decay and support, a pure fold of search events.

use std::collections::HashMap;

use super::private::looks_private;
use crate::domain::event::{EventKind, RecordedEvent, Visitor};
use crate::domain::time::Timestamp;
use crate::text::normalise::fold;

/// A search counts half as much after so many days.
pub const HALF_LIFE_DAYS: f64 = 30.0;

/// Fewer distinct visitors than this never make a text a suggestion: it may be somebody's own.
pub const SUPPORT_MIN: usize = 2;

/// Visitors remembered per text: enough to tell support, too few to be a history.
const VISITORS_MAX: usize = 16;

/// Below this weight a text is as good as forgotten.
const WEIGHT_MIN: f64 = 0.05;

/// One searched text.
#[derive(Clone, Debug)]
struct Heard {
    /// As written with its accents, in lower case; `None` when that is the folded text.
    written: Option<Box<str>>,
    /// Searches, decayed to `at`.
    weight: f64,
    at: Timestamp,
    visitors: Vec<u64>,
}

impl Heard {
    fn weight_at(&self, now: Timestamp) -> f64 {
        self.weight * decay(self.at, now)
    }

    fn add(&mut self, at: Timestamp, visitor: u64) {
        let latest = self.at.max(at);
        self.weight = self.weight_at(latest) + decay(at, latest);
        self.at = latest;
        if self.visitors.len() < VISITORS_MAX && !self.visitors.contains(&visitor) {
            self.visitors.push(visitor);
        }
    }
}

/// A searched text that enough visitors searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedQuery<'a> {
    /// The text to show, in lower case.
    pub text: &'a str,
    /// Searches, decayed to the latest search of the log.
    pub weight: f64,
    /// Distinct visitors, counted up to 16.
    pub visitors: usize,
}

/// Searched texts by their folded form.
#[derive(Clone, Debug, Default)]
pub struct QueryLog {
    heard: HashMap<Box<str>, Heard>,
    latest: Timestamp,
}

impl QueryLog {
    /// The log of all searches among `events`.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a RecordedEvent>) -> Self {
        let mut log = Self::default();
        for event in events {
            log.record(event);
        }
        log
    }

    /// Adds a search; events of other kinds, without a visitor, without a word or with a text that
    /// looks private change nothing.
    pub fn record(&mut self, recorded: &RecordedEvent) {
        let event = &recorded.event;
        if event.kind != EventKind::Search {
            return;
        }
        let (Some(query), Some(visitor)) = (&event.query, event.visitor()) else {
            return;
        };
        let written = query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        if looks_private(&written) || !written.chars().any(char::is_alphanumeric) {
            return;
        }
        self.latest = self.latest.max(recorded.at);
        let folded = fold(&written).into_boxed_str();
        let written = (*folded != *written).then(|| written.into_boxed_str());
        let visitor = visitor_hash(&visitor);
        let fresh = || Heard { written: None, weight: 0.0, at: recorded.at, visitors: Vec::new() };
        let heard = self.heard.entry(folded).or_insert_with(fresh);
        heard.add(recorded.at, visitor);
        // Who takes the trouble of typing accents knows where they belong.
        heard.written = heard.written.take().or(written);
    }

    /// Forgets who searched: a text that only this visitor searched for is gone.
    pub fn forget(&mut self, visitor: &Visitor) {
        let gone = visitor_hash(visitor);
        self.heard.retain(|_, heard| {
            heard.visitors.retain(|visitor| *visitor != gone);
            !heard.visitors.is_empty()
        });
    }

    /// Drops texts that have decayed to nothing.
    pub fn prune(&mut self) {
        let latest = self.latest;
        self.heard.retain(|_, heard| heard.weight_at(latest) >= WEIGHT_MIN);
    }

    /// Texts in the log, whatever their support.
    pub fn len(&self) -> usize {
        self.heard.len()
    }

    /// Whether nothing was searched for.
    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// Texts that at least `support_min` distinct visitors searched for, heaviest first.
    pub fn supported(&self, support_min: usize) -> Vec<SearchedQuery<'_>> {
        let supported = self.heard.iter().filter(|(_, heard)| heard.visitors.len() >= support_min);
        let mut queries: Vec<SearchedQuery<'_>> = supported
            .map(|(folded, heard)| SearchedQuery {
                text: heard.written.as_deref().unwrap_or(folded),
                weight: heard.weight_at(self.latest),
                visitors: heard.visitors.len(),
            })
            .collect();
        queries.sort_by(|left, right| {
            right.weight.total_cmp(&left.weight).then_with(|| left.text.cmp(right.text))
        });
        queries
    }
}

fn decay(from: Timestamp, to: Timestamp) -> f64 {
    0.5_f64.powf(to.days_since(from).max(0.0) / HALF_LIFE_DAYS)
}

/// FNV-1a: the log need not name anybody to tell visitors apart.
fn visitor_hash(visitor: &Visitor) -> u64 {
    visitor.key().bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
