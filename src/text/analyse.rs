//! The analyser: words with the terms that they are indexed and searched under.

use std::fmt;

use rust_stemmers::{Algorithm, Stemmer};

use super::language::Language;
use super::tokenise::{Word, words};

/// A word and its term.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The word as written, folded.
    pub word: Word,
    /// What it is indexed under: the stem for a word of letters, the word itself otherwise.
    pub term: String,
}

/// Turns text into tokens for one language.
pub struct Analyser {
    language: String,
    small_words: &'static Language,
    stemmer: Stemmer,
}

impl fmt::Debug for Analyser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Analyser({})", self.language)
    }
}

/// Shorter words are left as they are: stemming would only confuse them.
const STEMMED_BYTES_MIN: usize = 4;

/// Words of more bytes than this are cut: no shopper types them and no index needs them.
const WORD_BYTES_MAX: usize = 64;

impl Analyser {
    /// An analyser for an ISO 639-1 code; English for one without a stemmer.
    pub fn new(language: &str) -> Self {
        let algorithm = match language {
            "de" => Algorithm::German,
            "fr" => Algorithm::French,
            "es" => Algorithm::Spanish,
            "it" => Algorithm::Italian,
            "pt" => Algorithm::Portuguese,
            "nl" => Algorithm::Dutch,
            _ => Algorithm::English,
        };
        Self {
            language: language.to_owned(),
            small_words: Language::of(language),
            stemmer: Stemmer::create(algorithm),
        }
    }

    /// The language's ISO 639-1 code.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// What the language's small words mean.
    pub fn small_words(&self) -> &'static Language {
        self.small_words
    }

    /// The tokens of `text` in order.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        words(text)
            .into_iter()
            .map(|mut word| {
                cut(&mut word.text);
                let term = self.term(&word);
                Token { word, term }
            })
            .collect()
    }

    /// The term of a single folded word of letters.
    pub fn stem(&self, word: &str) -> String {
        if word.len() < STEMMED_BYTES_MIN {
            return word.to_owned();
        }
        self.stemmer.stem(word).into_owned()
    }

    fn term(&self, word: &Word) -> String {
        if word.has_digits() { word.text.clone() } else { self.stem(&word.text) }
    }
}

fn cut(text: &mut String) {
    if text.len() > WORD_BYTES_MAX {
        let end = text.floor_char_boundary(WORD_BYTES_MAX);
        text.truncate(end);
    }
}
