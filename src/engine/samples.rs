//! What weights are learned from: the products that a query could find, with the value of each
//! signal before its weight.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trial::Trial;
use crate::domain::filter::Filter;
use crate::domain::id::Ordinal;
use crate::domain::search::Mode;
use crate::error::Result;
use crate::index::View;
use crate::query::{Query, understand};
use crate::rank::signal::{Signals, WEIGHED};
use crate::rank::{RankedItem, Ranking, WINDOW};
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, retrieve};

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
        let generation = &snapshot.view.generation;
        let query = understand(text, &generation.lexical, &snapshot.lexicon, true);
        let filter = CompiledFilter::new(&Filter::default(), &generation.columns)?;
        let demand = Demand { filter: &filter, mode: Mode::default() };
        let mut found = retrieve(&query, &snapshot.view, &demand)?;
        let equal = with_equal_weights(&snapshot.view);
        let mut best: BTreeSet<Ordinal> = BTreeSet::new();
        for view in [&snapshot.view, &equal] {
            let ranked = ranking(&query, view).rerank(found.clone());
            best.extend(ranked.items.iter().take(BEST).map(|item| item.ordinal));
        }
        found.list.retain(|candidate| best.contains(&candidate.ordinal));
        // Under weights of 1 a contribution is the signal's value.
        let mut items = ranking(&query, &equal).rerank(found).items;
        items.sort_unstable_by_key(|item| item.ordinal);
        Ok(items.iter().filter_map(|item| sample(item, &equal)).collect())
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
    Ranking { query, person: None, order: &[], view }
}

fn sample(item: &RankedItem, view: &View) -> Option<Sample> {
    let row = view.generation.columns.row(item.ordinal)?;
    let mut fixed: Signals = item.signals;
    for (signal, ..) in WEIGHED {
        fixed.set(signal, 0.0);
    }
    Some(Sample {
        id: row.id.to_string(),
        exact: item.exact,
        fixed: fixed.sum(),
        values: WEIGHED.iter().map(|(signal, ..)| item.signals.get(*signal)).collect(),
    })
}
