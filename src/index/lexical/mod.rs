//! The lexical index: postings, words and stored products on disk. Only the files of this folder
//! name the library that keeps them.

mod reader;
mod schema;
mod vocabulary;
mod words;
mod writer;

use crate::text::units::{Dimension, Measure};

pub use reader::{Lexical, Posting};
pub use writer::LexicalWriter;

/// The text fields of a product that queries are matched against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// The title.
    Title,
    /// The brand.
    Brand,
    /// The category path.
    Category,
    /// SKU, GTIN and model numbers.
    Identifier,
    /// Colour, size, tags and attribute values.
    Attributes,
    /// The description.
    Description,
}

impl TextField {
    /// All fields, in the order of `FIELD_NAMES`.
    pub const ALL: [Self; 6] = [
        Self::Title,
        Self::Brand,
        Self::Category,
        Self::Identifier,
        Self::Attributes,
        Self::Description,
    ];
}

/// What the lexical index keeps of a product.
#[derive(Clone, Debug, Default)]
pub struct LexicalDocument {
    /// Terms by field, in the order of `TextField::ALL`.
    pub terms: [Vec<String>; 6],
    /// Distinct unstemmed words, for the vocabulary.
    pub words: Vec<String>,
    /// Distinct unstemmed words of the brand.
    pub brand_words: Vec<String>,
    /// Distinct pairs of neighbouring words, joined by a space.
    pub pairs: Vec<String>,
    /// Distinct terms from back to front, where compounds are looked for by their ends.
    pub endings: Vec<String>,
    /// Distinct quantities, as [`quantity_key`] writes them.
    pub quantities: Vec<String>,
    /// Terms of what the product says it is without.
    pub absent: Vec<String>,
    /// The product as JSON.
    pub source: Vec<u8>,
}

/// A word from back to front.
pub fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}

/// Amounts are kept to so many parts of the base unit.
const AMOUNT_PARTS: f64 = 1_000.0;

/// A quantity so that keys of one dimension are in the order of their amounts: the dimension, the
/// amount in thousandths of the base unit, the quantity as products write it.
pub fn quantity_key(measure: Measure, written: &str) -> String {
    format!("{} {written}", amount_key(measure.dimension, measure.amount))
}

fn amount_key(dimension: Dimension, amount: f64) -> String {
    let parts = (amount * AMOUNT_PARTS).round().clamp(0.0, 1e18) as u64;
    format!("{dimension:?}{parts:019}")
}

pub(super) fn disk_error(error: impl std::fmt::Display) -> crate::error::Error {
    crate::error::Error::internal(
        "lexical_index",
        format!("the lexical index could not be read or written: {error}"),
        "check the disk; the index is derived data and is rebuilt when its folder is deleted",
    )
}
