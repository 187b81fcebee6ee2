//! What happened to a product, as the indexes are told.

use super::id::{Ordinal, ProductId, Sequence};
use super::product::Product;

/// The latest state of one product after a write. Folding changes in order of `sequence` gives the
/// store's state; only the latest change of a product is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The write's place in the store's order.
    pub sequence: Sequence,
    /// The product's stable position.
    pub ordinal: Ordinal,
    /// The shop's identifier.
    pub id: ProductId,
    /// The product as it is now; `None` when it was deleted.
    pub product: Option<Box<Product>>,
}
