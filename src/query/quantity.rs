//! Quantities: the same amount in other units, and the bare number.

use super::Alternative;
use crate::text::units::{measure, rounding_max, same_quantity, split_number_unit, write_number};
use crate::text::vocabulary::Vocabulary;

/// How much the same amount in another unit counts: it may be rounded.
const CONVERTED_WEIGHT: f32 = 0.9;

/// How much the bare number counts where a quantity was asked for.
const BARE_NUMBER_WEIGHT: f32 = 0.4;

/// What else stands for a quantity.
pub(super) fn alternatives(
    value: f64,
    unit: &str,
    vocabulary: &dyn Vocabulary,
) -> Vec<Alternative> {
    let mut found = converted(value, unit, vocabulary);
    found.push(Alternative { terms: vec![write_number(value)], weight: BARE_NUMBER_WEIGHT });
    found
}

/// The writings that products have of the same amount in other units.
fn converted(value: f64, unit: &str, vocabulary: &dyn Vocabulary) -> Vec<Alternative> {
    let Some(measure) = measure(value, unit) else {
        return Vec::new();
    };
    let rounding = rounding_max(measure.dimension);
    let range = measure.amount * (1.0 - rounding)..=measure.amount * (1.0 + rounding);
    let is_same = |written: &String| {
        split_number_unit(written).is_some_and(|(number, other_unit)| {
            let number = number.parse().unwrap_or(f64::NAN);
            other_unit != unit && same_quantity((value, unit), (number, other_unit))
        })
    };
    let near = vocabulary.quantities(measure.dimension, range).into_iter().filter(is_same);
    near.map(|written| Alternative { terms: vec![written], weight: CONVERTED_WEIGHT }).collect()
}
