//! From drafts to the index: near-duplicates merged, numbered by popularity, words inverted.

use std::collections::{HashMap, HashSet};

use rayon::slice::ParallelSliceMut;

use super::draft::{Draft, key_of, text_hash};
use super::labels::LabelPoolBuilder;
use super::postings::Postings;
use super::words::split;
use super::{Class, ID_MARK, NO_WITNESS, POPULARITY_STEPS, Slot, SuggestionIndex};
use crate::domain::id::ProductId;
use crate::domain::page::SuggestionKind;
use crate::text::analyse::Analyser;

/// Longer titles are cut: nobody reads them in a list of suggestions.
const TEXT_BYTES_MAX: usize = 300;

/// Queries, categories and brands that an empty search box may show.
const TOP: [(SuggestionKind, usize); 3] =
    [(SuggestionKind::Query, 192), (SuggestionKind::Category, 32), (SuggestionKind::Brand, 32)];

/// A draft with its words as numbers of a `WordTable`.
struct Read {
    draft: Draft,
    words: Vec<u32>,
    key: u64,
}

/// Distinct folded words in order of first sight, with the hashes of their stems.
struct WordTable<'a> {
    analyser: &'a Analyser,
    ids: HashMap<String, u32>,
    stems: Vec<u64>,
}

impl WordTable<'_> {
    fn id(&mut self, word: String) -> u32 {
        if let Some(id) = self.ids.get(&word) {
            return *id;
        }
        let id = self.stems.len() as u32;
        self.stems.push(text_hash(&self.analyser.stem(&word)));
        self.ids.insert(word, id);
        id
    }

    fn read(&mut self, mut draft: Draft) -> Option<Read> {
        draft.text.truncate(draft.text.floor_char_boundary(TEXT_BYTES_MAX));
        let pieces = split(&draft.text);
        if pieces.is_empty() || !draft.popularity.is_finite() {
            return None;
        }
        let words: Vec<u32> = pieces.into_iter().map(|piece| self.id(piece.text)).collect();
        let mut stems: Vec<u64> = words.iter().map(|id| self.stems[*id as usize]).collect();
        Some(Read { draft, words, key: key_of(&mut stems) })
    }

    /// The words in alphabetical order, and the new number of each old one.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut words: Vec<(String, u32)> = self.ids.into_iter().collect();
        words.par_sort_unstable();
        let mut numbers = vec![0; words.len()];
        for (number, (_, old)) in (0..).zip(&words) {
            numbers[*old as usize] = number;
        }
        (words.into_iter().map(|(word, _)| word).collect(), numbers)
    }
}

pub(super) fn assemble(analyser: Analyser, drafts: Vec<Draft>) -> SuggestionIndex {
    let mut table = WordTable { analyser: &analyser, ids: HashMap::new(), stems: Vec::new() };
    let mut reads: Vec<Read> = drafts.into_iter().filter_map(|draft| table.read(draft)).collect();
    reads.par_sort_unstable_by(|left, right| {
        let popularity = right.draft.popularity.total_cmp(&left.draft.popularity);
        popularity
            .then_with(|| left.draft.text.cmp(&right.draft.text))
            .then_with(|| left.draft.kind.cmp(&right.draft.kind))
            .then_with(|| left.draft.product_id.cmp(&right.draft.product_id))
    });
    let mut known: HashSet<(SuggestionKind, u64)> = HashSet::with_capacity(reads.len());
    reads.retain(|read| known.insert((read.draft.kind, read.key)));
    drop(known);
    let (words, numbers) = table.sorted();
    let mut index = bare(analyser, vocabulary(&words));
    let mut labels = LabelPoolBuilder::default();
    for read in reads {
        append(&mut index, read, &numbers, &mut labels);
    }
    index.labels = labels.finish();
    index.postings = Class::ALL.map(|class| invert(&index, words.len(), class));
    index.top = top(&index);
    shrink(&mut index);
    index
}

/// Words are sorted and distinct, so the map can be built; an empty one stands for a defect.
fn vocabulary(words: &[String]) -> fst::Map<Vec<u8>> {
    fst::Map::from_iter((0..).zip(words).map(|(number, word)| (word, number))).unwrap_or_default()
}

fn bare(analyser: Analyser, vocabulary: fst::Map<Vec<u8>>) -> SuggestionIndex {
    SuggestionIndex {
        analyser,
        slots: Vec::new(),
        texts: String::new(),
        labels: super::LabelPool::default(),
        words: Vec::new(),
        vocabulary,
        postings: Default::default(),
        top: Vec::new(),
    }
}

fn append(index: &mut SuggestionIndex, read: Read, numbers: &[u32], labels: &mut LabelPoolBuilder) {
    index.texts.push_str(&read.draft.text);
    if read.draft.kind == SuggestionKind::Product {
        index.texts.push(ID_MARK);
        index.texts.push_str(read.draft.product_id.as_ref().map_or("", ProductId::as_str));
    }
    index.words.extend(read.words.iter().map(|old| numbers[*old as usize]));
    let popularity = read.draft.popularity.clamp(0.0, 1.0);
    index.slots.push(Slot {
        text_end: index.texts.len() as u32,
        word_end: index.words.len() as u32,
        labels: labels.add(&read.draft.labels),
        witness: read.draft.witness.unwrap_or(NO_WITNESS),
        key: read.key as u32,
        popularity: (popularity * POPULARITY_STEPS).round() as u16,
        kind: read.draft.kind,
    });
}

/// The postings of one class. Suggestions come in order of popularity, so lists do too.
fn invert(index: &SuggestionIndex, words: usize, class: Class) -> Postings {
    let visit = |put: &mut dyn FnMut(u32, u32)| {
        for (place, slot) in (0..).zip(&index.slots) {
            let words = index.words_of(place);
            for at in 0..words.len() {
                let is_first_use = !words[..at].contains(&words[at]);
                if is_first_use && Class::of(slot.kind, at == 0) == class {
                    put(words[at], place);
                }
            }
        }
    };
    let mut counts = vec![0_u32; words];
    visit(&mut |word, _| counts[word as usize] += 1);
    Postings::build(&counts, &mut |put| visit(put))
}

fn top(index: &SuggestionIndex) -> Vec<u32> {
    let best = TOP.iter().flat_map(|(kind, most)| {
        let places = (0_u32..).zip(&index.slots).filter(move |(_, slot)| slot.kind == *kind);
        places.map(|(place, _)| place).take(*most)
    });
    let mut top: Vec<u32> = best.collect();
    top.sort_unstable();
    top
}

fn shrink(index: &mut SuggestionIndex) {
    index.slots.shrink_to_fit();
    index.texts.shrink_to_fit();
    index.words.shrink_to_fit();
}
