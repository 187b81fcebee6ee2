//! Which suggestions what is typed may become.

use super::assemble::{HEAVY_POSTINGS, Quotas};
use super::near::{self, WordSet, edits_max, edits_of};
use super::words::Typed;
use super::{SuggestionIndex, span};

/// Suggestions looked at per way of reading what is typed: bounds the time of one keystroke. Where
/// there are more, the most popular are looked at.
const VISITS_MAX: usize = 16_384;

/// The suggestion goes on where the shopper is.
const QUALITY_START: f32 = 1.0;
/// The words stand together further in, or begin the suggestion with others between them.
const QUALITY_TOGETHER: f32 = 0.75;
/// The words stand somewhere.
const QUALITY_ANYWHERE: f32 = 0.6;
/// One or two letters mean the start; as the start of a later word they are a weak sign.
const QUALITY_SHORT_INSIDE: f32 = 0.45;
/// Each typing error that must be assumed.
const QUALITY_PER_EDIT: f32 = 0.3;

/// A suggestion that fits what is typed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Its place in the index.
    pub place: u32,
    /// How well it fits: above 0, at most 1.
    pub quality: f32,
}

/// The words that each typed word may stand for.
struct Sets {
    earlier: Vec<WordSet>,
    last: Option<WordSet>,
    /// Whether the last word has but one or two letters.
    is_short: bool,
}

impl Sets {
    fn all(&self) -> impl Iterator<Item = &WordSet> {
        self.earlier.iter().chain(&self.last)
    }
}

impl SuggestionIndex {
    /// Suggestions in which every complete word that is typed is a word and the one being typed
    /// starts another word, in any order. Typing errors are assumed, first one per word and then
    /// two, while fewer than `enough` are found. Ways with fewer errors come first, and within one
    /// way the more popular suggestion; of many, the most popular of each kind.
    pub fn matches(&self, typed: &Typed, enough: usize) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        if typed.is_empty() {
            return found;
        }
        let edits_max = typed.words().map(edits_max).max().unwrap_or(0);
        for edits in 0..=edits_max {
            if edits > 0 && found.len() >= enough {
                break;
            }
            let Some(sets) = self.sets(typed, edits) else { continue };
            let known: std::collections::HashSet<u32> =
                found.iter().map(|found| found.place).collect();
            let more = self.fitting(typed, &sets);
            found.extend(more.into_iter().filter(|more| !known.contains(&more.place)));
        }
        found
    }

    fn sets(&self, typed: &Typed, edits: u8) -> Option<Sets> {
        let words = &self.vocabulary;
        let earlier = typed.earlier.iter().map(|word| near::near(words, word, edits, false));
        let earlier: Vec<WordSet> = earlier.collect();
        let last = Some(&typed.last).filter(|last| !last.is_empty());
        let last = last.map(|last| near::near(words, last, edits, true));
        let is_short = typed.last.chars().nth(2).is_none();
        let sets = Sets { earlier, last, is_short };
        let is_hopeless = sets.all().any(Vec::is_empty);
        (!is_hopeless).then_some(sets)
    }

    fn fitting(&self, typed: &Typed, sets: &Sets) -> Vec<Match> {
        let mut places = self.candidates(typed, sets);
        places.sort_unstable();
        places.dedup();
        let mut quotas = Quotas::new();
        let mut found = Vec::new();
        for place in places {
            let Some((quality, is_start)) = self.fit(place, sets) else { continue };
            if quotas.take(self.kinds[place as usize], is_start) {
                found.push(Match { place, quality });
            }
            if quotas.is_spent() {
                break;
            }
        }
        found
    }

    /// Suggestions that have the rarest of the typed words.
    fn candidates(&self, typed: &Typed, sets: &Sets) -> Vec<u32> {
        let mut places = Vec::new();
        let rarest = sets.all().min_by_key(|set| self.postings_of(set));
        let Some(rarest) = rarest else { return places };
        let is_rare = self.postings_of(rarest) <= HEAVY_POSTINGS;
        let heavy = self.heavy.get(typed.last.as_str());
        let Some(heavy) = heavy.filter(|_| !is_rare) else {
            self.visit(rarest, &mut places);
            return places;
        };
        places.extend_from_slice(heavy);
        if let Some(rarest) = sets.earlier.iter().min_by_key(|set| self.postings_of(set)) {
            self.visit(rarest, &mut places);
        } else if sets.last.iter().flatten().any(|range| range.edits > 0) {
            self.visit(rarest, &mut places);
        }
        places
    }

    fn postings_of(&self, set: &WordSet) -> usize {
        let length = |low: u32, high: u32| {
            let end = span(&self.posting_ends, high as usize - 1).end;
            end - span(&self.posting_ends, low as usize).start
        };
        set.iter().map(|range| length(range.low, range.high)).sum()
    }

    /// The suggestions of a set's words; of many, the most popular of each word.
    fn visit(&self, set: &WordSet, places: &mut Vec<u32>) {
        let words: usize = set.iter().map(|range| (range.high - range.low) as usize).sum();
        let is_few = self.postings_of(set) <= VISITS_MAX;
        let per_word = if is_few { usize::MAX } else { (VISITS_MAX / words.max(1)).max(1) };
        for word in set.iter().flat_map(|range| range.low..range.high) {
            let list = &self.postings[span(&self.posting_ends, word as usize)];
            places.extend_from_slice(&list[..list.len().min(per_word)]);
        }
    }

    /// How well a suggestion fits, and whether it starts with what is typed.
    fn fit(&self, place: u32, sets: &Sets) -> Option<(f32, bool)> {
        let words = &self.entry_words[span(&self.entry_word_ends, place as usize)];
        let mut fit = Fit::default();
        for set in &sets.earlier {
            fit.seat(words, set)?;
        }
        if let Some(set) = &sets.last {
            fit.seat(words, set)?;
        }
        let base = match (fit.is_start, fit.is_together) {
            (true, true) => QUALITY_START,
            (false, true) if sets.is_short && sets.earlier.is_empty() => QUALITY_SHORT_INSIDE,
            (true, false) | (false, true) => QUALITY_TOGETHER,
            (false, false) => QUALITY_ANYWHERE,
        };
        Some((base * QUALITY_PER_EDIT.powi(i32::from(fit.edits)), fit.is_start))
    }
}

/// Seats typed words on the words of a suggestion, each on its own.
struct Fit {
    taken: u32,
    /// Behind the seat of the word before.
    next: usize,
    edits: u8,
    is_first: bool,
    is_start: bool,
    is_together: bool,
}

impl Default for Fit {
    fn default() -> Self {
        Self { taken: 0, next: 0, edits: 0, is_first: true, is_start: false, is_together: true }
    }
}

impl Fit {
    /// The nearest free word takes the seat; of equally near ones, the one that follows.
    fn seat(&mut self, words: &[u32], set: &WordSet) -> Option<()> {
        let free = (0..words.len()).filter(|at| self.taken & (1 << at) == 0);
        let near = free.filter_map(|at| Some((edits_of(set, words[at])?, at != self.next, at)));
        let (edits, _, at) = near.min()?;
        self.taken |= 1 << at;
        self.edits += edits;
        if self.is_first {
            self.is_start = at == 0;
            self.is_first = false;
        } else {
            self.is_together &= at == self.next;
        }
        self.next = at + 1;
        Some(())
    }
}
