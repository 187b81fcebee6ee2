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
    let invalid = |message: &str| Err(Error::bad_request("invalid_comparison", message, ""));
    if control.len() != treatment.len() || control.is_empty() {
        return invalid("the arms must have the same queries, at least one");
    }
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
    let invalid = |message: &str| Err(Error::bad_request("invalid_comparison", message, ""));
    if resamples < 100 {
        return invalid("at least 100 resamples are needed");
    }
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return invalid("there must be a value, and every value must be finite");
    }
    let queries = values.len();
    let mut generator = SplitMix(seed);
    let mut means: Vec<f64> = (0..resamples)
        .map(|_| (0..queries).map(|_| values[generator.below(queries)]).sum::<f64>())
        .map(|sum| sum / queries as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let outside = ((1.0 - CONFIDENCE) / 2.0 * resamples as f64).floor() as usize;
    Ok(Interval {
        queries,
        mean: values.iter().sum::<f64>() / queries as f64,
        low: means[outside],
        high: means[resamples - 1 - outside],
    })
}
