//! The lexical index: postings, words and stored products on disk. Only the files of this folder
//! name the library that keeps them.

mod reader;
mod schema;
mod vocabulary;
mod words;
mod writer;

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
    /// The product as JSON.
    pub source: Vec<u8>,
}

pub(super) fn disk_error(error: impl std::fmt::Display) -> crate::error::Error {
    crate::error::Error::internal(
        "lexical_index",
        format!("the lexical index could not be read or written: {error}"),
        "check the disk; the index is derived data and is rebuilt when its folder is deleted",
    )
}
