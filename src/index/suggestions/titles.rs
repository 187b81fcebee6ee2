//! Phrases that recur in product titles and end in what the product is.

use std::collections::{HashMap, HashSet};

use super::words::split;
use crate::text::analyse::Analyser;

/// A phrase in fewer titles is a product's name, not a way of searching.
const TITLES_MIN: u32 = 3;

/// Frequent phrases kept.
const PHRASES_MAX: usize = 200_000;

/// Titles read; of larger catalogues every n-th title shows the same frequent phrases.
pub(super) const TITLES_MAX: usize = 200_000;

/// Marks that end a part of a title: what stands on both sides of one is no phrase.
const BREAKS: [char; 14] = [',', ';', ':', '|', '(', ')', '[', ']', '/', '–', '—', '•', '!', '\n'];

const NONE: u32 = u32::MAX;

/// A recurring phrase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phrase {
    pub(super) text: String,
    /// Titles that have it.
    pub(super) titles: u32,
}

/// Counts phrases of two and three words over titles.
#[derive(Default)]
pub(super) struct TitlePhrases {
    ids: HashMap<String, u32>,
    /// The words as first written, in lower case.
    written: Vec<String>,
    counts: HashMap<[u32; 3], u32>,
    /// Titles whose first part ends in the word.
    tails: HashMap<u32, u32>,
}

impl TitlePhrases {
    pub(super) fn read(&mut self, title: &str) {
        let mut phrases: HashSet<[u32; 3]> = HashSet::new();
        for (place, part) in title.split(BREAKS).enumerate() {
            for part in part.split(" - ") {
                let words = self.words(part);
                phrases.extend(words.windows(2).map(|pair| [pair[0], pair[1], NONE]));
                phrases.extend(words.windows(3).map(|three| [three[0], three[1], three[2]]));
                let tail = words.last().filter(|_| place == 0);
                if let Some(tail) = tail {
                    *self.tails.entry(*tail).or_default() += 1;
                }
            }
        }
        for phrase in phrases {
            *self.counts.entry(phrase).or_default() += 1;
        }
    }

    fn words(&mut self, part: &str) -> Vec<u32> {
        split(part)
            .into_iter()
            .map(|piece| {
                let next = self.written.len() as u32;
                let written = &mut self.written;
                *self.ids.entry(piece.text).or_insert_with(|| {
                    written.push(part[piece.start..piece.end].to_lowercase());
                    next
                })
            })
            .collect()
    }

    /// Frequent phrases, most frequent first. `heads` are stems of words that name a kind of
    /// product; a word at the end of several titles is one too.
    pub(super) fn frequent(self, analyser: &Analyser, heads: &HashSet<String>) -> Vec<Phrase> {
        let is_head: Vec<bool> = (0..)
            .zip(&self.written)
            .map(|(id, word)| {
                let is_word = word.chars().count() > 2 && word.chars().all(char::is_alphabetic);
                let is_tail = self.tails.get(&id).is_some_and(|titles| *titles >= TITLES_MIN);
                is_word && (is_tail || heads.contains(&analyser.stem(word)))
            })
            .collect();
        let begins = |id: u32| {
            let word = &self.written[id as usize];
            word.chars().count() > 2 && word.chars().any(char::is_alphabetic)
        };
        let mut frequent: Vec<([u32; 3], u32)> = self
            .counts
            .iter()
            .map(|(phrase, titles)| (*phrase, *titles))
            .filter(|(phrase, titles)| {
                let head = if phrase[2] == NONE { phrase[1] } else { phrase[2] };
                *titles >= TITLES_MIN && is_head[head as usize] && begins(phrase[0])
            })
            .collect();
        let text = |phrase: &[u32; 3]| {
            let words = phrase.iter().filter(|id| **id != NONE);
            words.map(|id| self.written[*id as usize].as_str()).collect::<Vec<_>>().join(" ")
        };
        frequent.sort_by_cached_key(|(phrase, titles)| (std::cmp::Reverse(*titles), text(phrase)));
        frequent.truncate(PHRASES_MAX);
        let phrase =
            |(phrase, titles): &([u32; 3], u32)| Phrase { text: text(phrase), titles: *titles };
        frequent.iter().map(phrase).collect()
    }
}
