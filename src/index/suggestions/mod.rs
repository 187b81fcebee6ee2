//! What can be suggested while somebody types: an immutable structure built with each generation.
//!
//! Suggestions are numbered by popularity, most popular first, so a posting list in ascending
//! order is a list of the best. A word leads to the suggestions that contain it; a prefix is a
//! range of words, and a misspelt one a few ranges; the lists of all their words are merged from
//! the most popular suggestion on, and only as far as needed.

mod assemble;
mod catalogue;
mod draft;
mod labels;
mod matching;
mod near;
mod postings;
pub mod private;
pub mod query_log;
mod readings;
mod searched;
mod titles;
pub mod words;

use std::collections::BTreeSet;

use crate::domain::id::Ordinal;
use crate::domain::page::SuggestionKind;
use crate::index::columns::Columns;
use crate::text::analyse::Analyser;

pub use draft::Draft;
pub use labels::{Labels, OwnedLabels, Share};
pub use matching::Match;
pub use query_log::QueryLog;
pub use searched::{Found, searched};

use labels::{LabelFinder, LabelPool};
use postings::Postings;

/// Stands between a product's title and its id, which has no control characters.
const ID_MARK: char = '\0';

/// Popularity needs no more than 16 bits.
const POPULARITY_STEPS: f32 = 65_535.0;

/// Of a suggestion that no product is known for.
const NO_WITNESS: u32 = u32::MAX;

const CLASSES: usize = 4;

/// Suggestions that are looked for apart, so that the most popular of each are found among many of
/// the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    QueryStart,
    QueryInside,
    Label,
    Product,
}

impl Class {
    const ALL: [Self; CLASSES] = [Self::QueryStart, Self::QueryInside, Self::Label, Self::Product];

    /// The class by which a word leads to a suggestion.
    fn of(kind: SuggestionKind, is_first_word: bool) -> Self {
        match kind {
            SuggestionKind::Query | SuggestionKind::Recent if is_first_word => Self::QueryStart,
            SuggestionKind::Query | SuggestionKind::Recent => Self::QueryInside,
            SuggestionKind::Category | SuggestionKind::Brand => Self::Label,
            SuggestionKind::Product => Self::Product,
        }
    }
}

/// What the catalogue's suggestions are made of.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The products.
    pub columns: &'a Columns,
    /// Reads words into the terms that the columns know.
    pub analyser: &'a Analyser,
    /// The title of a product; `None` when it is gone.
    pub titles: &'a dyn Fn(Ordinal) -> Option<String>,
    /// Attributes whose values must not be suggested.
    pub private: &'a BTreeSet<String>,
}

/// One suggestion of the index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The text to show.
    pub text: &'a str,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// 0–1, comparable over kinds.
    pub popularity: f32,
    /// Brands and categories it leads to.
    pub labels: Labels<'a>,
    /// The product it leads to.
    pub product_id: Option<&'a str>,
    /// A product that it finds, or leads to.
    pub witness: Option<Ordinal>,
    /// The same for near-duplicates.
    pub key: u32,
}

/// What is kept of a suggestion, in one place, since a keystroke looks at hundreds.
#[derive(Clone, Copy)]
struct Slot {
    /// Ends of its text and words in those of all.
    text_end: u32,
    word_end: u32,
    labels: u32,
    witness: u32,
    key: u32,
    /// In steps of `POPULARITY_STEPS`.
    popularity: u16,
    kind: SuggestionKind,
}

/// All suggestions of one generation.
pub struct SuggestionIndex {
    analyser: Analyser,
    slots: Vec<Slot>,
    /// Text and, for products, `ID_MARK` and the id behind it.
    texts: String,
    labels: LabelPool,
    /// Words of each suggestion in order, as numbers.
    words: Vec<u32>,
    /// Folded words, numbered in alphabetical order.
    vocabulary: fst::Map<Vec<u8>>,
    /// Suggestions by class and word.
    postings: [Postings; CLASSES],
    /// The best queries, brands and categories of all.
    top: Vec<u32>,
}

impl SuggestionIndex {
    /// Gathers suggestions from the catalogue: useful before anybody searched.
    pub fn build(sources: &Sources<'_>) -> Self {
        let order = catalogue::by_sales(sources);
        let labels = LabelFinder::new(sources.columns, sources.analyser, &order);
        let mut drafts = catalogue::drafts(sources, &order, &labels);
        drop(labels);
        // A phrase may be cut, or made of words that the analyser reads as others.
        drafts.retain(|draft| draft.witness.is_some());
        Self::from_drafts(sources.analyser.language(), drafts)
    }

    /// Indexes suggestions; of near-duplicates of one kind the most popular stays. `language` is
    /// the ISO 639-1 code that chooses the stemmer.
    pub fn from_drafts(language: &str, drafts: Vec<Draft>) -> Self {
        assemble::assemble(Analyser::new(language), drafts)
    }

    /// An index without suggestions.
    pub fn empty(language: &str) -> Self {
        Self::from_drafts(language, Vec::new())
    }

    /// Number of suggestions.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is nothing to suggest.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of memory that the structure holds, without the allocator's overhead.
    pub fn bytes(&self) -> usize {
        self.texts.len()
            + self.slots.len() * size_of::<Slot>()
            + 4 * (self.words.len() + self.top.len())
            + self.vocabulary.as_fst().as_bytes().len()
            + self.labels.bytes()
            + self.postings.iter().map(Postings::bytes).sum::<usize>()
    }

    /// One suggestion; `place` is below `len`, the most popular has place 0.
    pub fn entry(&self, place: u32) -> Entry<'_> {
        let Slot { kind, key, .. } = self.slots[place as usize];
        let written = &self.texts[self.text_span(place)];
        let parts = written.rsplit_once(ID_MARK).filter(|_| kind == SuggestionKind::Product);
        let (text, id) = parts.unwrap_or((written, ""));
        Entry {
            text,
            kind,
            popularity: self.popularity(place),
            labels: self.labels(place),
            product_id: (!id.is_empty()).then_some(id),
            witness: self.witness(place),
            key,
        }
    }

    /// Popularity of a suggestion, 0–1.
    pub fn popularity(&self, place: u32) -> f32 {
        f32::from(self.slots[place as usize].popularity) / POPULARITY_STEPS
    }

    /// What a suggestion completes to.
    pub fn kind(&self, place: u32) -> SuggestionKind {
        self.slots[place as usize].kind
    }

    /// A product that a suggestion finds, or leads to.
    pub fn witness(&self, place: u32) -> Option<Ordinal> {
        Some(self.slots[place as usize].witness).filter(|witness| *witness != NO_WITNESS)
    }

    /// What tells which words are the same.
    pub fn analyser(&self) -> &Analyser {
        &self.analyser
    }

    /// Brands and categories that a suggestion leads to.
    pub fn labels(&self, place: u32) -> Labels<'_> {
        self.labels.get(self.slots[place as usize].labels)
    }

    /// All suggestions, most popular first.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.slots.len() as u32).map(|place| self.entry(place))
    }

    fn text_span(&self, place: u32) -> std::ops::Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.slots[before as usize].text_end);
        start as usize..self.slots[place as usize].text_end as usize
    }

    /// The words of a suggestion, by number.
    fn words_of(&self, place: u32) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |before| self.slots[before as usize].word_end);
        &self.words[start as usize..self.slots[place as usize].word_end as usize]
    }

    /// Whether some suggestion has the folded word.
    pub fn has_word(&self, word: &str) -> bool {
        self.vocabulary.contains_key(word)
    }

    /// The key under which near-duplicates of a text meet.
    pub fn key(&self, text: &str) -> u32 {
        draft::stem_key(text, &self.analyser) as u32
    }

    /// The most popular queries, brands and categories, for an empty search box.
    pub fn top(&self) -> &[u32] {
        &self.top
    }
}

/// The range of element `at` where `ends` holds the ends of consecutive ranges.
fn span(ends: &[u32], at: usize) -> std::ops::Range<usize> {
    let start = if at == 0 { 0 } else { ends[at - 1] as usize };
    start..ends[at] as usize
}
