//! Boosts: preferences of the shop that hold for every query.

use serde::{Deserialize, Serialize};

use crate::domain::filter::Filter;
use crate::error::{Error, Result};

/// The name of an attribute has at most so many characters.
const ATTRIBUTE_CHARS_MAX: usize = 128;

/// Half-lives of a recency in days: from a quarter of an hour to a century.
const HALF_LIFE_DAYS: std::ops::RangeInclusive<f32> = 0.01..=36_500.0;

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

/// Lifts products by a number. A product without it gets nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericBoost {
    /// Which number.
    pub field: NumericField,
    /// The whole boost in percent of the score, −100 to 100.
    pub percent: f32,
    /// How much of the whole boost a number gets.
    #[serde(default, skip_serializing_if = "Shape::is_default")]
    pub shape: Shape,
}

/// How much of a whole boost a number gets, 0–1; `docs/ranking.md` has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// The share of the index's products with a lower number: the highest gets all, the median one
    /// half, the lowest nothing.
    Share {},
    /// The way from the index's 5th percentile to its 95th.
    Linear {},
    /// The same way on a logarithmic scale: for numbers of which few are very high.
    Log {},
    /// One half after each half-life: for times.
    Recency {
        /// 0.01–36,500 days.
        half_life_days: f32,
    },
    /// All from a number on, nothing below it.
    Step {
        /// The number.
        from: f32,
    },
}

impl Default for Shape {
    fn default() -> Self {
        Self::Share {}
    }
}

impl Shape {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A number of a product that a boost may use. In JSON its name; `attributes.NAME` is a numeric
/// attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NumericField {
    /// One that every index knows.
    Own(Number),
    /// A numeric attribute, by its name.
    Attribute(String),
}

/// Numbers that every index knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Share of the price that is profit.
    Margin,
    /// Pieces in stock.
    Stock,
    /// Days that the stock lasts: stock ÷ sales per day.
    StockCover,
    /// Mean rating, 0–5.
    Rating,
    /// How much it sells.
    Popularity,
    /// Pieces sold per day.
    SalesPerDay,
    /// Share of the visits that end with buying it.
    ConversionRate,
    /// Price.
    Price,
    /// Share that the price is below the list price.
    Discount,
    /// When the shop began to sell it, in days since 1970.
    CreatedAt,
    /// 1 within its season, 0 outside of it.
    Season,
}

impl Number {
    /// All of them, each at the place of its number.
    pub const ALL: [Self; 11] = [
        Self::Margin,
        Self::Stock,
        Self::StockCover,
        Self::Rating,
        Self::Popularity,
        Self::SalesPerDay,
        Self::ConversionRate,
        Self::Price,
        Self::Discount,
        Self::CreatedAt,
        Self::Season,
    ];

    /// Its name in JSON and in explanations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Margin => "margin",
            Self::Stock => "stock",
            Self::StockCover => "stock_cover_days",
            Self::Rating => "rating",
            Self::Popularity => "popularity",
            Self::SalesPerDay => "sales_per_day",
            Self::ConversionRate => "conversion_rate",
            Self::Price => "price",
            Self::Discount => "discount",
            Self::CreatedAt => "created_at",
            Self::Season => "season",
        }
    }
}

impl TryFrom<String> for NumericField {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        if let Some(name) = text.strip_prefix("attributes.") {
            let fits = (1..=ATTRIBUTE_CHARS_MAX).contains(&name.chars().count());
            let message =
                || format!("an attribute's name has 1 to {ATTRIBUTE_CHARS_MAX} characters");
            return fits.then(|| Self::Attribute(name.to_owned())).ok_or_else(message);
        }
        let number = Number::ALL.into_iter().find(|number| number.name() == text);
        number.map(Self::Own).ok_or_else(|| {
            let names = Number::ALL.map(Number::name).join(", ");
            format!("'{text}' is none of {names} and attributes.NAME")
        })
    }
}

impl From<NumericField> for String {
    fn from(field: NumericField) -> Self {
        match field {
            NumericField::Own(number) => number.name().to_owned(),
            NumericField::Attribute(name) => format!("attributes.{name}"),
        }
    }
}

impl std::fmt::Display for NumericField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Own(number) => formatter.write_str(number.name()),
            Self::Attribute(name) => write!(formatter, "attributes.{name}"),
        }
    }
}

impl NumericBoost {
    /// What is wrong with it, in words.
    fn mistake(&self) -> Option<&'static str> {
        let is = |number| self.field == NumericField::Own(number);
        match self.shape {
            Shape::Recency { .. } if !is(Number::CreatedAt) => {
                Some("the shape 'recency' is for times, and 'created_at' is the only one")
            }
            Shape::Recency { half_life_days } if !HALF_LIFE_DAYS.contains(&half_life_days) => {
                Some("'half_life_days' of a recency is from 0.01 to 36,500")
            }
            Shape::Step { from } if !from.is_finite() => Some("'from' of a step is a number"),
            Shape::Linear {} | Shape::Log {} | Shape::Step { .. } if is(Number::Season) => {
                Some("'season' is 1 or 0 and takes no shape")
            }
            Shape::Share {}
            | Shape::Linear {}
            | Shape::Log {}
            | Shape::Recency { .. }
            | Shape::Step { .. } => None,
        }
    }
}

impl NumericField {
    /// The fields of a product that the number is made of, as private fields name them.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::Own(Number::StockCover) => vec!["stock", "sales_per_day"],
            Self::Own(Number::Discount) => vec!["price", "list_price"],
            Self::Own(Number::Season) => vec!["season_from", "season_until"],
            Self::Own(number) => vec![number.name()],
            Self::Attribute(name) => vec![name],
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
        let invalid = |message: &str| {
            Err(Error::bad_request("invalid_boost", message, "nothing was changed"))
        };
        if !in_range || !(0.0..=100.0).contains(&self.percent_max) || count > 1_000 {
            return invalid(
                "a boost is from -100 to 100 percent, 'percent_max' from 0 to 100, at most 1,000 \
                 boosts",
            );
        }
        self.numeric.iter().find_map(NumericBoost::mistake).map_or(Ok(()), invalid)
    }
}
