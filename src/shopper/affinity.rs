//! How well a product suits a shopper, signal by signal: each with a value, how sure it is, and
//! its evidence.
//!
//! Brand, category and colour are shrunken, bounded log-lifts: how much likelier is this thing for
//! this shopper than for the shop's average shopper. Unknown is exactly zero, and only rejections
//! make a negative.

mod fit;
mod price;

use super::evidence::Evidence;
use super::levels::Levels;
use super::lift::{average, bounded_lift, bounded_rejection, share};
use super::profile::{BrandTable, Profile, ProfileParameters};
use super::tally::Tally;

pub use fit::Fit;
pub use price::PriceWish;
use price::Spending;

/// Each step up the category tree multiplies by this the log-lift that it passes down and the
/// confidence that it lends.
const STEP_TRUST: f64 = 0.7;
/// What is known of brands over the whole shop counts so much for a product without a category: as
/// much as it would a few steps up from one that has.
const WHOLE_SHOP_TRUST: f32 = 0.15;
/// So many deviations above what two products of chance have, likeness begins.
const LIKENESS_DEVIATIONS: f32 = 3.0;
/// What likeness to a choice of another brand counts.
const OTHER_BRAND_TRUST: f64 = 0.1;
/// Share of purchases that repeat an earlier one where neither the shop nor the shopper knows
/// better, and at which having bought a thing says nothing about buying it again.
const REPEAT_RATE_NEUTRAL: f64 = 0.1;
/// A durable thing just bought is not wanted again: it steps back a little.
const REPEAT_VALUE_MIN: f64 = -0.5;

/// How well one aspect of a product suits the shopper.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Affinity<'a> {
    /// −1 (turned down) to 1 (much likelier than for the average shopper); 0 unknown.
    pub value: f32,
    /// How sure the evidence makes, 0–1.
    pub confidence: f32,
    /// The reason.
    pub evidence: Evidence<'a>,
}

impl<'a> Affinity<'a> {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { value: 0.0, confidence: 0.0, evidence: Evidence::Nothing };

    fn new(value: f64, confidence: f64, evidence: Evidence<'a>) -> Self {
        Self {
            value: value.clamp(-1.0, 1.0) as f32,
            confidence: confidence.clamp(0.0, 1.0) as f32,
            evidence,
        }
    }

    /// Value × confidence, −1 to 1: what ranking weighs.
    pub fn effect(&self) -> f32 {
        self.value * self.confidence
    }
}

/// A product to be judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate<'a> {
    /// The product's id.
    pub id: &'a str,
    /// Its brand.
    pub brand: Option<&'a str>,
    /// Its category path; empty judges over the whole shop.
    pub category: &'a [&'a str],
    /// Its colour.
    pub color: Option<&'a str>,
    /// Sizes of its variants in stock; empty for a product without sizes.
    pub sizes_in_stock: &'a [&'a str],
    /// Natural logarithm of its price.
    pub log_price: Option<f32>,
    /// Cosine of its embedding with that of each of the shopper's recent choices, in their order;
    /// `None` for one that has no embedding.
    pub likenesses: &'a [Option<f32>],
}

/// A mean and its standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f32,
    /// The standard deviation, > 0.
    pub deviation: f32,
}

/// What the shop's average shopper chooses. Shares are 0–1; unknown things have share 0.
pub trait Background {
    /// Share of a brand among the choices in a category and below; an empty path is the whole
    /// shop.
    fn brand_share_in_category(&self, brand: &str, category: &[&str]) -> f32;

    /// Share of a category and below among all choices.
    fn category_share(&self, category: &[&str]) -> f32;

    /// Share of a colour among all choices.
    fn color_share(&self, color: &str) -> f32;

    /// Mean of ln price over the choices in a category and below, where it is known.
    fn mean_log_price(&self, _category: &[&str]) -> Option<f32> {
        None
    }

    /// Share of purchases in a category that repeat one of the same product by the same shopper,
    /// where it is known.
    fn repeat_rate(&self, _category: &[&str]) -> Option<f32> {
        None
    }

    /// Cosine between the embeddings of two products chosen at random.
    fn similarity(&self) -> Spread {
        Spread { mean: 0.2, deviation: 0.15 }
    }
}

/// All that is known of how one product suits one shopper.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProductAffinities<'a> {
    /// The brand, within the product's category.
    pub brand: Affinity<'a>,
    /// The category.
    pub category: Affinity<'a>,
    /// The sizes in stock.
    pub size: Affinity<'a>,
    /// The size to show this shopper.
    pub best_size: Option<&'a str>,
    /// The colour.
    pub color: Affinity<'a>,
    /// The price.
    pub price: Affinity<'a>,
    /// Likeness to what was chosen lately, of the same brand above all.
    pub taste: Affinity<'a>,
    /// Having bought this very product.
    pub repeat: Affinity<'a>,
    /// Having turned down this very product; −1 to 0.
    pub dismissed: Affinity<'a>,
}

/// Judges products for one shopper against the shop's average.
pub struct Affinities<'a, B: Background> {
    profile: &'a Profile,
    parameters: &'a ProfileParameters,
    background: B,
    spending: Spending,
}

const NOTHING: Tally = Tally {
    long: 0.0,
    session: 0.0,
    long_rejected: 0.0,
    session_rejected: 0.0,
    choices: 0,
    rejections: 0,
};

impl<'a, B: Background> Affinities<'a, B> {
    /// For one profile, folded with the same parameters.
    pub fn new(profile: &'a Profile, parameters: &'a ProfileParameters, background: B) -> Self {
        let spending = Spending::of(profile, &background);
        Self { profile, parameters, background, spending }
    }

    /// Every affinity of a product.
    pub fn judge(&self, candidate: &Candidate<'a>) -> ProductAffinities<'a> {
        if self.profile.is_empty() {
            return ProductAffinities::default();
        }
        let (size, best_size) = self.size(candidate);
        ProductAffinities {
            brand: self.brand_of(candidate),
            category: self.category(candidate),
            size,
            best_size,
            color: self.color(candidate),
            price: self.price(candidate),
            taste: self.taste(candidate),
            repeat: self.repeat(candidate),
            dismissed: self.dismissed(candidate),
        }
    }

    /// Whether anything at all is known of a brand; where not, its affinity is none.
    pub fn knows_brand(&self, brand: &str) -> bool {
        let profile = self.profile;
        let has_word = !profile.liked_brands.is_empty() || !profile.blocked_brands.is_empty();
        has_word || profile.brands.get("").is_some_and(|table| table.brands.contains_key(brand))
    }

    /// The brand of a product, which may have no category to judge it within.
    pub fn brand_of(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let brand = self.brand(candidate);
        let is_inferred = matches!(brand.evidence, Evidence::Share { .. });
        if !candidate.category.is_empty() || !is_inferred {
            return brand;
        }
        Affinity { confidence: WHOLE_SHOP_TRUST * brand.confidence, ..brand }
    }

    /// The brand: what the shopper said, else what was chosen within the category. What is known
    /// over a wider category, up to the whole shop, is the expectation that the narrower one
    /// starts from, with less confidence at each step.
    pub fn brand(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let Some(brand) = candidate.brand else { return Affinity::UNKNOWN };
        if contains(&self.profile.blocked_brands, brand) {
            return Affinity::new(-1.0, 1.0, Evidence::Blocked(brand));
        }
        if contains(&self.profile.liked_brands, brand) {
            return Affinity::new(1.0, 1.0, Evidence::Liked(brand));
        }
        let shop = self.profile.brands.get("").and_then(|table| table.brands.get(brand));
        match shop {
            Some(known) => self.inferred_brand(candidate, brand, known),
            None => Affinity::UNKNOWN,
        }
    }

    fn inferred_brand(
        &self,
        candidate: &Candidate<'a>,
        brand: &'a str,
        shop: &Tally,
    ) -> Affinity<'a> {
        let prior = self.parameters.prior_events;
        let path = candidate.category;
        let levels = Levels::new(path);
        let (mut log_lift, mut net) = (0.0, 0.0);
        let (mut unsure, mut unsure_rejected) = (1.0, 1.0);
        let mut evidence = Evidence::Rejected { times: shop.rejections, what: brand };
        let mut table = self.profile.brands.get("");
        for level in 0..=levels.depth() {
            log_lift *= STEP_TRUST;
            let Some(here) = table else { continue };
            let below = match level < levels.depth() {
                true => self.profile.brands.get(levels.key(level + 1)),
                false => None,
            };
            let (part, total) = outside(here, below, brand);
            let usual = average(self.background.brand_share_in_category(brand, &path[..level]));
            let expected = (usual * log_lift.exp()).min(1.0);
            log_lift = (share(&part, &total, expected, prior) / usual).ln();
            let trust = STEP_TRUST.powi((levels.depth() - level) as i32);
            net += trust * part.net();
            unsure *= 1.0 - trust * total.confidence(prior);
            unsure_rejected *= 1.0 - trust * part.rejection_confidence(prior);
            let chosen = here.brands.get(brand).map_or(0, |tally| tally.choices);
            if chosen > 0 {
                let within = level.checked_sub(1).map(|last| path[last]);
                evidence = Evidence::Share { chosen, of: here.total.choices, what: brand, within };
            }
            table = below;
        }
        if net < 0.0 {
            evidence = Evidence::Rejected { times: shop.rejections, what: brand };
            return Affinity::new(bounded_rejection(net, prior), 1.0 - unsure_rejected, evidence);
        }
        Affinity::new(bounded_lift(log_lift), 1.0 - unsure, evidence)
    }

    /// The category: the narrowest level of the path that the shopper knows.
    pub fn category(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let path = candidate.category;
        let levels = Levels::new(path);
        let Some(total) = self.profile.categories.get("") else { return Affinity::UNKNOWN };
        for level in (1..=levels.depth()).rev() {
            let Some(part) = self.profile.categories.get(levels.key(level)) else { continue };
            let trust = STEP_TRUST.powi((levels.depth() - level) as i32);
            let name = path[level - 1];
            let usual = average(self.background.category_share(&path[..level]));
            let affinity = self.lifted(part, total, usual);
            let evidence = if part.net() < 0.0 {
                Evidence::Rejected { times: part.rejections, what: name }
            } else {
                let (chosen, of) = (part.choices, total.choices);
                Evidence::Category { chosen, of, category: name }
            };
            return Affinity::new(trust * affinity.0, trust * affinity.1, evidence);
        }
        Affinity::UNKNOWN
    }

    /// The colour, over the whole shop.
    pub fn color(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let Some(color) = candidate.color else { return Affinity::UNKNOWN };
        let Some(part) = self.profile.colors.get(color) else { return Affinity::UNKNOWN };
        let total = &self.profile.color_total;
        let usual = average(self.background.color_share(color));
        let (value, confidence) = self.lifted(part, total, usual);
        let evidence = if part.net() < 0.0 {
            Evidence::Rejected { times: part.rejections, what: color }
        } else {
            Evidence::Share { chosen: part.choices, of: total.choices, what: color, within: None }
        };
        Affinity::new(value, confidence, evidence)
    }

    /// Value and confidence of a part of the shopper's choices.
    fn lifted(&self, part: &Tally, total: &Tally, usual: f64) -> (f64, f64) {
        let prior = self.parameters.prior_events;
        if part.net() < 0.0 {
            (bounded_rejection(part.net(), prior), part.rejection_confidence(prior))
        } else {
            let log_lift = (share(part, total, usual, prior) / usual).ln();
            (bounded_lift(log_lift), total.confidence(prior))
        }
    }

    /// Likeness to what was chosen lately, as far as it is more than two products of chance have.
    /// That a brand is liked shows in what resembles the product; where the categories are wide or
    /// there are none, only the embeddings tell what does.
    pub fn taste(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let chance = self.background.similarity();
        let floor = f64::from(chance.mean + LIKENESS_DEVIATIONS * chance.deviation).min(0.9);
        let (mut value, mut choices, mut brand) = (0.0, 0, None);
        for (choice, cosine) in self.profile.recent.iter().zip(candidate.likenesses) {
            let Some(cosine) = cosine.filter(|cosine| cosine.is_finite()) else { continue };
            let likeness = ((f64::from(cosine) - floor) / (1.0 - floor)).clamp(0.0, 1.0);
            if likeness <= 0.0 {
                continue;
            }
            let same = candidate.brand.filter(|own| choice.brand.as_deref() == Some(own));
            let trust = if same.is_some() { 1.0 } else { OTHER_BRAND_TRUST };
            value += choice.weight * likeness * trust;
            choices += 1;
            brand = brand.or(same);
        }
        if choices == 0 {
            return Affinity::UNKNOWN;
        }
        Affinity::new(value, 1.0, Evidence::Taste { choices, brand })
    }

    /// Having bought this very product: good where such things are bought again, slightly bad
    /// where they last. The rate of repeats is the shop's for the category, corrected by the
    /// shopper's own in it, corrected by the shopper's own of this product.
    pub fn repeat(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        let Some(bought) = self.profile.bought.get(candidate.id) else { return Affinity::UNKNOWN };
        if self.profile.turned_down.contains_key(candidate.id) {
            return Affinity::UNKNOWN;
        }
        let prior = self.parameters.prior_events.max(f64::MIN_POSITIVE);
        let shop = self
            .background
            .repeat_rate(candidate.category)
            .map_or(REPEAT_RATE_NEUTRAL, |rate| f64::from(rate).clamp(0.0, 1.0));
        let own = self.profile.repeats.get(Levels::new(candidate.category).leaf());
        let (repeats, purchases) =
            own.map_or((0.0, 0.0), |own| (f64::from(own.repeats), f64::from(own.purchases)));
        let category = (repeats + prior * shop) / (purchases + prior);
        let again = f64::from(bought.count.saturating_sub(1));
        let rate = (again + prior * category) / (again + prior);
        let value = (rate - REPEAT_RATE_NEUTRAL) / (rate + REPEAT_RATE_NEUTRAL);
        Affinity::new(
            value.max(REPEAT_VALUE_MIN),
            bought.tally.confidence(self.parameters.prior_events_own),
            Evidence::Bought { times: bought.count },
        )
    }

    /// Having dismissed or sent back this very product.
    pub fn dismissed(&self, candidate: &Candidate<'a>) -> Affinity<'a> {
        match self.profile.turned_down.get(candidate.id) {
            Some(turned) if turned.returned => {
                Affinity::new(-turned.weight, 1.0, Evidence::Returned)
            }
            Some(turned) => Affinity::new(-turned.weight, 1.0, Evidence::Dismissed),
            None => Affinity::UNKNOWN,
        }
    }
}

/// A brand's evidence and all evidence in a category, without what the next narrower one knows.
fn outside(here: &BrandTable, below: Option<&BrandTable>, brand: &str) -> (Tally, Tally) {
    let part = here.brands.get(brand).unwrap_or(&NOTHING);
    match below {
        None => (*part, here.total),
        Some(below) => {
            let part_below = below.brands.get(brand).unwrap_or(&NOTHING);
            (part.outside(part_below), here.total.outside(&below.total))
        }
    }
}

/// Whether a list has a name, whatever its case.
fn contains(names: &[String], name: &str) -> bool {
    let lower =
        |text: &'_ str| text.trim().chars().flat_map(char::to_lowercase).collect::<String>();
    !names.is_empty() && {
        let name = lower(name);
        names.iter().any(|known| lower(known) == name)
    }
}
