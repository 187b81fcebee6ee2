//! What the shopper's words mean: from a text to terms with alternatives.

mod attribute;
mod compound;
mod correct;
mod exclude;
mod identifier;
pub mod lexicon;
mod price;
mod quantity;
mod understand;

pub use understand::{Known, understand};

use std::sync::Arc;

use crate::domain::page::Understood;
use crate::domain::search::Use;
use crate::text::values::ValueKind;

/// An understood query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// All words after correction, joined by spaces: what rules are matched against. Empty when the
    /// shopper only browses.
    pub text: String,
    /// The words of what is looked for, without what is to be absent: what is embedded.
    pub wanted_text: String,
    /// What to look for, in the order of the words.
    pub terms: Vec<QueryTerm>,
    /// What to look for if what is to be absent were looked for as well: products that speak of
    /// either answer the query. Empty when nothing is to be absent.
    pub whole_terms: Vec<QueryTerm>,
    /// What products should be without.
    pub excluded: Vec<Excluded>,
    /// The words as possible identifiers, without separators: `af1002`.
    pub identifiers: Vec<String>,
    /// Identifiers in the index that begin as a word of the query does.
    pub begun_identifiers: Vec<String>,
    /// Bounds on the price that the words name.
    pub price: Option<PriceWish>,
    /// Values of fields that the words name.
    pub attributes: Vec<Attribute>,
    /// Whether the words may name brands.
    pub names_brands: bool,
    /// Whether the words may name categories.
    pub names_categories: bool,
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

/// Something that the query says products should be without.
#[derive(Clone, Debug, PartialEq)]
pub struct Excluded {
    /// Its terms; a product has it when it has all of them.
    pub terms: Vec<String>,
    /// Whether the query also asks for one of the words, as in "tool case without tools": then only
    /// what products say of their own absences counts.
    pub is_wanted_too: bool,
    /// Whether products that have it are left out instead of put behind.
    pub is_filter: bool,
}

/// Values of a field that words of the query name.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// What kind of field it is.
    pub kind: ValueKind,
    /// The field, as filters name it.
    pub field: Arc<str>,
    /// The field's number in the index.
    pub field_number: u16,
    /// The values' numbers in the index, sorted.
    pub values: Arc<[u32]>,
    /// Whether products without it are left out instead of put behind.
    pub is_filter: bool,
}

/// A wish about the price, such as `under 100`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriceWish {
    /// At least.
    pub at_least: f64,
    /// At most.
    pub at_most: f64,
    /// Whether other products are left out instead of put behind.
    pub is_filter: bool,
}

impl Query {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.text.is_empty()
    }

    /// Whether the words name a value, by its number in the index.
    pub fn names(&self, kind: ValueKind, value: u32) -> bool {
        let mut named = self.attributes.iter().filter(|attribute| attribute.kind == kind);
        named.any(|attribute| attribute.values.binary_search(&value).is_ok())
    }
}

fn is_filter(use_: Use) -> bool {
    use_ == Use::Filter
}
