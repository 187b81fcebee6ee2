//! Scan or graph: by the size of the catalogue, and for each query by how many products pass.

use fixedbitset::FixedBitSet;

use super::flat::{Flat, quantise};
use super::graph::{Graph, search_width};
use super::{Neighbour, PreparedQuery, VectorIndex};
use crate::domain::id::Ordinal;
use crate::error::Result;

/// Up to so many products a scan answers soon enough, and no graph is built.
pub const SCANNED_MAX: usize = 100_000;

/// Rows that a scan reads in the time in which a graph search keeps one more product in view.
/// Measured in `docs/decisions/0003-vector-index.md`.
const ROWS_PER_WIDTH: usize = 200;

/// How a query is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every allowed row is read.
    Scan,
    /// Links are followed.
    Graph,
}

/// The cheaper way to the nearest `k` of `allowed` products among `total`, where there is a graph.
///
/// A scan reads the allowed rows. A graph search has to keep `total / allowed` times as many
/// products in view to see enough allowed ones.
pub fn method(total: usize, allowed: usize, k: usize) -> Method {
    let width = search_width(k) as f64 * total as f64 / allowed.max(1) as f64;
    if (allowed as f64) < width * ROWS_PER_WIDTH as f64 { Method::Scan } else { Method::Graph }
}

/// The vector index of a catalogue of any size.
#[derive(Clone)]
pub enum Vectors {
    /// Small enough to be scanned, or links are still being built.
    Flat(Flat),
    /// With links for searches that few filters narrow.
    Graph(Box<Graph>),
}

impl Vectors {
    /// The exact index that holds the vectors.
    pub fn flat(&self) -> &Flat {
        match self {
            Self::Flat(flat) => flat,
            Self::Graph(graph) => graph.flat(),
        }
    }

    /// Whether links should be built, the first time or anew: `Graph::build` on a clone of `flat`
    /// away from the builder, then `adopt`.
    pub fn wants_graph(&self) -> bool {
        match self {
            Self::Flat(flat) => flat.len() > SCANNED_MAX,
            Self::Graph(graph) => graph.is_stale(),
        }
    }

    /// Takes links that were built from an earlier state of these vectors; those of other vectors
    /// are left alone.
    pub fn adopt(&mut self, graph: &Graph) {
        if let Some(graph) = graph.over(self.flat().clone()) {
            *self = Self::Graph(Box::new(graph));
        }
    }

    /// Inserts or replaces a vector, as `Flat::upsert` does.
    ///
    /// # Errors
    /// Internal when the vector has another number of components than the index.
    pub fn upsert(&mut self, ordinal: Ordinal, vector: &[f32]) -> Result<()> {
        self.upsert_row(ordinal, &quantise(vector))
    }

    /// Inserts or replaces a quantised vector, as `Flat::upsert_row` does.
    ///
    /// # Errors
    /// Internal when the row has another number of components than the index.
    pub fn upsert_row(&mut self, ordinal: Ordinal, row: &[i8]) -> Result<()> {
        match self {
            Self::Flat(flat) => flat.upsert_row(ordinal, row),
            Self::Graph(graph) => graph.upsert_row(ordinal, row),
        }
    }

    /// Removes a product; whether it was there.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        match self {
            Self::Flat(flat) => flat.remove(ordinal),
            Self::Graph(graph) => graph.remove(ordinal),
        }
    }

    fn index(&self) -> &dyn VectorIndex {
        match self {
            Self::Flat(flat) => flat,
            Self::Graph(graph) => graph.as_ref(),
        }
    }
}

impl VectorIndex for Vectors {
    fn len(&self) -> usize {
        self.index().len()
    }

    fn nearest(
        &self,
        query: &PreparedQuery,
        k: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        self.index().nearest(query, k, allowed)
    }

    fn above(
        &self,
        query: &PreparedQuery,
        similarity_min: f32,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        self.index().above(query, similarity_min, allowed)
    }

    fn similarity(&self, query: &PreparedQuery, ordinal: Ordinal) -> Option<f32> {
        self.index().similarity(query, ordinal)
    }
}
