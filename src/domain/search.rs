//! What a caller asks for.

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::id::{SessionId, ShopperId};

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
    /// Whether hits carry their explanation.
    pub explain: bool,
    /// Where the search happens, for rules: `mobile`, `newsletter`…
    pub contexts: Vec<String>,
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
            explain: false,
            contexts: Vec::new(),
        }
    }
}

/// A call for suggestions at one keystroke.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuggestRequest {
    /// The text typed so far, at most 128 characters.
    pub q: String,
    /// Who types.
    pub shopper: Option<ShopperId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// At most so many suggestions, 1–50.
    pub limit: usize,
}
