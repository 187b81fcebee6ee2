//! What a catalogue calls things: the values of its fields, as words of a query may name them.

use std::sync::Arc;

/// What kind of field a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// The maker.
    Brand,
    /// A level of the category path.
    Category,
    /// A colour of the product or of a variant.
    Color,
    /// A size of a variant.
    Size,
    /// A named property such as the material.
    Attribute,
}

/// Values of one field that the same words name: `black` names "Black" and "Midnight Black".
#[derive(Clone, Debug, PartialEq)]
pub struct NamedValues {
    /// What kind of field it is.
    pub kind: ValueKind,
    /// The field, as filters name it.
    pub field: Arc<str>,
    /// The field's number in the index.
    pub field_number: u16,
    /// The most frequent of the values, as the catalogue writes it.
    pub value: Arc<str>,
    /// The values' numbers in the index, sorted; at least one.
    pub values: Arc<[u32]>,
    /// Products that have one of the values; one with several counts as often.
    pub products: u32,
}

/// The values that words can name, so that a query can be understood without knowing the index.
pub trait Values {
    /// What these terms, joined by spaces, name: one entry per field, in no particular order.
    fn named(&self, terms: &str) -> &[NamedValues];
}
