//! A judged query as learning sees it, laid out so that the effect of one weight is cheap to tell.

use crate::eval::metrics::{TOP, discounted, gain, ideal};

/// A product that a query could find. Its score under some weights is
/// `offset + Σ weight × value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// How well it answers the query: 0 is irrelevant or unjudged, higher is better.
    pub grade: f64,
    /// The part of its score that no weight changes.
    pub offset: f32,
    /// The value of each signal, before its weight.
    pub values: Vec<f32>,
}

/// The items of a judged query.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What each item is worth.
    gains: Vec<f64>,
    offsets: Vec<f32>,
    /// The items' values, signal by signal.
    columns: Vec<Vec<f32>>,
    /// The gain of the best possible order of all judged products, found or not.
    ideal: f64,
}

impl Example {
    /// A query with its items, in the order in which equal scores stand, and the grades of all its
    /// judged products, also of those that are not among the items. `None` when no grade is above
    /// 0: such a query measures nothing. A value that an item lacks counts as 0.
    pub fn new<'g>(items: &[Item], grades: impl Iterator<Item = &'g f64>) -> Option<Self> {
        let signals = items.iter().map(|item| item.values.len()).max().unwrap_or(0);
        let column = |signal: usize| {
            let values = items.iter().map(|item| item.values.get(signal).copied());
            values.map(Option::unwrap_or_default).collect()
        };
        let example = Self {
            gains: items.iter().map(|item| gain(item.grade)).collect(),
            offsets: items.iter().map(|item| item.offset).collect(),
            columns: (0..signals).map(column).collect(),
            ideal: ideal(grades),
        };
        (example.ideal > 0.0).then_some(example)
    }

    /// NDCG@10 of the order by score, 0–1.
    pub fn ndcg(&self, weights: &[f32]) -> f64 {
        self.ndcg_of(self.scores(weights).into_iter())
    }

    /// The score of each item.
    pub(super) fn scores(&self, weights: &[f32]) -> Vec<f32> {
        let mut scores = self.offsets.clone();
        for (signal, weight) in weights.iter().enumerate() {
            self.shift(&mut scores, signal, *weight);
        }
        scores
    }

    /// Adds `step` to the weight of a signal in the scores.
    pub(super) fn shift(&self, scores: &mut [f32], signal: usize, step: f32) {
        let column = self.columns.get(signal).map_or(&[][..], Vec::as_slice);
        for (score, value) in scores.iter_mut().zip(column) {
            *score += step * value;
        }
    }

    /// NDCG@10 if `step` were added to the weight of a signal.
    pub(super) fn ndcg_after(&self, scores: &[f32], signal: usize, step: f32) -> f64 {
        let column = self.columns.get(signal).map_or(&[][..], Vec::as_slice);
        self.ndcg_of(scores.iter().zip(column).map(|(score, value)| score + step * value))
    }

    fn ndcg_of(&self, scores: impl Iterator<Item = f32>) -> f64 {
        let best = best(scores);
        discounted(best.iter().map(|(_, item)| self.gains.get(*item).copied().unwrap_or(0.0)))
            / self.ideal
    }
}

/// The ten highest scores with their places, highest first; of equals the first stands first.
/// Where there are fewer, places that no item has fill up.
fn best(scores: impl Iterator<Item = f32>) -> [(f32, usize); TOP] {
    let mut best = [(f32::NEG_INFINITY, usize::MAX); TOP];
    for (item, score) in scores.enumerate() {
        if score <= best[TOP - 1].0 {
            continue;
        }
        let mut place = TOP - 1;
        while place > 0 && best[place - 1].0 < score {
            best[place] = best[place - 1];
            place -= 1;
        }
        best[place] = (score, item);
    }
    best
}
