//! The vocabulary that queries are corrected against: the term dictionaries of the word fields.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use levenshtein_automata::{DFA, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

use super::reader::{KeyField, WordKind};
use super::{Lexical, amount_key, disk_error, reversed};
use crate::error::Result;
use crate::text::units::Dimension;
use crate::text::vocabulary::{Neighbour, Vocabulary};

/// Building the tables behind an automaton takes longer than a query may; they never change.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> = LazyLock::new(|| {
    [LevenshteinAutomatonBuilder::new(1, true), LevenshteinAutomatonBuilder::new(2, true)]
});

/// One query is compared with so many writings of near quantities.
const QUANTITIES_MAX: usize = 64;

/// Lets the dictionary be walked by an edit-distance automaton.
struct WithinDistance(DFA);

impl Automaton for WithinDistance {
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

impl Lexical {
    fn words_near(&self, word: &str, distance_max: u8) -> Result<Vec<Neighbour>> {
        let builder = &BUILDERS[usize::from(distance_max.clamp(1, 2)) - 1];
        let mut found: HashMap<String, u32> = HashMap::new();
        for dictionary in self.word_dictionaries()? {
            let automaton = WithinDistance(builder.build_dfa(word));
            let mut stream =
                dictionary.terms().search(automaton).into_stream().map_err(disk_error)?;
            while stream.advance() {
                let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
                *found.entry(term.to_owned()).or_insert(0) += stream.value().doc_freq;
            }
        }
        let neighbours = found.into_iter().map(|(term, count)| {
            let distance = strsim::osa_distance(word, &term).min(usize::from(u8::MAX)) as u8;
            Neighbour { term, count, distance }
        });
        Ok(neighbours.collect())
    }
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

    fn near(&self, word: &str, distance_max: u8) -> Vec<Neighbour> {
        self.words_near(word, distance_max.min(2)).unwrap_or_else(|error| {
            tracing::error!(%error, "no corrections for this query");
            Vec::new()
        })
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
