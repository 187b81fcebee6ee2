//! Words that were run together or torn apart.

use super::context::{PAIR_GAIN, prior};
use super::spelling::tolerance;
use super::{Change, Proposal, Spot, Text};
use crate::text::tokenise::{Word, WordKind};
use crate::text::vocabulary::Vocabulary;

/// The other way to write two words is considered for parts of at least this many letters.
const PART_LETTERS_MIN: usize = 3;

/// What a missing and a superfluous space cost, in the units of `text::edits::price`.
const SPLIT_PRICE: f32 = 1.5;
const JOIN_PRICE: f32 = 1.5;

/// Shorter parts are found in every word, so the catalogue must have them side by side.
const UNPAIRED_PART_LETTERS_MIN: usize = 4;

/// Other parts must be together more often than by chance: twice as often, in logarithms, less the
/// price of the space.
const UNPAIRED_EVIDENCE_MIN: f32 = std::f32::consts::LN_2 - SPLIT_PRICE;

/// A word is taken for so many words at most.
const PARTS_MAX: usize = 4;

/// The shortest part, and the shortest word that is taken apart.
const SPLIT_PART_LETTERS_MIN: usize = 2;
const SPLIT_LETTERS_MIN: usize = 5;

/// Longer words are not taken apart.
const SPLIT_LETTERS_MAX: usize = 32;

/// The known word that two neighbouring words make together.
pub(in super::super) fn as_one_word(
    first: &Word,
    second: &Word,
    vocabulary: &dyn Vocabulary,
) -> Option<String> {
    let are_letters = first.kind == WordKind::Letters && second.kind == WordKind::Letters;
    let joined = format!("{}{}", first.text, second.text);
    (are_letters && vocabulary.count(&joined) > 0).then_some(joined)
}

/// The two known neighbouring words that make the word.
pub(in super::super) fn as_two_words(
    word: &str,
    vocabulary: &dyn Vocabulary,
) -> Option<(String, String)> {
    if !word.is_ascii() || word.len() < 2 * PART_LETTERS_MIN {
        return None;
    }
    (PART_LETTERS_MIN..=word.len() - PART_LETTERS_MIN)
        .map(|middle| word.split_at(middle))
        .map(|(first, second)| (vocabulary.pair_count(first, second), first, second))
        .filter(|(count, ..)| *count > 0)
        .max_by_key(|(count, ..)| *count)
        .map(|(_, first, second)| (first.to_owned(), second.to_owned()))
}

impl Text<'_> {
    /// The word at `place` and the next one as one word, where the catalogue does not know them
    /// side by side.
    pub(super) fn join(&self, place: usize) -> Option<Proposal> {
        let (first, second) = (&self.spots[place], self.spots.get(place + 1)?);
        if second.is_fixed && !second.is_stop_word {
            return None;
        }
        let joined = as_one_word(&first.token.word, &second.token.word, self.vocabulary)?;
        if self.stand_together(first, second) {
            return None;
        }
        let both_known = first.count > 0 && second.count > 0;
        let bar = if both_known { 0.0 } else { -tolerance(&joined) };
        let replaced = place..place + 2;
        let worth = prior(self.vocabulary.count(&joined)) + self.fit(&joined, &replaced);
        Some(Proposal { gain: worth - JOIN_PRICE - bar, change: Change::Join(joined) })
    }

    /// Whether some product has both words.
    fn stand_together(&self, first: &Spot, second: &Spot) -> bool {
        self.vocabulary.pair_count(first.text(), second.text()) > 0
            || self.vocabulary.together(first.text(), second.text()) > 0
    }

    /// The unknown word at `place` as known words that were run together.
    pub(super) fn split(&self, place: usize) -> Option<Proposal> {
        let spot = &self.spots[place];
        let word = spot.text();
        let lengths = SPLIT_LETTERS_MIN..=SPLIT_LETTERS_MAX;
        if spot.count > 0 || !word.is_ascii() || !lengths.contains(&word.len()) {
            return None;
        }
        let bar = self.bar(place);
        let proposals = self.parts(word, PARTS_MAX).into_iter().filter_map(|parts| {
            let gain = self.worth_of_parts(place, &parts)? - bar;
            let words = parts.into_iter().map(|(part, _)| part.to_owned()).collect();
            Some(Proposal { gain, change: Change::Write(words) })
        });
        proposals.reduce(|best, other| if other.gain > best.gain { other } else { best })
    }

    /// All ways to read `word` as at least two and at most `parts_max` known words.
    fn parts<'w>(&self, word: &'w str, parts_max: usize) -> Vec<Vec<(&'w str, u32)>> {
        let mut found = Vec::new();
        if parts_max < 2 {
            return found;
        }
        for middle in SPLIT_PART_LETTERS_MIN..=word.len().saturating_sub(SPLIT_PART_LETTERS_MIN) {
            let (first, rest) = word.split_at(middle);
            let count = self.vocabulary.count(first);
            if count == 0 {
                continue;
            }
            let rest_count = self.vocabulary.count(rest);
            if rest_count > 0 {
                found.push(vec![(first, count), (rest, rest_count)]);
            }
            for mut parts in self.parts(rest, parts_max - 1) {
                parts.insert(0, (first, count));
                found.push(parts);
            }
        }
        found
    }

    /// What speaks for the parts; `None` when two neighbours among them do not belong together.
    fn worth_of_parts(&self, place: usize, parts: &[(&str, u32)]) -> Option<f32> {
        let cuts = parts.windows(2).map(|pair| self.worth_of_cut(pair[0], pair[1]));
        let cuts: f32 = cuts.sum::<Option<f32>>()?;
        let replaced = place..place + 1;
        let single = |(part, count): &(&str, u32)| prior(*count) + self.fit(part, &replaced);
        Some(cuts + parts.iter().map(single).sum::<f32>() / parts.len() as f32)
    }

    /// What speaks for a missing space between two words.
    fn worth_of_cut(&self, first: (&str, u32), second: (&str, u32)) -> Option<f32> {
        let evidence = self.evidence(first, second) - SPLIT_PRICE;
        if self.vocabulary.pair_count(first.0, second.0) > 0 {
            return Some(evidence + PAIR_GAIN);
        }
        let are_long = first.0.len().min(second.0.len()) >= UNPAIRED_PART_LETTERS_MIN;
        (are_long && evidence >= UNPAIRED_EVIDENCE_MIN).then_some(evidence)
    }
}
