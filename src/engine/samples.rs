//! What weights are learned from: the products that a query could find, with the value of each
//! signal before its weight.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trial::Trial;
use crate::domain::filter::Filter;
use crate::domain::id::Ordinal;
use crate::domain::search::{Mode, SearchRequest};
use crate::error::Result;
use crate::index::View;
use crate::query::{Query, understand};
use crate::rank::signal::{Signal, Signals, WEIGHED};
use crate::rank::{RankedItem, Ranking, WINDOW};
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, meaning, retrieve};

/// So many of the best products are taken under the trial's weights, and as many under equal ones:
/// all of them fit into the window, and so have every signal.
const BEST: usize = WINDOW / 2;

/// A product that a query could find.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The product's id.
    pub id: String,
    /// Whether it stands before all others, whatever its score.
    pub exact: bool,
    /// The part of its score that no weight of `[ranking]` changes.
    pub fixed: f32,
    /// The value of each signal before its weight, in the order of [`Trial::weights`].
    pub values: Vec<f32>,
}

impl Trial<'_> {
    /// The weights of relevance by their names in `[ranking]`.
    pub fn weights(&self) -> Vec<(&'static str, f32)> {
        let mut weights = self.snapshot.view.settings.ranking.clone();
        WEIGHED.iter().map(|(_, name, weight)| (*name, *weight(&mut weights))).collect()
    }

    /// The products that stand first for a text under these weights or under equal ones, up to
    /// 400, in the order in which equal scores stand. Shoppers, rules and boosts take no part.
    ///
    /// # Errors
    /// Internal when the disk or the model fails.
    pub fn samples(&self, text: &str) -> Result<Vec<Sample>> {
        let snapshot = &self.snapshot;
        let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
        let query = understand(&request, snapshot.known());
        let filter = CompiledFilter::new(&Filter::default(), &snapshot.view.generation.columns)?;
        let mode = Mode::default();
        let meanings =
            meaning::embed(&meaning::texts(&query, &snapshot.view, mode), &snapshot.view)?;
        let demand = Demand { filter: &filter, mode, meanings: &meanings };
        let mut found = retrieve(&query, &snapshot.view, &demand)?;
        let equal = with_equal_weights(&snapshot.view);
        let mut best: BTreeSet<Ordinal> = BTreeSet::new();
        for view in [&snapshot.view, &equal] {
            let ranked = ranking(&query, view).rerank(found.clone());
            best.extend(ranked.items.iter().take(BEST).map(|item| item.ordinal));
        }
        found.list.retain(|candidate| best.contains(&candidate.ordinal));
        let ranked = |view: &View| {
            let mut items = ranking(&query, view).rerank(found.clone()).items;
            items.sort_unstable_by_key(|item| item.ordinal);
            items
        };
        let (own, equal) = (ranked(&snapshot.view), ranked(&equal));
        let weights = self.weights();
        let samples = own.iter().zip(&equal).map(|(own, equal)| self.sample(own, equal, &weights));
        Ok(samples.flatten().collect())
    }

    /// An item under the trial's weights and under equal ones. What the best answers have in common
    /// depends on which they are, and so on the weights: values are taken from under the trial's
    /// where it has a weight, and else from under equal ones.
    fn sample(
        &self,
        own: &RankedItem,
        equal: &RankedItem,
        weights: &[(&str, f32)],
    ) -> Option<Sample> {
        let row = self.snapshot.view.generation.columns.row(own.ordinal)?;
        let mut fixed: Signals = own.signals;
        fixed.set(Signal::Reach, 0.0);
        for (signal, ..) in WEIGHED {
            fixed.set(signal, 0.0);
        }
        let value = |(signal, weight): (Signal, f32)| {
            if weight > 0.0 { own.signals.get(signal) / weight } else { equal.signals.get(signal) }
        };
        let signals = WEIGHED.iter().map(|(signal, ..)| *signal);
        let weights = weights.iter().map(|(_, weight)| *weight);
        Some(Sample {
            id: row.id.to_string(),
            exact: own.exact,
            fixed: fixed.sum(),
            values: signals.zip(weights).map(value).collect(),
        })
    }
}

fn with_equal_weights(view: &View) -> View {
    let mut settings = (*view.settings).clone();
    for (_, _, weight) in WEIGHED {
        *weight(&mut settings.ranking) = 1.0;
    }
    View { generation: Arc::clone(&view.generation), settings: Arc::new(settings) }
}

fn ranking<'a>(query: &'a Query, view: &'a View) -> Ranking<'a> {
    Ranking { query, person: None, order: &[], view, window: WINDOW }
}
