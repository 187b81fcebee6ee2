//! Whether one arm is really better than another on the same queries: a paired bootstrap.

use serde::Serialize;

use super::random::SplitMix;
use crate::error::{Error, Result};

/// The share of resamples that the interval holds.
const CONFIDENCE: f64 = 0.95;

/// A mean difference with its 95 % confidence interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Number of pairs.
    pub pairs: usize,
    /// Mean of `treatment − control`.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Difference {
    /// Whether the interval leaves 0 out.
    pub fn is_significant(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The mean difference between two arms that were measured on the same queries in the same order,
/// with a percentile interval from `resamples` resamples of the pairs. The same `seed` gives the
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
) -> Result<Difference> {
    let invalid = |message: &str| Err(Error::bad_request("invalid_comparison", message, ""));
    if control.len() != treatment.len() || control.is_empty() {
        return invalid("the arms must have the same queries, at least one");
    }
    if resamples < 100 {
        return invalid("at least 100 resamples are needed");
    }
    let differences: Vec<f64> =
        treatment.iter().zip(control).map(|(treated, plain)| treated - plain).collect();
    if !differences.iter().all(|difference| difference.is_finite()) {
        return invalid("every value must be finite");
    }
    let pairs = differences.len();
    let mut generator = SplitMix(seed);
    let mut means: Vec<f64> = (0..resamples)
        .map(|_| {
            (0..pairs).map(|_| differences[generator.below(pairs)]).sum::<f64>() / pairs as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let outside = ((1.0 - CONFIDENCE) / 2.0 * resamples as f64).floor() as usize;
    Ok(Difference {
        pairs,
        mean: differences.iter().sum::<f64>() / pairs as f64,
        low: means[outside],
        high: means[resamples - 1 - outside],
    })
}
