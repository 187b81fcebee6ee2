//! Typing errors made on purpose, to see how much a search suffers from them.

use super::random::SplitMix;
use crate::text::tokenise::{WordKind, words};

/// Letters that are put in.
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// Makes typing errors; the same seed makes the same ones in the same texts in the same order.
pub struct Misspeller(SplitMix);

impl Misspeller {
    /// A sequence of typing errors.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix(seed))
    }

    /// The text with one random edit in the first of its longest words that are all letters: a
    /// letter more, fewer or other, or two neighbouring ones exchanged, each as likely. A text
    /// without a word of at least two letters stays as it is.
    pub fn misspell(&mut self, text: &str) -> String {
        let words = words(text).into_iter().filter(|word| word.kind == WordKind::Letters);
        let spans = words.map(|word| word.start..word.end);
        let longest = spans.rev().max_by_key(|span| text[span.clone()].chars().count());
        let Some(span) = longest.filter(|span| text[span.clone()].chars().count() > 1) else {
            return text.to_owned();
        };
        let word: Vec<char> = text[span.clone()].chars().collect();
        let mut edited = self.edited(&word);
        while edited == word {
            edited = self.edited(&word);
        }
        let edited: String = edited.into_iter().collect();
        [&text[..span.start], &edited, &text[span.end..]].concat()
    }

    /// The word after one edit, which may be between equal letters and change nothing.
    fn edited(&mut self, word: &[char]) -> Vec<char> {
        let mut word = word.to_vec();
        let place = self.0.below(word.len());
        let letter = char::from(LETTERS[self.0.below(LETTERS.len())]);
        match self.0.below(4) {
            0 => word.insert(self.0.below(word.len() + 1), letter),
            1 => drop(word.remove(place)),
            2 => word[place] = letter,
            _ => {
                let first = self.0.below(word.len() - 1);
                word.swap(first, first + 1);
            }
        }
        word
    }
}
