//! A suggestion on its way into the index.

use super::labels::OwnedLabels;
use super::words::split;
use crate::domain::id::{Ordinal, ProductId};
use crate::domain::page::SuggestionKind;
use crate::text::analyse::Analyser;

/// A suggestion before it is indexed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The text to show.
    pub text: String,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// How likely it is what a shopper wants, 0–1, comparable over kinds.
    pub popularity: f32,
    /// Brands and categories it leads to.
    pub labels: OwnedLabels,
    /// The product it leads to.
    pub product_id: Option<ProductId>,
    /// A product that it finds, the best-selling if known; its own for a product.
    pub witness: Option<Ordinal>,
}

/// `weight` on a logarithmic scale on which `weight_max` is 1: 0–1.
pub(super) fn log_share(weight: f64, weight_max: f64) -> f32 {
    if weight_max <= 0.0 {
        return 0.0;
    }
    (weight.max(0.0).ln_1p() / weight_max.ln_1p()).min(1.0) as f32
}

/// The stems of a text's words in alphabetical order: the same for near-duplicates such as
/// `shoes nike` and `nike shoe`.
pub(super) fn stem_key(text: &str, analyser: &Analyser) -> u64 {
    let mut stems: Vec<u64> =
        split(text).iter().map(|piece| text_hash(&analyser.stem(&piece.text))).collect();
    key_of(&mut stems)
}

pub(super) fn key_of(stems: &mut [u64]) -> u64 {
    stems.sort_unstable();
    stems.iter().fold(0x9e37_79b9_7f4a_7c15, |key, stem| {
        (key ^ stem).wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(23)
    })
}

/// FNV-1a.
pub(super) fn text_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
