//! Which suggestions what is typed may become.

use super::near::{self, WordSet, edits_max, edits_of};
use super::readings::{Reading, readings};
use super::words::Typed;
use super::{CLASSES, Class, SuggestionIndex};

/// Suggestions of each class that one way of reading gives: enough for a shopper's taste to choose
/// from. Of more, the most popular are given.
const GIVEN_MAX: [u16; CLASSES] = [96, 32, 32, 32];

/// Suggestions of each class looked at per way of reading: bounds the time of one keystroke. Of
/// more, the most popular are looked at.
const VISITS_MAX: [usize; CLASSES] = [256, 128, 64, 128];

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
    /// Typing errors that must be assumed; a missing or superfluous space counts as one.
    pub edits: u8,
}

/// The words that each typed word may stand for.
struct Sets {
    earlier: Vec<WordSet>,
    last: Option<WordSet>,
    /// Whether the last word has but one or two letters.
    is_short: bool,
    /// Factor and errors of the reading.
    reading: (f32, u8),
}

impl Sets {
    fn all(&self) -> impl Iterator<Item = &WordSet> {
        self.earlier.iter().chain(&self.last)
    }
}

impl SuggestionIndex {
    /// Suggestions in which every complete word that is typed is a word and the one being typed
    /// starts another word, in any order; of many, the most popular of each kind. While fewer than
    /// `enough` are found, words are read as run together or torn apart and one typing error is
    /// assumed in each; two only where nothing is found otherwise. Each suggestion once, as it fits
    /// best, most popular first.
    pub fn matches(&self, typed: &Typed, enough: usize) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        if typed.is_empty() {
            return found;
        }
        self.add_fitting(&Reading::plain(typed.clone()), 0, &mut found);
        if found.len() < enough {
            for reading in readings(typed, &self.vocabulary) {
                self.add_fitting(&reading, 0, &mut found);
            }
            let plain = Reading::plain(typed.clone());
            let edits_max = typed.words().map(edits_max).max().unwrap_or(0);
            if edits_max > 0 {
                self.add_fitting(&plain, 1, &mut found);
            }
            if edits_max > 1 && found.is_empty() {
                self.add_fitting(&plain, 2, &mut found);
            }
        }
        found.sort_unstable_by(|left, right| {
            left.place.cmp(&right.place).then_with(|| right.quality.total_cmp(&left.quality))
        });
        found.dedup_by_key(|found| found.place);
        found
    }

    fn sets(&self, reading: &Reading, edits: u8) -> Option<Sets> {
        let (words, typed) = (&self.vocabulary, &reading.typed);
        let mut earlier = Vec::with_capacity(typed.earlier.len());
        for word in &typed.earlier {
            earlier
                .push(Some(near::near(words, word, edits, false)).filter(|set| !set.is_empty())?);
        }
        let last = Some(&typed.last).filter(|last| !last.is_empty());
        let last = last.map(|last| near::near(words, last, edits, true));
        if last.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let is_short = typed.last.chars().nth(2).is_none();
        Some(Sets { earlier, last, is_short, reading: (reading.quality, reading.edits) })
    }

    fn add_fitting(&self, reading: &Reading, edits: u8, found: &mut Vec<Match>) {
        let Some(sets) = self.sets(reading, edits) else { return };
        let Some(rarest) = sets.all().min_by_key(|set| self.postings_of(set)) else { return };
        let is_alone = edits > 0 && sets.all().count() == 1;
        // What fits without errors is found already.
        let rarest: WordSet =
            rarest.iter().filter(|range| !is_alone || range.edits == edits).copied().collect();
        for class in Class::ALL {
            let mut left = GIVEN_MAX[class as usize];
            self.postings[class as usize].visit(
                &rarest,
                VISITS_MAX[class as usize],
                &mut |place| {
                    let fitting = self.fit(place, &sets);
                    left -= u16::from(fitting.is_some());
                    found.extend(fitting);
                    left > 0
                },
            );
        }
    }

    fn postings_of(&self, set: &WordSet) -> usize {
        let count = |low, high| self.postings.iter().map(|one| one.count(low, high)).sum::<usize>();
        set.iter().map(|range| count(range.low, range.high)).sum()
    }

    fn fit(&self, place: u32, sets: &Sets) -> Option<Match> {
        let words = self.words_of(place);
        let mut fit = Fit::default();
        for set in sets.all() {
            fit.seat(words, set)?;
        }
        let base = match (fit.is_start, fit.is_together) {
            (true, true) => QUALITY_START,
            (false, true) if sets.is_short && sets.earlier.is_empty() => QUALITY_SHORT_INSIDE,
            (true, false) | (false, true) => QUALITY_TOGETHER,
            (false, false) => QUALITY_ANYWHERE,
        };
        let (factor, edits) = sets.reading;
        let quality = factor * base * QUALITY_PER_EDIT.powi(i32::from(fit.edits));
        Some(Match { place, quality, edits: edits + fit.edits })
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
