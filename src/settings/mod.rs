//! What an admin may change at run time, per index: versioned, complete, with documented defaults.
//!
//! The defaults are `index/settings.toml`, compiled in; that file is their documentation.

pub mod access;
pub mod boosts;
pub mod difference;
mod rewrites;
pub mod rules;
pub mod segments;
mod stored;
pub mod suggestions;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::id::RuleId;
use crate::domain::size::SizeSystem;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};

use boosts::Boosts;
use rules::Rule;
use suggestions::SuggestionSettings;

/// The settings of one index. A change makes a new version; requests see one version whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Grows by one with every change; a writer that names an older one is refused.
    #[serde(default)]
    pub version: u64,
    /// Who made this version, and when; earlier programs did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// ISO 639-1 code that chooses the stemmer: en, de, fr, es, it, pt or nl.
    pub language: String,
    /// Weights of the text fields in the lexical score.
    pub fields: FieldWeights,
    /// Fields that never leave through a search key.
    pub private_fields: Vec<String>,
    /// Groups and one-way lists of words that stand for one another.
    pub synonyms: Vec<Synonym>,
    /// Words that carry no meaning in a query, besides those of the language.
    pub stop_words: Vec<String>,
    /// Weights of the ranking signals.
    pub ranking: RankingWeights,
    /// How meaning takes part.
    pub semantic: SemanticSettings,
    /// How shoppers' histories take part.
    pub personalisation: Personalisation,
    /// Size systems: ordered lists of sizes that are comparable with one another.
    pub size_systems: BTreeMap<String, SizeSystem>,
    /// Merchandising rules.
    #[serde(default)]
    pub rules: BTreeMap<RuleId, Rule>,
    /// Boosts that hold for every query.
    #[serde(default)]
    pub boosts: Boosts,
    /// Pinned and blocked suggestions.
    #[serde(default)]
    pub suggestions: SuggestionSettings,
}

/// Who changed settings, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The name of the key; absent where none was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Weights of the text fields, ≥ 0; 0 leaves a field out of the lexical score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldWeights {
    /// The title.
    pub title: f32,
    /// The brand.
    pub brand: f32,
    /// The category path.
    pub category: f32,
    /// SKU, GTIN, model numbers.
    pub identifier: f32,
    /// Colour, size, tags and attribute values.
    pub attributes: f32,
    /// The description.
    pub description: f32,
}

/// Words that stand for one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Synonym {
    /// Each of these finds all of these.
    Group(Vec<String>),
    /// `from` also finds `to`, not the other way round.
    OneWay {
        /// What is typed.
        from: String,
        /// What it also finds.
        to: Vec<String>,
    },
}

/// Weights of the ranking signals; what each means is in `docs/ranking.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankingWeights {
    /// Lexical score, normalised to 0–1.
    pub lexical: f32,
    /// Share of the query's known words that the product has anywhere, 0–1.
    pub coverage: f32,
    /// Semantic similarity to a query of several words, calibrated to 0–1.
    pub semantic: f32,
    /// Semantic similarity to a query of one word, calibrated to 0–1.
    pub semantic_one_word: f32,
    /// What the product says of what the query excludes: from −1 with it to 1 without it.
    pub exclusion: f32,
    /// The query names the brand, 0 or 1.
    pub brand_named: f32,
    /// Share of the category's name that the query has, 0–1.
    pub category_named: f32,
    /// Share of the colours, sizes and other values named in the query that the product has, 0–1.
    pub values_named: f32,
    /// Share of the query's words that stand in the title unstemmed, 0–1.
    pub exact_form: f32,
    /// The query's words stand close together in the title, 0–1.
    pub proximity: f32,
    /// Share of the query's weight in the part of the title that says what the product is, 0–1.
    pub main_part: f32,
    /// Similarity to the best answers, calibrated to 0–1.
    pub feedback: f32,
    /// Share of the best answers that are of the product's category, 0–1.
    pub category_share: f32,
    /// Popularity within the index, as a rank share 0–1.
    pub popularity: f32,
    /// Rating shrunken towards the index's mean, 0–1.
    pub rating: f32,
    /// Subtracted from products without stock.
    pub out_of_stock: f32,
}

/// How meaning takes part in retrieval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SemanticSettings {
    /// Whether products and queries are embedded.
    pub enabled: bool,
    /// Which model: `auto` is the server's own choice, `builtin` and `onnxruntime` run the shipped
    /// model, any other name is one of `vitrine model list`.
    pub embedder: String,
    /// A product matches by meaning when its similarity to the query is so many standard
    /// deviations above what is usual for the query.
    pub gate_deviations: f32,
    /// The same for a query of one word, which says less.
    pub gate_one_word_deviations: f32,
    /// Where no product has any of the query's words, the similarity must also be so many standard
    /// deviations above that of two random products: meaning alone must be sure.
    pub gate_alone_deviations: f32,
    /// At most so many products enter by meaning alone.
    pub candidates_max: usize,
}

/// How shoppers' histories take part in ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personalisation {
    /// Strength for the whole index, 0–1; 0 turns it off.
    pub strength: f32,
    /// The total effect on a score stays within ± this.
    pub effect_max: f32,
    /// Half-life of what a shopper's history says, in days.
    pub half_life_days: f64,
    /// Half-life of what the present session says, in minutes.
    pub session_half_life_minutes: f64,
    /// How many events' worth of evidence the shop's average stands for.
    pub prior_events: f64,
    /// Weight of brand affinity.
    pub brand: f32,
    /// Weight of category affinity.
    pub category: f32,
    /// Weight of size affinity.
    pub size: f32,
    /// Weight of colour affinity.
    pub color: f32,
    /// Weight of price affinity.
    pub price: f32,
    /// Weight of the taste vector.
    pub taste: f32,
    /// Weight of having bought the very product before.
    pub repeat: f32,
    /// Subtracted for a product the shopper dismissed or returned.
    pub dismissed: f32,
    /// At most so many hits of one brand among the first ten, unless the query names it; 0 turns
    /// this off.
    pub brand_hits_max: usize,
    /// Share of searches, 0–0.25, whose first page shows one product by chance, to learn from it.
    pub exploration: f32,
}

/// The default settings file.
pub const DEFAULTS: &str = include_str!("../../index/settings.toml");

impl Settings {
    /// The settings of a new index.
    ///
    /// # Errors
    /// Internal, when the compiled-in file does not parse; a test rules that out.
    pub fn defaults() -> Result<Self> {
        toml::from_str(DEFAULTS)
            .map_err(|error| Error::internal("default_settings", error.to_string(), ""))
    }

    /// These settings with `patch` laid over them (RFC 7396: objects merge, `null` restores the
    /// default, everything else replaces), checked.
    ///
    /// # Errors
    /// `BadRequest` when a name is unknown, a type is wrong or a value is out of its range.
    pub fn patched(&self, patch: &serde_json::Value) -> Result<Self> {
        let invalid = |error: serde_json::Error| {
            Error::bad_request(
                "invalid_settings",
                error.to_string(),
                "see GET …/settings for every name and its present value",
            )
        };
        let defaults = serde_json::to_value(Self::defaults()?).map_err(invalid)?;
        let mut merged = serde_json::to_value(self).map_err(invalid)?;
        merge(&mut merged, patch, &defaults);
        let settings: Self = serde_json::from_value(merged).map_err(invalid)?;
        settings.check()?;
        Ok(settings)
    }

    /// Private fields that are attributes, by their bare names.
    pub fn private_attributes(&self) -> BTreeSet<String> {
        let bare = |name: &String| name.strip_prefix("attributes.").unwrap_or(name).to_owned();
        self.private_fields.iter().filter(|name| *name != "margin").map(bare).collect()
    }

    /// Checks every range.
    ///
    /// # Errors
    /// `BadRequest` that names the value and its range.
    pub fn check(&self) -> Result<()> {
        let out_of_range = |name: &str, range: &str| {
            Error::bad_request(
                "invalid_settings",
                format!("'{name}' must be {range}"),
                "nothing was changed",
            )
        };
        if !LANGUAGES.contains(&self.language.as_str()) {
            return Err(out_of_range("language", &LANGUAGES.join(", ")));
        }
        for (name, value, range) in self.bounded() {
            if !(value.is_finite() && range.contains(&value)) {
                let range = format!("from {} to {}", range.start(), range.end());
                return Err(out_of_range(name, &range));
            }
        }
        if self.synonyms.len() > 10_000 || self.rules.len() > 10_000 {
            return Err(out_of_range("synonyms, rules", "at most 10,000 entries each"));
        }
        for rule in self.rules.values() {
            rule.check()?;
        }
        rewrites::check(&self.rules)?;
        self.boosts.check()?;
        self.suggestions.check()
    }

    fn bounded(&self) -> Vec<(&'static str, f64, std::ops::RangeInclusive<f64>)> {
        let (fields, ranking, person) = (&self.fields, &self.ranking, &self.personalisation);
        let weight = |name, value: f32| (name, f64::from(value), 0.0..=100.0);
        vec![
            weight("fields.title", fields.title),
            weight("fields.brand", fields.brand),
            weight("fields.category", fields.category),
            weight("fields.identifier", fields.identifier),
            weight("fields.attributes", fields.attributes),
            weight("fields.description", fields.description),
            weight("ranking.lexical", ranking.lexical),
            weight("ranking.coverage", ranking.coverage),
            weight("ranking.semantic", ranking.semantic),
            weight("ranking.semantic_one_word", ranking.semantic_one_word),
            weight("ranking.exclusion", ranking.exclusion),
            weight("ranking.brand_named", ranking.brand_named),
            weight("ranking.category_named", ranking.category_named),
            weight("ranking.values_named", ranking.values_named),
            weight("ranking.exact_form", ranking.exact_form),
            weight("ranking.proximity", ranking.proximity),
            weight("ranking.main_part", ranking.main_part),
            weight("ranking.feedback", ranking.feedback),
            weight("ranking.category_share", ranking.category_share),
            weight("ranking.popularity", ranking.popularity),
            weight("ranking.rating", ranking.rating),
            weight("ranking.out_of_stock", ranking.out_of_stock),
            weight("personalisation.brand", person.brand),
            weight("personalisation.category", person.category),
            weight("personalisation.size", person.size),
            weight("personalisation.color", person.color),
            weight("personalisation.price", person.price),
            weight("personalisation.taste", person.taste),
            weight("personalisation.repeat", person.repeat),
            weight("personalisation.dismissed", person.dismissed),
            ("personalisation.strength", f64::from(person.strength), 0.0..=1.0),
            ("personalisation.exploration", f64::from(person.exploration), 0.0..=0.25),
            ("personalisation.effect_max", f64::from(person.effect_max), 0.0..=1.0),
            ("personalisation.half_life_days", person.half_life_days, 0.01..=36_500.0),
            (
                "personalisation.session_half_life_minutes",
                person.session_half_life_minutes,
                0.1..=10_080.0,
            ),
            ("personalisation.prior_events", person.prior_events, 0.0..=10_000.0),
            ("semantic.gate_deviations", f64::from(self.semantic.gate_deviations), -10.0..=10.0),
            (
                "semantic.gate_one_word_deviations",
                f64::from(self.semantic.gate_one_word_deviations),
                -10.0..=10.0,
            ),
            (
                "semantic.gate_alone_deviations",
                f64::from(self.semantic.gate_alone_deviations),
                -10.0..=10.0,
            ),
            ("semantic.candidates_max", self.semantic.candidates_max as f64, 0.0..=10_000.0),
        ]
    }
}

/// The languages with a stemmer, by ISO 639-1 code.
pub const LANGUAGES: [&str; 7] = ["en", "de", "fr", "es", "it", "pt", "nl"];

fn merge(target: &mut serde_json::Value, patch: &serde_json::Value, defaults: &serde_json::Value) {
    let (serde_json::Value::Object(target), serde_json::Value::Object(patch)) =
        (&mut *target, patch)
    else {
        *target = patch.clone();
        return;
    };
    for (name, value) in patch {
        let default = defaults.get(name).unwrap_or(&serde_json::Value::Null);
        match value {
            serde_json::Value::Null if default.is_null() => {
                target.remove(name);
            }
            serde_json::Value::Null => {
                target.insert(name.clone(), default.clone());
            }
            serde_json::Value::Object(_) if target.contains_key(name) => {
                merge(&mut target[name], value, default);
            }
            serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}
