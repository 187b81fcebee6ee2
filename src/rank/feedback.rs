//! Pseudo-relevance feedback: what the best answers have in common speaks for others like them.
//!
//! Rocchio (*Relevance feedback in information retrieval*, 1971) in the space of embeddings, with
//! the best answers of the first pass taken for relevant, and their categories as a second view.

use std::collections::HashMap;

use super::RankedItem;
use super::signal::Signal;
use crate::index::View;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::Row;
use crate::index::semantic::Meaning;

/// So many answers make the vector.
const NEAREST: usize = 10;

/// So many answers tell the categories.
const TELLING: usize = 20;

/// What the best answers have in common.
pub(super) struct Feedback<'a> {
    view: &'a View,
    /// Their mean vector; `None` where meaning takes no part.
    centre: Option<Meaning>,
    leaves: HashMap<ValueId, f32>,
    parents: HashMap<ValueId, f32>,
}

/// How alike a product is to the best answers, 0–1 each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Likeness {
    /// Similarity to their mean vector, calibrated.
    pub(super) meaning: f32,
    /// Share of them, by score, in the product's category.
    pub(super) leaf: f32,
    /// Share of them, by score, in the category above it.
    pub(super) parent: f32,
}

impl<'a> Feedback<'a> {
    /// Reads the best answers; `best` is in order.
    pub(super) fn of(view: &'a View, best: &[RankedItem]) -> Self {
        let centre = centre(view, best);
        let mut feedback = Self { view, centre, leaves: HashMap::new(), parents: HashMap::new() };
        let telling = &best[..TELLING.min(best.len())];
        let whole: f32 = telling.iter().map(|item| item.score.max(0.0)).sum();
        for item in telling.iter().filter(|_| whole > 0.0) {
            let share = item.score.max(0.0) / whole;
            let row = view.generation.columns.row(item.ordinal);
            let category = row.map_or(&[][..], |row| &row.category);
            if let [.., leaf] = category {
                *feedback.leaves.entry(*leaf).or_default() += share;
            }
            if let [.., parent, _] = category {
                *feedback.parents.entry(*parent).or_default() += share;
            }
        }
        feedback
    }

    /// How alike a product is.
    pub(super) fn likeness(&self, item: &RankedItem, row: &Row) -> Likeness {
        let semantic = &self.view.generation.semantic;
        let share = |shares: &HashMap<ValueId, f32>, value: Option<&ValueId>| {
            value.and_then(|value| shares.get(value)).copied().unwrap_or(0.0)
        };
        let parent = row.category.len().checked_sub(2).and_then(|place| row.category.get(place));
        Likeness {
            meaning: self
                .centre
                .as_ref()
                .map_or(0.0, |centre| semantic.nearness(centre, item.ordinal)),
            leaf: share(&self.leaves, row.category.last()),
            parent: share(&self.parents, parent),
        }
    }
}

/// The mean vector of the best answers, without those that an identifier names.
fn centre(view: &View, best: &[RankedItem]) -> Option<Meaning> {
    let is_named = |item: &&RankedItem| item.signals.get(Signal::Identifier) > 0.0;
    let nearest = best.iter().filter(|item| !is_named(item)).take(NEAREST);
    view.generation.semantic.centre(nearest.map(|item| item.ordinal))
}
