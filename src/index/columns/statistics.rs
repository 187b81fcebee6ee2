//! How numbers and values are spread over an index: what "much" and "usual" mean there.

use std::collections::HashMap;

use super::Columns;
use super::dictionary::{FieldId, ValueId};
use super::row::Row;
use crate::domain::time::DAY_MS;
use crate::settings::boosts::Number;

/// So many products are enough to know a distribution to about one percent.
const SAMPLE_ROWS: usize = 10_000;

/// A sorted sample of a number over the index.
#[derive(Clone, Debug, Default)]
pub struct Distribution(Vec<f32>);

impl Distribution {
    fn new(mut values: Vec<f32>) -> Self {
        values.sort_unstable_by(f32::total_cmp);
        Self(values)
    }

    /// The share of products whose number is below `value`, ties counted half: 0–1. One half when
    /// nothing is known.
    pub fn share_below(&self, value: f32) -> f32 {
        if self.0.is_empty() {
            return 0.5;
        }
        let below = self.0.partition_point(|other| *other < value);
        let not_above = self.0.partition_point(|other| *other <= value);
        (below + not_above) as f32 / (2 * self.0.len()) as f32
    }

    /// The number below which a share of the products lie, 0–1; `None` when nothing is known.
    pub fn quantile(&self, share: f32) -> Option<f32> {
        quantile(&self.0, share)
    }

    /// The median of the numbers above 0; `None` when there is none.
    pub fn positive_median(&self) -> Option<f32> {
        quantile(&self.0[self.0.partition_point(|value| *value <= 0.0)..], 0.5)
    }
}

fn quantile(sorted: &[f32], share: f32) -> Option<f32> {
    let last = sorted.len().checked_sub(1)?;
    let place = (share.clamp(0.0, 1.0) * last as f32).round() as usize;
    sorted.get(place.min(last)).copied()
}

/// Distributions and shares of one index.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    numbers: [Distribution; Number::ALL.len()],
    attributes: HashMap<FieldId, Distribution>,
    rating_mean: f32,
    brand_in_category: HashMap<(ValueId, ValueId), f32>,
    brand: HashMap<ValueId, f32>,
    category: HashMap<ValueId, f32>,
    color: HashMap<ValueId, f32>,
    /// By category: Σ weight · ln price and Σ weight, over products with a price.
    log_price: HashMap<ValueId, (f32, f32)>,
    total: f32,
}

/// The number of a product that a boost or a signal uses. Whether it is in season is no such
/// number, since it changes by itself.
pub fn number_of(row: &Row, number: Number) -> Option<f32> {
    let numbers = &row.numbers;
    let sales = numbers.sales.as_deref();
    let value = match number {
        Number::Margin => numbers.margin,
        Number::Stock => numbers.stock.map(|pieces| pieces as f64),
        Number::StockCover => sales.and_then(|sales| {
            let per_day = sales.per_day.filter(|per_day| *per_day > 0.0)?;
            Some(numbers.stock?.max(0) as f64 / per_day)
        }),
        Number::Rating => numbers.rating,
        Number::Popularity => numbers.popularity,
        Number::SalesPerDay => sales.and_then(|sales| sales.per_day),
        Number::ConversionRate => sales.and_then(|sales| sales.conversion_rate),
        Number::Price => numbers.price,
        Number::Discount => sales.and_then(|sales| {
            let list_price = sales.list_price.filter(|price| *price > 0.0)?;
            Some((1.0 - numbers.price? / list_price).max(0.0))
        }),
        Number::CreatedAt => numbers.created_at.map(|time| time.as_ms() as f64 / DAY_MS as f64),
        Number::Season => None,
    };
    value.map(|value| value as f32)
}

impl Statistics {
    /// Reads the columns once. Of large indexes every n-th product is read.
    pub fn of(columns: &Columns) -> Self {
        let step = (columns.len() / SAMPLE_ROWS).max(1);
        let sample: Vec<&Row> = columns.rows().step_by(step).map(|(_, row)| row).collect();
        let numbers = Number::ALL.map(|number| {
            Distribution::new(sample.iter().filter_map(|row| number_of(row, number)).collect())
        });
        let ratings: Vec<f32> =
            sample.iter().filter_map(|row| number_of(row, Number::Rating)).collect();
        let rating_mean = ratings.iter().sum::<f32>() / ratings.len().max(1) as f32;
        let attributes = attributes(&sample);
        let mut statistics = Self { numbers, attributes, rating_mean, ..Self::default() };
        for row in sample {
            statistics.count(row);
        }
        statistics
    }

    /// Products count by how much they sell: the shop's average shopper.
    fn count(&mut self, row: &Row) {
        let weight = 1.0 + row.numbers.popularity.unwrap_or(0.0).max(0.0) as f32;
        self.total += weight;
        for category in &row.category {
            *self.category.entry(*category).or_default() += weight;
        }
        if let Some(price) = row.numbers.price.filter(|price| *price > 0.0) {
            for category in &row.category {
                let (sum, total) = self.log_price.entry(*category).or_default();
                *sum += weight * price.ln() as f32;
                *total += weight;
            }
        }
        for color in &row.colors {
            *self.color.entry(*color).or_default() += weight;
        }
        let Some(brand) = row.brand else { return };
        *self.brand.entry(brand).or_default() += weight;
        for category in &row.category {
            *self.brand_in_category.entry((brand, *category)).or_default() += weight;
        }
    }

    /// How a number is spread.
    pub fn of_number(&self, number: Number) -> &Distribution {
        &self.numbers[number as usize]
    }

    /// How a numeric attribute is spread; `None` when no product of the sample has it.
    pub fn of_attribute(&self, field: FieldId) -> Option<&Distribution> {
        self.attributes.get(&field)
    }

    /// Mean rating over rated products.
    pub fn rating_mean(&self) -> f32 {
        self.rating_mean
    }

    /// Share of a category's sales that a brand has, 0–1; 0 when unknown.
    pub fn brand_share(&self, brand: ValueId, category: Option<ValueId>) -> f32 {
        match category {
            Some(category) => share(
                self.brand_in_category.get(&(brand, category)),
                self.category.get(&category).copied().unwrap_or(0.0),
            ),
            None => share(self.brand.get(&brand), self.total),
        }
    }

    /// Share of the shop's sales that a category has, 0–1.
    pub fn category_share(&self, category: ValueId) -> f32 {
        share(self.category.get(&category), self.total)
    }

    /// Mean of ln price over a category's sales; `None` where nothing has a price.
    pub fn mean_log_price(&self, category: ValueId) -> Option<f32> {
        let (sum, total) = self.log_price.get(&category)?;
        Some(sum / total)
    }

    /// Share of the shop's sales that come in a colour, 0–1.
    pub fn color_share(&self, color: ValueId) -> f32 {
        share(self.color.get(&color), self.total)
    }
}

/// Numeric attributes over a sample.
fn attributes(sample: &[&Row]) -> HashMap<FieldId, Distribution> {
    let mut values: HashMap<FieldId, Vec<f32>> = HashMap::new();
    for (field, value) in sample.iter().flat_map(|row| row.measures.iter()) {
        values.entry(*field).or_default().push(*value as f32);
    }
    values.into_iter().map(|(field, values)| (field, Distribution::new(values))).collect()
}

fn share(part: Option<&f32>, whole: f32) -> f32 {
    if whole > 0.0 { part.copied().unwrap_or(0.0) / whole } else { 0.0 }
}
