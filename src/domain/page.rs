//! What a caller gets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::deadline::{Rung, Stage};

/// The answer to a search.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// The products of this page, best first.
    pub hits: Vec<Hit>,
    /// Number of products that match, over all pages.
    pub total: usize,
    /// From 1.
    pub page: usize,
    /// Products per page.
    pub per_page: usize,
    /// Counts by facet field, over all matching products.
    pub facets: BTreeMap<String, Facet>,
    /// How the text was understood.
    pub query: Understanding,
    /// Where nothing matches: other texts to search for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// Names this answer in events.
    pub query_id: String,
    /// Time inside the engine.
    pub took_ms: f64,
    /// Where a rule sends the shopper instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// What rules want shown beside the hits.
    pub banners: Vec<serde_json::Value>,
    /// What was left out to be in time; absent where nothing was.
    #[serde(skip_serializing_if = "Rung::is_full")]
    pub degraded: Rung,
    /// How long each stage took, in the order in which they were done; for counters, not for
    /// callers.
    #[serde(skip)]
    pub stages: Vec<(Stage, Duration)>,
}

/// One product of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Hit {
    /// The product's id.
    pub id: String,
    /// Its score; the explanation's factors sum to it.
    pub score: f32,
    /// The product as the caller may see it.
    pub product: serde_json::Value,
    /// Fields with the matched words between `<mark>` and `</mark>`; the rest is HTML-escaped.
    pub highlights: BTreeMap<String, String>,
    /// The variant to show this shopper, as an index into the product's variants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<serde_json::Value>,
    /// Where exploration put it here, the probability with which it did, 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f32>,
    /// Why it stands where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
}

/// One named part of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// The signal's name, as in `docs/ranking.md`.
    pub name: String,
    /// What it adds to the score; negative when it takes away.
    pub contribution: f32,
    /// The reason in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

/// Why a hit stands where it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The parts; they sum to the hit's score.
    pub factors: Vec<Factor>,
    /// Place in the list, from 1.
    pub rank: usize,
    /// Place by relevance alone, without personalisation and rules.
    pub rank_without_personalisation: usize,
    /// Place after personalisation, before rules and boosts.
    pub rank_without_rules: usize,
    /// What rules did, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// The counts of one facet field.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Facet {
    /// Counts by value, most frequent first.
    Values(Vec<FacetValue>),
    /// The spread of a numeric field.
    Range(FacetRange),
    /// Nothing to count.
    #[default]
    None,
}

/// How many matching products have a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FacetValue {
    /// The value as the catalogue writes it.
    pub value: String,
    /// Products that have it.
    pub count: usize,
}

/// The spread of a numeric field over the matching products that have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FacetRange {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean value.
    pub mean: f64,
    /// Products that have the field.
    pub count: usize,
    /// Counts in intervals of equal width, from `min` to `max`.
    pub buckets: Vec<FacetBucket>,
}

/// How many matching products lie in an interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FacetBucket {
    /// Inclusive lower end.
    pub from: f64,
    /// Exclusive upper end; inclusive in the last bucket.
    pub to: f64,
    /// Products in it.
    pub count: usize,
}

/// How a text was understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Understanding {
    /// The words searched for, after normalisation, with the field's value they stand for where
    /// one was recognised.
    pub understood: Vec<Understood>,
    /// The whole text after correction, when a word was corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    /// What was searched for instead, when a rule rewrote the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<String>,
    /// How many of the words the products have; absent when there are no words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Which words had to be given up, when not every word could be met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relaxed: Option<String>,
}

/// How many of a query's words products must have. Totals and facets follow it. Products that are
/// near in meaning are added in every tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// All that the index knows.
    All,
    /// All but the least telling, because too few products have all.
    Most,
    /// None: the products are near in meaning.
    Meaning,
}

/// One recognised part of a query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Understood {
    /// `word`, `brand`, `category`, `color`, `size`, `attribute`, `price`, `excluded`.
    pub kind: &'static str,
    /// The words of the query.
    pub text: String,
    /// What they stand for.
    pub value: String,
    /// Which attribute, where `kind` is `attribute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The answer to a call for suggestions.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Suggestions {
    /// Best first.
    pub suggestions: Vec<Suggestion>,
    /// Time inside the engine.
    pub took_ms: f64,
    /// Whether the time was over before all that might be suggested was looked at: there may be
    /// fewer suggestions than at another time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// What a suggestion completes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuggestionKind {
    /// A text to search for.
    Query,
    /// A category, or a text to search for in a category.
    Category,
    /// A brand.
    Brand,
    /// A product.
    Product,
    /// Something this shopper searched for lately.
    Recent,
}

impl SuggestionKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Query, Self::Category, Self::Brand, Self::Product, Self::Recent];

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Category => "category",
            Self::Brand => "brand",
            Self::Product => "product",
            Self::Recent => "recent",
        }
    }
}

/// One suggestion.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion {
    /// The text to show and to search for.
    pub text: String,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// The text with the completed part between `<mark>` and `</mark>`, HTML-escaped.
    pub highlight: String,
    /// The category it is scoped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The brand it is scoped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The product it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// That product's picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// That product's price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The price's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Higher is better; comparable within one answer only.
    pub score: f32,
    /// Why it is suggested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<SuggestionReason>,
}

/// Why something is suggested. A score is (0.02 + popularity) × quality × affinity; pinned and
/// recent ones stand before all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuggestionReason {
    /// Where it comes from.
    pub source: SuggestionSource,
    /// Typing errors that must be assumed.
    pub typing_errors: u8,
    /// 0–1, comparable over kinds. Absent, like the two below, for pinned and recent ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub popularity: Option<f32>,
    /// How well it fits what is typed, 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<f32>,
    /// How much likelier than the average shopper this one wants it, as a factor; 1 for unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<f32>,
}

/// Where a suggestion comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuggestionSource {
    /// Shoppers searched for it, and found something.
    Searches,
    /// The catalogue.
    Catalogue,
    /// The shopper's own searches.
    Recent,
    /// A merchandiser.
    Pinned,
}
