//! From drafts to the index: near-duplicates merged, numbered by popularity, words inverted.

use std::collections::{HashMap, HashSet};

use fixedbitset::FixedBitSet;
use rayon::slice::ParallelSliceMut;

use super::draft::{Draft, key_of, text_hash};
use super::labels::LabelPoolBuilder;
use super::words::split;
use super::{ID_MARK, POPULARITY_STEPS, SuggestionIndex, span};
use crate::domain::id::ProductId;
use crate::domain::page::SuggestionKind;
use crate::text::analyse::Analyser;

/// Prefixes with more postings have their best suggestions listed; shorter lists are read whole.
pub(super) const HEAVY_POSTINGS: usize = 4_096;

/// Longer titles are cut: nobody reads them in a list of suggestions.
const TEXT_BYTES_MAX: usize = 300;

/// How many suggestions of each kind a list keeps: enough for a shopper's taste to choose from.
/// Suggestions that start with the prefix and those with it further in are counted apart.
#[derive(Clone, Debug)]
pub(super) struct Quotas([u16; 10]);

impl Quotas {
    pub(super) fn new() -> Self {
        Self([192, 32, 32, 48, 0, 96, 16, 16, 32, 0])
    }

    /// Without products: what an empty search box may show.
    fn without_products() -> Self {
        Self([192, 32, 32, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Whether one more of this kind may be kept.
    pub(super) fn take(&mut self, kind: SuggestionKind, is_start: bool) -> bool {
        let left = &mut self.0[kind_number(kind) + if is_start { 0 } else { 5 }];
        let taken = *left > 0;
        *left -= u16::from(taken);
        taken
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.iter().all(|left| *left == 0)
    }
}

fn kind_number(kind: SuggestionKind) -> usize {
    match kind {
        SuggestionKind::Query => 0,
        SuggestionKind::Category => 1,
        SuggestionKind::Brand => 2,
        SuggestionKind::Product => 3,
        SuggestionKind::Recent => 4,
    }
}

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
    invert(&mut index, words.len());
    list_heavy(&mut index, &words);
    let mut quotas = Quotas::without_products();
    let places = 0..index.kinds.len() as u32;
    index.top = places.filter(|place| quotas.take(index.kinds[*place as usize], true)).collect();
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
        texts: String::new(),
        text_ends: Vec::new(),
        kinds: Vec::new(),
        popularity: Vec::new(),
        keys: Vec::new(),
        label_ids: Vec::new(),
        labels: super::LabelPool::default(),
        entry_words: Vec::new(),
        entry_word_ends: Vec::new(),
        vocabulary,
        postings: Vec::new(),
        posting_ends: Vec::new(),
        heavy: HashMap::new(),
        top: Vec::new(),
    }
}

fn append(index: &mut SuggestionIndex, read: Read, numbers: &[u32], labels: &mut LabelPoolBuilder) {
    index.texts.push_str(&read.draft.text);
    if read.draft.kind == SuggestionKind::Product {
        index.texts.push(ID_MARK);
        index.texts.push_str(read.draft.product_id.as_ref().map_or("", ProductId::as_str));
    }
    index.text_ends.push(index.texts.len() as u32);
    index.kinds.push(read.draft.kind);
    let popularity = read.draft.popularity.clamp(0.0, 1.0);
    index.popularity.push((popularity * POPULARITY_STEPS).round() as u16);
    index.keys.push(read.key as u32);
    index.label_ids.push(labels.add(&read.draft.labels));
    index.entry_words.extend(read.words.iter().map(|old| numbers[*old as usize]));
    index.entry_word_ends.push(index.entry_words.len() as u32);
}

/// Posting lists by counting: suggestions come in order of popularity, so lists do too.
fn invert(index: &mut SuggestionIndex, words: usize) {
    let mut counts = vec![0_u32; words];
    let first_uses = |index: &SuggestionIndex, place: usize| -> Vec<u32> {
        let words = &index.entry_words[span(&index.entry_word_ends, place)];
        let is_first = |at: &usize| !words[..*at].contains(&words[*at]);
        (0..words.len()).filter(is_first).map(|at| words[at]).collect()
    };
    for place in 0..index.kinds.len() {
        for word in first_uses(index, place) {
            counts[word as usize] += 1;
        }
    }
    let mut next: Vec<u32> = Vec::with_capacity(words);
    let mut end = 0;
    for count in counts {
        next.push(end);
        end += count;
    }
    let mut postings = vec![0; end as usize];
    for place in 0..index.kinds.len() {
        for word in first_uses(index, place) {
            postings[next[word as usize] as usize] = place as u32;
            next[word as usize] += 1;
        }
    }
    index.postings = postings;
    index.posting_ends = next;
}

/// Lists the best suggestions of every prefix with many postings.
fn list_heavy(index: &mut SuggestionIndex, words: &[String]) {
    let mut heavy = HashMap::new();
    let mut pending: Vec<(usize, usize, usize)> = vec![(0, words.len(), 0)];
    while let Some((low, high, length)) = pending.pop() {
        for (low, high, length) in children(words, low, high, length) {
            let start = span(&index.posting_ends, low).start;
            let postings = start..span(&index.posting_ends, high - 1).end;
            if postings.len() <= HEAVY_POSTINGS {
                continue;
            }
            let prefix = words[low][..length].into();
            heavy.insert(prefix, best(index, postings, low as u32..high as u32));
            pending.push((low, high, length));
        }
    }
    index.heavy = heavy;
}

/// Splits the words of a prefix of `length` bytes by their next character.
fn children(
    words: &[String],
    low: usize,
    high: usize,
    length: usize,
) -> Vec<(usize, usize, usize)> {
    let next = |word: &String| word[length..].chars().next();
    let mut children = Vec::new();
    let mut start = low;
    while start < high {
        let character = next(&words[start]);
        let end = start + words[start..high].partition_point(|word| next(word) <= character);
        if let Some(character) = character {
            children.push((start, end, length + character.len_utf8()));
        }
        start = end;
    }
    children
}

fn best(
    index: &SuggestionIndex,
    postings: std::ops::Range<usize>,
    words: std::ops::Range<u32>,
) -> Box<[u32]> {
    let mut places = FixedBitSet::with_capacity(index.kinds.len());
    for place in &index.postings[postings] {
        places.insert(*place as usize);
    }
    let mut quotas = Quotas::new();
    let mut best = Vec::new();
    for place in places.ones() {
        let first = index.entry_words[span(&index.entry_word_ends, place).start];
        if quotas.take(index.kinds[place], words.contains(&first)) {
            best.push(place as u32);
        }
        if quotas.is_spent() {
            break;
        }
    }
    best.into()
}

fn shrink(index: &mut SuggestionIndex) {
    index.texts.shrink_to_fit();
    index.text_ends.shrink_to_fit();
    index.kinds.shrink_to_fit();
    index.popularity.shrink_to_fit();
    index.keys.shrink_to_fit();
    index.label_ids.shrink_to_fit();
    index.entry_words.shrink_to_fit();
    index.entry_word_ends.shrink_to_fit();
}
