//! Relevance: how well a product answers the query, whoever asks.

use std::cell::RefCell;
use std::collections::HashMap;

use super::signal::{Signal, Signals};
use super::wording::Wording;
use crate::index::View;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::Row;
use crate::query::{Attribute, Query};
use crate::retrieve::{Candidate, Identified};
use crate::settings::RankingWeights;
use crate::settings::boosts::Number;
use crate::text::values::ValueKind;

/// Ratings of so many shoppers are needed before a product's own mean counts half.
const RATING_PRIOR: f32 = 20.0;

/// What an identifier named in the query adds: more than everything else together.
const IDENTIFIER: f32 = 10.0;

/// What the beginning of an identifier adds: more than any one signal.
const IDENTIFIER_BEGUN: f32 = 1.0;

/// What is taken away from a product whose price is far from what the query wishes.
const PRICE_WISH: f32 = 0.3;

/// What a product without a value in a named field counts: it may well have the property.
const UNTOLD: f32 = 0.5;

/// Scores candidates against one snapshot.
pub(super) struct Relevance<'a> {
    view: &'a View,
    query: &'a Query,
    wording: Wording<'a>,
    /// How far the query has the names of brands and categories met so far.
    named: RefCell<HashMap<ValueId, f32>>,
}

impl<'a> Relevance<'a> {
    /// For a query whose terms have these weights.
    pub(super) fn new(view: &'a View, query: &'a Query, term_weights: &'a [f32]) -> Self {
        let wording = Wording::of(query, term_weights, &view.generation.analyser);
        Self { view, query, wording, named: RefCell::default() }
    }

    fn weights(&self) -> &'a RankingWeights {
        &self.view.settings.ranking
    }

    /// Whether there is but one thing to look for.
    pub(super) fn is_one_word(&self) -> bool {
        self.wording.is_one_word()
    }

    /// The signals that every matching product gets: cheap, they choose the window.
    pub(super) fn first(&self, candidate: &Candidate, row: &Row) -> Signals {
        let weights = self.weights();
        let statistics = &self.view.generation.statistics;
        let mut signals = Signals::default();
        signals.set(Signal::Lexical, weights.lexical * candidate.lexical);
        signals.set(Signal::Coverage, weights.coverage * candidate.coverage);
        let (semantic, weight) = if self.is_one_word() {
            (Signal::SemanticOneWord, weights.semantic_one_word)
        } else {
            (Signal::Semantic, weights.semantic)
        };
        signals.set(semantic, weight * candidate.semantic);
        signals.set(Signal::Exclusion, weights.exclusion * candidate.exclusion);
        match candidate.identified {
            Identified::Whole => signals.set(Signal::Identifier, IDENTIFIER),
            Identified::Begun => signals.set(Signal::Identifier, IDENTIFIER_BEGUN),
            Identified::No => {}
        }
        if let Some(popularity) = row.numbers.popularity {
            let share = statistics.of_number(Number::Popularity).share_below(popularity as f32);
            signals.set(Signal::Popularity, weights.popularity * share);
        }
        signals.set(Signal::Rating, weights.rating * self.rating(row) / 5.0);
        if !row.in_stock() {
            signals.set(Signal::Stock, -weights.out_of_stock);
        }
        signals.set(Signal::PriceWish, self.price_wish(row));
        signals
    }

    /// The signals that only the window gets, but for those that look at the best answers.
    pub(super) fn second(&self, signals: &mut Signals, row: &Row) {
        if self.query.terms.is_empty() {
            return;
        }
        let weights = self.weights();
        if self.query.names_brands {
            signals.set(Signal::BrandNamed, weights.brand_named * self.brand_named(row));
        }
        if self.query.names_categories {
            let named = self.category_named(row);
            signals.set(Signal::CategoryNamed, weights.category_named * named);
        }
        signals.set(Signal::ValuesNamed, weights.values_named * self.values_named(row));
        if self.is_one_word() {
            return;
        }
        let wording = &self.wording;
        signals.set(Signal::ExactForm, weights.exact_form * wording.exact_form(row));
        signals.set(Signal::Proximity, weights.proximity * wording.proximity(row));
        signals.set(Signal::MainPart, weights.main_part * wording.main_part(row));
    }

    /// Whether the query names just this product.
    pub(super) fn is_exact(&self, candidate: &Candidate, row: &Row) -> bool {
        candidate.identified == Identified::Whole || self.wording.is_title(row)
    }

    fn brand_named(&self, row: &Row) -> f32 {
        let Some(brand) = row.brand else { return 0.0 };
        self.remembered(brand, &|brand| f32::from(u8::from(self.wording.has_name(brand))))
    }

    fn category_named(&self, row: &Row) -> f32 {
        let Some(leaf) = row.category.last() else { return 0.0 };
        let analyser = &self.view.generation.analyser;
        self.remembered(*leaf, &|name| self.wording.share_of_terms(name, analyser))
    }

    /// Products share brands and categories: each name is looked at once per query.
    fn remembered(&self, value: ValueId, of_name: &dyn Fn(&str) -> f32) -> f32 {
        let name = || of_name(self.view.generation.columns.text(value));
        *self.named.borrow_mut().entry(value).or_insert_with(name)
    }

    /// Share of the named colours, sizes and attributes that the product has; a field that it does
    /// not tell counts half. Brands and categories have signals of their own.
    fn values_named(&self, row: &Row) -> f32 {
        let attributes = || {
            let own = |kind| matches!(kind, ValueKind::Brand | ValueKind::Category);
            self.query.attributes.iter().filter(move |attribute| !own(attribute.kind))
        };
        let count = attributes().count();
        if count == 0 {
            return 0.0;
        }
        attributes().map(|attribute| has_value(row, attribute)).sum::<f32>() / count as f32
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
        let Some(wish) = self.query.price else {
            return 0.0;
        };
        let Some(price) = row.numbers.price else {
            return -PRICE_WISH;
        };
        let over = (price / wish.at_most.max(0.01) - 1.0).max(0.0);
        let under = (wish.at_least / price.max(0.01) - 1.0).max(0.0);
        let off = over.max(under) as f32;
        if off > 0.0 { -PRICE_WISH * (0.5 + off).min(1.0) } else { 0.0 }
    }
}

fn has_value(row: &Row, attribute: &Attribute) -> f32 {
    let own = || row.values.iter().filter(|(field, _)| *field == attribute.field_number);
    if own().any(|(_, value)| attribute.values.binary_search(value).is_ok()) {
        return 1.0;
    }
    if own().next().is_none() { UNTOLD } else { 0.0 }
}
