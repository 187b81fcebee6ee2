//! Candidates by word: BM25F (Robertson, Zaragoza and Taylor 2004), term at a time.
//!
//! All fields of a term are added up before the sum is saturated, so that a word in title and
//! description does not count twice; and every match is visited, since totals and facets need all.

use std::collections::HashMap;

use crate::domain::id::Ordinal;
use crate::error::Result;
use crate::index::lexical::{Lexical, TextField};
use crate::query::{Alternative, Query, QueryTerm};
use crate::settings::FieldWeights;

/// Saturation of term frequency.
const K1: f32 = 1.2;

/// How much field length counts: titles differ in length less meaningfully than descriptions.
fn length_share(field: TextField) -> f32 {
    match field {
        TextField::Title => 0.4,
        TextField::Brand | TextField::Category | TextField::Identifier => 0.2,
        TextField::Attributes => 0.5,
        TextField::Description => 0.75,
    }
}

/// A product that contains at least one of the query's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LexicalMatch {
    pub(super) ordinal: Ordinal,
    /// BM25F as a share of the most that the query could give, 0–1.
    pub(super) score: f32,
    /// Share of the known words' weight that the product contains, 0–1.
    pub(super) coverage: f32,
}

/// All products with at least one of the query's words, and which words no product has.
#[derive(Default)]
pub(super) struct LexicalMatches {
    pub(super) list: Vec<LexicalMatch>,
    pub(super) unknown_words: Vec<String>,
}

/// Scores by ordinal with the list of those that are not zero.
struct Scores {
    by_ordinal: Vec<f32>,
    touched: Vec<Ordinal>,
}

impl Scores {
    fn new(ordinals_end: usize) -> Self {
        Self { by_ordinal: vec![0.0; ordinals_end], touched: Vec::new() }
    }

    fn add(&mut self, ordinal: Ordinal, amount: f32) {
        let Some(score) = self.by_ordinal.get_mut(ordinal as usize) else {
            return;
        };
        if *score <= 0.0 {
            self.touched.push(ordinal);
        }
        *score += amount;
    }

    fn raise(&mut self, ordinal: Ordinal, amount: f32) {
        let present = self.by_ordinal.get(ordinal as usize).copied().unwrap_or(0.0);
        if amount > present {
            self.add(ordinal, amount - present);
        }
    }

    fn drain(&mut self, mut visit: impl FnMut(Ordinal, f32)) {
        for ordinal in self.touched.drain(..) {
            visit(ordinal, std::mem::take(&mut self.by_ordinal[ordinal as usize]));
        }
    }
}

/// Scores queries against one snapshot.
pub(super) struct Scorer<'v> {
    lexical: &'v Lexical,
    weights: [f32; 6],
    ordinals_end: usize,
}

impl<'v> Scorer<'v> {
    pub(super) fn new(lexical: &'v Lexical, fields: &FieldWeights, ordinals_end: usize) -> Self {
        let weights = TextField::ALL.map(|field| match field {
            TextField::Title => fields.title,
            TextField::Brand => fields.brand,
            TextField::Category => fields.category,
            TextField::Identifier => fields.identifier,
            TextField::Attributes => fields.attributes,
            TextField::Description => fields.description,
        });
        Self { lexical, weights, ordinals_end }
    }

    /// Products that the query names by a whole identifier.
    pub(super) fn identified(&self, query: &Query) -> Result<Vec<Ordinal>> {
        let mut found = Vec::new();
        for identifier in &query.identifiers {
            self.lexical.postings(TextField::Identifier, identifier, &mut |posting| {
                found.push(posting.ordinal);
            })?;
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Every product with at least one of the query's words, scored.
    pub(super) fn matches(&self, query: &Query) -> Result<LexicalMatches> {
        let mut total = Scores::new(self.ordinals_end);
        let mut coverage = Scores::new(self.ordinals_end);
        let mut term_scores = Scores::new(self.ordinals_end);
        let (mut weight_all, mut weight_known) = (0.0, 0.0);
        let mut unknown_words = Vec::new();
        for term in &query.terms {
            self.score_term(term, &mut term_scores)?;
            let weight = self.inverse_document_frequency(term_scores.touched.len());
            weight_all += weight;
            if term_scores.touched.is_empty() {
                unknown_words.push(term.word.clone());
                continue;
            }
            weight_known += weight;
            term_scores.drain(|ordinal, frequency| {
                total.add(ordinal, weight * frequency / (K1 + frequency));
                coverage.add(ordinal, weight);
            });
        }
        let mut list = Vec::with_capacity(total.touched.len());
        total.drain(|ordinal, score| {
            list.push(LexicalMatch {
                ordinal,
                score: score / weight_all,
                coverage: coverage.by_ordinal[ordinal as usize] / weight_known,
            });
        });
        Ok(LexicalMatches { list, unknown_words })
    }

    /// Robertson's idf, kept positive.
    fn inverse_document_frequency(&self, containing: usize) -> f32 {
        let products = self.lexical.products() as f32;
        let containing = containing as f32;
        (1.0 + (products - containing + 0.5).max(0.0) / (containing + 0.5)).ln()
    }

    /// The length-normalised weighted frequency of a term: the best of its alternatives.
    fn score_term(&self, term: &QueryTerm, scores: &mut Scores) -> Result<()> {
        if let [Alternative { terms, .. }] = term.alternatives.as_slice()
            && let [single] = terms.as_slice()
        {
            return self.visit(single, &mut |ordinal, frequency| scores.add(ordinal, frequency));
        }
        for alternative in &term.alternatives {
            for (ordinal, frequency) in self.alternative(alternative)? {
                scores.raise(ordinal, frequency * alternative.weight);
            }
        }
        Ok(())
    }

    /// Products with all terms of an alternative, with the least frequent one's frequency.
    fn alternative(&self, alternative: &Alternative) -> Result<HashMap<Ordinal, f32>> {
        let mut common: Option<HashMap<Ordinal, f32>> = None;
        for term in &alternative.terms {
            let mut found: HashMap<Ordinal, f32> = HashMap::new();
            self.visit(term, &mut |ordinal, frequency| {
                *found.entry(ordinal).or_insert(0.0) += frequency;
            })?;
            common = Some(match common {
                None => found,
                Some(mut before) => {
                    before.retain(|ordinal, least| {
                        let other = found.get(ordinal);
                        other.is_some_and(|other| {
                            *least = least.min(*other);
                            true
                        })
                    });
                    before
                }
            });
        }
        Ok(common.unwrap_or_default())
    }

    fn visit(&self, term: &str, visit: &mut dyn FnMut(Ordinal, f32)) -> Result<()> {
        for field in TextField::ALL {
            let weight = self.weights[field as usize];
            if weight <= 0.0 {
                continue;
            }
            let share = length_share(field);
            let average = self.lexical.average_length(field);
            self.lexical.postings(field, term, &mut |posting| {
                let length = 1.0 - share + share * posting.length as f32 / average;
                visit(posting.ordinal, weight * posting.frequency as f32 / length);
            })?;
        }
        Ok(())
    }
}
