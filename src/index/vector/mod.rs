//! Vectors of products by ordinal: an exact scan, and a graph for catalogues too large to scan.
//!
//! Similarities are always those of the int8 rows, whichever index finds them, so a product scores
//! the same in both.

mod choice;
mod dot;
mod flat;
mod graph;
mod links;
mod query;
mod top;

pub use choice::{Method, SCANNED_MAX, Vectors, method};
pub use flat::{Flat, quantise};
pub use graph::Graph;
pub use query::PreparedQuery;

use fixedbitset::FixedBitSet;

use crate::domain::id::Ordinal;

/// A product near a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The product.
    pub ordinal: Ordinal,
    /// Cosine of the angle between the query and the product, −1 to 1.
    pub similarity: f32,
}

/// Finds the products nearest to a query.
///
/// An `allowed` set holds ordinals; `None` allows every product. A query whose number of components
/// is not that of the index is near nothing.
pub trait VectorIndex: Send + Sync {
    /// Products in the index.
    fn len(&self) -> usize;

    /// Whether there is no product.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nearest allowed products, best first, at most `k`; equals in order of ordinal.
    fn nearest(
        &self,
        query: &PreparedQuery,
        k: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour>;

    /// Every allowed product with a similarity of at least `similarity_min`, in order of ordinal.
    ///
    /// Exact in every implementation, because totals and facet counts are made of it.
    fn above(
        &self,
        query: &PreparedQuery,
        similarity_min: f32,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour>;

    /// The similarity of one product, if it is in the index.
    fn similarity(&self, query: &PreparedQuery, ordinal: Ordinal) -> Option<f32>;
}
