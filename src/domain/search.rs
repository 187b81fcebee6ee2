//! What a caller asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deadline::Rung;
use super::filter::Filter;
use super::id::{SessionId, ShopperId};
use super::page::SuggestionKind;

/// Which candidates a search considers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Words and meaning.
    #[default]
    Hybrid,
    /// Words only.
    Lexical,
    /// Meaning only.
    Semantic,
}

/// What words of a query can be recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Whatever is not named by itself.
    All,
    /// The name of a brand.
    Brand,
    /// The name of a category.
    Category,
    /// A colour.
    Color,
    /// A size.
    Size,
    /// A value of another attribute, such as a material.
    Attribute,
    /// Bounds on the price: `under 50`.
    Price,
    /// What products should be without: `without fan`.
    Exclusion,
    /// SKU, GTIN and model numbers. Takes `off`; `filter` is as `boost`.
    Identifier,
    /// Synonyms and compounds. Takes `off`; `filter` is as `boost`.
    Synonym,
    /// The same quantity in other units. Takes `off`; `filter` is as `boost`.
    Quantity,
}

/// What is done with what was recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Nothing: the words are only words.
    Off,
    /// Products that have it come first; the others stay.
    #[default]
    Boost,
    /// Only products that have it stay.
    Filter,
}

/// A search. Every field is optional; an empty one lists the shop's best products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchRequest {
    /// The text as typed, at most 512 characters.
    pub q: String,
    /// Who searches.
    pub shopper: Option<ShopperId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// What products must be.
    pub filters: Filter,
    /// Fields to count values of.
    pub facets: Vec<String>,
    /// `field:asc` or `field:desc`, first decides; empty means by score.
    pub sort: Vec<String>,
    /// From 1.
    pub page: usize,
    /// 0–100.
    pub per_page: usize,
    /// Strength of personalisation, 0–1, multiplied with the index's own.
    pub personalize: f32,
    /// Which candidates to consider.
    pub mode: Mode,
    /// Whether misspelt words are corrected.
    pub typo: bool,
    /// What is done with what words are recognised as, where not the default, which is `boost`.
    pub understand: BTreeMap<Aspect, Use>,
    /// Whether hits carry their explanation.
    pub explain: bool,
    /// Where the search happens, for rules: `mobile`, `newsletter`…
    pub contexts: Vec<String>,
    /// The answer is wanted within so many milliseconds, ≥ 1; the server may grant less.
    pub deadline_ms: Option<u64>,
    /// What the first page's answer says under this name, on later pages: no more is done, so that
    /// the pages fit together. Searches that name somebody need not say it.
    pub degraded: Rung,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            q: String::new(),
            shopper: None,
            session: None,
            filters: Filter::default(),
            facets: Vec::new(),
            sort: Vec::new(),
            page: 1,
            per_page: 20,
            personalize: 1.0,
            mode: Mode::Hybrid,
            typo: true,
            understand: BTreeMap::new(),
            explain: false,
            contexts: Vec::new(),
            deadline_ms: None,
            degraded: Rung::Full,
        }
    }
}

impl SearchRequest {
    /// What is done with words that are recognised as something.
    pub fn use_of(&self, aspect: Aspect) -> Use {
        let own = self.understand.get(&aspect).or_else(|| self.understand.get(&Aspect::All));
        own.copied().unwrap_or_default()
    }

    /// Whether words are recognised as something at all.
    pub fn uses(&self, aspect: Aspect) -> bool {
        self.use_of(aspect) != Use::Off
    }
}

/// A call for suggestions at one keystroke.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestRequest {
    /// The text typed so far, at most 128 characters.
    pub q: String,
    /// Who types.
    pub shopper: Option<ShopperId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// At most so many suggestions, 0–50.
    pub limit: usize,
    /// Which kinds may be suggested; empty means all.
    pub kinds: Vec<SuggestionKind>,
    /// What the products that a suggestion finds must be.
    pub filters: Filter,
    /// Whether suggestions carry their explanation.
    pub explain: bool,
}

impl Default for SuggestRequest {
    fn default() -> Self {
        Self {
            q: String::new(),
            shopper: None,
            session: None,
            limit: 10,
            kinds: Vec::new(),
            filters: Filter::default(),
            explain: false,
        }
    }
}

impl SuggestRequest {
    /// Whether a kind may be suggested.
    pub fn wants(&self, kind: SuggestionKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}
