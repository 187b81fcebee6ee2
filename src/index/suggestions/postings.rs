//! Which suggestions have a word, so laid out that the most popular ones of any range of words come
//! out first, without looking at the others.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::near::WordRange;
use super::span;

/// Words of one block of the table of minima.
const BLOCK_WORDS: usize = 16;

/// No suggestion has the word.
const NONE: u32 = u32::MAX;

/// Takes a word and a suggestion that has it.
pub(super) type Put<'a> = &'a mut dyn FnMut(u32, u32);

/// Suggestions by word, each word's in ascending order: most popular first.
#[derive(Clone, Debug, Default)]
pub(super) struct Postings {
    places: Vec<u32>,
    ends: Vec<u32>,
    /// The first place of each word.
    firsts: Vec<u32>,
    /// `minima[level][block]` is the word with the least first place in 2^level blocks from there.
    minima: Vec<Vec<u32>>,
}

impl Postings {
    /// `counts` holds the number of suggestions of each word; `visit` calls back with each word and
    /// suggestion, suggestions in ascending order.
    pub(super) fn build(counts: &[u32], visit: &mut dyn FnMut(Put<'_>)) -> Self {
        let mut next: Vec<u32> = Vec::with_capacity(counts.len());
        let mut end = 0;
        for count in counts {
            next.push(end);
            end += count;
        }
        let mut places = vec![0; end as usize];
        visit(&mut |word, place| {
            let at = &mut next[word as usize];
            places[*at as usize] = place;
            *at += 1;
        });
        let ends = next;
        let first = |word: usize| {
            let list = span(&ends, word);
            if list.is_empty() { NONE } else { places[list.start] }
        };
        let firsts = (0..ends.len()).map(first).collect();
        let mut postings = Self { places, ends, firsts, minima: Vec::new() };
        postings.tabulate();
        postings
    }

    fn tabulate(&mut self) {
        let blocks = self.firsts.len().div_ceil(BLOCK_WORDS);
        let words = self.firsts.len();
        let of_block = |block: usize| {
            self.least_of(block * BLOCK_WORDS..((block + 1) * BLOCK_WORDS).min(words))
        };
        let mut level: Vec<u32> = (0..blocks).map(of_block).collect();
        let mut reach = 1;
        while !level.is_empty() {
            let pairs = level.len().saturating_sub(reach);
            let next = (0..pairs).map(|at| self.lesser(level[at], level[at + reach])).collect();
            self.minima.push(std::mem::replace(&mut level, next));
            reach *= 2;
        }
    }

    fn lesser(&self, one: u32, other: u32) -> u32 {
        if self.firsts[other as usize] < self.firsts[one as usize] { other } else { one }
    }

    /// The word with the least first place among some, which are not none.
    fn least_of(&self, words: Range<usize>) -> u32 {
        let mut least = words.start;
        for word in words {
            if self.firsts[word] < self.firsts[least] {
                least = word;
            }
        }
        least as u32
    }

    /// The word with the most popular suggestion in a range that is not empty.
    fn least(&self, low: u32, high: u32) -> u32 {
        let (low, high) = (low as usize, high as usize);
        let (first, last) = (low.div_ceil(BLOCK_WORDS), high / BLOCK_WORDS);
        if first >= last {
            return self.least_of(low..high);
        }
        let level = (last - first).ilog2() as usize;
        let row = &self.minima[level];
        let mut least = self.lesser(row[first], row[last - (1 << level)]);
        for edge in [low..first * BLOCK_WORDS, last * BLOCK_WORDS..high] {
            if !edge.is_empty() {
                least = self.lesser(least, self.least_of(edge));
            }
        }
        least
    }

    /// How many suggestions the words of a range have, those with two of them counted twice.
    pub(super) fn count(&self, low: u32, high: u32) -> usize {
        let end = span(&self.ends, high as usize - 1).end;
        end - span(&self.ends, low as usize).start
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let minima: usize = self.minima.iter().map(Vec::len).sum();
        4 * (self.places.len() + self.ends.len() + self.firsts.len() + minima)
    }

    /// Calls back with the suggestions of a set of words, most popular first, each once and at most
    /// `most`, while the answer is true. Few are sorted, of many the best are merged.
    pub(super) fn visit(&self, set: &[WordRange], most: usize, each: &mut dyn FnMut(u32) -> bool) {
        let total: usize = set.iter().map(|range| self.count(range.low, range.high)).sum();
        if total > most {
            self.best(set).take(most).all(each);
            return;
        }
        let lists = set.iter().map(|range| {
            let start = span(&self.ends, range.low as usize).start;
            &self.places[start..span(&self.ends, range.high as usize - 1).end]
        });
        let mut places: Vec<u32> = Vec::with_capacity(total);
        lists.for_each(|list| places.extend_from_slice(list));
        places.sort_unstable();
        places.dedup();
        places.into_iter().all(each);
    }

    /// The suggestions of a set of words, most popular first, each once.
    fn best(&self, set: &[WordRange]) -> Best<'_> {
        let mut best = Best { postings: self, heap: BinaryHeap::new(), latest: NONE };
        for range in set {
            best.push_words(range.low, range.high);
        }
        best
    }
}

/// A place with where the next ones come from.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Source {
    place: u32,
    rest: Rest,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// The word with the least place of a range of words.
    Words { low: u32, high: u32, word: u32 },
    /// The rest of one word's list.
    List { next: u32, end: u32 },
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest, and the least place is wanted.
        other.place.cmp(&self.place)
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Merges lists lazily: of thousands of words only those are touched that have a suggestion popular
/// enough to be given.
pub(super) struct Best<'a> {
    postings: &'a Postings,
    heap: BinaryHeap<Source>,
    latest: u32,
}

impl Best<'_> {
    fn push_words(&mut self, low: u32, high: u32) {
        if low >= high {
            return;
        }
        let word = self.postings.least(low, high);
        let place = self.postings.firsts[word as usize];
        if place != NONE {
            self.heap.push(Source { place, rest: Rest::Words { low, high, word } });
        }
    }

    fn push_list(&mut self, next: u32, end: u32) {
        if next < end {
            let place = self.postings.places[next as usize];
            self.heap.push(Source { place, rest: Rest::List { next, end } });
        }
    }

    fn refill(&mut self, rest: Rest) {
        match rest {
            Rest::Words { low, high, word } => {
                let list = span(&self.postings.ends, word as usize);
                self.push_list(list.start as u32 + 1, list.end as u32);
                self.push_words(low, word);
                self.push_words(word + 1, high);
            }
            Rest::List { next, end } => self.push_list(next + 1, end),
        }
    }
}

impl Iterator for Best<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let Source { place, rest } = self.heap.pop()?;
            self.refill(rest);
            if place != self.latest {
                self.latest = place;
                return Some(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_words_are_merged_in_order() {
        let words: Vec<Vec<u32>> = (0..100_u32)
            .map(|word| {
                let places = (0..200_u32).filter(|place| (place * 7 + word * 13) % 31 == 0);
                places.filter(|place| place % 97 != word).collect()
            })
            .collect();
        let counts: Vec<u32> = words.iter().map(|list| list.len() as u32).collect();
        let postings = Postings::build(&counts, &mut |put| {
            for place in 0..200 {
                for (word, list) in (0..).zip(&words) {
                    if list.contains(&place) {
                        put(word, place);
                    }
                }
            }
        });
        for (low, high) in [(0, 1), (0, 100), (3, 60), (15, 17), (16, 32), (99, 100), (40, 41)] {
            let mut slow: Vec<u32> =
                words[low as usize..high as usize].iter().flatten().copied().collect();
            assert_eq!(postings.count(low, high), slow.len());
            slow.sort_unstable();
            slow.dedup();
            let set = [WordRange { low, high, edits: 0 }];
            assert!(postings.best(&set).eq(slow), "{low}..{high}");
        }
    }
}
