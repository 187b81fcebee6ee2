//! The terms that an index knows.

use std::ops::RangeInclusive;

use super::units::Dimension;

/// A known term near a misspelt one.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// The term as it is indexed, unstemmed.
    pub term: String,
    /// Products that contain it.
    pub count: u32,
    /// Damerau–Levenshtein distance, 1 or 2.
    pub distance: u8,
}

/// Known words and their counts, so that a query can be corrected without knowing the index.
/// Words are normalised and unstemmed.
pub trait Vocabulary {
    /// Products that contain the word; 0 when it is unknown.
    fn count(&self, word: &str) -> u32;

    /// Products that contain the word in their brand.
    fn brand_count(&self, word: &str) -> u32;

    /// Products that contain both words next to one another and in order.
    fn pair_count(&self, first: &str, second: &str) -> u32;

    /// Products that contain both words anywhere; an estimate where many do, so that the cost is
    /// bounded.
    fn together(&self, first: &str, second: &str) -> u32;

    /// Known words within `distance_max` edits (insert, delete, substitute, transpose), in no
    /// particular order. Those two edits away must have the first letter right.
    fn near(&self, word: &str, distance_max: u8) -> Vec<Neighbour>;

    /// Products in the index.
    fn products(&self) -> u32;

    /// Quantities as products write them, whose amounts in the base unit of a dimension lie in a
    /// range; a bounded number of them.
    fn quantities(&self, dimension: Dimension, amounts: RangeInclusive<f64>) -> Vec<String>;

    /// Identifiers, without separators, that begin with `prefix`; in order, at most `limit`.
    fn identifiers_with_prefix(&self, prefix: &str, limit: usize) -> Vec<String>;

    /// Longer known terms that end with `ending`, at most `limit`; none in languages that write the
    /// parts of compounds apart.
    fn terms_ending(&self, ending: &str, limit: usize) -> Vec<String>;
}
