//! Which suggestions share an answer: no two the same, kinds in proportion.

use std::collections::HashSet;

use super::Chosen;
use crate::domain::page::SuggestionKind;
use crate::index::suggestions::Entry;

/// Of ten suggestions so many may be brands or categories, and products.
const LABELS_OF_TEN: usize = 2;
const PRODUCTS_OF_TEN: usize = 3;

/// One answer in the making.
pub(super) struct Mix<'a> {
    limit: usize,
    labels_left: usize,
    products_left: usize,
    recents: Vec<Chosen<'a>>,
    chosen: Vec<Chosen<'a>>,
    /// Suggestions beyond their kind's proportion, best first.
    spare: Vec<(u32, Chosen<'a>)>,
    keys: HashSet<u32>,
}

impl<'a> Mix<'a> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            labels_left: (limit * LABELS_OF_TEN).div_ceil(10),
            products_left: (limit * PRODUCTS_OF_TEN).div_ceil(10),
            recents: Vec::new(),
            chosen: Vec::new(),
            spare: Vec::new(),
            keys: HashSet::new(),
        }
    }

    /// One of the shopper's own searches: at most half of the answer, so that there is news.
    pub(super) fn add_recent(&mut self, text: &'a str, key: u32) {
        if self.recents.len() < self.limit.div_ceil(2) && self.keys.insert(key) {
            let kind = SuggestionKind::Recent;
            self.recents.push(Chosen { text, kind, product_id: None, score: 0.0 });
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.recents.len() + self.chosen.len() >= self.limit
    }

    /// The next best suggestion.
    pub(super) fn add(&mut self, entry: Entry<'a>, score: f32) {
        if self.is_full() || self.keys.contains(&entry.key) {
            return;
        }
        let Entry { text, kind, product_id, key, .. } = entry;
        let chosen = Chosen { text, kind, product_id, score };
        let left = match kind {
            SuggestionKind::Category | SuggestionKind::Brand => Some(&mut self.labels_left),
            SuggestionKind::Product => Some(&mut self.products_left),
            SuggestionKind::Query | SuggestionKind::Recent => None,
        };
        match left {
            Some(0) => {
                if self.spare.len() < self.limit {
                    self.spare.push((key, chosen));
                }
                return;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.keys.insert(key);
        self.chosen.push(chosen);
    }

    /// The answer: recent searches, then the rest by score.
    pub(super) fn finish(mut self) -> Vec<Chosen<'a>> {
        for (key, spare) in std::mem::take(&mut self.spare) {
            if !self.is_full() && self.keys.insert(key) {
                self.chosen.push(spare);
            }
        }
        self.chosen.sort_by(|left, right| right.score.total_cmp(&left.score));
        let best = self.chosen.first().map_or(0.0, |chosen| chosen.score);
        let recents = self.recents.len();
        for (place, recent) in self.recents.iter_mut().enumerate() {
            recent.score = best + (recents - place) as f32;
        }
        self.recents.append(&mut self.chosen);
        self.recents
    }
}
