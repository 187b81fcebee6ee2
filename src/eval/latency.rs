//! Percentiles of times.

use serde::Serialize;

/// Percentiles by nearest rank: each is a time that was really measured. All 0 without samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Number of times measured.
    pub samples: usize,
    /// Half of the times are at most this.
    pub p50_ms: f64,
    /// 95 of 100 times are at most this.
    pub p95_ms: f64,
    /// 99 of 100 times are at most this.
    pub p99_ms: f64,
    /// The longest time.
    pub max_ms: f64,
}

impl Percentiles {
    /// The percentiles of times in milliseconds, in any order.
    pub fn of(times_ms: &[f64]) -> Self {
        let mut sorted = times_ms.to_vec();
        sorted.sort_by(f64::total_cmp);
        let nearest = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self {
            samples: sorted.len(),
            p50_ms: nearest(50),
            p95_ms: nearest(95),
            p99_ms: nearest(99),
            max_ms: nearest(100),
        }
    }
}
