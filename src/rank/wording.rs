//! How the query's words stand in a product's labels.

use crate::index::columns::row::{Row, term_hash};
use crate::query::Query;
use crate::text::analyse::Analyser;
use crate::text::tokenise::words;

/// The query's words as hashes, in order.
pub(super) struct Wording<'a> {
    /// For each term, its alternatives: mostly one, so that a list is looked through sooner than a
    /// set.
    terms: Vec<Vec<u32>>,
    /// For each term, how telling it is; 0 for what no product has.
    weights: &'a [f32],
    /// The terms as typed.
    first_terms: Vec<u32>,
    /// The words as typed, unstemmed.
    exact_words: Vec<u32>,
    /// Words of a title that end its main part.
    connectors: Vec<u32>,
    excludes: bool,
}

impl<'a> Wording<'a> {
    /// The wording of a query whose terms have these weights.
    pub(super) fn of(query: &Query, weights: &'a [f32], analyser: &Analyser) -> Self {
        let alternatives = |term: &crate::query::QueryTerm| {
            let terms = term.alternatives.iter().flat_map(|one| &one.terms);
            terms.map(|term| term_hash(term)).collect()
        };
        let first = query.terms.iter().flat_map(|term| &term.alternatives[0].terms);
        let exact = query.terms.iter().flat_map(|term| term.word.split(' '));
        let connectors = analyser.small_words().connectors.iter();
        Self {
            terms: query.terms.iter().map(alternatives).collect(),
            weights,
            first_terms: first.map(|term| term_hash(term)).collect(),
            exact_words: exact.map(term_hash).collect(),
            connectors: connectors.map(|word| term_hash(word)).collect(),
            excludes: !query.excluded.is_empty(),
        }
    }

    /// Whether there is but one thing to look for: its place among others says nothing.
    pub(super) fn is_one_word(&self) -> bool {
        self.terms.len() < 2
    }

    /// Whether the query is the whole title and asks for nothing else.
    pub(super) fn is_title(&self, row: &Row) -> bool {
        !self.excludes && self.first_terms.len() >= 2 && *self.first_terms == *row.title_terms
    }

    /// Share of the query's words that stand in the title just as they are written.
    pub(super) fn exact_form(&self, row: &Row) -> f32 {
        let has = |word: &&u32| row.title_words.contains(word);
        let count = self.exact_words.iter().filter(has).count();
        count as f32 / self.exact_words.len().max(1) as f32
    }

    /// How many of the query's words the title has, times how close together they stand there: 1
    /// for all of them side by side, in whatever order; 0 for fewer than two.
    pub(super) fn proximity(&self, row: &Row) -> f32 {
        let place = |term: &Vec<u32>| row.title_terms.iter().position(|one| term.contains(one));
        let places: Vec<usize> = self.terms.iter().filter_map(place).collect();
        let (Some(first), Some(last)) = (places.iter().min(), places.iter().max()) else {
            return 0.0;
        };
        if places.len() < 2 {
            return 0.0;
        }
        let found = places.len() as f32;
        // Two terms may be met by one word of the title.
        let span = ((last - first + 1) as f32).max(found);
        found / self.terms.len() as f32 * found / span
    }

    /// Share of the query's weight that stands in the title before its first connector: "case for
    /// a phone" is a case.
    pub(super) fn main_part(&self, row: &Row) -> f32 {
        let all: f32 = self.weights.iter().sum();
        if all <= 0.0 {
            return 0.0;
        }
        let behind_first = row.title_words.iter().skip(1);
        let connector = behind_first.clone().position(|word| self.connectors.contains(word));
        let end = connector.map_or(row.title_terms.len(), |place| place + 1);
        let main = &row.title_terms[..end.min(row.title_terms.len())];
        let terms = self.terms.iter().zip(self.weights);
        let found = terms.filter(|(term, _)| main.iter().any(|one| term.contains(one)));
        found.map(|(_, weight)| weight).sum::<f32>() / all
    }

    /// Share of a name's terms that the query has, 0 for an empty name.
    pub(super) fn share_of_terms(&self, name: &str, analyser: &Analyser) -> f32 {
        let small_words = &analyser.small_words().and;
        let tokens = analyser.tokens(name);
        let tokens: Vec<u32> = tokens
            .iter()
            .filter(|token| !small_words.contains(&token.word.text))
            .map(|token| term_hash(&token.term))
            .collect();
        let has = |hash: &&u32| self.terms.iter().any(|term| term.contains(hash));
        tokens.iter().filter(has).count() as f32 / tokens.len().max(1) as f32
    }

    /// Whether all words of a name, as they are written, are the query's.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let words = words(name);
        let has = |hash: u32| self.exact_words.contains(&hash);
        !words.is_empty() && words.iter().all(|word| has(term_hash(&word.text)))
    }
}
