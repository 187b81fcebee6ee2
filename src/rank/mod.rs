//! From candidates to an order: relevance signals, the shopper's affinities, diversity; every part
//! of a score has a name.

mod diversify;
pub mod order;
pub mod personal;
mod relevance;
pub mod signal;

use crate::domain::filter::Filter;
use crate::domain::id::{Ordinal, ProductId};
use crate::error::Result;
use crate::index::View;
use crate::index::columns::Columns;
use crate::index::columns::row::Row;
use crate::index::columns::statistics::{Statistics, number_of};
use crate::query::Query;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Candidate, Candidates};
use crate::settings::boosts::NumericField;

use order::SortKey;
use personal::{Person, Personal};
use relevance::Relevance;
use signal::{Signal, Signals};

/// So many of the best candidates get the costly signals and the shopper's part: a fixed number,
/// whatever the page, so that no product repeats or vanishes between pages.
pub const WINDOW: usize = 400;

/// A product with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedItem {
    /// Which product.
    pub ordinal: Ordinal,
    /// The sum of `signals`.
    pub score: f32,
    /// The parts of the score.
    pub signals: Signals,
    /// Place by relevance alone, from 1.
    pub rank_without_personalisation: u32,
    /// Whether the query names the product by identifier or by its whole title: never displaced.
    pub exact: bool,
}

/// Products in order, with what later stages may ask about them.
pub struct Ranked<'v> {
    /// Best first: all that match.
    pub items: Vec<RankedItem>,
    /// Whether the shopper asked for an order of their own instead of by score.
    pub sorted_by_field: bool,
    columns: &'v Columns,
    statistics: &'v Statistics,
}

/// Tests products against a filter.
pub struct Matcher<'v> {
    filter: CompiledFilter,
    columns: &'v Columns,
}

impl Matcher<'_> {
    /// Whether the product passes; one that is gone does not.
    pub fn matches(&self, ordinal: Ordinal) -> bool {
        self.columns.row(ordinal).is_some_and(|row| self.filter.matches(row))
    }
}

impl<'v> Ranked<'v> {
    /// Ranked items over the columns they came from.
    pub fn new(
        items: Vec<RankedItem>,
        sorted_by_field: bool,
        columns: &'v Columns,
        statistics: &'v Statistics,
    ) -> Self {
        Self { items, sorted_by_field, columns, statistics }
    }

    /// A test for a filter.
    ///
    /// # Errors
    /// `BadRequest` when the filter names a field that no product has.
    pub fn matcher(&self, filter: &Filter) -> Result<Matcher<'v>> {
        let filter = CompiledFilter::new(filter, self.columns)?;
        Ok(Matcher { filter, columns: self.columns })
    }

    /// Where a product is, when the index has it.
    pub fn ordinal(&self, id: &ProductId) -> Option<Ordinal> {
        self.columns.ordinal(id)
    }

    /// The share of products with a lower number than this product's, 0–1; `None` without one.
    pub fn share_below(&self, ordinal: Ordinal, field: NumericField) -> Option<f32> {
        let value = number_of(self.columns.row(ordinal)?, field)?;
        Some(self.statistics.share_below(field, value))
    }
}

/// Everything that decides the order of candidates.
pub struct Ranking<'a> {
    /// What is looked for.
    pub query: &'a Query,
    /// Who looks.
    pub person: Option<Person<'a>>,
    /// The shopper's own order; empty means by score.
    pub order: &'a [SortKey],
    /// What is looked through.
    pub view: &'a View,
}

impl<'a> Ranking<'a> {
    /// Scores and orders the candidates.
    pub fn rerank(&self, candidates: Candidates) -> Ranked<'a> {
        let generation = &self.view.generation;
        let relevance = Relevance::new(self.view, self.query);
        let mut items = self.first_pass(&candidates.list, &relevance);
        if self.order.is_empty() {
            self.second_pass(&mut items, &relevance);
        } else {
            self.sort_by_field(&mut items);
        }
        let sorted_by_field = !self.order.is_empty();
        Ranked::new(items, sorted_by_field, &generation.columns, &generation.statistics)
    }

    /// The reasons behind an item's personal signals.
    pub fn evidence(&self, ordinal: Ordinal) -> Vec<(Signal, String)> {
        let row = self.view.generation.columns.row(ordinal);
        let personal = Personal::new(self.view, self.person);
        row.zip(personal).map_or_else(Vec::new, |(row, personal)| personal.evidence(ordinal, row))
    }

    /// The place of the variant to show this shopper, when one can be told.
    pub fn variant(&self, ordinal: Ordinal) -> Option<usize> {
        let row = self.view.generation.columns.row(ordinal)?;
        Personal::new(self.view, self.person)?.variant(ordinal, row)
    }

    fn row(&self, item: &RankedItem) -> Option<&'a Row> {
        self.view.generation.columns.row(item.ordinal)
    }

    fn first_pass(&self, list: &[Candidate], relevance: &Relevance<'_>) -> Vec<RankedItem> {
        let mut items = Vec::with_capacity(list.len());
        for candidate in list {
            let Some(row) = self.view.generation.columns.row(candidate.ordinal) else {
                continue;
            };
            let signals = relevance.first(candidate, row);
            items.push(RankedItem {
                ordinal: candidate.ordinal,
                score: signals.sum(),
                signals,
                rank_without_personalisation: 0,
                exact: relevance.is_exact(candidate, row),
            });
        }
        items
    }

    /// Orders by score; the window gets the costly signals and the shopper's part.
    fn second_pass(&self, items: &mut [RankedItem], relevance: &Relevance<'_>) {
        let window = WINDOW.min(items.len());
        if window < items.len() {
            items.select_nth_unstable_by(window, best_first);
            items[window..].sort_unstable_by(best_first);
        }
        let window = &mut items[..window];
        for item in window.iter_mut() {
            if let Some(row) = self.row(item) {
                relevance.second(&mut item.signals, row);
                item.score = item.signals.sum();
            }
        }
        window.sort_unstable_by(best_first);
        number(items);
        self.personalise(items);
    }

    fn personalise(&self, items: &mut [RankedItem]) {
        let Some(personal) = Personal::new(self.view, self.person) else {
            return;
        };
        let window = WINDOW.min(items.len());
        let window = &mut items[..window];
        for item in window.iter_mut() {
            if let Some(row) = self.row(item) {
                personal.add(&mut item.signals, item.ordinal, row);
                item.score = item.signals.sum();
            }
        }
        window.sort_unstable_by(best_first);
        diversify::spread_brands(window, self.query, self.view);
    }

    fn sort_by_field(&self, items: &mut [RankedItem]) {
        items.sort_unstable_by(best_first);
        number(items);
        items.sort_by(|one, other| match (self.row(one), self.row(other)) {
            (Some(one), Some(other)) => order::compare(self.order, one, other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        });
    }
}

/// Exact products first, then by score; equals in order of ordinal, so that pages fit together.
fn best_first(one: &RankedItem, other: &RankedItem) -> std::cmp::Ordering {
    other
        .exact
        .cmp(&one.exact)
        .then_with(|| other.score.total_cmp(&one.score))
        .then_with(|| one.ordinal.cmp(&other.ordinal))
}

fn number(items: &mut [RankedItem]) {
    for (place, item) in (1..).zip(items) {
        item.rank_without_personalisation = place;
    }
}
