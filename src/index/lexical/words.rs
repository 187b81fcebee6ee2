//! All words in memory, each once, so that those near a misspelt one are found without walking the
//! dictionaries on disk, which takes several times as long as a query may.
//!
//! Words of like length are neighbours, and each has a mask of the letters in it. An edit changes at
//! most two bits of a mask, which rules nearly all words out at about a nanosecond each.

use std::collections::HashSet;
use std::sync::Arc;

use tantivy::SegmentReader;
use tantivy::index::SegmentId;
use tantivy::schema::Field;

use super::disk_error;
use crate::error::Result;

/// Longer words than this count as this long.
const LETTERS_MAX: usize = 64;

/// More layers than this are made one.
const LAYERS_MAX: usize = 8;

/// Every word that a segment has, or had before it was merged with others. Segments never change,
/// so that a new state only adds a layer with the new words of new segments.
#[derive(Clone, Default)]
pub(super) struct KnownWords {
    segments: HashSet<SegmentId>,
    layers: Vec<Arc<Layer>>,
}

/// Distinct words by length, and alphabetically within a length.
struct Layer {
    /// Where words of so many letters begin in the lists below; the last entry is their end.
    first_of_length: Vec<usize>,
    masks: Vec<u32>,
    words: Vec<Arc<str>>,
}

impl KnownWords {
    /// With the words of `segments`, of which those read before are not read again.
    pub(super) fn with(&self, segments: &[SegmentReader], field: Field) -> Result<Self> {
        let mut known = self.clone();
        known.segments = segments.iter().map(SegmentReader::segment_id).collect();
        for segment in segments {
            if !self.segments.contains(&segment.segment_id()) {
                let new = known.new_words(segment, field)?;
                known.layers.extend((!new.is_empty()).then(|| Arc::new(Layer::new(new))));
            }
        }
        if known.layers.len() > LAYERS_MAX {
            let all = known.layers.iter().flat_map(|layer| layer.words.iter().cloned());
            known.layers = vec![Arc::new(Layer::new(all.collect()))];
        }
        Ok(known)
    }

    fn new_words(&self, segment: &SegmentReader, field: Field) -> Result<Vec<Arc<str>>> {
        let dictionary = segment.inverted_index(field).map_err(disk_error)?;
        let mut stream = dictionary.terms().stream().map_err(disk_error)?;
        let mut new = Vec::new();
        while stream.advance() {
            let Ok(word) = std::str::from_utf8(stream.key()) else { continue };
            if !self.contains(word) {
                new.push(Arc::from(word));
            }
        }
        Ok(new)
    }

    /// Whether some segment has or had the word.
    pub(super) fn contains(&self, word: &str) -> bool {
        self.layers.iter().any(|layer| layer.contains(word))
    }

    /// Visits the words one edit away, and those `distance_max` edits away that begin with the same
    /// letter, with the number of edits.
    pub(super) fn near(&self, word: &str, distance_max: u8, visit: &mut dyn FnMut(&str, u8)) {
        for layer in &self.layers {
            layer.near(word, distance_max, visit);
        }
    }
}

impl Layer {
    fn new(mut words: Vec<Arc<str>>) -> Self {
        words.sort_by(|one, other| (letters(one), one).cmp(&(letters(other), other)));
        let shorter = |length| words.partition_point(|word| letters(word) < length);
        Self {
            first_of_length: (0..=LETTERS_MAX + 1).map(shorter).collect(),
            masks: words.iter().map(|word| mask(word)).collect(),
            words,
        }
    }

    fn contains(&self, word: &str) -> bool {
        let letters = letters(word);
        let range = self.first_of_length[letters]..self.first_of_length[letters + 1];
        self.words[range].binary_search_by(|other| (**other).cmp(word)).is_ok()
    }

    fn near(&self, word: &str, distance_max: u8, visit: &mut dyn FnMut(&str, u8)) {
        let (letters, edits_max) = (letters(word), usize::from(distance_max));
        let shortest = self.first_of_length[letters.saturating_sub(edits_max)];
        let longest = self.first_of_length[(letters + edits_max).min(LETTERS_MAX) + 1];
        let (own_mask, own_first) = (mask(word), word.chars().next());
        for place in shortest..longest {
            if !differ_at_most(self.masks[place] ^ own_mask, 2 * distance_max) {
                continue;
            }
            let other = &self.words[place];
            let same_first = edits_max > 1 && other.chars().next() == own_first;
            let (rest, other_rest) = without_common_ends(word, other);
            // Two letters in one place is the most that one edit leaves.
            if !same_first && rest.len().max(other_rest.len()) > 2 * BYTES_PER_LETTER_MAX {
                continue;
            }
            let edits = strsim::osa_distance(rest, other_rest);
            if edits <= 1 || (same_first && edits <= edits_max) {
                visit(other, edits as u8);
            }
        }
    }
}

/// A letter of UTF-8 has at most so many bytes.
const BYTES_PER_LETTER_MAX: usize = 4;

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

/// What is left of two words when they begin and end alike; no edit is needed there.
fn without_common_ends<'w>(one: &'w str, other: &'w str) -> (&'w str, &'w str) {
    let alike = |pair: &(char, char)| pair.0 == pair.1;
    let ahead = one.chars().zip(other.chars()).take_while(alike);
    let ahead: usize = ahead.map(|(letter, _)| letter.len_utf8()).sum();
    let (one, other) = (&one[ahead..], &other[ahead..]);
    let behind = one.chars().rev().zip(other.chars().rev()).take_while(alike);
    let behind: usize = behind.map(|(letter, _)| letter.len_utf8()).sum();
    (&one[..one.len() - behind], &other[..other.len() - behind])
}
