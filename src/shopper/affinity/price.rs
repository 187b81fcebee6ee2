//! The price that a shopper pays, category by category.

use super::{Affinities, Affinity, Background, Candidate, STEP_TRUST};
use crate::shopper::evidence::Evidence;
use crate::shopper::levels::{Levels, leaves, split};
use crate::shopper::profile::Profile;
use crate::shopper::tally::known_share;

/// The most that a price may count: taste in price is real and weak.
const PRICE_VALUE_MAX: f64 = 0.5;
/// Deviation of ln price while little is known: a factor of 1.65 either way.
const LOG_PRICE_DEVIATION: f64 = 0.5;

/// How much dearer than usual the shopper buys, over all categories.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spending {
    /// Mean of ln (price paid ⁄ price usual in its category); below 0 for cheaper.
    dearness: f64,
    /// The evidence behind it.
    weight: f64,
}

impl Spending {
    pub(super) fn of(profile: &Profile, background: &impl Background) -> Self {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (key, band) in leaves(&profile.prices) {
            let path: Vec<&str> = split(key).collect();
            let usual = background.mean_log_price(&path);
            if let (Some((mean, _)), Some(usual)) = (band.mean_and_variance(), usual) {
                sum += band.weight() * (mean - f64::from(usual));
                weight += band.weight();
            }
        }
        Self { dearness: if weight > 0.0 { sum / weight } else { 0.0 }, weight }
    }
}

/// What a shopper is expected to pay in one category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriceWish {
    /// Mean of ln price.
    mean: f64,
    /// Its variance.
    variance: f64,
    /// How sure that is, 0–1.
    confidence: f64,
}

impl PriceWish {
    /// How near a price is, ±½, with the confidence in it.
    pub fn judge<'e>(&self, log_price: f32, evidence: Evidence<'e>) -> Affinity<'e> {
        if !log_price.is_finite() {
            return Affinity::UNKNOWN;
        }
        let distance = f64::from(log_price) - self.mean;
        let near = (-distance * distance / (2.0 * self.variance.max(0.01))).exp();
        Affinity::new(PRICE_VALUE_MAX * (2.0 * near - 1.0), self.confidence, evidence)
    }
}

impl<'a, B: Background> Affinities<'a, B> {
    /// The price: distance from what the shopper pays in the category; where nothing was chosen of
    /// it, from what is usual there times how much dearer than usual the shopper buys elsewhere. ±½.
    pub fn price(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let wish = self.price_wish(candidate.category);
        let Some(((wish, log_price), category)) =
            wish.zip(candidate.log_price).zip(candidate.category.last())
        else {
            return Affinity::UNKNOWN;
        };
        wish.judge(log_price, Evidence::Price { typical: wish.mean.exp(), category })
    }

    /// How dear the shopper buys beside what is usual, as a factor drawn towards 1 by little evidence;
    /// `None` where nothing tells.
    pub fn price_level(&self) -> Option<f32> {
        let Spending { dearness, weight } = self.spending;
        let known = known_share(weight, self.parameters.prior_events.max(f64::MIN_POSITIVE));
        (weight > 0.0).then(|| (dearness * known).exp() as f32)
    }

    /// What the shopper is expected to pay in a category; `None` where nothing tells.
    pub fn price_wish(&self, category: &[&str]) -> Option<PriceWish> {
        if category.is_empty() {
            return None;
        }
        let prior = self.parameters.prior_events.max(f64::MIN_POSITIVE);
        let wish = |mean, (weight, variance): (f64, f64), confidence| PriceWish {
            mean,
            variance: (weight * variance + prior * LOG_PRICE_DEVIATION.powi(2)) / (weight + prior),
            confidence,
        };
        let band = self.profile.prices.get(Levels::new(category).leaf());
        if let Some((band, (mean, variance))) =
            band.and_then(|band| Some((band, band.mean_and_variance()?)))
        {
            return Some(wish(mean, (band.weight(), variance), band.tally.confidence(prior)));
        }
        let Spending { dearness, weight } = self.spending;
        let usual = f64::from(self.background.mean_log_price(category)?);
        Some(wish(usual + dearness, (weight, 0.0), STEP_TRUST * known_share(weight, prior)))
    }
}
