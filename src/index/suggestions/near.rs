//! Words of the vocabulary that a typed word may stand for, with typing errors.

use std::sync::LazyLock;

use fst::{Automaton, IntoStreamer, Streamer};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};

/// Building the tables behind an automaton takes longer than a keystroke may; they never change.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> = LazyLock::new(|| {
    [LevenshteinAutomatonBuilder::new(1, true), LevenshteinAutomatonBuilder::new(2, true)]
});

/// Words of so many letters may have one error, and two.
const ONE_EDIT_LETTERS_MIN: usize = 3;
const TWO_EDITS_LETTERS_MIN: usize = 7;

/// Consecutive words of the vocabulary at the same distance from what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WordRange {
    pub(super) low: u32,
    /// Exclusive.
    pub(super) high: u32,
    pub(super) edits: u8,
}

/// The vocabulary's words that a typed word may stand for, in alphabetical order.
pub(super) type WordSet = Vec<WordRange>;

/// How far `word` is from what was typed; `None` when it is not in the set.
pub(super) fn edits_of(set: &[WordRange], word: u32) -> Option<u8> {
    let at = set.partition_point(|range| range.high <= word);
    set.get(at).filter(|range| range.low <= word).map(|range| range.edits)
}

/// Errors that a typed word may have: none in short words and in those with digits, where every
/// character counts.
pub(super) fn edits_max(word: &str) -> u8 {
    let letters = word.chars().count();
    if letters < ONE_EDIT_LETTERS_MIN || word.chars().any(char::is_numeric) {
        return 0;
    }
    if letters < TWO_EDITS_LETTERS_MIN { 1 } else { 2 }
}

/// The word itself.
pub(super) fn exact(vocabulary: &fst::Map<Vec<u8>>, word: &str) -> WordSet {
    let number = vocabulary.get(word).map(|number| number as u32);
    number.map(|low| WordRange { low, high: low + 1, edits: 0 }).into_iter().collect()
}

/// The words that start with `prefix`.
pub(super) fn prefixed(vocabulary: &fst::Map<Vec<u8>>, prefix: &str) -> WordSet {
    let first_from = |key: &[u8]| {
        let mut stream = vocabulary.range().ge(key).into_stream();
        stream.next().map_or(vocabulary.len() as u32, |(_, number)| number as u32)
    };
    let mut behind = prefix.as_bytes().to_vec();
    // No byte of UTF-8 is 0xff, so the next one exists.
    let Some(last) = behind.last_mut() else {
        return vec![WordRange { low: 0, high: vocabulary.len() as u32, edits: 0 }];
    };
    *last = last.saturating_add(1);
    let (low, high) = (first_from(prefix.as_bytes()), first_from(&behind));
    if low < high { vec![WordRange { low, high, edits: 0 }] } else { Vec::new() }
}

/// The words within `edits` errors of `word`, or those that start so when it `is_prefix`.
pub(super) fn near(
    vocabulary: &fst::Map<Vec<u8>>,
    word: &str,
    edits: u8,
    is_prefix: bool,
) -> WordSet {
    let edits = edits.min(edits_max(word));
    if edits == 0 {
        return if is_prefix { prefixed(vocabulary, word) } else { exact(vocabulary, word) };
    }
    let builder = &BUILDERS[usize::from(edits) - 1];
    let automaton =
        if is_prefix { builder.build_prefix_dfa(word) } else { builder.build_dfa(word) };
    let automaton = WithinDistance(automaton);
    let mut stream = vocabulary.search_with_state(&automaton).into_stream();
    let mut set: WordSet = Vec::new();
    while let Some((_, number, state)) = stream.next() {
        let low = number as u32;
        let edits = automaton.distance(state);
        match set.last_mut() {
            Some(last) if last.high == low && last.edits == edits => last.high = low + 1,
            _ => set.push(WordRange { low, high: low + 1, edits }),
        }
    }
    set
}

/// Lets the vocabulary be walked by an edit-distance automaton.
struct WithinDistance(DFA);

impl WithinDistance {
    fn distance(&self, state: u32) -> u8 {
        match self.0.distance(state) {
            Distance::Exact(edits) | Distance::AtLeast(edits) => edits,
        }
    }
}

impl Automaton for &WithinDistance {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}
