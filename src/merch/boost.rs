//! Boosts: a share of its own score, added to a product's score.

use super::plan::label;
use super::{PlacedItem, weave};
use crate::domain::filter::Filter;
use crate::domain::id::{Ordinal, RuleId};
use crate::domain::page::Factor;
use crate::rank::{Matcher, Ranked, RankedItem};
use crate::settings::boosts::{Boosts, NumericBoost};

/// The boosts of all rules together stay within ± so many percent of a score.
const RULES_PERCENT_MAX: f32 = 100.0;

/// A boost for products that match a filter.
pub(super) struct Lift<'v> {
    /// The rule that wants it; `None` for a boost of the settings.
    pub(super) rule: Option<&'v RuleId>,
    /// What it was compiled from, for words.
    pub(super) filter: &'v Filter,
    pub(super) matcher: Matcher<'v>,
    /// −100 to 100.
    pub(super) percent: f32,
}

/// All boosts of one request.
#[derive(Default)]
pub(super) struct Boosting<'v> {
    pub(super) rules: Vec<Lift<'v>>,
    pub(super) attributes: Vec<Lift<'v>>,
    numeric: &'v [NumericBoost],
    shop_percent_max: f32,
}

impl<'v> Boosting<'v> {
    /// With the numeric boosts; those with filters are added as they compile.
    pub(super) fn new(boosts: &'v Boosts) -> Self {
        Self { numeric: &boosts.numeric, shop_percent_max: boosts.percent_max, ..Self::default() }
    }

    /// Adds boosts to the scores and reorders. Products that the query names exactly neither get
    /// boosts nor lose their places.
    pub(super) fn apply(&self, items: &mut Vec<PlacedItem>, ranked: &Ranked<'_>) {
        if self.rules.is_empty() && self.attributes.is_empty() && self.numeric.is_empty() {
            return;
        }
        let mut moves = false;
        for placed in items.iter_mut().filter(|placed| !placed.item.exact) {
            let percent = self.percent(placed.item.ordinal, ranked);
            placed.score += part(&placed.item, percent);
            moves |= percent.abs() > 0.0;
        }
        if moves {
            *items = reordered(std::mem::take(items));
        }
    }

    /// By how many percent all boosts together lift a product, within their limits.
    fn percent(&self, ordinal: Ordinal, ranked: &Ranked<'_>) -> f32 {
        let sum = |lifts: &[Lift<'_>]| -> f32 {
            let matching = lifts.iter().filter(|lift| lift.matcher.matches(ordinal));
            matching.map(|lift| lift.percent).sum()
        };
        let numeric: f32 = (self.numeric.iter())
            .filter_map(|boost| Some(boost.percent * ranked.share_below(ordinal, boost.field)?))
            .sum();
        within(sum(&self.rules), RULES_PERCENT_MAX)
            + within(sum(&self.attributes) + numeric, self.shop_percent_max)
    }

    /// What boosts add to a product's score, and what rules among them did, in words.
    pub(super) fn explain(
        &self,
        item: &RankedItem,
        ranked: &Ranked<'_>,
    ) -> (Vec<Factor>, Vec<String>) {
        if item.exact {
            return (Vec::new(), Vec::new());
        }
        let matching = |lift: &&Lift<'_>| lift.matcher.matches(item.ordinal);
        let rules: Vec<&Lift<'_>> = self.rules.iter().filter(matching).collect();
        let words = rules.iter().filter_map(|lift| lift.words()).collect();
        let by_rules = rules.iter().map(|lift| (lift.percent, lift.name(), lift.evidence()));
        let by_attributes = (self.attributes.iter().filter(matching))
            .map(|lift| (lift.percent, lift.name(), lift.evidence()));
        let by_numbers = self.numeric.iter().filter_map(|boost| {
            let share = ranked.share_below(item.ordinal, boost.field)?;
            let field = boost.field.name();
            let evidence = format!("{field} above {:.0} % of products", share * 100.0);
            Some((boost.percent * share, format!("boost:{field}"), evidence))
        });
        let rules_limit = ("rules_cap", RULES_PERCENT_MAX);
        let shop_limit = ("boosts_cap", self.shop_percent_max);
        let mut factors = limited(by_rules.collect(), rules_limit, item);
        factors.extend(limited(by_attributes.chain(by_numbers).collect(), shop_limit, item));
        (factors, words)
    }
}

impl Lift<'_> {
    fn name(&self) -> String {
        match self.rule {
            Some(id) => format!("rule:{id}"),
            None => format!("boost:{}", label(self.filter)),
        }
    }

    fn evidence(&self) -> String {
        format!("{:+} % for {}", self.percent, label(self.filter))
    }

    fn words(&self) -> Option<String> {
        let did = if self.percent < 0.0 { "buried" } else { "boosted" };
        let id = self.rule?;
        Some(format!("rule \"{id}\" {did} it by {} %", self.percent.abs()))
    }
}

/// Holds a sum of percents within ± its limit.
fn within(percent: f32, limit: f32) -> f32 {
    percent.min(limit).max(-limit)
}

/// Percents of a score, negative or not: a boost always lifts.
fn part(item: &RankedItem, percent: f32) -> f32 {
    item.score.abs() * percent / 100.0
}

/// Percents as factors, with one more for what the limit takes away.
fn limited(
    parts: Vec<(f32, String, String)>,
    (cap, limit): (&str, f32),
    item: &RankedItem,
) -> Vec<Factor> {
    let sum: f32 = parts.iter().map(|(percent, ..)| percent).sum();
    let excess = within(sum, limit) - sum;
    let cap = (excess, cap.to_owned(), format!("together at most ±{limit} %"));
    let factor = |(percent, name, evidence): (f32, String, String)| Factor {
        name,
        contribution: part(item, percent),
        evidence,
    };
    parts.into_iter().chain([cap]).filter(|(percent, ..)| percent.abs() > 0.0).map(factor).collect()
}

/// Sorts by boosted score; exact products keep their places. Ranking may put a lower score above a
/// higher one where it has reasons beyond the score, such as where its window ends; a product thus
/// starts from no more than what stands above it has, so that only boosts change the order.
fn reordered(items: Vec<PlacedItem>) -> Vec<PlacedItem> {
    let mut exact = Vec::new();
    let mut others = Vec::with_capacity(items.len());
    let mut start = f32::INFINITY;
    for (place, placed) in items.into_iter().enumerate() {
        if placed.item.exact {
            exact.push((place, placed));
            continue;
        }
        start = start.min(placed.item.score);
        others.push((placed.score - (placed.item.score - start), placed));
    }
    others.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    weave(others.into_iter().map(|(_, placed)| placed).collect(), exact)
}
