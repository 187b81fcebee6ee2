//! From candidates to an order: relevance signals, the shopper's affinities, diversity; every part
//! of a score has a name.

mod diversify;
mod explore;
mod feedback;
mod guard;
mod keys;
pub mod numbers;
pub mod order;
pub mod personal;
mod relevance;
pub mod signal;
pub mod tastes;
mod weigh;
mod wording;

use std::collections::HashMap;

use crate::domain::filter::Filter;
use crate::domain::id::{Ordinal, ProductId};
use crate::error::Result;
use crate::index::View;
use crate::index::columns::Columns;
use crate::index::columns::row::Row;
use crate::index::columns::statistics::Statistics;
use crate::query::Query;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Candidate, Candidates};

use feedback::{Feedback, Likeness};
use order::SortKey;
use personal::{Person, Personal};
use relevance::Relevance;
use signal::{Signal, Signals};
use weigh::Weigher;

/// So many of the best candidates get the costly signals and the shopper's part: a fixed number,
/// whatever the page, so that no product repeats or vanishes between pages.
pub const WINDOW: usize = 400;

/// The window where time is short: the head alone.
pub const SMALL_WINDOW: usize = HEAD;

/// So many of the window are the head: chosen for reach, so that nothing that answers the query in
/// other words is missing, and then put in order by score.
const HEAD: usize = 100;

/// How much likeness to the best answers counts for reach, beside the score.
const REACH_OF_MEANING: f32 = 0.6;
const REACH_OF_CATEGORY: f32 = 0.6;

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
    /// Where the product was put by exploration, the probability with which it was, 0–1.
    pub propensity: Option<f32>,
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
    /// How many of the best get the costly signals and the shopper's part: [`WINDOW`], or fewer
    /// where time is short; the same for all pages of a search.
    pub window: usize,
}

impl<'a> Ranking<'a> {
    /// Scores and orders the candidates.
    pub fn rerank(&self, candidates: Candidates) -> Ranked<'a> {
        let generation = &self.view.generation;
        let relevance = Relevance::new(self.view, self.query, &candidates.term_weights);
        let mut items = self.first_pass(&candidates.list, &relevance);
        if self.order.is_empty() {
            let wholes = wholes(&candidates.list);
            self.second_pass(&mut items, &relevance, &wholes);
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
                propensity: None,
            });
        }
        items
    }

    /// Orders by score; the window gets the costly signals and the shopper's part.
    fn second_pass(
        &self,
        items: &mut Vec<RankedItem>,
        relevance: &Relevance<'_>,
        wholes: &HashMap<Ordinal, f32>,
    ) {
        let window = self.window.min(items.len());
        if window < items.len() {
            let reach =
                |item: &RankedItem| wholes.get(&item.ordinal).copied().unwrap_or(item.score);
            keys::highest_first(items, reach);
        }
        let window = &mut items[..window];
        window.sort_unstable_by(best_first);
        let likenesses = self.second_signals(window, relevance);
        self.put_head_first(window, (&likenesses, wholes));
        number(items);
        self.personalise(items);
    }

    /// Adds the costly signals to the window; how alike each product is to the best answers.
    fn second_signals(
        &self,
        window: &mut [RankedItem],
        relevance: &Relevance<'_>,
    ) -> HashMap<Ordinal, Likeness> {
        let mut likenesses = HashMap::with_capacity(window.len());
        if self.query.terms.is_empty() {
            return likenesses;
        }
        let weights = &self.view.settings.ranking;
        let feedback = Feedback::of(self.view, window);
        for item in window {
            let Some(row) = self.row(item) else { continue };
            let likeness = feedback.likeness(item, row);
            let category = (likeness.leaf + likeness.parent) / 2.0;
            relevance.second(&mut item.signals, row);
            // One word says too little for its best answers to mean one thing; they still widen
            // the reach.
            if !relevance.is_one_word() {
                item.signals.set(Signal::Feedback, weights.feedback * likeness.meaning);
            }
            item.signals.set(Signal::CategoryShare, weights.category_share * category);
            item.score = item.signals.sum();
            likenesses.insert(item.ordinal, likeness);
        }
        likenesses
    }

    /// Chooses the head by reach and puts everything in order: those behind it keep below its last
    /// by a part of their score that says so.
    fn put_head_first(
        &self,
        window: &mut [RankedItem],
        (likenesses, wholes): (&HashMap<Ordinal, Likeness>, &HashMap<Ordinal, f32>),
    ) {
        let head = HEAD.min(window.len());
        let reach = |item: &RankedItem| {
            let likeness = likenesses.get(&item.ordinal).copied().unwrap_or_default();
            let alike = REACH_OF_MEANING * likeness.meaning + REACH_OF_CATEGORY * likeness.parent;
            wholes.get(&item.ordinal).copied().unwrap_or(item.score + alike)
        };
        window.sort_unstable_by(|one, other| {
            let better = reach(other).total_cmp(&reach(one));
            other.exact.cmp(&one.exact).then(better).then_with(|| one.ordinal.cmp(&other.ordinal))
        });
        let (head, rest) = window.split_at_mut(head);
        let floor = head.iter().map(|item| item.score).fold(f32::INFINITY, f32::min);
        for item in rest.iter_mut() {
            item.signals.set(Signal::Reach, (floor - item.score).min(0.0));
            item.score = item.signals.sum();
        }
        head.sort_unstable_by(best_first);
        rest.sort_unstable_by(best_first);
    }

    fn personalise(&self, items: &mut [RankedItem]) {
        let window = self.window.min(items.len());
        let window = &mut items[..window];
        if let Some(personal) = Personal::new(self.view, self.person) {
            self.reorder(window, &personal);
        }
        self.explore(window);
    }

    /// Adds the shopper's part, puts the window in its order, and keeps that within bounds.
    fn reorder(&self, window: &mut [RankedItem], personal: &Personal<'_>) {
        let mut weigher = Weigher::new(personal);
        for item in window.iter_mut() {
            if let Some(row) = self.row(item) {
                weigher.add(&mut item.signals, item.ordinal, row);
                item.score = item.signals.sum();
            }
        }
        if personal.rests_on_one_act() {
            guard::hold_back(window, best_first);
        } else {
            window.sort_unstable_by(best_first);
            guard::lead_with_a_fit(window);
            diversify::spread_brands(window, self.query, self.view);
        }
        if personal.dismissed_lately() {
            guard::send_back(window, |item| {
                self.row(item).is_some_and(|row| personal.is_dismissed(row))
            });
        }
    }

    fn explore(&self, window: &mut [RankedItem]) {
        let share = self.view.settings.personalisation.exploration;
        let Some(person) = self.person.filter(|person| person.strength > 0.0) else { return };
        if share > 0.0 {
            explore::explore(window, (share, person.seed), |item| {
                item.signals.get(Signal::Stock) >= 0.0 && item.signals.get(Signal::Dismissed) >= 0.0
            });
        }
    }

    fn sort_by_field(&self, items: &mut Vec<RankedItem>) {
        keys::highest_first(items, |item| item.score);
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

/// How well candidates answer the whole of a query that excludes something, where that is told.
fn wholes(list: &[Candidate]) -> HashMap<Ordinal, f32> {
    list.iter().filter_map(|one| Some((one.ordinal, one.whole?))).collect()
}

fn number(items: &mut [RankedItem]) {
    for (place, item) in (1..).zip(items) {
        item.rank_without_personalisation = place;
    }
}
