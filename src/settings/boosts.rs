//! Boosts: preferences of the shop that hold for every query.

use serde::{Deserialize, Serialize};

use crate::domain::filter::Filter;
use crate::error::{Error, Result};

/// All boosts of an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Boosts {
    /// For products that match a filter.
    pub attributes: Vec<AttributeBoost>,
    /// By a number of the product.
    pub numeric: Vec<NumericBoost>,
    /// The sum of all boosts of a product stays within ± so many percent of its score.
    pub percent_max: f32,
}

impl Default for Boosts {
    fn default() -> Self {
        Self { attributes: Vec::new(), numeric: Vec::new(), percent_max: 30.0 }
    }
}

/// Lifts or lowers products that match a filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeBoost {
    /// Which products.
    pub filter: Filter,
    /// By how many percent of their score, −100 to 100.
    pub percent: f32,
}

/// Lifts products by a number, as its share of the index's own distribution: the product with the
/// highest value gets the whole boost, the median one half, the lowest nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericBoost {
    /// Which number.
    pub field: NumericField,
    /// The whole boost in percent of the score, −100 to 100.
    pub percent: f32,
}

/// Numbers of a product that a boost may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumericField {
    /// Share of the price that is profit.
    Margin,
    /// Pieces in stock.
    Stock,
    /// Mean rating.
    Rating,
    /// How much it sells.
    Popularity,
    /// Price.
    Price,
    /// Newest first.
    CreatedAt,
}

impl NumericField {
    /// The product's field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Margin => "margin",
            Self::Stock => "stock",
            Self::Rating => "rating",
            Self::Popularity => "popularity",
            Self::Price => "price",
            Self::CreatedAt => "created_at",
        }
    }
}

impl Boosts {
    /// Checks every range.
    ///
    /// # Errors
    /// `BadRequest` that names the value and its range.
    pub fn check(&self) -> Result<()> {
        let count = self.attributes.len() + self.numeric.len();
        let percents = (self.attributes.iter().map(|boost| boost.percent))
            .chain(self.numeric.iter().map(|boost| boost.percent));
        let in_range = percents.into_iter().all(|percent| (-100.0..=100.0).contains(&percent));
        if in_range && (0.0..=100.0).contains(&self.percent_max) && count <= 1_000 {
            return Ok(());
        }
        Err(Error::bad_request(
            "invalid_boost",
            "a boost is from -100 to 100 percent, 'percent_max' from 0 to 100, at most 1,000 boosts",
            "nothing was changed",
        ))
    }
}
