//! Other ways to read the spaces in what is typed: `t shirt`, `tshirt`; `128 gb`, `128gb`.

use fst::Map;

use super::near::{exact, prefixed};
use super::words::Typed;

/// A space more or less than typed is a smaller error than a letter.
const QUALITY: f32 = 0.6;

/// Readings tried: of more, those at the front of the text.
const READINGS_MAX: usize = 3;

/// Longer words are not taken apart.
const LETTERS_MAX: usize = 24;

/// What is typed, as it may be meant.
pub(super) struct Reading {
    pub(super) typed: Typed,
    /// What the quality of a match is multiplied with, 0–1.
    pub(super) quality: f32,
    /// Spaces put in or left out.
    pub(super) edits: u8,
}

impl Reading {
    pub(super) fn plain(typed: Typed) -> Self {
        Self { typed, quality: 1.0, edits: 0 }
    }

    fn of(mut words: Vec<String>, has_last: bool) -> Self {
        let last = if has_last { words.pop().unwrap_or_default() } else { String::new() };
        Self { typed: Typed { earlier: words, last }, quality: QUALITY, edits: 1 }
    }
}

/// Readings with one space more or less, of whose words each is known.
pub(super) fn readings(typed: &Typed, vocabulary: &Map<Vec<u8>>) -> Vec<Reading> {
    let words: Vec<&str> = typed.words().collect();
    let has_last = !typed.last.is_empty();
    let is_known = |word: &str, at: usize, count: usize| {
        let is_last = has_last && at + 1 == count;
        let known = if is_last { prefixed(vocabulary, word) } else { exact(vocabulary, word) };
        !known.is_empty()
    };
    let with = |range: std::ops::Range<usize>, parts: &[&str]| {
        let count = words.len() - range.len() + parts.len();
        let are_known = (range.start..).zip(parts).all(|(at, part)| is_known(part, at, count));
        are_known.then(|| {
            let new = words[..range.start].iter().chain(parts).chain(&words[range.end..]);
            Reading::of(new.map(|word| (*word).to_owned()).collect(), has_last)
        })
    };
    let joins = (1..words.len()).filter_map(|at| {
        let joined = [words[at - 1], words[at]].concat();
        with(at - 1..at + 1, &[joined.as_str()])
    });
    let splits = words.iter().enumerate().flat_map(|(at, word)| {
        let cuts = word.char_indices().skip(1).take(LETTERS_MAX);
        let with = &with;
        cuts.filter_map(move |(cut, _)| {
            let (first, second) = word.split_at(cut);
            is_sensible(first, second).then(|| with(at..at + 1, &[first, second])).flatten()
        })
    });
    joins.chain(splits).take(READINGS_MAX).collect()
}

/// Letters are parted from letters only where both parts say something; numbers from their units
/// and from what they number anywhere.
fn is_sensible(first: &str, second: &str) -> bool {
    let digit = |character: Option<char>| character.is_some_and(char::is_numeric);
    let (before, after) = (digit(first.chars().next_back()), digit(second.chars().next()));
    let are_long = first.chars().nth(1).is_some() || first == "t";
    if before || after { before != after } else { are_long && second.chars().nth(1).is_some() }
}
