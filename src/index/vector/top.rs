//! The best k of a stream of neighbours, without sorting the stream.

use std::cmp::Ordering;

use super::Neighbour;

/// Keeps the best `k` of what it is shown.
pub(super) struct Top {
    k: usize,
    kept: Vec<Neighbour>,
    /// Nothing below it can be among the best any more.
    floor: f32,
}

impl Top {
    pub(super) fn new(k: usize) -> Self {
        Self { k, kept: Vec::new(), floor: f32::NEG_INFINITY }
    }

    /// Shows a neighbour; cheap for the many that are too far.
    #[inline]
    pub(super) fn push(&mut self, neighbour: Neighbour) {
        if neighbour.similarity < self.floor {
            return;
        }
        self.kept.push(neighbour);
        // Room for k more, so that selecting costs a constant per neighbour.
        if self.kept.len() >= self.k.saturating_mul(2).max(64) {
            self.select();
        }
    }

    fn select(&mut self) {
        if self.kept.len() <= self.k {
            return;
        }
        if self.k == 0 {
            return self.kept.clear();
        }
        let (_, last, _) = self.kept.select_nth_unstable_by(self.k - 1, best_first);
        self.floor = last.similarity;
        self.kept.truncate(self.k);
    }

    /// The best, best first.
    pub(super) fn into_vec(mut self) -> Vec<Neighbour> {
        self.select();
        self.kept.sort_unstable_by(best_first);
        self.kept
    }
}

fn best_first(one: &Neighbour, other: &Neighbour) -> Ordering {
    other.similarity.total_cmp(&one.similarity).then(one.ordinal.cmp(&other.ordinal))
}
