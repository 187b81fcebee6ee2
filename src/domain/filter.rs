//! Conditions on products, as requests and rules write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::Scalar;

/// Every named field must meet its condition.
///
/// JSON: `{"brand": ["Nike"], "price": {"lte": 100}, "color": {"not": ["red"]}}`. Fields are
/// `brand`, `category` (any level of the path), `color`, `size`, `price`, `stock`, `in_stock`,
/// `rating`, `rating_count`, `popularity`, `created_at`, `tags`, `id` and the names of attributes.
/// Conditions on `size`, `color`, `price`, `stock` and `in_stock` must hold for one and the same
/// variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filter(pub BTreeMap<String, Condition>);

/// What one field must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// Equal to any of these.
    AnyOf(Vec<Scalar>),
    /// A range of numbers, or an exclusion.
    Bounds(Bounds),
    /// Equal to this.
    Is(Scalar),
}

/// Bounds that must all hold; at least one is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Greater than or equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<f64>,
    /// Greater than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<f64>,
    /// Less than or equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lte: Option<f64>,
    /// Less than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<f64>,
    /// Equal to none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<Scalar>,
}

impl Condition {
    /// How many values it names.
    pub fn values(&self) -> usize {
        match self {
            Self::AnyOf(values) => values.len(),
            Self::Bounds(bounds) => bounds.not.len(),
            Self::Is(_) => 1,
        }
    }
}

impl Filter {
    /// Whether every product passes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
