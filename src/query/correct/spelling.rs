//! Known words that are spelt almost like the one that was typed.

use super::context::prior;
use super::{Change, Proposal, Text};
use crate::text::edits;
use crate::text::vocabulary::Neighbour;

/// Shorter words are never respelt.
const LETTERS_MIN: usize = 4;

/// From this length on two edits are allowed.
const LETTERS_TWO_EDITS_MIN: usize = 8;

/// Known words of fewer letters are never what was meant.
const MEANT_LETTERS_MIN: usize = 3;

/// Only so many candidates, the best by spelling and number of products, are held against the
/// other words.
const CANDIDATES_MAX: usize = 6;

/// How much a respelling of an unknown word may cost: the more letters it has, the fewer known
/// words lie near it by chance.
pub(super) fn tolerance(word: &str) -> f32 {
    match word.chars().count() {
        0..=4 => 0.3,
        5 => 2.3,
        6 => 2.6,
        7 => 3.0,
        _ => 3.8,
    }
}

impl Text<'_> {
    /// The known word that was most likely meant by the one at `place`; with `kin_only` one that is
    /// searched under the same term. Words two edits away are looked at only when none that is
    /// nearer will do.
    pub(super) fn respelt(&self, place: usize, kin_only: bool) -> Option<Proposal> {
        let edits_max = match self.spots[place].text().chars().count() {
            0..LETTERS_MIN => 0,
            LETTERS_MIN..LETTERS_TWO_EDITS_MIN => 1,
            _ => 2,
        };
        (1..=edits_max)
            .filter_map(|edits| self.best_within(place, edits, kin_only))
            .find(|proposal| proposal.gain >= 0.0)
    }

    fn best_within(&self, place: usize, edits: u8, kin_only: bool) -> Option<Proposal> {
        let (word, analyser) = (self.spots[place].text(), self.lexicon.analyser());
        let mut candidates: Vec<(f32, String)> = self
            .vocabulary
            .near(word, edits)
            .into_iter()
            .filter(|near| near.term != word)
            .filter(|near| !kin_only || analyser.stem(&near.term) == analyser.stem(word))
            .filter(|near| near.term.chars().count() >= MEANT_LETTERS_MIN)
            .map(|near| (by_itself(word, &near), near.term))
            .collect();
        // Equal candidates in alphabetical order, so that the answer never varies.
        candidates
            .sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        candidates.truncate(CANDIDATES_MAX);
        let bar = self.bar(place);
        let judged = candidates.into_iter().map(|(worth, term)| {
            let gain = worth + self.fit(&term, &(place..place + 1)) - bar;
            Proposal { gain, change: Change::Write(vec![term]) }
        });
        judged.reduce(|best, other| if other.gain > best.gain { other } else { best })
    }
}

fn by_itself(typed: &str, near: &Neighbour) -> f32 {
    prior(near.count) - edits::distance(typed, &near.term)
}
