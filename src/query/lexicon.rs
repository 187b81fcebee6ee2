//! What the settings say about words, made ready once per version of the settings.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Alternative;
use crate::settings::{Settings, Synonym};
use crate::text::analyse::Analyser;
use crate::text::normalise::fold;

/// How much finding a synonym counts against finding the word itself.
const SYNONYM_WEIGHT: f32 = 0.8;

/// Synonyms are looked for over so many words.
pub(super) const SYNONYM_WORDS_MAX: usize = 4;

/// Stop words and synonyms by term, with the analyser of the language.
#[derive(Debug)]
pub struct Lexicon {
    analyser: Arc<Analyser>,
    stop_words: HashSet<String>,
    synonyms: HashMap<Vec<String>, Vec<Alternative>>,
    /// All terms that synonyms are looked for by.
    named: HashSet<String>,
}

impl Lexicon {
    /// Reads the settings; `analyser` is the one that the index was built with.
    pub fn new(settings: &Settings, analyser: Arc<Analyser>) -> Self {
        let own = settings.stop_words.iter().map(|word| fold(word));
        let stop_words = analyser.small_words().stop_words.iter().cloned().chain(own).collect();
        let (synonyms, named) = (HashMap::new(), HashSet::new());
        let mut lexicon = Self { analyser, stop_words, synonyms, named };
        for synonym in &settings.synonyms {
            lexicon.add(synonym);
        }
        lexicon
    }

    /// The analyser of the index's language.
    pub fn analyser(&self) -> &Arc<Analyser> {
        &self.analyser
    }

    pub(super) fn is_stop_word(&self, word: &str) -> bool {
        self.stop_words.contains(word)
    }

    /// Whether a synonym names the term, alone or with others: then it is no misspelt word.
    pub(super) fn names(&self, term: &str) -> bool {
        self.named.contains(term)
    }

    /// What else stands for these terms; empty when nothing does.
    pub(super) fn synonyms(&self, terms: &[String]) -> &[Alternative] {
        self.synonyms.get(terms).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, synonym: &Synonym) {
        match synonym {
            Synonym::Group(texts) => {
                for from in texts {
                    let others = texts.iter().filter(|to| *to != from);
                    self.link(from, others);
                }
            }
            Synonym::OneWay { from, to } => self.link(from, to.iter()),
        }
    }

    fn link<'t>(&mut self, from: &str, to: impl Iterator<Item = &'t String>) {
        let from = self.terms(from);
        if from.is_empty() || from.len() > SYNONYM_WORDS_MAX {
            return;
        }
        self.named.extend(from.iter().cloned());
        for text in to {
            let terms = self.terms(text);
            if terms.is_empty() || terms == from {
                continue;
            }
            let alternative = Alternative { terms, weight: SYNONYM_WEIGHT };
            self.synonyms.entry(from.clone()).or_default().push(alternative);
        }
    }

    fn terms(&self, text: &str) -> Vec<String> {
        self.analyser.tokens(text).into_iter().map(|token| token.term).collect()
    }
}
