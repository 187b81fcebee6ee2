//! What shoppers searched for with success: counts with decay and support, a pure fold of events.

use std::collections::{HashMap, HashSet};

use super::private::looks_private;
use crate::domain::event::{Event, EventKind, RecordedEvent, Visitor};
use crate::domain::time::Timestamp;
use crate::text::normalise::fold;

/// A search counts half as much after so many days.
pub const HALF_LIFE_DAYS: f64 = 30.0;

/// Fewer distinct shoppers than this never make a text a suggestion: it may be somebody's own.
pub const SUPPORT_MIN: usize = 5;

/// Visitors remembered per text: enough to tell support, too few to be a history.
const VISITORS_MAX: usize = 16;

/// Below this weight a text is as good as forgotten.
const WEIGHT_MIN: f64 = 0.05;

/// What a shopper does with a product belongs to the search before it for so long.
const LEADS_WITHIN_MS: i64 = 30 * 60 * 1_000;

/// Texts kept; of more, the heaviest.
const TEXTS_MAX: usize = 500_000;

/// Searches that may still lead somewhere are looked through for old ones when there are so many.
const OPEN_MAX: usize = 100_000;

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

/// A search that led nowhere yet.
#[derive(Clone, Debug)]
struct Open {
    folded: Box<str>,
    written: Option<Box<str>>,
    answer: Option<u64>,
    at: Timestamp,
}

/// A searched text, whatever its support.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedText<'a> {
    /// The text to show, in lower case.
    pub text: &'a str,
    /// Searches that led to a product, decayed to the latest event of the log.
    pub weight: f64,
    /// Distinct shoppers, up to 16, by numbers that mean nothing; a session whose shopper signed in
    /// is that shopper.
    pub visitors: HashSet<u64>,
}

/// Searched texts by their folded form.
#[derive(Clone, Debug, Default)]
pub struct QueryLog {
    heard: HashMap<Box<str>, Heard>,
    /// The last search of each visitor, until it leads to a product.
    open: HashMap<u64, Open>,
    /// Who signed in during a session that searched anonymously.
    sessions: HashMap<u64, Option<u64>>,
    latest: Timestamp,
}

impl QueryLog {
    /// The log of all searches among `events`, which are in order of time.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a RecordedEvent>) -> Self {
        let mut log = Self::default();
        for event in events {
            log.record(event);
        }
        log
    }

    /// Takes in an event. A search counts when its visitor then turns to a product: in answer to it
    /// (`query_id`), or within half an hour. Searches without a word or with a text that looks
    /// private never count. Returns whether a text now counts for more.
    pub fn record(&mut self, recorded: &RecordedEvent) -> bool {
        let event = &recorded.event;
        let Some(visitor) = event.visitor() else { return false };
        let visitor = visitor_hash(&visitor);
        self.join_session(event, visitor);
        self.latest = self.latest.max(recorded.at);
        match event.kind {
            EventKind::Search => {
                self.open_search(event, recorded.at, visitor);
                false
            }
            EventKind::View
            | EventKind::Click
            | EventKind::AddToCart
            | EventKind::Purchase
            | EventKind::Favorite => self.close_search(event, recorded.at, visitor),
            EventKind::Dismiss | EventKind::Return => false,
        }
    }

    /// Who searches before signing in is one shopper, not two.
    fn join_session(&mut self, event: &Event, visitor: u64) {
        let Some(session) = &event.session else { return };
        let session = visitor_hash(&Visitor::Session(session.clone()));
        if event.shopper.is_none() {
            if event.kind == EventKind::Search {
                self.sessions.entry(session).or_default();
            }
        } else if let Some(signed_in) = self.sessions.get_mut(&session) {
            *signed_in = Some(visitor);
            if let Some(open) = self.open.remove(&session) {
                self.open.entry(visitor).or_insert(open);
            }
        }
    }

    fn open_search(&mut self, event: &Event, at: Timestamp, visitor: u64) {
        let Some(query) = &event.query else { return };
        let written = query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        if looks_private(&written) || !written.chars().any(char::is_alphanumeric) {
            self.open.remove(&visitor);
            return;
        }
        if self.open.len() >= OPEN_MAX {
            let latest = self.latest;
            self.open.retain(|_, open| is_near(open.at, latest));
        }
        let folded = fold(&written).into_boxed_str();
        let written = (*folded != *written).then(|| written.into_boxed_str());
        let answer = event.query_id.as_deref().map(hash);
        self.open.insert(visitor, Open { folded, written, answer, at });
    }

    fn close_search(&mut self, event: &Event, at: Timestamp, visitor: u64) -> bool {
        let answer = event.query_id.as_deref().map(hash);
        let leads_here = |open: &mut Open| match (open.answer, answer) {
            (Some(own), Some(other)) => own == other,
            (Some(_), None) | (None, Some(_)) | (None, None) => is_near(open.at, at),
        };
        let std::collections::hash_map::Entry::Occupied(mut open) = self.open.entry(visitor) else {
            return false;
        };
        if !leads_here(open.get_mut()) {
            return false;
        }
        let Open { folded, written, at, .. } = open.remove();
        let fresh = || Heard { written: None, weight: 0.0, at, visitors: Vec::new() };
        let heard = self.heard.entry(folded).or_insert_with(fresh);
        heard.add(at, visitor);
        // Who takes the trouble of typing accents knows where they belong.
        heard.written = heard.written.take().or(written);
        true
    }

    /// Forgets who searched: a text that only this visitor searched for is gone.
    pub fn forget(&mut self, visitor: &Visitor) {
        let gone = visitor_hash(visitor);
        let sessions = &self.sessions;
        let is_gone =
            |visitor: &u64| *visitor == gone || sessions.get(visitor) == Some(&Some(gone));
        self.heard.retain(|_, heard| {
            heard.visitors.retain(|visitor| !is_gone(visitor));
            !heard.visitors.is_empty()
        });
        self.open.retain(|visitor, _| !is_gone(visitor));
        self.sessions.retain(|session, shopper| *session != gone && *shopper != Some(gone));
    }

    /// Drops texts that have decayed to nothing, and what is no longer needed to count visitors.
    pub fn prune(&mut self) {
        let latest = self.latest;
        self.heard.retain(|_, heard| heard.weight_at(latest) >= WEIGHT_MIN);
        if self.heard.len() > TEXTS_MAX {
            let mut weights: Vec<f64> =
                self.heard.values().map(|heard| heard.weight_at(latest)).collect();
            weights.sort_unstable_by(|left, right| right.total_cmp(left));
            let least = weights[TEXTS_MAX];
            self.heard.retain(|_, heard| heard.weight_at(latest) > least);
        }
        self.open.retain(|_, open| is_near(open.at, latest));
        let counted: HashSet<u64> =
            self.heard.values().flat_map(|heard| &heard.visitors).copied().collect();
        let open = &self.open;
        self.sessions.retain(|session, _| counted.contains(session) || open.contains_key(session));
    }

    /// Texts in the log, whatever their support.
    pub fn len(&self) -> usize {
        self.heard.len()
    }

    /// Whether nothing was searched for.
    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// All texts, heaviest first.
    pub fn texts(&self) -> Vec<SearchedText<'_>> {
        let mut texts: Vec<SearchedText<'_>> = self
            .heard
            .iter()
            .map(|(folded, heard)| SearchedText {
                text: heard.written.as_deref().unwrap_or(folded),
                weight: heard.weight_at(self.latest),
                visitors: heard.visitors.iter().map(|visitor| self.person(*visitor)).collect(),
            })
            .collect();
        texts.sort_by(|left, right| {
            right.weight.total_cmp(&left.weight).then_with(|| left.text.cmp(right.text))
        });
        texts
    }

    fn person(&self, visitor: u64) -> u64 {
        self.sessions.get(&visitor).copied().flatten().unwrap_or(visitor)
    }
}

fn is_near(search: Timestamp, act: Timestamp) -> bool {
    (0..=LEADS_WITHIN_MS).contains(&(act.as_ms() - search.as_ms()))
}

fn decay(from: Timestamp, to: Timestamp) -> f64 {
    0.5_f64.powf(to.days_since(from).max(0.0) / HALF_LIFE_DAYS)
}

/// The log need not name anybody to tell visitors apart.
fn visitor_hash(visitor: &Visitor) -> u64 {
    hash(&visitor.key())
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
