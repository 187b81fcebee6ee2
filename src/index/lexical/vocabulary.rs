//! The vocabulary that queries are corrected against: the term dictionaries of the word fields.

use std::collections::HashMap;
use std::sync::LazyLock;

use levenshtein_automata::{DFA, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::postings::SegmentPostings;
use tantivy::{DocSet, TERMINATED};
use tantivy_fst::Automaton;

use super::reader::WordKind;
use super::{Lexical, disk_error};
use crate::error::Result;
use crate::text::vocabulary::{Neighbour, Vocabulary};

/// Building the tables behind an automaton takes longer than a query may; they never change.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> = LazyLock::new(|| {
    [LevenshteinAutomatonBuilder::new(1, true), LevenshteinAutomatonBuilder::new(2, true)]
});

/// So many products of the rarer of two words are looked at in a segment to see whether they are
/// together.
const TOGETHER_LEAPS_MAX: u32 = 64;

/// Lets the dictionary be walked by an edit-distance automaton.
struct WithinDistance<'a>(&'a DFA);

impl Automaton for WithinDistance<'_> {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), levenshtein_automata::Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

/// The bytes that the words in question begin with; all words where there are none.
type Beginning<'a> = &'a [u8];

impl Lexical {
    /// Words one edit away, and those two edits away that begin with the same letter: looking for
    /// all of those would visit much of the dictionary.
    fn words_near(&self, word: &str, distance_max: u8) -> Result<Vec<Neighbour>> {
        let mut found: HashMap<String, Neighbour> = HashMap::new();
        self.walk(word, (1, b""), &mut found)?;
        if distance_max > 1 {
            let first = word.chars().next().map_or(0, char::len_utf8);
            self.walk(word, (2, &word.as_bytes()[..first]), &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    /// Adds the words that begin as said and are as far away as said or, for 1, nearer.
    fn walk(
        &self,
        word: &str,
        (distance, beginning): (u8, Beginning<'_>),
        found: &mut HashMap<String, Neighbour>,
    ) -> Result<()> {
        let automaton = BUILDERS[usize::from(distance) - 1].build_dfa(word);
        for dictionary in self.word_dictionaries()? {
            let mut terms = dictionary.terms().search(WithinDistance(&automaton)).ge(beginning);
            if let Some(end) = behind(beginning) {
                terms = terms.lt(end);
            }
            let mut stream = terms.into_stream().map_err(disk_error)?;
            while stream.advance() {
                let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
                let exact = strsim::osa_distance(word, term).min(usize::from(u8::MAX)) as u8;
                if distance > 1 && exact < distance {
                    continue;
                }
                let new = || Neighbour { term: term.to_owned(), count: 0, distance: exact };
                found.entry(term.to_owned()).or_insert_with(new).count += stream.value().doc_freq;
            }
        }
        Ok(())
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

/// The first bytes, in order, behind all that begin with `beginning`.
fn behind(beginning: Beginning<'_>) -> Option<Vec<u8>> {
    let mut end = beginning.to_vec();
    // No byte of UTF-8 is 0xff, so the next one exists.
    *end.last_mut()? += 1;
    Some(end)
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
        self.word_count(WordKind::Word, word)
    }

    fn brand_count(&self, word: &str) -> u32 {
        self.word_count(WordKind::Brand, word)
    }

    fn pair_count(&self, first: &str, second: &str) -> u32 {
        self.word_count(WordKind::Pair, &format!("{first} {second}"))
    }

    fn together(&self, first: &str, second: &str) -> u32 {
        self.count_together(first, second).unwrap_or_else(|error| {
            tracing::error!(%error, "no context for corrections");
            0
        })
    }

    fn near(&self, word: &str, distance_max: u8) -> Vec<Neighbour> {
        self.words_near(word, distance_max.min(2)).unwrap_or_else(|error| {
            tracing::error!(%error, "no corrections for this query");
            Vec::new()
        })
    }

    fn products(&self) -> u32 {
        Lexical::products(self)
    }
}
