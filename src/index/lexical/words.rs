//! The words of one segment in memory, so that those near a misspelt one are found without walking
//! the dictionary on disk, which takes several times as long as a query may.
//!
//! Words of like length are neighbours, and each has a mask of the letters in it. An edit changes at
//! most two bits of a mask, which rules nearly all words out at about a nanosecond each.

use tantivy::InvertedIndexReader;

use super::disk_error;
use crate::error::Result;
use crate::text::vocabulary::Neighbour;

/// Longer words than this count as this long.
const LETTERS_MAX: usize = 64;

/// The words of a segment, by length.
#[derive(Debug, Default)]
pub(super) struct SegmentWords {
    /// Where words of so many letters begin in the lists below; the last entry is their end.
    first_of_length: Vec<usize>,
    masks: Vec<u32>,
    words: Vec<CountedWord>,
}

#[derive(Debug)]
struct CountedWord {
    text: Box<str>,
    products: u32,
}

impl SegmentWords {
    /// Reads a dictionary of words.
    pub(super) fn read(dictionary: &InvertedIndexReader) -> Result<Self> {
        let mut words = Vec::new();
        let mut stream = dictionary.terms().stream().map_err(disk_error)?;
        while stream.advance() {
            let Ok(text) = std::str::from_utf8(stream.key()) else { continue };
            words.push(CountedWord { text: text.into(), products: stream.value().doc_freq });
        }
        words.sort_by_cached_key(|word| letters(&word.text));
        let shorter = |length| words.partition_point(|word| letters(&word.text) < length);
        Ok(Self {
            first_of_length: (0..=LETTERS_MAX + 1).map(shorter).collect(),
            masks: words.iter().map(|word| mask(&word.text)).collect(),
            words,
        })
    }

    /// Visits the words one edit away, and those `distance_max` edits away that begin with the same
    /// letter.
    pub(super) fn near(&self, word: &str, distance_max: u8, visit: &mut dyn FnMut(Neighbour)) {
        let (letters, edits_max) = (letters(word), usize::from(distance_max));
        let shortest = self.first_of_length[letters.saturating_sub(edits_max)];
        let longest = self.first_of_length[(letters + edits_max).min(LETTERS_MAX) + 1];
        let (own_mask, own_first) = (mask(word), word.chars().next());
        for place in shortest..longest {
            if !differ_at_most(self.masks[place] ^ own_mask, 2 * distance_max) {
                continue;
            }
            let CountedWord { text, products } = &self.words[place];
            let same_first = text.chars().next() == own_first;
            if !same_first && !is_almost_equal(text, word) {
                continue;
            }
            let edits = strsim::osa_distance(word, text);
            if edits <= 1 || (same_first && edits <= edits_max) {
                visit(Neighbour {
                    term: text.to_string(),
                    count: *products,
                    distance: edits as u8,
                });
            }
        }
    }
}

fn letters(word: &str) -> usize {
    word.chars().count().min(LETTERS_MAX)
}

/// A bit for each letter in the word; some letters outside a–z share one.
fn mask(word: &str) -> u32 {
    word.chars().fold(0, |mask, letter| mask | 1 << (u32::from(letter) % 32))
}

/// Whether at most so many bits are set.
fn differ_at_most(mut bits: u32, most: u8) -> bool {
    for _ in 0..most {
        bits &= bits.wrapping_sub(1);
    }
    bits == 0
}

/// Whether the words agree but for two letters in one place at most, as those one edit apart do.
fn is_almost_equal(one: &str, other: &str) -> bool {
    let ahead = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let behind =
        one.chars().rev().zip(other.chars().rev()).take_while(|(one, other)| one == other).count();
    ahead + behind + 2 >= one.chars().count().max(other.chars().count())
}
