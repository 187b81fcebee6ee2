//! Words of the vocabulary that a typed word may stand for, with typing errors.

use std::sync::LazyLock;

use fst::raw::{Fst, Node};
use fst::{IntoStreamer, Streamer};
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
    let fst = vocabulary.as_fst();
    let mut walk = Walk { fst, automaton, set: Vec::new() };
    let start = walk.automaton.initial_state();
    let words = WordRange { low: 0, high: vocabulary.len() as u32, edits: 0 };
    walk.visit(&fst.root(), start, words);
    walk.set
}

/// No word has this byte: only a state that nothing changes any more stays the same with it.
const FOREIGN: u8 = 0x01;

/// Follows the vocabulary and the automaton together. Where everything below a node is as near as
/// the node, its words are taken as one range without being looked at.
struct Walk<'a> {
    fst: &'a Fst<Vec<u8>>,
    automaton: DFA,
    set: WordSet,
}

impl Walk<'_> {
    /// `words` are those below the node: numbers are given in alphabetical order, so the output on
    /// the way to a node is the number of its first word.
    fn visit(&mut self, node: &Node<'_>, state: u32, words: WordRange) {
        let WordRange { low, high, .. } = words;
        let distance = self.automaton.distance(state);
        if let Distance::Exact(edits) = distance {
            if self.automaton.transition(state, FOREIGN) == state {
                self.push(WordRange { low, high, edits });
                return;
            }
            if node.is_final() {
                self.push(WordRange { low, high: low + 1, edits });
            }
        }
        for at in 0..node.len() {
            let edge = node.transition(at);
            let state = self.automaton.transition(state, edge.inp);
            if state == SINK_STATE {
                continue;
            }
            let first = low + edge.out.value() as u32;
            let behind = match at + 1 < node.len() {
                true => low + node.transition(at + 1).out.value() as u32,
                false => high,
            };
            let below = self.fst.node(edge.addr);
            self.visit(&below, state, WordRange { low: first, high: behind, edits: 0 });
        }
    }

    fn push(&mut self, range: WordRange) {
        match self.set.last_mut() {
            Some(last) if last.high == range.low && last.edits == range.edits => {
                last.high = range.high;
            }
            _ => self.set.push(range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nearest start of `word` to `typed`, as the automaton sees it: an exchange of neighbours
    /// is one error.
    fn prefix_edits(typed: &str, word: &str) -> usize {
        let ends = word.char_indices().map(|(end, _)| end).chain([word.len()]);
        ends.map(|end| strsim::osa_distance(typed, &word[..end])).min().unwrap()
    }

    #[test]
    fn ranges_hold_the_words_that_are_near() {
        let mut words: Vec<String> = Vec::new();
        let letters = ["a", "b", "é", "ni", "ke"];
        for code in 0..5_usize.pow(5) {
            let word = (0..5).map(|place| letters[code / 5_usize.pow(place) % 5]);
            words.push(word.take(1 + code % 5).collect());
        }
        words.sort_unstable();
        words.dedup();
        let map = fst::Map::from_iter((0..).zip(&words).map(|(number, word)| (word, number)));
        let map = map.unwrap();
        for typed in ["nike", "kenia", "abé", "bbbkeni", "niké", "ninike", "ké", "zzz"] {
            for edits in 0..=edits_max(typed) {
                for is_prefix in [false, true] {
                    let set = near(&map, typed, edits, is_prefix);
                    assert!(set.windows(2).all(|pair| pair[0].high <= pair[1].low));
                    for (number, word) in (0..).zip(&words) {
                        let slow = match is_prefix {
                            true => prefix_edits(typed, word),
                            false => strsim::osa_distance(typed, word),
                        };
                        let slow = (slow <= usize::from(edits)).then_some(slow as u8);
                        assert_eq!(edits_of(&set, number), slow, "{typed} {word} {edits}");
                    }
                }
            }
        }
    }
}
