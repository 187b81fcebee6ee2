//! The shopper's part of a score: affinities, weighed, bounded and explained.

use std::collections::HashMap;

use super::signal::{Signal, Signals};
use crate::domain::id::Ordinal;
use crate::index::View;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::{Row, VariantRow};
use crate::index::vector::PreparedQuery;
use crate::settings::Personalisation;
use crate::shopper::affinity::{
    Affinities, Affinity, Background, Candidate, ProductAffinities, Spread,
};
use crate::shopper::profile::{Profile, ProfileParameters};

/// Who searches, and how strongly that may count.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// What is known of the shopper.
    pub profile: &'a Profile,
    /// How the profile was folded.
    pub parameters: &'a ProfileParameters,
    /// 0–1: the index's strength times the request's.
    pub strength: f32,
}

/// The shop's average shopper, as the index's statistics tell.
struct Average<'v>(&'v View);

impl Average<'_> {
    fn category(&self, path: &[&str]) -> Option<u32> {
        let columns = &self.0.generation.columns;
        columns.dictionary().value(columns.known().category, path.last()?)
    }
}

impl Background for Average<'_> {
    fn brand_share_in_category(&self, brand: &str, category: &[&str]) -> f32 {
        let columns = &self.0.generation.columns;
        let Some(brand) = columns.dictionary().value(columns.known().brand, brand) else {
            return 0.0;
        };
        self.0.generation.statistics.brand_share(brand, self.category(category))
    }

    fn category_share(&self, category: &[&str]) -> f32 {
        let statistics = &self.0.generation.statistics;
        self.category(category).map_or(0.0, |category| statistics.category_share(category))
    }

    fn color_share(&self, color: &str) -> f32 {
        let columns = &self.0.generation.columns;
        let color = columns.dictionary().value(columns.known().color, color);
        color.map_or(0.0, |color| self.0.generation.statistics.color_share(color))
    }

    fn similarity(&self) -> Spread {
        let background = self.0.generation.semantic.background();
        Spread { mean: background.mean, deviation: background.deviation }
    }
}

/// Judges products of one snapshot for one shopper.
pub(super) struct Personal<'a> {
    view: &'a View,
    person: Person<'a>,
    average: Average<'a>,
    taste: Option<PreparedQuery>,
}

/// The texts of a row that affinities ask for.
struct Described<'a> {
    category: Vec<&'a str>,
    sizes_in_stock: Vec<&'a str>,
}

impl<'a> Personal<'a> {
    /// `None` when nothing is known or nothing may count.
    pub(super) fn new(view: &'a View, person: Option<Person<'a>>) -> Option<Self> {
        let person = person.filter(|one| one.strength > 0.0 && !one.profile.is_empty())?;
        let taste = person.profile.taste(person.parameters.prior_events);
        let dimensions = view.generation.semantic.dimensions();
        let taste =
            taste.filter(|taste| taste.len() == dimensions).map(|taste| PreparedQuery::new(&taste));
        Some(Self { view, person, average: Average(view), taste })
    }

    fn settings(&self) -> &'a Personalisation {
        &self.view.settings.personalisation
    }

    fn describe(&self, row: &Row) -> Described<'a> {
        let columns = &self.view.generation.columns;
        let stocked = row.variants.iter().filter(|variant| variant.in_stock());
        Described {
            category: row.category.iter().map(|level| columns.text(*level)).collect(),
            sizes_in_stock: stocked
                .filter_map(|variant| variant.size)
                .map(|size| columns.text(size))
                .collect(),
        }
    }

    fn judge<T>(
        &self,
        ordinal: Ordinal,
        row: &Row,
        read: impl FnOnce(&ProductAffinities<'_>) -> T,
    ) -> T {
        let columns = &self.view.generation.columns;
        let described = self.describe(row);
        let semantic = &self.view.generation.semantic;
        let candidate = Candidate {
            id: row.id.as_str(),
            brand: row.brand.map(|brand| columns.text(brand)),
            category: &described.category,
            color: row.colors.first().map(|color| columns.text(*color)),
            sizes_in_stock: &described.sizes_in_stock,
            log_price: row
                .numbers
                .price
                .filter(|price| *price > 0.0)
                .map(|price| price.ln() as f32),
            taste_similarity: self
                .taste
                .as_ref()
                .and_then(|taste| semantic.similarity(taste, ordinal)),
        };
        let affinities =
            Affinities::new(self.person.profile, self.person.parameters, &self.average);
        read(&affinities.judge(&candidate))
    }

    /// Adds the shopper's part to the signals.
    pub(super) fn add(&self, signals: &mut Signals, ordinal: Ordinal, row: &Row) {
        let strength = self.person.strength;
        let settings = self.settings();
        let weighed = self.judge(ordinal, row, |affinities| {
            weighed(affinities, settings)
                .map(|(signal, weight, affinity)| (signal, strength * weight * affinity.effect()))
        });
        let mut total = 0.0;
        for (signal, contribution) in weighed {
            signals.set(signal, contribution);
            if signal != Signal::Dismissed {
                total += contribution;
            }
        }
        let bounded = bounded(total, settings.effect_max);
        signals.set(Signal::PersonalCap, bounded - total);
    }

    /// The reason behind each personal signal, in words.
    pub(super) fn evidence(&self, ordinal: Ordinal, row: &Row) -> Vec<(Signal, String)> {
        let settings = self.settings();
        self.judge(ordinal, row, |affinities| {
            weighed(affinities, settings)
                .into_iter()
                .filter(|(.., affinity)| !affinity.evidence.is_nothing())
                .map(|(signal, _, affinity)| (signal, affinity.evidence.to_string()))
                .collect()
        })
    }

    /// The place of the variant to show this shopper among the product's variants: their size, in
    /// stock.
    pub(super) fn variant(&self, ordinal: Ordinal, row: &Row) -> Option<usize> {
        let columns = &self.view.generation.columns;
        let size =
            self.judge(ordinal, row, |affinities| affinities.best_size.map(str::to_owned))?;
        let fits = |variant: &VariantRow| {
            variant.in_stock() && variant.size.is_some_and(|own| columns.text(own) == size)
        };
        row.variants.iter().position(fits)
    }
}

/// Nearly the total while that is small, never beyond the bound, and the larger the total the
/// larger still: what a shopper likes best stays ahead of what is merely liked.
fn bounded(total: f32, effect_max: f32) -> f32 {
    if effect_max > 0.0 { effect_max * (total / effect_max).tanh() } else { 0.0 }
}

/// Each affinity with its signal and weight.
fn weighed<'k>(
    affinities: &ProductAffinities<'k>,
    settings: &Personalisation,
) -> [(Signal, f32, Affinity<'k>); 8] {
    [
        (Signal::BrandAffinity, settings.brand, affinities.brand),
        (Signal::CategoryAffinity, settings.category, affinities.category),
        (Signal::SizeAffinity, settings.size, affinities.size),
        (Signal::ColorAffinity, settings.color, affinities.color),
        (Signal::PriceAffinity, settings.price, affinities.price),
        (Signal::TasteAffinity, settings.taste, affinities.taste),
        (Signal::Repeat, settings.repeat, affinities.repeat),
        (Signal::Dismissed, settings.dismissed, affinities.dismissed),
    ]
}

/// How strongly a wanted brand or category multiplies a suggestion.
const SUGGESTION_LIFT: f32 = 2.0;

/// What a shopper wants of brands and categories as such: weighs suggestions.
pub struct LabelJudge {
    effects: HashMap<ValueId, f32>,
    strength: f32,
}

impl LabelJudge {
    /// `None` when nothing is known or nothing may count.
    pub fn new(view: &View, person: Person<'_>) -> Option<Self> {
        let personal = Personal::new(view, Some(person))?;
        let (columns, profile) = (&view.generation.columns, person.profile);
        let known = columns.known();
        let affinities = Affinities::new(profile, person.parameters, &personal.average);
        let mut effects = HashMap::new();
        let brands = profile.brands.get("").into_iter().flat_map(|table| table.brands.keys());
        for brand in brands.chain(&profile.liked_brands) {
            let candidate = Candidate { brand: Some(brand), ..Candidate::default() };
            if let Some(value) = columns.dictionary().value(known.brand, brand) {
                effects.insert(value, affinities.brand(&candidate).effect());
            }
        }
        for key in profile.categories.keys().filter(|key| !key.is_empty()) {
            let path: Vec<&str> = key.split(" > ").collect();
            let candidate = Candidate { category: &path, ..Candidate::default() };
            let effect = affinities.category(&candidate).effect();
            let leaf =
                path.last().and_then(|leaf| columns.dictionary().value(known.category, leaf));
            if let Some(value) = leaf {
                effects
                    .entry(value)
                    .and_modify(|best: &mut f32| *best = best.max(effect))
                    .or_insert(effect);
            }
        }
        Some(Self { effects, strength: person.strength })
    }

    /// A factor for a suggestion that finds products with these brands and categories, each with
    /// its share; 1 for the average shopper, at least 0.1.
    pub fn factor(&self, labels: impl Iterator<Item = (ValueId, f32)>) -> f32 {
        let wanted: f32 = labels
            .map(|(value, share)| share * self.effects.get(&value).copied().unwrap_or(0.0))
            .sum();
        (1.0 + SUGGESTION_LIFT * self.strength * wanted).max(0.1)
    }
}
