//! What boosts do over a whole index, before anybody searches.

use serde::Serialize;
use serde_json::Value;

use super::boost::{Boosting, within};
use super::plan::label;
use super::shape::Measure;
use super::{Situation, Skipped};
use crate::domain::filter::Filter;
use crate::domain::id::Ordinal;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::rank::Ranked;
use crate::settings::boosts::{AttributeBoost, Boosts, Number, NumericBoost, NumericField, Shape};

/// The shares of products at which a spread is told.
const SHARES: [f32; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

const HOUR_MS: i64 = 3_600_000;

/// What boosts do over an index.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The sum of all boosts of a product stays within ± so many percent.
    pub percent_max: f32,
    /// Products of the index.
    pub products: usize,
    /// So many of them were looked at, spread evenly; counts of products are scaled up from them.
    pub looked_at: usize,
    /// Boosts with a filter, in their order.
    pub attributes: Vec<AttributeEffect>,
    /// Boosts by a number, in their order.
    pub numeric: Vec<NumericEffect>,
    /// All together.
    pub total: TotalEffect,
}

/// What a boost with a filter does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeEffect {
    /// Which products.
    pub filter: Filter,
    /// By how many percent.
    pub percent: f32,
    /// How many products match.
    pub products: usize,
    /// Why the boost does nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a boost by a number does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumericEffect {
    /// Which number.
    pub field: NumericField,
    /// How much of the boost a number gets.
    pub shape: Shape,
    /// The whole boost.
    pub percent: f32,
    /// How many products have the number.
    pub known: usize,
    /// Over the products that have it, the lowest number first.
    pub quantiles: Vec<NumberQuantile>,
    /// Why the boost does nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One point of a number's spread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberQuantile {
    /// Share of the products that have a lower number, 0–1.
    pub share: f32,
    /// The number; a time as RFC 3339 text.
    pub value: Value,
    /// What it adds, in percent of the score.
    pub percent: f32,
}

/// What all boosts together do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TotalEffect {
    /// Over all products, the lowest first, within the limit.
    pub quantiles: Vec<PercentQuantile>,
    /// How many products the limit takes something from.
    pub capped: usize,
}

/// One point of the spread of percents.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PercentQuantile {
    /// Share of the products that get less, 0–1.
    pub share: f32,
    /// Percent of the score.
    pub percent: f32,
}

/// The products that an effect is worked out from.
struct Sample<'s> {
    ordinals: &'s [Ordinal],
    products: usize,
}

impl Sample<'_> {
    /// A count of the sample as one of the index.
    fn scaled(&self, count: usize) -> usize {
        let share = count as f64 / self.ordinals.len().max(1) as f64;
        (share * self.products as f64).round() as usize
    }
}

/// What boosts do, worked out from some of the `products` of an index; `catalogue` ranks nothing.
///
/// # Errors
/// Internal when a filter fails for another reason than its own content.
pub fn effect<'v>(
    boosts: &'v Boosts,
    catalogue: &Ranked<'v>,
    (ordinals, products): (&[Ordinal], usize),
    situation: &Situation<'_>,
) -> Result<Effect> {
    let sample = Sample { ordinals, products };
    let mut boosting = Boosting::new(boosts.percent_max);
    let skipped = boosting.add(boosts, catalogue, situation)?;
    let attributes = attribute_effects(boosts, &boosting, (&sample, &skipped));
    let numeric = numeric_effects(boosts, &boosting, (&sample, &skipped));
    let total = total_effect(boosts.percent_max, &boosting, &sample);
    let (percent_max, looked_at) = (boosts.percent_max, ordinals.len());
    Ok(Effect { percent_max, products, looked_at, attributes, numeric, total })
}

fn problem(skipped: &[Skipped], name: &str) -> Option<String> {
    let found = skipped.iter().find(|one| one.name.strip_prefix("boost:") == Some(name));
    found.map(|one| one.reason.clone())
}

fn attribute_effects(
    boosts: &Boosts,
    boosting: &Boosting<'_>,
    (sample, skipped): (&Sample<'_>, &[Skipped]),
) -> Vec<AttributeEffect> {
    let mut lifts = boosting.attributes.iter();
    let effect = |boost: &AttributeBoost| {
        let problem = problem(skipped, &label(&boost.filter));
        let lift = if problem.is_none() { lifts.next() } else { None };
        let matching = |ordinal: &&Ordinal| lift.is_some_and(|one| one.matcher.matches(**ordinal));
        let products = sample.scaled(sample.ordinals.iter().filter(matching).count());
        AttributeEffect { filter: boost.filter.clone(), percent: boost.percent, products, problem }
    };
    boosts.attributes.iter().map(effect).collect()
}

fn numeric_effects(
    boosts: &Boosts,
    boosting: &Boosting<'_>,
    (sample, skipped): (&Sample<'_>, &[Skipped]),
) -> Vec<NumericEffect> {
    let mut measures = boosting.numeric.iter();
    let effect = |boost: &NumericBoost| {
        let problem = problem(skipped, &boost.field.to_string());
        let measure = if problem.is_none() { measures.next() } else { None };
        let shares = |measure: &Measure<'_>| {
            let known = sample.ordinals.iter().filter_map(|ordinal| measure.share(*ordinal));
            let mut known: Vec<(f32, f32)> = known.collect();
            known.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
            known
        };
        let known = measure.map(shares).unwrap_or_default();
        let quantile = |share, (value, part): (f32, f32)| NumberQuantile {
            share,
            value: shown(&boost.field, value),
            percent: boost.percent * part,
        };
        NumericEffect {
            field: boost.field.clone(),
            shape: boost.shape,
            percent: boost.percent,
            known: sample.scaled(known.len()),
            quantiles: quantiles(&known).map(|(share, at)| quantile(share, at)).collect(),
            problem,
        }
    };
    boosts.numeric.iter().map(effect).collect()
}

fn total_effect(percent_max: f32, boosting: &Boosting<'_>, sample: &Sample<'_>) -> TotalEffect {
    let percents = sample.ordinals.iter().map(|ordinal| boosting.shop_percent(*ordinal));
    let mut percents: Vec<f32> = percents.collect();
    let capped = percents.iter().filter(|percent| percent.abs() > percent_max).count();
    percents.iter_mut().for_each(|percent| *percent = within(*percent, percent_max));
    percents.sort_unstable_by(f32::total_cmp);
    let quantiles = quantiles(&percents);
    let quantiles = quantiles.map(|(share, percent)| PercentQuantile { share, percent }).collect();
    TotalEffect { quantiles, capped: sample.scaled(capped) }
}

/// Points of a sorted list; none of an empty one.
fn quantiles<T: Copy>(sorted: &[T]) -> impl Iterator<Item = (f32, T)> {
    let last = sorted.len().checked_sub(1);
    SHARES.into_iter().filter_map(move |share| {
        let place = (share * last? as f32).round() as usize;
        Some((share, *sorted.get(place)?))
    })
}

/// A number as an answer shows it: a time to the hour, since numbers are kept in single precision.
fn shown(field: &NumericField, value: f32) -> Value {
    match field {
        NumericField::Own(Number::CreatedAt) => {
            let hours = (f64::from(value) * 24.0).round() as i64;
            Value::from(Timestamp::from_ms(hours * HOUR_MS).to_text())
        }
        NumericField::Own(_) | NumericField::Attribute(_) => {
            // Its shortest decimal form, not that of the double next to it.
            value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
        }
    }
}
