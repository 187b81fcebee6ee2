//! The shopper's part of a score: affinities, weighed, bounded and explained.

use std::collections::HashMap;

use super::guard::DISMISSED_NOW;
use super::signal::Signal;
use crate::domain::id::{Ordinal, ProductId};
use crate::index::View;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::{Row, VariantRow};
use crate::index::vector::PreparedQuery;
use crate::shopper::affinity::{
    Affinities, Affinity, Background, Candidate, ProductAffinities, Spread,
};
use crate::shopper::profile::{Profile, ProfileParameters, RECENT_MAX, RecentChoice, TurnedDown};

/// Who searches, and how strongly that may count.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// What is known of the shopper.
    pub profile: &'a Profile,
    /// How the profile was folded.
    pub parameters: &'a ProfileParameters,
    /// 0–1: the index's strength times the request's.
    pub strength: f32,
    /// What exploration draws from: the same for one visitor, query and day.
    pub seed: u64,
}

/// The shop's average shopper, as the index's statistics tell.
#[derive(Clone, Copy)]
pub(super) struct Average<'v>(pub(super) &'v View);

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

    fn mean_log_price(&self, category: &[&str]) -> Option<f32> {
        self.0.generation.statistics.mean_log_price(self.category(category)?)
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
    pub(super) view: &'a View,
    pub(super) person: Person<'a>,
    pub(super) affinities: Affinities<'a, Average<'a>>,
    /// The embeddings of the recent choices that the index still has.
    recent: Vec<Option<PreparedQuery>>,
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
        let (columns, semantic) = (&view.generation.columns, &view.generation.semantic);
        let prepared = |choice: &RecentChoice| {
            let id = ProductId::parse(&choice.product).ok()?;
            let row = semantic.row(columns.ordinal(&id)?)?;
            let vector: Vec<f32> = row.iter().map(|value| f32::from(*value)).collect();
            Some(PreparedQuery::new(&vector))
        };
        let recent = person.profile.recent.iter().map(prepared).collect();
        let affinities = Affinities::new(person.profile, person.parameters, Average(view));
        Some(Self { view, person, affinities, recent })
    }

    /// Whether all that is known comes from a single act of the shopper, who stated nothing.
    pub(super) fn rests_on_one_act(&self) -> bool {
        let profile = self.person.profile;
        profile.acts <= 1 && !profile.has_stated()
    }

    /// Whether anything was dismissed in the present session.
    pub(super) fn dismissed_lately(&self) -> bool {
        self.person.profile.turned_down.values().any(is_lately)
    }

    /// Whether this product was dismissed in the present session.
    pub(super) fn is_dismissed(&self, row: &Row) -> bool {
        self.person.profile.turned_down.get(row.id.as_str()).is_some_and(is_lately)
    }

    /// Likeness of a product to each of the recent choices.
    pub(super) fn likenesses(&self, ordinal: Ordinal) -> [Option<f32>; RECENT_MAX] {
        let semantic = &self.view.generation.semantic;
        let mut likenesses = [None; RECENT_MAX];
        for (likeness, choice) in likenesses.iter_mut().zip(&self.recent) {
            *likeness = choice.as_ref().and_then(|choice| semantic.similarity(choice, ordinal));
        }
        likenesses
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
        let likenesses = self.likenesses(ordinal);
        let candidate = Candidate {
            id: row.id.as_str(),
            brand: row.brand.map(|brand| columns.text(brand)),
            category: &described.category,
            color: row.colors.first().map(|color| columns.text(*color)),
            sizes_in_stock: &described.sizes_in_stock,
            log_price: log_price(row),
            likenesses: &likenesses,
        };
        read(&self.affinities.judge(&candidate))
    }

    /// The reason behind each personal signal, in words.
    pub(super) fn evidence(&self, ordinal: Ordinal, row: &Row) -> Vec<(Signal, String)> {
        self.judge(ordinal, row, |affinities| {
            named(affinities)
                .into_iter()
                .filter(|(_, affinity)| !affinity.evidence.is_nothing())
                .map(|(signal, affinity)| (signal, affinity.evidence.to_string()))
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

/// Natural logarithm of a product's price.
pub(super) fn log_price(row: &Row) -> Option<f32> {
    row.numbers.price.filter(|price| *price > 0.0).map(|price| price.ln() as f32)
}

fn is_lately(turned: &TurnedDown) -> bool {
    !turned.returned && turned.weight >= DISMISSED_NOW
}

/// Each affinity with its signal.
fn named<'k>(affinities: &ProductAffinities<'k>) -> [(Signal, Affinity<'k>); 8] {
    [
        (Signal::BrandAffinity, affinities.brand),
        (Signal::CategoryAffinity, affinities.category),
        (Signal::SizeAffinity, affinities.size),
        (Signal::ColorAffinity, affinities.color),
        (Signal::PriceAffinity, affinities.price),
        (Signal::TasteAffinity, affinities.taste),
        (Signal::Repeat, affinities.repeat),
        (Signal::Dismissed, affinities.dismissed),
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
        let affinities = &personal.affinities;
        let mut effects = HashMap::new();
        let brands = profile.brands.get("").into_iter().flat_map(|table| table.brands.keys());
        let liked = profile.liked_brands.iter().map(String::as_str);
        for brand in brands.map(|brand| &**brand).chain(liked) {
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
