//! The vocabulary that queries are corrected against: the words of all segments.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use tantivy::postings::SegmentPostings;
use tantivy::{DocSet, TERMINATED};

use super::reader::{KeyField, WordKind};
use super::{Lexical, amount_key, reversed};
use crate::error::Result;
use crate::text::units::Dimension;
use crate::text::vocabulary::{Neighbour, Vocabulary};

/// So many products of the rarer of two words are looked at in a segment to see whether they are
/// together.
const TOGETHER_LEAPS_MAX: u32 = 64;

/// One query is compared with so many writings of near quantities.
const QUANTITIES_MAX: usize = 64;

impl Lexical {
    fn words_near(&self, word: &str, distance_max: u8) -> Vec<Neighbour> {
        let mut found = Vec::new();
        self.known_words().near(word, distance_max, &mut |term, distance| {
            let count = self.count(term);
            // A word whose last product was deleted is still among the known ones.
            if count > 0 {
                found.push(Neighbour { term: term.to_owned(), count, distance });
            }
        });
        found
    }

    /// Whether the word can be part of a pair. Most that are asked for are in no product, and those
    /// of letters are ruled out in memory; words with digits are not among the known ones.
    fn may_occur(&self, word: &str) -> bool {
        word.bytes().any(|byte| byte.is_ascii_digit()) || self.known_words().contains(word)
    }

    /// Products with both words, counted by leaping from one list of products to the other; from
    /// the first `TOGETHER_LEAPS_MAX` leaps of each segment when there are more.
    fn count_together(&self, first: &str, second: &str) -> Result<u32> {
        let mut together = 0;
        for dictionary in self.word_dictionaries()? {
            let first = self.word_postings(&dictionary, first)?;
            let second = self.word_postings(&dictionary, second)?;
            together += first.zip(second).map_or(0, |(first, second)| common(first, second));
        }
        Ok(together)
    }
}

/// Documents on both lists; estimated from their beginnings when they are long.
fn common(mut shorter: SegmentPostings, mut longer: SegmentPostings) -> u32 {
    if shorter.size_hint() > longer.size_hint() {
        std::mem::swap(&mut shorter, &mut longer);
    }
    let (mut found, mut leaps) = (0, 0);
    let mut document = shorter.doc();
    while document != TERMINATED {
        if leaps == TOGETHER_LEAPS_MAX {
            return (found as f32 * shorter.size_hint() as f32 / leaps as f32) as u32;
        }
        leaps += 1;
        found += u32::from(longer.doc() <= document && longer.seek(document) == document);
        document = shorter.advance();
    }
    found
}

impl Vocabulary for Lexical {
    fn count(&self, word: &str) -> u32 {
        if self.known_words().contains(word) { self.word_count(WordKind::Word, word) } else { 0 }
    }

    fn brand_count(&self, word: &str) -> u32 {
        self.word_count(WordKind::Brand, word)
    }

    fn pair_count(&self, first: &str, second: &str) -> u32 {
        if !self.may_occur(first) || !self.may_occur(second) {
            return 0;
        }
        self.word_count(WordKind::Pair, &format!("{first} {second}"))
    }

    fn together(&self, first: &str, second: &str) -> u32 {
        self.count_together(first, second).unwrap_or_else(|error| {
            tracing::error!(%error, "no context for corrections");
            0
        })
    }

    fn near(&self, word: &str, distance_max: u8) -> Vec<Neighbour> {
        self.words_near(word, distance_max.clamp(1, 2))
    }

    fn products(&self) -> u32 {
        Lexical::products(self)
    }

    fn quantities(&self, dimension: Dimension, amounts: RangeInclusive<f64>) -> Vec<String> {
        let (first, last) =
            (amount_key(dimension, *amounts.start()), amount_key(dimension, *amounts.end()));
        let keys = self.keys_from(
            KeyField::Quantities,
            &first,
            &mut |key| key.get(..last.len()).is_some_and(|amount| amount <= last.as_str()),
            QUANTITIES_MAX,
        );
        let written = |key: String| key.split_once(' ').map(|(_, written)| written.to_owned());
        sorted(keys).into_iter().filter_map(written).collect()
    }

    fn identifiers_with_prefix(&self, prefix: &str, limit: usize) -> Vec<String> {
        let mut begins = |key: &str| key.starts_with(prefix);
        sorted(self.keys_from(KeyField::Identifiers, prefix, &mut begins, limit))
    }

    fn terms_ending(&self, ending: &str, limit: usize) -> Vec<String> {
        let backwards = reversed(ending);
        let mut ends = |key: &str| key.starts_with(&backwards);
        let keys = sorted(self.keys_from(KeyField::Endings, &backwards, &mut ends, limit));
        keys.iter().map(|key| reversed(key)).filter(|word| word != ending).collect()
    }
}

/// Keys in order; a disk that cannot be read costs what they would have added to the query.
fn sorted(keys: Result<HashMap<String, u32>>) -> Vec<String> {
    let keys = keys.unwrap_or_else(|error| {
        tracing::error!(%error, "a dictionary cannot be read");
        HashMap::new()
    });
    let mut keys: Vec<String> = keys.into_keys().collect();
    keys.sort_unstable();
    keys
}
