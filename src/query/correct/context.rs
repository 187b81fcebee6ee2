//! What speaks for a word before its spelling is looked at: how many products have it, and whether
//! they have the other words too.

use std::ops::Range;

use super::{Spot, Text};

/// At most so many of the other words are asked, the nearest first.
const OTHERS_MAX: usize = 3;

/// How much the number of products counts against the spelling.
const PRIOR_WEIGHT: f32 = 0.3;

/// Standing next to one another somewhere speaks for two words so much more than being together.
pub(super) const PAIR_GAIN: f32 = 1.5;

/// Added to observed and expected counts, so that a single product is some evidence, not proof.
const COUNT_SMOOTHING: f32 = 0.1;

/// The most that one other word may say against and for a word, and for one that it is never with:
/// the words of a query mostly describe some product.
const EVIDENCE_MIN: f32 = -2.5;
const EVIDENCE_MAX: f32 = 2.5;
const EVIDENCE_APART: f32 = -2.0;

/// What the number of products with a word says for it.
pub(super) fn prior(count: u32) -> f32 {
    PRIOR_WEIGHT * (count.max(1) as f32).ln()
}

impl Text<'_> {
    /// How well `word` fits the words around `replaced`, in whose place it would stand.
    pub(super) fn fit(&self, word: &str, replaced: &Range<usize>) -> f32 {
        let count = self.vocabulary.count(word);
        let mut fit: f32 = self
            .others(replaced)
            .map(|other| self.evidence((word, count), (other.text(), other.count)))
            .sum();
        let before = replaced.start.checked_sub(1).map(|before| self.spots[before].text());
        let after = self.spots.get(replaced.end).map(Spot::text);
        if before.is_some_and(|before| self.vocabulary.pair_count(before, word) > 0) {
            fit += PAIR_GAIN;
        }
        if after.is_some_and(|after| self.vocabulary.pair_count(word, after) > 0) {
            fit += PAIR_GAIN;
        }
        fit
    }

    /// Whether two words are together in more or fewer products than by chance: the logarithm of
    /// the ratio, as in pointwise mutual information (Church and Hanks 1990).
    pub(super) fn evidence(&self, one: (&str, u32), other: (&str, u32)) -> f32 {
        let products = self.vocabulary.products().max(1) as f32;
        let expected = one.1 as f32 * other.1 as f32 / products;
        let observed = self.vocabulary.together(one.0, other.0) as f32;
        let ratio = (observed + COUNT_SMOOTHING) / (expected + COUNT_SMOOTHING);
        let most = if observed > 0.0 { EVIDENCE_MAX } else { EVIDENCE_APART };
        ratio.ln().clamp(EVIDENCE_MIN, most)
    }

    /// Known words outside `replaced` that say something about it, the nearest first.
    fn others(&self, replaced: &Range<usize>) -> impl Iterator<Item = &Spot> {
        let before = self.spots[..replaced.start].iter().rev();
        let after = self.spots[replaced.end..].iter();
        let mut others: Vec<(usize, &Spot)> = before.enumerate().chain(after.enumerate()).collect();
        others.retain(|(_, spot)| spot.count > 0 && !spot.is_stop_word);
        others.sort_by_key(|(distance, _)| *distance);
        others.into_iter().take(OTHERS_MAX).map(|(_, spot)| spot)
    }
}
