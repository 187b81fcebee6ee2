//! The shopper's part of the scores of a window. Its products share brands, categories and sizes, so
//! what these are worth to the shopper is told once each.

use std::collections::HashMap;

use super::personal::{Personal, log_price};
use super::signal::{Signal, Signals};
use crate::domain::id::Ordinal;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::Row;
use crate::settings::Personalisation;
use crate::shopper::affinity::{Candidate, Fit, PriceWish};
use crate::shopper::evidence::Evidence;
use crate::shopper::size::SizeScope;

/// Weighs the products of one window for one shopper.
pub(super) struct Weigher<'p, 'a> {
    personal: &'p Personal<'a>,
    /// By brand and leaf category.
    brands: HashMap<(ValueId, Option<ValueId>), f32>,
    categories: HashMap<ValueId, f32>,
    colors: HashMap<ValueId, f32>,
    /// By leaf category.
    scopes: HashMap<Option<ValueId>, SizeScope>,
    /// By size and leaf category.
    fits: HashMap<(ValueId, Option<ValueId>), Option<Fit<'a>>>,
    /// By leaf category.
    wishes: HashMap<ValueId, Option<PriceWish>>,
}

impl<'p, 'a> Weigher<'p, 'a> {
    pub(super) fn new(personal: &'p Personal<'a>) -> Self {
        Self {
            personal,
            brands: HashMap::new(),
            categories: HashMap::new(),
            colors: HashMap::new(),
            scopes: HashMap::new(),
            fits: HashMap::new(),
            wishes: HashMap::new(),
        }
    }

    /// Adds the shopper's part to the signals of a product.
    pub(super) fn add(&mut self, signals: &mut Signals, ordinal: Ordinal, row: &Row) {
        let settings = &self.personal.view.settings.personalisation;
        let strength = self.personal.person.strength;
        let mut total = 0.0;
        for (signal, weight, effect) in self.weighed(ordinal, row, settings) {
            let contribution = strength * weight * effect;
            signals.set(signal, contribution);
            if signal != Signal::Dismissed {
                total += contribution;
            }
        }
        let bounded = bounded(total, settings.effect_max);
        signals.set(Signal::PersonalCap, bounded - total);
    }

    /// The effect of each affinity, −1 to 1, with its signal and weight.
    fn weighed(
        &mut self,
        ordinal: Ordinal,
        row: &Row,
        settings: &Personalisation,
    ) -> [(Signal, f32, f32); 8] {
        let (taste, repeat, dismissed) = self.of_product(ordinal, row);
        [
            (Signal::BrandAffinity, settings.brand, self.brand(row)),
            (Signal::CategoryAffinity, settings.category, self.category(row)),
            (Signal::SizeAffinity, settings.size, self.size(row)),
            (Signal::ColorAffinity, settings.color, self.color(row)),
            (Signal::PriceAffinity, settings.price, self.price(row)),
            (Signal::TasteAffinity, settings.taste, taste),
            (Signal::Repeat, settings.repeat, repeat),
            (Signal::Dismissed, settings.dismissed, dismissed),
        ]
    }

    fn text(&self, value: ValueId) -> &'a str {
        self.personal.view.generation.columns.text(value)
    }

    fn path(&self, row: &Row) -> Vec<&'a str> {
        row.category.iter().map(|level| self.text(*level)).collect()
    }

    fn brand(&mut self, row: &Row) -> f32 {
        let Some(brand) = row.brand else { return 0.0 };
        let key = (brand, row.category.last().copied());
        if let Some(known) = self.brands.get(&key) {
            return *known;
        }
        let name = self.text(brand);
        let mut effect = 0.0;
        if self.personal.affinities.knows_brand(name) {
            let path = self.path(row);
            let candidate =
                Candidate { brand: Some(name), category: &path, ..Candidate::default() };
            effect = self.personal.affinities.brand_of(&candidate).effect();
        }
        *self.brands.entry(key).or_insert(effect)
    }

    fn category(&mut self, row: &Row) -> f32 {
        let Some(leaf) = row.category.last() else { return 0.0 };
        if let Some(known) = self.categories.get(leaf) {
            return *known;
        }
        let path = self.path(row);
        let candidate = Candidate { category: &path, ..Candidate::default() };
        let effect = self.personal.affinities.category(&candidate).effect();
        *self.categories.entry(*leaf).or_insert(effect)
    }

    fn color(&mut self, row: &Row) -> f32 {
        let Some(color) = row.colors.first() else { return 0.0 };
        if let Some(known) = self.colors.get(color) {
            return *known;
        }
        let candidate = Candidate { color: Some(self.text(*color)), ..Candidate::default() };
        let effect = self.personal.affinities.color(&candidate).effect();
        *self.colors.entry(*color).or_insert(effect)
    }

    /// The best fit of the sizes in stock.
    fn size(&mut self, row: &Row) -> f32 {
        if self.personal.person.profile.sizes.is_empty() {
            return 0.0;
        }
        let mut best: Option<Fit<'a>> = None;
        for size in row.variants.iter().filter(|one| one.in_stock()).filter_map(|one| one.size) {
            best = match (best, self.fit(size, row)) {
                (Some(best), Some(fit)) if !fit.is_better_than(&best) => Some(best),
                (best, fit) => fit.or(best),
            };
        }
        best.map_or(0.0, |fit| self.personal.affinities.fitting(&fit, "").effect())
    }

    fn fit(&mut self, size: ValueId, row: &Row) -> Option<Fit<'a>> {
        let leaf = row.category.last().copied();
        if let Some(known) = self.fits.get(&(size, leaf)) {
            return *known;
        }
        let (affinities, text) = (&self.personal.affinities, self.text(size));
        let path = self.path(row);
        let scope = self.scopes.entry(leaf).or_insert_with(|| affinities.size_scope(&path));
        let fit = affinities.fit(text, scope);
        *self.fits.entry((size, leaf)).or_insert(fit)
    }

    fn price(&mut self, row: &Row) -> f32 {
        let Some((leaf, log_price)) = row.category.last().zip(log_price(row)) else { return 0.0 };
        let wish = match self.wishes.get(leaf) {
            Some(known) => *known,
            None => {
                let wish = self.personal.affinities.price_wish(&self.path(row));
                *self.wishes.entry(*leaf).or_insert(wish)
            }
        };
        wish.map_or(0.0, |wish| wish.judge(log_price, Evidence::Nothing).effect())
    }

    /// Taste, repeat and dismissal: what only this product has.
    fn of_product(&self, ordinal: Ordinal, row: &Row) -> (f32, f32, f32) {
        let affinities = &self.personal.affinities;
        let likenesses = self.personal.likenesses(ordinal);
        let brand = row.brand.map(|brand| self.text(brand));
        let candidate = Candidate {
            id: row.id.as_str(),
            brand,
            likenesses: &likenesses,
            ..Candidate::default()
        };
        let taste = affinities.taste(&candidate).effect();
        let profile = self.personal.person.profile;
        if !profile.bought.contains_key(candidate.id)
            && !profile.turned_down.contains_key(candidate.id)
        {
            return (taste, 0.0, 0.0);
        }
        let path = self.path(row);
        let candidate = Candidate { category: &path, ..candidate };
        (taste, affinities.repeat(&candidate).effect(), affinities.dismissed(&candidate).effect())
    }
}

/// Nearly the total while that is small, never beyond the bound, and the larger the total the
/// larger still: what a shopper likes best stays ahead of what is merely liked.
fn bounded(total: f32, effect_max: f32) -> f32 {
    if effect_max > 0.0 { effect_max * (total / effect_max).tanh() } else { 0.0 }
}
