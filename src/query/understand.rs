//! From a text to a query.

use super::correct::{as_one_word, as_two_words, correct};
use super::lexicon::{Lexicon, SYNONYM_WORDS_MAX};
use super::price::price_wish;
use super::{Alternative, Query, QueryTerm};
use crate::domain::page::Understood;
use crate::text::analyse::Token;
use crate::text::normalise::{compact, fold};
use crate::text::tokenise::WordKind;
use crate::text::units::write_number;
use crate::text::vocabulary::Vocabulary;

/// More words than this are not looked for; nobody means them all.
const WORDS_MAX: usize = 32;

/// How much the bare number counts where a quantity was asked for.
const BARE_NUMBER_WEIGHT: f32 = 0.4;

/// Identifiers are made of up to so many neighbouring words.
const IDENTIFIER_WORDS_MAX: usize = 6;

/// A bare number within a longer query is an identifier only from so many digits on: "rtx 4060" is
/// no article 4060.
const BARE_DIGITS_MIN: usize = 8;

/// Understands `text` with the words that the index knows; `typo` says whether misspelt words are
/// corrected.
pub fn understand(text: &str, vocabulary: &dyn Vocabulary, lexicon: &Lexicon, typo: bool) -> Query {
    let mut tokens = lexicon.analyser().tokens(text);
    tokens.truncate(WORDS_MAX);
    let mut query = Query { identifiers: identifiers(text, &tokens), ..Query::default() };
    take_price(&mut tokens, &mut query);
    let mut surfaces = surfaces(text, &tokens);
    if typo {
        let corrected = correct(tokens, surfaces, vocabulary, lexicon);
        query.corrected = corrected.changed.then(|| corrected.surfaces.join(" "));
        (tokens, surfaces) = (corrected.tokens, corrected.surfaces);
    }
    let reading = Reading { vocabulary, lexicon, surfaces, tokens };
    query.text = reading.surfaces.join(" ");
    query.terms = reading.terms();
    query.brands = reading.brands();
    query.understood.extend(query.brands.iter().map(|brand| Understood {
        kind: "brand",
        text: brand.clone(),
        value: brand.clone(),
    }));
    let words = query.terms.iter().map(|term| Understood {
        kind: "word",
        text: term.word.clone(),
        value: term.alternatives[0].terms.join(" "),
    });
    query.understood.extend(words.collect::<Vec<_>>());
    query
}

fn surfaces(text: &str, tokens: &[Token]) -> Vec<String> {
    tokens.iter().map(|token| fold(&text[token.word.start..token.word.end])).collect()
}

fn take_price(tokens: &mut Vec<Token>, query: &mut Query) {
    let Some(wish) = price_wish(tokens) else {
        return;
    };
    let said: Vec<String> =
        tokens.drain(wish.first..wish.first + wish.count).map(|token| token.word.text).collect();
    let bounds = wish.bounds;
    query.understood.push(Understood {
        kind: "price",
        text: said.join(" "),
        value: format!("{}..{}", bounds.at_least, bounds.at_most),
    });
    query.price = Some(bounds);
}

/// Runs of neighbouring words, with a digit in them, as identifiers without separators.
fn identifiers(text: &str, tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for first in 0..tokens.len() {
        let mut joined = String::new();
        for (used, token) in (1..).zip(tokens[first..].iter().take(IDENTIFIER_WORDS_MAX)) {
            joined.push_str(&compact(&text[token.word.start..token.word.end]));
            let whole = first == 0 && used == tokens.len();
            if may_identify(&joined, whole) && !found.contains(&joined) {
                found.push(joined.clone());
            }
        }
    }
    found
}

fn may_identify(joined: &str, whole: bool) -> bool {
    let has_digit = joined.bytes().any(|byte| byte.is_ascii_digit());
    let bare = joined.bytes().all(|byte| byte.is_ascii_digit());
    has_digit && joined.len() >= 4 && (!bare || whole || joined.len() >= BARE_DIGITS_MIN)
}

/// A text being read.
struct Reading<'a> {
    vocabulary: &'a dyn Vocabulary,
    lexicon: &'a Lexicon,
    tokens: Vec<Token>,
    surfaces: Vec<String>,
}

impl Reading<'_> {
    /// One term per word or recognised group of words; stop words only when there is nothing else.
    fn terms(&self) -> Vec<QueryTerm> {
        let mut terms = Vec::with_capacity(self.tokens.len());
        let mut place = 0;
        while place < self.tokens.len() {
            let (term, used) = self.group(place).unwrap_or_else(|| (self.single(place), 1));
            terms.push((term, used == 1 && self.is_stop(place)));
            place += used;
        }
        let only_stop_words = terms.iter().all(|(_, stop)| *stop);
        terms
            .into_iter()
            .filter(|(_, stop)| only_stop_words || !stop)
            .map(|(term, _)| term)
            .collect()
    }

    fn is_stop(&self, place: usize) -> bool {
        self.lexicon.is_stop_word(&self.tokens[place].word.text)
    }

    /// Several words that have a synonym or are also written as one.
    fn group(&self, place: usize) -> Option<(QueryTerm, usize)> {
        let longest = SYNONYM_WORDS_MAX.min(self.tokens.len() - place);
        for used in (2..=longest).rev() {
            let tokens = &self.tokens[place..place + used];
            let terms: Vec<String> = tokens.iter().map(|token| token.term.clone()).collect();
            let synonyms = self.lexicon.synonyms(&terms);
            if !synonyms.is_empty() {
                let mut alternatives = vec![Alternative { terms, weight: 1.0 }];
                alternatives.extend_from_slice(synonyms);
                return Some((QueryTerm { word: self.words(place, used), alternatives }, used));
            }
        }
        let (first, second) = (self.tokens.get(place)?, self.tokens.get(place + 1)?);
        let joined = as_one_word(&first.word, &second.word, self.vocabulary)?;
        let pair = [first.term.clone(), second.term.clone()];
        let alternatives = vec![
            Alternative { terms: vec![self.lexicon.analyser().stem(&joined)], weight: 1.0 },
            Alternative { terms: pair.to_vec(), weight: 1.0 },
        ];
        Some((QueryTerm { word: self.words(place, 2), alternatives }, 2))
    }

    fn words(&self, place: usize, used: usize) -> String {
        let words = self.tokens[place..place + used].iter().map(|token| token.word.text.as_str());
        words.collect::<Vec<_>>().join(" ")
    }

    fn single(&self, place: usize) -> QueryTerm {
        let token = &self.tokens[place];
        let own = vec![token.term.clone()];
        let mut alternatives = vec![Alternative { terms: own.clone(), weight: 1.0 }];
        alternatives.extend_from_slice(self.lexicon.synonyms(&own));
        if let WordKind::Quantity(value, _) = token.word.kind {
            let terms = vec![write_number(value)];
            alternatives.push(Alternative { terms, weight: BARE_NUMBER_WEIGHT });
        }
        if let Some((first, second)) = as_two_words(&token.word.text, self.vocabulary) {
            let analyser = self.lexicon.analyser();
            let terms = vec![analyser.stem(&first), analyser.stem(&second)];
            alternatives.push(Alternative { terms, weight: 1.0 });
        }
        QueryTerm { word: token.word.text.clone(), alternatives }
    }

    /// Words that are mostly known as brands.
    fn brands(&self) -> Vec<String> {
        let is_brand = |word: &&String| {
            let brand = self.vocabulary.brand_count(word);
            brand > 0 && 2 * brand >= self.vocabulary.count(word)
        };
        self.tokens.iter().map(|token| &token.word.text).filter(is_brand).cloned().collect()
    }
}
