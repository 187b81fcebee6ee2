//! Misspelt words: the known word that was most likely meant.

use crate::text::analyse::Analyser;
use crate::text::vocabulary::{Neighbour, Vocabulary};

/// Words shorter than this are never corrected.
const LETTERS_MIN: usize = 4;

/// From this length on two edits are allowed.
const LETTERS_TWO_EDITS: usize = 8;

/// A known word is taken for misspelt only if another is so many times as frequent.
const FREQUENT_RATIO: f32 = 50.0;

/// Costs in units of the natural logarithm of frequency.
const EDIT_COST: f32 = 4.0;
const FIRST_LETTER_COST: f32 = 3.0;
const DOUBLED_LETTER_GAIN: f32 = 1.0;
const PAIR_GAIN: f32 = 4.0;

/// The word with the words around it.
pub(super) struct Context<'a> {
    pub(super) before: Option<&'a str>,
    pub(super) word: &'a str,
    pub(super) after: Option<&'a str>,
}

/// The known word that was most likely meant, or `None` when the word stands as it is.
pub(super) fn correction(
    context: &Context<'_>,
    vocabulary: &dyn Vocabulary,
    analyser: &Analyser,
) -> Option<String> {
    let word = context.word;
    let letters = word.chars().count();
    if letters < LETTERS_MIN || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    let own_count = vocabulary.count(word);
    if own_count > 2 || vocabulary.brand_count(word) > 0 {
        return None;
    }
    let distance_max = if letters >= LETTERS_TWO_EDITS { 2 } else { 1 };
    let stem = analyser.stem(word);
    let neighbours: Vec<Neighbour> = vocabulary
        .near(word, distance_max)
        .into_iter()
        .filter(|near| near.term != word && near.term.chars().count() >= LETTERS_MIN - 1)
        .collect();
    // A known form of the same word finds it already: nothing to correct.
    if neighbours.iter().any(|near| analyser.stem(&near.term) == stem) {
        return None;
    }
    let likelihood = |near: &Neighbour| likelihood(near, context, vocabulary);
    let judged = neighbours.into_iter().map(|near| (likelihood(&near), near));
    let (_, best) = judged.max_by(|(one, term), (other, other_term)| {
        one.total_cmp(other).then_with(|| other_term.term.cmp(&term.term))
    })?;
    let frequent_enough = best.count as f32 >= FREQUENT_RATIO * own_count as f32;
    frequent_enough.then_some(best.term)
}

fn likelihood(near: &Neighbour, context: &Context<'_>, vocabulary: &dyn Vocabulary) -> f32 {
    let word = context.word;
    let mut value = (near.count as f32).ln_1p() - EDIT_COST * f32::from(near.distance);
    if near.term.chars().next() != word.chars().next() {
        value -= FIRST_LETTER_COST;
    }
    if without_doubles(&near.term) == without_doubles(word) {
        value += DOUBLED_LETTER_GAIN;
    }
    let before = context.before.map_or(0, |before| vocabulary.pair_count(before, &near.term));
    let after = context.after.map_or(0, |after| vocabulary.pair_count(&near.term, after));
    if before + after > 0 {
        value += PAIR_GAIN;
    }
    value
}

fn without_doubles(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for letter in word.chars() {
        if !plain.ends_with(letter) {
            plain.push(letter);
        }
    }
    plain
}

use super::lexicon::Lexicon;
use crate::text::analyse::Token;
use crate::text::tokenise::{Word, WordKind};
pub(super) struct Corrected { pub(super) tokens: Vec<Token>, pub(super) surfaces: Vec<String>, pub(super) changed: bool }
pub(super) fn correct(mut tokens: Vec<Token>, mut surfaces: Vec<String>, vocabulary: &dyn Vocabulary, lexicon: &Lexicon) -> Corrected {
    let mut changed = false;
    for place in 0..tokens.len() {
        let token = &tokens[place];
        if token.word.kind != WordKind::Letters || lexicon.is_stop_word(&token.word.text) { continue; }
        if as_two_words(&token.word.text, vocabulary).is_some() { continue; }
        if (place > 0 && as_one_word(&tokens[place-1].word, &token.word, vocabulary).is_some()) || tokens.get(place+1).is_some_and(|n| as_one_word(&token.word, &n.word, vocabulary).is_some()) { continue; }
        let word_at = |place: usize| tokens.get(place).map(|token| token.word.text.as_str());
        let context = Context { before: place.checked_sub(1).and_then(word_at), word: &token.word.text, after: word_at(place + 1) };
        let Some(meant) = correction(&context, vocabulary, lexicon.analyser()) else { continue };
        let token = &mut tokens[place];
        token.term = lexicon.analyser().stem(&meant);
        token.word.text.clone_from(&meant);
        surfaces[place] = meant;
        changed = true;
    }
    Corrected { tokens, surfaces, changed }
}
pub(super) fn as_one_word(first: &Word, second: &Word, vocabulary: &dyn Vocabulary) -> Option<String> {
    let are_letters = first.kind == WordKind::Letters && second.kind == WordKind::Letters;
    let joined = format!("{}{}", first.text, second.text);
    (are_letters && vocabulary.count(&joined) > 0).then_some(joined)
}
pub(super) fn as_two_words(word: &str, vocabulary: &dyn Vocabulary) -> Option<(String, String)> {
    if !word.is_ascii() || word.len() < 6 { return None; }
    (3..=word.len() - 3).map(|middle| word.split_at(middle))
        .map(|(first, second)| (vocabulary.pair_count(first, second), first, second))
        .filter(|(count, ..)| *count > 0).max_by_key(|(count, ..)| *count)
        .map(|(_, first, second)| (first.to_owned(), second.to_owned()))
}
