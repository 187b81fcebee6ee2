//! Candidates by word: BM25F (Robertson, Zaragoza and Taylor 2004), term at a time.
//!
//! All fields of a term are added up before the sum is saturated, so that a word in title and
//! description does not count twice; and every match is visited, since totals and facets need all.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::domain::id::Ordinal;
use crate::error::Result;
use crate::index::lexical::{Lexical, TextField};
use crate::query::{Alternative, Excluded, QueryTerm};
use crate::settings::FieldWeights;

/// Saturation of term frequency.
const K1: f32 = 1.0;

/// Fields that say what a product is and has.
const LABELS: [TextField; 3] = [TextField::Category, TextField::Attributes, TextField::Title];

/// A description also speaks of what goes with a product.
const HAS_IN_DESCRIPTION: f32 = -0.27;
const HAS_IN_LABEL: f32 = -1.0;
const SAYS_WITHOUT: f32 = 1.0;

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
    /// Words that some product has, with their weights.
    pub(super) known_words: Vec<(String, f32)>,
    /// The weight of each term in order; 0 for an unknown one.
    pub(super) term_weights: Vec<f32>,
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

    /// Products that have one of the identifiers. One that is part of a longer one that products
    /// have names nothing: `KX-2000` in `KX-2000-9`.
    pub(super) fn identified(&self, identifiers: &[String]) -> Result<Vec<Ordinal>> {
        let mut longest_first: Vec<&String> = identifiers.iter().collect();
        longest_first.sort_by_key(|identifier| Reverse(identifier.len()));
        let mut named: Vec<&String> = Vec::new();
        let mut found = Vec::new();
        for identifier in longest_first {
            if named.iter().any(|longer| longer.contains(identifier.as_str())) {
                continue;
            }
            let before = found.len();
            self.lexical.postings(TextField::Identifier, identifier, &mut |posting| {
                found.push(posting.ordinal);
            })?;
            if found.len() > before {
                named.push(identifier);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Every allowed product with at least one of the query's words, scored. How telling a word is
    /// is a matter of the whole index, whether it is known one of the allowed products.
    pub(super) fn matches(
        &self,
        terms: &[QueryTerm],
        allows: &dyn Fn(Ordinal) -> bool,
    ) -> Result<LexicalMatches> {
        let mut total = Scores::new(self.ordinals_end);
        let mut coverage = Scores::new(self.ordinals_end);
        let mut term_scores = Scores::new(self.ordinals_end);
        let mut weight_all = 0.0;
        let (mut known_words, mut unknown_words) = (Vec::new(), Vec::new());
        let mut term_weights = Vec::with_capacity(terms.len());
        for term in terms {
            self.score_term(term, &mut term_scores)?;
            let weight = self.inverse_document_frequency(term_scores.touched.len());
            weight_all += weight;
            let mut known = false;
            term_scores.drain(|ordinal, frequency| {
                if allows(ordinal) {
                    total.add(ordinal, weight * frequency / (K1 + frequency));
                    coverage.add(ordinal, weight);
                    known = true;
                }
            });
            term_weights.push(if known { weight } else { 0.0 });
            if known {
                known_words.push((term.word.clone(), weight));
            } else {
                unknown_words.push(term.word.clone());
            }
        }
        let weight_known: f32 = known_words.iter().map(|(_, weight)| weight).sum();
        let mut list = Vec::with_capacity(total.touched.len());
        total.drain(|ordinal, score| {
            list.push(LexicalMatch {
                ordinal,
                score: score / weight_all,
                coverage: coverage.by_ordinal[ordinal as usize] / weight_known,
            });
        });
        Ok(LexicalMatches { list, known_words, term_weights, unknown_words })
    }

    /// What products say of something excluded, from −1 that they have it to 1 that they are
    /// without it: the mean over its words. Others say nothing.
    pub(super) fn stances(&self, excluded: &Excluded) -> Result<HashMap<Ordinal, f32>> {
        let mut stances = HashMap::new();
        let share = 1.0 / excluded.terms.len().max(1) as f32;
        for term in &excluded.terms {
            for (ordinal, stance) in self.stances_on(term, excluded.is_wanted_too)? {
                *stances.entry(ordinal).or_insert(0.0) += share * stance;
            }
        }
        Ok(stances)
    }

    fn stances_on(&self, term: &str, is_wanted_too: bool) -> Result<HashMap<Ordinal, f32>> {
        let mut stances = HashMap::new();
        let fields = [(TextField::Description, HAS_IN_DESCRIPTION)].into_iter();
        let fields = fields.chain(LABELS.map(|field| (field, HAS_IN_LABEL)));
        for (field, stance) in fields.filter(|_| !is_wanted_too) {
            self.lexical.postings(field, term, &mut |posting| {
                stances.insert(posting.ordinal, stance);
            })?;
        }
        self.lexical.absent(term, &mut |ordinal| {
            stances.insert(ordinal, SAYS_WITHOUT);
        })?;
        Ok(stances)
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
