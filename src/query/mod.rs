//! What the shopper's words mean: from a text to terms with alternatives.

mod correct;
pub mod lexicon;
mod price;
mod understand;

pub use understand::understand;

use crate::domain::page::Understood;

/// An understood query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The words searched for after correction, joined by spaces: what is embedded and what rules
    /// are matched against. Empty when the shopper only browses.
    pub text: String,
    /// What to look for, in the order of the words.
    pub terms: Vec<QueryTerm>,
    /// The words as possible identifiers, without separators: `af1002`.
    pub identifiers: Vec<String>,
    /// Bounds on the price that the words name.
    pub price: Option<PriceBounds>,
    /// Names of brands that the words contain, folded.
    pub brands: Vec<String>,
    /// The whole text after correction, when a word was corrected.
    pub corrected: Option<String>,
    /// How each word was understood.
    pub understood: Vec<Understood>,
}

/// One thing to look for: any of its alternatives will do.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTerm {
    /// The word after correction.
    pub word: String,
    /// What counts as finding it, the word's own term first.
    pub alternatives: Vec<Alternative>,
}

/// Terms that together stand for a word.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// All of them must occur; at least one.
    pub terms: Vec<String>,
    /// How much an occurrence counts, 0–1; 1 for the word itself.
    pub weight: f32,
}

/// A wish about the price, such as `under 100`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriceBounds {
    /// At least.
    pub at_least: f64,
    /// At most.
    pub at_most: f64,
}

impl Query {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.text.is_empty()
    }
}
