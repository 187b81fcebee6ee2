//! Numbers as shares of a whole boost.
//!
//! A shape that follows the index's own spread makes "+10 %" mean the same whatever the number's
//! unit: the lowest products get nothing, the highest all of it. Its ends are the 5th and the 95th
//! percentile, so that one wrong price does not squeeze all the others together.

use super::Situation;
use crate::domain::id::Ordinal;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::rank::Ranked;
use crate::rank::numbers::Numbers;
use crate::settings::boosts::{Number, NumericBoost, NumericField, Shape};

/// The ends of a spread, as shares of the products.
const LOW: f32 = 0.05;
const HIGH: f32 = 0.95;

/// A numeric boost with what it needs to know of the index.
pub(super) struct Measure<'v> {
    pub(super) boost: &'v NumericBoost,
    numbers: Numbers<'v>,
    scale: Scale,
    now: Timestamp,
}

/// A shape, with the ends that the index gives it.
enum Scale {
    /// The number is a share already.
    Itself,
    Share,
    Linear(Ends),
    /// Ends of ln(1 + number ÷ unit).
    Log {
        unit: f32,
        ends: Ends,
    },
    Recency {
        half_life_days: f32,
        now_days: f32,
    },
    Step {
        from: f32,
    },
}

/// Where a spread begins and ends.
#[derive(Clone, Copy)]
struct Ends {
    low: f32,
    high: f32,
}

impl Ends {
    /// One half where all numbers are the same.
    fn share(self, value: f32) -> f32 {
        let width = self.high - self.low;
        match width > 0.0 {
            true => ((value - self.low) / width).clamp(0.0, 1.0),
            false if value < self.low => 0.0,
            false if value > self.high => 1.0,
            false => 0.5,
        }
    }
}

/// Numbers below 0 count as 0.
fn logarithm(value: f32, unit: f32) -> f32 {
    (value.max(0.0) / unit).ln_1p()
}

impl<'v> Measure<'v> {
    /// `None` when no product has the number's attribute.
    pub(super) fn new(
        boost: &'v NumericBoost,
        ranked: &Ranked<'v>,
        situation: &Situation<'_>,
    ) -> Option<Self> {
        let (numbers, now) = (ranked.numbers(&boost.field)?, situation.now);
        let end = |share| numbers.spread().quantile(share).unwrap_or_default();
        let ends = Ends { low: end(LOW), high: end(HIGH) };
        let is_season = boost.field == NumericField::Own(Number::Season);
        let scale = match boost.shape {
            Shape::Share {} if is_season => Scale::Itself,
            Shape::Share {} => Scale::Share,
            Shape::Linear {} => Scale::Linear(ends),
            Shape::Log {} => {
                let unit = numbers.spread().positive_median().unwrap_or(1.0);
                let Ends { low, high } = ends;
                let ends = Ends { low: logarithm(low, unit), high: logarithm(high, unit) };
                Scale::Log { unit, ends }
            }
            Shape::Recency { half_life_days } => {
                let now_days = (now.as_ms() as f64 / DAY_MS as f64) as f32;
                Scale::Recency { half_life_days, now_days }
            }
            Shape::Step { from } => Scale::Step { from },
        };
        Some(Self { boost, numbers, scale, now })
    }

    /// The number of a product, and what share of the whole boost it gets, 0–1.
    pub(super) fn share(&self, ordinal: Ordinal) -> Option<(f32, f32)> {
        let value = self.numbers.of(ordinal, self.now)?;
        let share = match &self.scale {
            Scale::Itself => value,
            Scale::Share => self.numbers.spread().share_below(value),
            Scale::Linear(ends) => ends.share(value),
            Scale::Log { unit, ends } => ends.share(logarithm(value, *unit)),
            Scale::Recency { half_life_days, now_days } => {
                (-(now_days - value).max(0.0) / half_life_days).exp2()
            }
            Scale::Step { from } => f32::from(u8::from(value >= *from)),
        };
        Some((value, share))
    }

    /// Percents of a product's score.
    pub(super) fn percent(&self, ordinal: Ordinal) -> Option<f32> {
        self.share(ordinal).map(|(_, share)| self.boost.percent * share)
    }

    /// Why a number gets its share, in words.
    pub(super) fn evidence(&self, (value, share): (f32, f32)) -> String {
        let (field, percent) = (&self.boost.field, share * 100.0);
        match &self.scale {
            Scale::Itself if share > 0.0 => "in season".to_owned(),
            Scale::Itself => "out of season".to_owned(),
            Scale::Share => format!("{field} above {percent:.0} % of products"),
            Scale::Linear(Ends { low, high }) => {
                format!("{field} {value} is {percent:.0} % of the way from {low} to {high}")
            }
            Scale::Log { .. } => {
                format!("{field} {value} is {percent:.0} % of the way on a logarithmic scale")
            }
            Scale::Recency { half_life_days, now_days } => {
                let age_days = (now_days - value).max(0.0);
                format!("{age_days:.1} days old, one half after {half_life_days}")
            }
            Scale::Step { from } if share > 0.0 => format!("{field} {value} is at least {from}"),
            Scale::Step { from } => format!("{field} {value} is below {from}"),
        }
    }
}
