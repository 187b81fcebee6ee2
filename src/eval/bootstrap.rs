//! How sure a mean over queries is, and whether one arm is really better than another on the same
//! queries: percentile and paired bootstrap.

use serde::Serialize;

use super::random::SplitMix;
use crate::error::{Error, Result};

/// The share of resamples that the interval holds.
const CONFIDENCE: f64 = 0.95;

/// A mean over queries with its 95 % confidence interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Number of queries.
    pub queries: usize,
    /// The mean.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Interval {
    /// Whether the interval leaves 0 out.
    pub fn is_significant(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The mean of `treatment − control`, two arms that were measured on the same queries in the same
/// order, with a percentile interval from `resamples` resamples of the pairs. The same `seed` gives the
/// same interval.
///
/// # Errors
/// `BadRequest` when the arms differ in length, are empty, hold a value that is not finite, or
/// `resamples` is below 100, too few for the ends of the interval.
pub fn paired_difference(
    control: &[f64],
    treatment: &[f64],
    resamples: usize,
    seed: u64,
) -> Result<Interval> {
    check_pairs(control, treatment)?;
    let differences: Vec<f64> =
        treatment.iter().zip(control).map(|(treated, plain)| treated - plain).collect();
    mean_interval(&differences, resamples, seed)
}

/// The mean of what was measured on each query, with a percentile interval from `resamples`
/// resamples of the queries. The same `seed` gives the same interval.
///
/// # Errors
/// `BadRequest` when there are no values, one is not finite, or `resamples` is below 100, too few
/// for the ends of the interval.
pub fn mean_interval(values: &[f64], resamples: usize, seed: u64) -> Result<Interval> {
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return Err(invalid("there must be a value, and every value must be finite"));
    }
    let queries = values.len();
    let mean = |places: &mut dyn Iterator<Item = usize>| {
        places.map(|place| values[place]).sum::<f64>() / queries as f64
    };
    resampled(queries, (resamples, seed), &mean)
}

/// By how much the mean of `treatment` is above that of `control`, relative to the latter: 0.08 is
/// 8 % more. Pairs are resampled, as for [`paired_difference`].
///
/// # Errors
/// As [`paired_difference`]; also when the mean of `control` is not above 0.
pub fn relative_change(
    control: &[f64],
    treatment: &[f64],
    resamples: usize,
    seed: u64,
) -> Result<Interval> {
    check_pairs(control, treatment)?;
    if !control.iter().chain(treatment).all(|value| value.is_finite() && *value >= 0.0)
        || control.iter().sum::<f64>() <= 0.0
    {
        return Err(invalid("every value must be finite and at least 0, and not all may be 0"));
    }
    let change = |places: &mut dyn Iterator<Item = usize>| {
        let (plain, treated) = places.fold((0.0, 0.0), |(plain, treated), place| {
            (plain + control[place], treated + treatment[place])
        });
        // A resample without anything found tells nothing.
        if plain > 0.0 { treated / plain - 1.0 } else { 0.0 }
    };
    resampled(control.len(), (resamples, seed), &change)
}

fn invalid(message: &str) -> Error {
    Error::bad_request("invalid_comparison", message, "")
}

/// Whether two arms can be compared query by query.
fn check_pairs(control: &[f64], treatment: &[f64]) -> Result<()> {
    if control.len() == treatment.len() && !control.is_empty() {
        return Ok(());
    }
    Err(invalid("the arms must have the same queries, at least one"))
}

/// What is measured on the places of queries.
type Measure<'a> = dyn Fn(&mut dyn Iterator<Item = usize>) -> f64 + 'a;

/// A measure of all queries, with the percentile interval of the same over resamples of them.
fn resampled(
    queries: usize,
    (resamples, seed): (usize, u64),
    measure: &Measure<'_>,
) -> Result<Interval> {
    if resamples < 100 {
        return Err(invalid("at least 100 resamples are needed"));
    }
    let mut generator = SplitMix(seed);
    let mut measured: Vec<f64> = (0..resamples)
        .map(|_| measure(&mut (0..queries).map(|_| generator.below(queries))))
        .collect();
    measured.sort_by(f64::total_cmp);
    let outside = ((1.0 - CONFIDENCE) / 2.0 * resamples as f64).floor() as usize;
    Ok(Interval {
        queries,
        mean: measure(&mut (0..queries)),
        low: measured[outside],
        high: measured[resamples - 1 - outside],
    })
}
