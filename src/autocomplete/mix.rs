//! Which suggestions share an answer: no two the same, kinds in proportion.

use std::collections::HashSet;

use crate::domain::page::{SuggestionKind, SuggestionReason, SuggestionSource};
use crate::index::suggestions::SuggestionIndex;

/// Of ten suggestions so many may be brands or categories, and products.
const LABELS_OF_TEN: usize = 2;
const PRODUCTS_OF_TEN: usize = 3;

/// A suggestion for the answer.
#[derive(Clone)]
pub(super) struct Chosen<'a> {
    pub(super) text: &'a str,
    pub(super) kind: SuggestionKind,
    /// The category that the text is to be searched in, where it is not its name.
    pub(super) category: Option<&'a str>,
    pub(super) product_id: Option<&'a str>,
    pub(super) score: f32,
    pub(super) reason: SuggestionReason,
    /// The same for near-duplicates.
    pub(super) key: u64,
    /// Where it stands.
    pub(super) origin: Option<(&'a SuggestionIndex, u32)>,
}

impl<'a> Chosen<'a> {
    /// One that stands before all others.
    pub(super) fn first(text: &'a str, source: SuggestionSource, key: u64) -> Self {
        let kind = match source {
            SuggestionSource::Recent => SuggestionKind::Recent,
            SuggestionSource::Pinned | SuggestionSource::Searches | SuggestionSource::Catalogue => {
                SuggestionKind::Query
            }
        };
        let reason = SuggestionReason {
            source,
            typing_errors: 0,
            popularity: None,
            quality: None,
            affinity: None,
        };
        Self { text, kind, category: None, product_id: None, score: 0.0, reason, key, origin: None }
    }
}

/// One answer in the making.
pub(super) struct Mix<'a> {
    limit: usize,
    labels_left: usize,
    products_left: usize,
    /// Recent and pinned ones.
    first: Vec<Chosen<'a>>,
    chosen: Vec<Chosen<'a>>,
    /// Suggestions beyond their kind's proportion, best first.
    spare: Vec<Chosen<'a>>,
    keys: HashSet<u64>,
}

impl<'a> Mix<'a> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            labels_left: (limit * LABELS_OF_TEN).div_ceil(10),
            products_left: (limit * PRODUCTS_OF_TEN).div_ceil(10),
            first: Vec::new(),
            chosen: Vec::new(),
            spare: Vec::new(),
            keys: HashSet::new(),
        }
    }

    /// One that stands before all others, if `may` say so: at most half of the answer, so that
    /// there is news.
    pub(super) fn add_first(&mut self, first: Chosen<'a>, may: impl FnOnce() -> bool) {
        let has_room = self.first.len() < self.limit.div_ceil(2);
        if has_room && !self.keys.contains(&first.key) && may() {
            self.keys.insert(first.key);
            self.first.push(first);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.first.len() + self.chosen.len() >= self.limit
    }

    /// The next best suggestion, if `may` say so.
    pub(super) fn add(&mut self, chosen: Chosen<'a>, may: impl FnOnce() -> bool) {
        if self.is_full() || self.keys.contains(&chosen.key) {
            return;
        }
        let left = match chosen.kind {
            SuggestionKind::Category | SuggestionKind::Brand => Some(&mut self.labels_left),
            SuggestionKind::Product => Some(&mut self.products_left),
            SuggestionKind::Query | SuggestionKind::Recent => None,
        };
        let is_beyond = left.as_ref().is_some_and(|left| **left == 0);
        if is_beyond && self.spare.len() >= self.limit || !may() {
            return;
        }
        match left {
            Some(0) => return self.spare.push(chosen),
            Some(left) => *left -= 1,
            None => {}
        }
        self.keys.insert(chosen.key);
        self.chosen.push(chosen);
    }

    /// The best of the answer so far, by score.
    pub(super) fn best(&self) -> impl Iterator<Item = &Chosen<'a>> {
        self.chosen.iter()
    }

    /// Puts in suggestions that follow from others, in place of worse ones.
    pub(super) fn add_derived(&mut self, derived: Vec<Chosen<'a>>) {
        for derived in derived {
            if self.labels_left > 0 && self.keys.insert(derived.key) {
                self.labels_left -= 1;
                self.chosen.push(derived);
            }
        }
    }

    /// The answer: the first ones, then the rest by score.
    pub(super) fn finish(mut self) -> Vec<Chosen<'a>> {
        for spare in std::mem::take(&mut self.spare) {
            if !self.is_full() && self.keys.insert(spare.key) {
                self.chosen.push(spare);
            }
        }
        self.chosen.sort_by(|left, right| right.score.total_cmp(&left.score));
        let best = self.chosen.first().map_or(0.0, |chosen| chosen.score);
        let count = self.first.len();
        for (place, first) in self.first.iter_mut().enumerate() {
            first.score = best + (count - place) as f32;
        }
        self.first.append(&mut self.chosen);
        self.first.truncate(self.limit);
        self.first
    }
}
