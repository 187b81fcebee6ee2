//! What a text says is absent: `box without a lid`, `no show socks`, `sugar-free`, `cordless`.
//!
//! Products and queries are read by the same rules, so a text that only looks like a negation
//! ("no show socks") is read alike on both sides and still meets itself.

use std::ops::Range;

use super::analyse::Token;
use super::language::{Language, phrase_at};
use super::tokenise::{Word, WordKind};

/// "Without" speaks of so many words at most.
const WORDS_MAX: usize = 3;

/// What is left of a word before an ending such as "less" has at least so many letters.
const LETTERS_BEFORE_ENDING_MIN: usize = 3;

/// Something that a text says is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// The tokens that say so, the absent words among them.
    pub tokens: Range<usize>,
    /// The absent words, folded and unstemmed, in order; at least one.
    pub words: Vec<String>,
    /// Whether the absent words stand behind a word such as "without" and so are no part of what
    /// the text is about; "sugar free" and "cordless" describe what it is about.
    pub is_apart: bool,
}

/// What the text says is absent, in order. The tokens are those of the text.
pub fn absences(text: &str, tokens: &[Token], language: &Language) -> Vec<Absence> {
    let reading = Reading { text, tokens, language };
    let mut found = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        let here = reading.without(place).or_else(|| reading.described(place));
        match here.and_then(|absences| Some((absences.last()?.tokens.end, absences))) {
            Some((end, absences)) => {
                found.extend(absences);
                place = end;
            }
            None => place += 1,
        }
    }
    found
}

struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    language: &'a Language,
}

impl<'a> Reading<'a> {
    fn words_from(&self, place: usize) -> impl Iterator<Item = &'a Word> + Clone {
        self.tokens[place..].iter().map(|token| &token.word)
    }

    /// `without …` and `no …` at a place: one absence, or several joined by "and".
    fn without(&self, place: usize) -> Option<Vec<Absence>> {
        let without = phrase_at(&self.language.without, self.words_from(place));
        let no = phrase_at(&self.language.no, self.words_from(place));
        let (said, words_max) = if without > 0 { (without, WORDS_MAX) } else { (no, 1) };
        if said == 0 {
            return None;
        }
        let mut found: Vec<Absence> = Vec::new();
        let (mut first, mut from) = (place, place + said);
        while let Some(run) = self.run(from, words_max) {
            let words = self.tokens[run.clone()].iter().map(|token| token.word.text.clone());
            found.push(Absence { tokens: first..run.end, words: words.collect(), is_apart: true });
            let goes_on = self.language.and.iter().any(|and| self.is(run.end, and));
            if words_max == 1 || !goes_on || !self.touches(run.end) {
                break;
            }
            (first, from) = (run.end, run.end + 1);
        }
        (!found.is_empty()).then_some(found)
    }

    /// The words that "without" at `from` speaks of.
    fn run(&self, from: usize, words_max: usize) -> Option<Range<usize>> {
        let skipped = (from..self.tokens.len()).take_while(|place| self.is_article(*place)).count();
        let first = from + skipped;
        let end = (first..self.tokens.len().min(first + words_max))
            .find(|place| self.ends(*place) || !self.touches(*place))
            .unwrap_or(self.tokens.len().min(first + words_max));
        (first < end).then_some(first..end)
    }

    /// `sugar free` and `cordless` at a place.
    fn described(&self, place: usize) -> Option<Vec<Absence>> {
        let word = &self.tokens[place].word;
        if word.kind != WordKind::Letters || self.is_stop_word(place) {
            return None;
        }
        let absence = |tokens, absent: &str| Absence {
            tokens,
            words: vec![absent.to_owned()],
            is_apart: false,
        };
        let free = phrase_at(&self.language.free, self.words_from(place + 1));
        if free > 0 && self.touches(place + 1) {
            return Some(vec![absence(place..place + 1 + free, &word.text)]);
        }
        let rest = self.language.free_endings.iter().find_map(|end| word.text.strip_suffix(end))?;
        let long_enough = rest.chars().count() >= LETTERS_BEFORE_ENDING_MIN;
        long_enough.then(|| vec![absence(place..place + 1, rest)])
    }

    fn is(&self, place: usize, text: &str) -> bool {
        self.tokens.get(place).is_some_and(|token| token.word.text == text)
    }

    fn is_stop_word(&self, place: usize) -> bool {
        self.language.stop_words.iter().any(|stop| self.is(place, stop))
    }

    /// A small word before what is absent: "without a lid".
    fn is_article(&self, place: usize) -> bool {
        self.is_stop_word(place) && !self.ends(place) && self.touches(place)
    }

    fn ends(&self, place: usize) -> bool {
        let listed = |words: &[String]| words.iter().any(|word| self.is(place, word));
        let is_letters = self.tokens[place].word.kind == WordKind::Letters;
        !is_letters || listed(&self.language.ends) || listed(&self.language.and)
    }

    /// Whether no mark but a hyphen or a quote parts a token from the one before.
    fn touches(&self, place: usize) -> bool {
        let Some((before, token)) = place
            .checked_sub(1)
            .and_then(|before| Some((&self.tokens[before], self.tokens.get(place)?)))
        else {
            return place == 0;
        };
        let between = self.text.get(before.word.end..token.word.start).unwrap_or_default();
        between.chars().all(|mark| mark.is_whitespace() || "-‐‑'\"“”’".contains(mark))
            && !between.contains('\n')
    }
}
