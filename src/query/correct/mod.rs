//! Misspelt words: what was most likely meant, or the word as it stands.
//!
//! The noisy channel of Kernighan, Church and Gale (1990): a correction is worth what speaks for the
//! word (how many products have it, how well it fits the other words) less the price of the slips
//! that lead from it to what was typed. It is made only when that worth passes a bar: for an unknown
//! word one that is higher the shorter the word, because some known word lies near every short one;
//! for a rare word that of the word itself with a margin.

mod compounds;
mod context;
mod spelling;

pub(super) use compounds::{as_one_word, as_two_words};

use std::ops::Range;

use super::lexicon::Lexicon;
use crate::text::analyse::Token;
use crate::text::inflect::Kinship;
use crate::text::tokenise::{Word, WordKind};
use crate::text::vocabulary::Vocabulary;

/// A word that more products than this have is never corrected.
const RARE_COUNT_MAX: u32 = 2;

/// A rare word gives way only to a correction worth so much more, in natural logarithms: one that
/// is about 50 times as likely.
const RARE_MARGIN: f32 = 4.0;

/// The words of a text after correction.
#[derive(Debug)]
pub(super) struct Corrected {
    /// The words with their terms, in order.
    pub(super) tokens: Vec<Token>,
    /// How each of them is written.
    pub(super) surfaces: Vec<String>,
    /// Whether any word was corrected.
    pub(super) changed: bool,
}

/// Replaces, splits and joins misspelt words; `surfaces` are the tokens as the shopper wrote them.
pub(super) fn correct(
    tokens: Vec<Token>,
    surfaces: Vec<String>,
    vocabulary: &dyn Vocabulary,
    lexicon: &Lexicon,
) -> Corrected {
    let spot = |(token, surface)| Spot::new(token, surface, vocabulary, lexicon);
    let spots = tokens.into_iter().zip(surfaces).map(spot).collect();
    let mut text = Text { vocabulary, lexicon, spots };
    let mut changed = false;
    let mut place = 0;
    while place < text.spots.len() {
        let step = match text.change_at(place) {
            Some(change) => {
                changed = true;
                text.apply(place, change)
            }
            None => 1,
        };
        place += step;
    }
    let (tokens, surfaces) = text.spots.into_iter().map(|spot| (spot.token, spot.surface)).unzip();
    Corrected { tokens, surfaces, changed }
}

/// A word in its place, with what is known of it.
struct Spot {
    token: Token,
    surface: String,
    /// Products that contain it; 0 for one that is not all letters.
    count: u32,
    /// Whether it says nothing about the words around it.
    is_stop_word: bool,
    /// Whether it stands as it is, whatever the catalogue has.
    is_fixed: bool,
}

impl Spot {
    fn new(token: Token, surface: String, vocabulary: &dyn Vocabulary, lexicon: &Lexicon) -> Self {
        let word = &token.word.text;
        let is_letters = token.word.kind == WordKind::Letters;
        let is_stop_word = lexicon.is_stop_word(word);
        Self {
            count: if is_letters { vocabulary.count(word) } else { 0 },
            is_stop_word,
            is_fixed: !is_letters || is_stop_word || lexicon.names(&token.term),
            surface,
            token,
        }
    }

    fn text(&self) -> &str {
        &self.token.word.text
    }
}

/// What may be done about a word.
enum Change {
    /// Other words stand in its place: one, or the parts that were run together.
    Write(Vec<String>),
    /// It and the next one are one word.
    Join(String),
}

/// How far the catalogue vouches for a word.
enum Standing {
    /// Products have it, or the word that it is a regular form of.
    Settled,
    /// Products have what may be forms of the same word; only those can have been meant.
    Kin,
    /// No product, or hardly any, has it.
    Doubtful,
}

/// A change with what it is worth above its bar.
struct Proposal {
    gain: f32,
    change: Change,
}

/// A text being corrected.
struct Text<'a> {
    vocabulary: &'a dyn Vocabulary,
    lexicon: &'a Lexicon,
    spots: Vec<Spot>,
}

impl Text<'_> {
    /// The best change of the word at `place`, if any passes its bar.
    fn change_at(&self, place: usize) -> Option<Change> {
        if self.spots[place].is_fixed {
            return None;
        }
        let mut proposals: Vec<Proposal> = self.join(place).into_iter().collect();
        match self.standing(place) {
            Standing::Settled => {}
            Standing::Kin => proposals.extend(self.respelt(place, true)),
            Standing::Doubtful => {
                proposals.extend(self.respelt(place, false));
                proposals.extend(self.split(place));
            }
        }
        let passing = proposals.into_iter().filter(|proposal| proposal.gain >= 0.0);
        passing.max_by(|one, other| one.gain.total_cmp(&other.gain)).map(|best| best.change)
    }

    fn standing(&self, place: usize) -> Standing {
        let spot = &self.spots[place];
        if spot.count > RARE_COUNT_MAX || self.vocabulary.brand_count(spot.text()) > 0 {
            return Standing::Settled;
        }
        let is_known = |form: &str| self.vocabulary.count(form) > 0;
        match self.lexicon.analyser().kinship(spot.text(), &is_known) {
            Kinship::Form if spot.count == 0 => Standing::Settled,
            Kinship::Kin if spot.count == 0 => Standing::Kin,
            Kinship::Form | Kinship::Kin | Kinship::Stranger => Standing::Doubtful,
        }
    }

    /// What a correction of the word at `place` must be worth.
    fn bar(&self, place: usize) -> f32 {
        let spot = &self.spots[place];
        if spot.count == 0 {
            return -spelling::tolerance(spot.text());
        }
        RARE_MARGIN + context::prior(spot.count) + self.fit(spot.text(), &(place..place + 1))
    }

    /// Makes the change; how many words further the next one to look at is.
    fn apply(&mut self, place: usize, change: Change) -> usize {
        let (words, replaced) = match change {
            Change::Write(words) => (words, place..place + 1),
            Change::Join(word) => (vec![word], place..place + 2),
        };
        let written = words.len();
        let spots = self.written(words, &replaced);
        self.spots.splice(replaced, spots);
        written
    }

    fn written(&self, words: Vec<String>, replaced: &Range<usize>) -> Vec<Spot> {
        let start = self.spots[replaced.start].token.word.start;
        let end = self.spots[replaced.end - 1].token.word.end;
        let spot = |text: String| {
            let term = self.lexicon.analyser().stem(&text);
            let word = Word { text: text.clone(), kind: WordKind::Letters, start, end };
            Spot::new(Token { word, term }, text, self.vocabulary, self.lexicon)
        };
        words.into_iter().map(spot).collect()
    }
}
