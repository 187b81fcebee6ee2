//! What the small words of a language mean: `index/languages.toml`, compiled in.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::tokenise::Word;

const FILE: &str = include_str!("../../index/languages.toml");

/// The language of an unknown code.
const FALLBACK: &str = "en";

static LANGUAGES: LazyLock<HashMap<String, Language>> = LazyLock::new(|| {
    toml::from_str(FILE).unwrap_or_else(|error| {
        tracing::error!(%error, "the languages' words cannot be read");
        HashMap::new()
    })
});

static NONE: LazyLock<Language> = LazyLock::new(Language::default);

/// The small words of one language, folded. The file documents each list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Words without meaning in a query.
    pub stop_words: Vec<String>,
    /// Before what is absent, up to three words.
    pub without: Vec<Phrase>,
    /// Before the one word that is absent.
    pub no: Vec<Phrase>,
    /// Behind the word that is absent.
    pub free: Vec<Phrase>,
    /// Endings of a word that make its beginning absent.
    pub free_endings: Vec<String>,
    /// Words that end what "without" speaks of.
    pub ends: Vec<String>,
    /// Before the most that a price may be.
    pub under: Vec<Phrase>,
    /// Before the least that a price may be.
    pub over: Vec<Phrase>,
    /// Before two amounts.
    pub between: Vec<String>,
    /// Between two amounts.
    pub and: Vec<String>,
    /// Beside a size.
    pub size: Vec<String>,
    /// Words of a title that end the part that says what the product is.
    pub connectors: Vec<String>,
    /// Letters that join the parts of a compound; empty where compounds are written apart.
    pub joints: Vec<String>,
}

impl Language {
    /// The language of an ISO 639-1 code; English for one that is not known.
    pub fn of(code: &str) -> &'static Self {
        LANGUAGES.get(code).or_else(|| LANGUAGES.get(FALLBACK)).unwrap_or(&NONE)
    }

    /// Whether words are compounds of others, written as one.
    pub fn has_compounds(&self) -> bool {
        !self.joints.is_empty()
    }
}

/// One word or several that follow one another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Phrase(Vec<String>);

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }
}

impl Phrase {
    /// How many of the words, from the first on, are this phrase: all of its own, or 0.
    pub fn length_at<'w>(&self, words: impl IntoIterator<Item = &'w Word>) -> usize {
        let mut words = words.into_iter();
        let begins = self.0.iter().all(|own| words.next().is_some_and(|word| word.text == *own));
        if begins { self.0.len() } else { 0 }
    }
}

/// The length of the longest of several phrases that the words begin with; 0 for none.
pub fn phrase_at<'w>(
    phrases: &[Phrase],
    words: impl IntoIterator<Item = &'w Word> + Clone,
) -> usize {
    phrases.iter().map(|phrase| phrase.length_at(words.clone())).max().unwrap_or(0)
}
