//! What is derived from the store for searching: lexical index, columns, vectors, suggestions.

pub mod build;
pub mod columns;
pub mod document;
pub mod embeddings;
pub mod lexical;
pub mod manifest;
pub mod semantic;
pub mod suggestions;
pub mod values;
pub mod vector;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::id::Sequence;
use crate::embed::Embedder;
use crate::settings::Settings;
use crate::text::analyse::Analyser;

use columns::Columns;
use columns::statistics::Statistics;
use lexical::Lexical;
use semantic::Semantic;
use values::ValueIndex;

/// An immutable state of an index.
pub struct Generation {
    /// Words.
    pub lexical: Arc<Lexical>,
    /// Values.
    pub columns: Columns,
    /// How values are spread.
    pub statistics: Arc<Statistics>,
    /// What values are called.
    pub values: Arc<ValueIndex>,
    /// Meaning.
    pub semantic: Semantic,
    /// What made the terms, and so must analyse the queries.
    pub analyser: Arc<Analyser>,
    /// Attributes whose values no word, correction or suggestion may tell.
    pub private: Arc<BTreeSet<String>>,
    /// What made the vectors, and so must embed the queries.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// The store's sequence number that this state shows.
    pub sequence: Sequence,
}

/// What one request sees, whole: a state of the index and a version of the settings.
#[derive(Clone)]
pub struct View {
    /// The index.
    pub generation: Arc<Generation>,
    /// The settings.
    pub settings: Arc<Settings>,
}
