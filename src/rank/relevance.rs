//! Relevance: how well a product answers the query, whoever asks.

use std::collections::HashSet;

use super::signal::{Signal, Signals};
use crate::index::View;
use crate::index::columns::row::{Row, term_hash};
use crate::query::Query;
use crate::retrieve::Candidate;
use crate::settings::RankingWeights;
use crate::settings::boosts::NumericField;

/// Ratings of so many shoppers are needed before a product's own mean counts half.
const RATING_PRIOR: f32 = 20.0;

/// What an identifier named in the query adds: more than everything else together.
const IDENTIFIER: f32 = 10.0;

/// What is taken away from a product whose price is far from what the query wishes.
const PRICE_WISH: f32 = 0.3;

/// The query's terms as hashes, in order, each with its alternatives.
pub(super) struct Wanted {
    terms: Vec<HashSet<u32>>,
    first_terms: Vec<u32>,
}

impl Wanted {
    pub(super) fn of(query: &Query) -> Self {
        let terms = query.terms.iter().map(|term| {
            let alternatives = term.alternatives.iter().flat_map(|one| &one.terms);
            alternatives.map(|term| term_hash(term)).collect()
        });
        let first = query.terms.iter().flat_map(|term| &term.alternatives[0].terms);
        Self { terms: terms.collect(), first_terms: first.map(|term| term_hash(term)).collect() }
    }

    fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Share of the query's words in title, brand or category.
    fn coverage(&self, row: &Row) -> f32 {
        let has = |term: &&HashSet<u32>| {
            let labels = row.title_terms.iter().chain(row.label_terms.iter());
            labels.into_iter().any(|hash| term.contains(hash))
        };
        self.terms.iter().filter(has).count() as f32 / self.terms.len() as f32
    }

    /// Share of the query's neighbouring words that are neighbours in the title too.
    fn phrase(&self, row: &Row) -> f32 {
        let pairs = self.first_terms.len().saturating_sub(1);
        if pairs == 0 {
            return 0.0;
        }
        let together = |pair: &&[u32]| row.title_terms.windows(2).any(|window| window == *pair);
        self.first_terms.windows(2).filter(together).count() as f32 / pairs as f32
    }

    /// How near to the front of the title the query's last word stands: "laptop bag" is a bag, and
    /// a title opens with what the product is. 1 in the first place, less behind.
    fn head(&self, row: &Row) -> f32 {
        let Some(last) = self.terms.last() else {
            return 0.0;
        };
        let place = row.title_terms.iter().position(|hash| last.contains(hash));
        place.map_or(0.0, |place| 1.0 / (1.0 + place as f32 / 4.0))
    }

    /// Whether the query is the whole title.
    pub(super) fn is_title(&self, row: &Row) -> bool {
        self.first_terms.len() >= 2 && *self.first_terms == *row.title_terms
    }
}

/// Scores candidates against one snapshot.
pub(super) struct Relevance<'a> {
    view: &'a View,
    query: &'a Query,
    wanted: Wanted,
}

impl<'a> Relevance<'a> {
    pub(super) fn new(view: &'a View, query: &'a Query) -> Self {
        Self { view, query, wanted: Wanted::of(query) }
    }

    fn weights(&self) -> &RankingWeights {
        &self.view.settings.ranking
    }

    /// The signals that every matching product gets: cheap, they choose the window.
    pub(super) fn first(&self, candidate: &Candidate, row: &Row) -> Signals {
        let weights = self.weights();
        let statistics = &self.view.generation.statistics;
        let mut signals = Signals::default();
        signals.set(Signal::Lexical, weights.lexical * candidate.lexical);
        signals.set(Signal::Coverage, weights.coverage * candidate.coverage);
        signals.set(Signal::Semantic, weights.semantic * candidate.semantic);
        if candidate.identified {
            signals.set(Signal::Identifier, IDENTIFIER);
        }
        if let Some(popularity) = row.numbers.popularity {
            let share = statistics.share_below(NumericField::Popularity, popularity as f32);
            signals.set(Signal::Popularity, weights.popularity * share);
        }
        signals.set(Signal::Rating, weights.rating * self.rating(row) / 5.0);
        if !row.in_stock() {
            signals.set(Signal::Stock, -weights.out_of_stock);
        }
        signals.set(Signal::PriceWish, self.price_wish(row));
        signals
    }

    /// The signals that only the window gets.
    pub(super) fn second(&self, signals: &mut Signals, row: &Row) {
        if self.wanted.is_empty() {
            return;
        }
        let weights = self.weights();
        signals.set(Signal::TitleCoverage, weights.title_coverage * self.wanted.coverage(row));
        signals.set(Signal::TitlePhrase, weights.title_phrase * self.wanted.phrase(row));
        signals.set(Signal::TitleHead, weights.title_head * self.wanted.head(row));
    }

    /// Whether the query names just this product.
    pub(super) fn is_exact(&self, candidate: &Candidate, row: &Row) -> bool {
        candidate.identified || self.wanted.is_title(row)
    }

    /// The product's rating shrunken towards the index's mean, which unrated products get.
    fn rating(&self, row: &Row) -> f32 {
        let mean = self.view.generation.statistics.rating_mean();
        let Some(rating) = row.numbers.rating else {
            return mean;
        };
        let count = row.numbers.rating_count.unwrap_or(1) as f32;
        (rating as f32 * count + mean * RATING_PRIOR) / (count + RATING_PRIOR)
    }

    /// Nothing inside the wished bounds, falling with the distance outside; a product without a
    /// price is as bad as one far off.
    fn price_wish(&self, row: &Row) -> f32 {
        let Some(bounds) = self.query.price else {
            return 0.0;
        };
        let Some(price) = row.numbers.price else {
            return -PRICE_WISH;
        };
        let over = (price / bounds.at_most.max(0.01) - 1.0).max(0.0);
        let under = (bounds.at_least / price.max(0.01) - 1.0).max(0.0);
        let off = over.max(under) as f32;
        if off > 0.0 { -PRICE_WISH * (0.5 + off).min(1.0) } else { 0.0 }
    }
}
