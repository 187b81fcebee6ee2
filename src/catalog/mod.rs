//! Catalogue files: JSON lines, a JSON array or CSV, plain or gzip, streamed record by record in
//! constant memory, each one checked and turned into a `Product` or a `Reject`.

mod array;
mod check;
mod csv;
mod fields;
mod mapping;
mod patch;
mod records;
mod source;

use serde::Serialize;

use crate::domain::product::Product;

pub use fields::product_from_json;
pub use mapping::Mapping;
pub use patch::patched;
pub use records::{Records, read};

/// A record is at most so long, in bytes; a longer one is rejected without being kept.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// How a catalogue file is written. Gzip is recognised in every format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// By the first character: `{` is JSON lines, `[` a JSON array, anything else CSV.
    #[default]
    Auto,
    /// One JSON object per line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// A header line and a line per product, separated by comma, semicolon or tab.
    Csv,
}

/// One record of a catalogue file.
pub type Record = std::result::Result<Product, Reject>;

/// A record that is not a product, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// The line of the decompressed file on which the record begins, from 1.
    pub line: u64,
    /// The record's id, where one could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field that is wrong, such as `variants[2].price`; `record` for the record as a whole.
    pub field: String,
    /// What was expected and what was found.
    pub reason: String,
}

/// What is wrong with one value of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The field that is wrong, such as `variants[2].price`; `record` for the record as a whole.
    pub field: String,
    /// What was expected and what was found.
    pub reason: String,
}

impl Fault {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    fn record(reason: impl Into<String>) -> Self {
        Self::new("record", reason)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.field, self.reason)
    }
}
