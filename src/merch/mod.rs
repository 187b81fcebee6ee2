//! Merchandising has the last word: over ranked products, rules filter, hide, pin and boost.
//!
//! Precedence: the shopper's filter > filters of rules > hide > pin > boost and bury. No rule shows
//! a product that the shopper's filter or a stronger action leaves out.

mod boost;
mod condition;
mod effect;
mod lint;
mod pin;
mod plan;
mod rewrite;
mod rulebook;
mod segment;
mod shape;
mod wording;

use std::ops::Range;

use crate::domain::filter::Filter;
use crate::domain::id::RuleId;
use crate::domain::page::Factor;
use crate::domain::search::SearchRequest;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::query::Query;
use crate::rank::tastes::Tastes;
use crate::rank::{Ranked, RankedItem};
use crate::settings::Settings;

use boost::Boosting;
use pin::Pins;
use plan::Plan;

pub use effect::{Effect, effect};
pub use lint::{Finding, Kind, Report, lint};
pub use rewrite::rewritten;
pub use rulebook::Rulebook;

/// What rules ask about a request besides its text.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// When the search happens.
    pub now: Timestamp,
    /// Where it happens, as the request names it.
    pub contexts: &'a [String],
    /// The shopper's filter, which no pin overrides.
    pub filter: &'a Filter,
    /// Who searches: the shopper, else the session.
    pub visitor: Option<&'a str>,
    /// What is known of that shopper, as far as it may count.
    pub tastes: Option<&'a Tastes<'a>>,
    /// The rules of the settings that act.
    pub rulebook: &'a Rulebook,
}

impl<'a> Situation<'a> {
    /// The situation of a request at a time, by somebody of whom nothing is known.
    pub fn of(request: &'a SearchRequest, now: Timestamp, rulebook: &'a Rulebook) -> Self {
        Self {
            now,
            contexts: &request.contexts,
            filter: &request.filters,
            visitor: visitor(request),
            tastes: None,
            rulebook,
        }
    }
}

/// Who makes a request: the shopper, else the session.
pub fn visitor(request: &SearchRequest) -> Option<&str> {
    let shopper = request.shopper.as_ref().map(|shopper| shopper.as_str());
    shopper.or_else(|| request.session.as_ref().map(|session| session.as_str()))
}

/// A product at its final place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedItem {
    /// The product as it was ranked; score 0 and no signals when only a pin brought it in.
    pub item: RankedItem,
    /// The ranked score and what boosts add to it.
    pub score: f32,
    /// What boosts add, by name: `rule:<id>`, `boost:<field or filter>`, `rules_cap`, `boosts_cap`.
    /// Filled in by [`Placement::explain`].
    pub boosts: Vec<Factor>,
    /// What rules did, in words. Filled in by [`Placement::explain`].
    pub rules: Vec<String>,
    /// Place before rules and boosts, from 1; 0 when only a pin brought it in.
    pub rank_without_rules: u32,
}

impl PlacedItem {
    fn new(item: RankedItem, rank_without_rules: u32) -> Self {
        let (score, boosts, rules) = (item.score, Vec::new(), Vec::new());
        Self { item, score, boosts, rules, rank_without_rules }
    }
}

/// A rule or a boost that could not act on this index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `rule:<id>` or `boost:<filter>`.
    pub name: String,
    /// What is wrong with it, in words.
    pub reason: String,
}

/// Products at their final places, with what rules add to the answer.
pub struct Placement<'v> {
    /// Best first, over all pages; totals and facets are counted over them.
    pub items: Vec<PlacedItem>,
    /// Where the first rule with a redirect sends the shopper.
    pub redirect: Option<String>,
    /// What to show beside the hits, in the order of the rules.
    pub banners: Vec<serde_json::Value>,
    /// Rules that acted, in order of precedence.
    pub fired: Vec<RuleId>,
    /// Rules and boosts that would have acted but are wrong, each left out whole.
    pub skipped: Vec<Skipped>,
    boosting: Boosting<'v>,
    pins: Pins<'v>,
}

/// Lets rules and boosts act on ranked products. A rule or boost whose filter does not suit the
/// index is skipped whole and reported; it never fails the search.
///
/// # Errors
/// `BadRequest` when the shopper's own filter does not suit the index.
pub fn apply<'v>(
    mut ranked: Ranked<'v>,
    query: &Query,
    settings: &'v Settings,
    situation: &Situation<'_>,
) -> Result<Placement<'v>> {
    let plan = Plan::new(&ranked, query, settings, situation)?;
    let pins = Pins::new(&plan, &ranked, situation)?;
    let ranked_items = std::mem::take(&mut ranked.items);
    let mut items: Vec<PlacedItem> =
        ranked_items.into_iter().zip(1..).map(|(item, rank)| PlacedItem::new(item, rank)).collect();
    if plan.restricts() {
        items.retain(|placed| plan.admits(placed.item.ordinal));
    }
    let pinned = pins.take_out(&mut items);
    plan.boosting.apply(&mut items);
    let items = weave(items, pinned);
    let Plan { redirect, banners, fired, skipped, boosting, .. } = plan;
    let fired = fired.into_iter().map(|(id, _)| id.clone()).collect();
    Ok(Placement { items, redirect, banners, fired, skipped, boosting, pins })
}

impl Placement<'_> {
    /// Fills in `boosts` and `rules` of the items at these places, from 0. Only the hits that are
    /// shown need words, so that a long list costs none.
    pub fn explain(&mut self, places: Range<usize>) {
        let end = places.end.min(self.items.len());
        let shown = self.items.get_mut(places.start.min(end)..end).unwrap_or_default();
        for (placed, place) in shown.iter_mut().zip(places.start + 1..) {
            if let Some(words) = self.pins.words(placed.item.ordinal, place) {
                placed.rules = vec![words];
            } else {
                (placed.boosts, placed.rules) = self.boosting.explain(&placed.item);
            }
        }
    }
}

/// Puts items at fixed places, from 0 and ascending, among the others; places behind the end close
/// up to it.
fn weave(others: Vec<PlacedItem>, fixed: Vec<(usize, PlacedItem)>) -> Vec<PlacedItem> {
    if fixed.is_empty() {
        return others;
    }
    let mut woven = Vec::with_capacity(others.len() + fixed.len());
    let mut others = others.into_iter();
    for (place, item) in fixed {
        let before = place.saturating_sub(woven.len());
        woven.extend(others.by_ref().take(before));
        woven.push(item);
    }
    woven.extend(others);
    woven
}
