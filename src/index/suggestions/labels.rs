//! Which brands and categories a suggestion leads to, so that a shopper's taste can weigh it.

use std::collections::HashMap;

use crate::domain::id::Ordinal;
use crate::index::columns::Columns;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::{Row, term_hash};
use crate::text::analyse::Analyser;

/// The part of a suggestion's products that has a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// A brand or a category level.
    pub value: ValueId,
    /// 0–1, in steps of one sixteenth.
    pub share: f32,
}

/// The most frequent brands and categories of what a suggestion finds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Labels<'a> {
    /// At most two brands, most frequent first.
    pub brands: &'a [Share],
    /// At most three category levels, most frequent first.
    pub categories: &'a [Share],
}

/// Labels on their way into the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnedLabels {
    /// Brands, most frequent first.
    pub brands: Vec<Share>,
    /// Category levels, most frequent first.
    pub categories: Vec<Share>,
}

const BRANDS_MAX: usize = 2;
const CATEGORIES_MAX: usize = 3;

/// Shares are rough by nature; few steps let many suggestions share one entry of the pool.
const SHARE_STEPS: f32 = 16.0;

/// So many products of a suggestion show how its labels are spread.
const SAMPLE_PRODUCTS: usize = 64;

/// Products looked through for that sample.
const POSTINGS_MAX: usize = 512;

impl OwnedLabels {
    fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Self {
        let mut brands: HashMap<ValueId, usize> = HashMap::new();
        let mut categories: HashMap<ValueId, usize> = HashMap::new();
        let mut total = 0;
        for row in rows.take(SAMPLE_PRODUCTS) {
            total += 1;
            if let Some(brand) = row.brand {
                *brands.entry(brand).or_default() += 1;
            }
            for category in &row.category {
                *categories.entry(*category).or_default() += 1;
            }
        }
        Self {
            brands: shares(&brands, total, BRANDS_MAX),
            categories: shares(&categories, total, CATEGORIES_MAX),
        }
    }
}

fn shares(counts: &HashMap<ValueId, usize>, total: usize, limit: usize) -> Vec<Share> {
    let mut counts: Vec<(ValueId, usize)> =
        counts.iter().map(|(value, count)| (*value, *count)).collect();
    counts.sort_unstable_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
    counts
        .into_iter()
        .take(limit)
        .map(|(value, count)| {
            let share = count as f32 / total.max(1) as f32;
            Share { value, share: (share * SHARE_STEPS).round() / SHARE_STEPS }
        })
        .filter(|share| share.share > 0.0)
        .collect()
}

/// Distinct labels, each stored once.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelPool {
    shares: Vec<Share>,
    /// Start in `shares`, number of brands, number of categories.
    spans: Vec<(u32, u8, u8)>,
}

impl LabelPool {
    pub(super) fn get(&self, id: u32) -> Labels<'_> {
        let Some(&(start, brands, categories)) = self.spans.get(id as usize) else {
            return Labels::default();
        };
        let start = start as usize;
        let middle = start + usize::from(brands);
        Labels {
            brands: &self.shares[start..middle],
            categories: &self.shares[middle..middle + usize::from(categories)],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.shares.len() * size_of::<Share>() + self.spans.len() * size_of::<(u32, u8, u8)>()
    }
}

/// Fills a pool.
#[derive(Default)]
pub(super) struct LabelPoolBuilder {
    pool: LabelPool,
    known: HashMap<Vec<(ValueId, u32)>, u32>,
}

impl LabelPoolBuilder {
    pub(super) fn add(&mut self, labels: &OwnedLabels) -> u32 {
        let brands = &labels.brands[..labels.brands.len().min(BRANDS_MAX)];
        let categories = &labels.categories[..labels.categories.len().min(CATEGORIES_MAX)];
        let all = || brands.iter().chain(categories);
        let mut key: Vec<(ValueId, u32)> = vec![(brands.len() as u32, 0)];
        key.extend(all().map(|share| (share.value, share.share.to_bits())));
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let id = self.pool.spans.len() as u32;
        let start = self.pool.shares.len() as u32;
        self.pool.spans.push((start, brands.len() as u8, categories.len() as u8));
        self.pool.shares.extend(all());
        self.known.insert(key, id);
        id
    }

    pub(super) fn finish(self) -> LabelPool {
        self.pool
    }
}

/// Finds the labels of texts and values by looking at the best-selling products that have them.
pub(super) struct LabelFinder<'a> {
    columns: &'a Columns,
    analyser: &'a Analyser,
    by_term: HashMap<u32, Vec<Ordinal>>,
    by_value: HashMap<ValueId, Vec<Ordinal>>,
    value_terms: HashMap<ValueId, Vec<u32>>,
}

impl<'a> LabelFinder<'a> {
    /// `order` lists the products, best-selling first.
    pub(super) fn new(columns: &'a Columns, analyser: &'a Analyser, order: &[Ordinal]) -> Self {
        let (by_term, by_value) = (HashMap::new(), HashMap::new());
        let value_terms = HashMap::new();
        let mut finder = Self { columns, analyser, by_term, by_value, value_terms };
        for ordinal in order {
            if let Some(row) = columns.row(*ordinal) {
                finder.note(*ordinal, row);
            }
        }
        finder
    }

    fn note(&mut self, ordinal: Ordinal, row: &Row) {
        for (_, value) in &row.values {
            let (columns, analyser) = (self.columns, self.analyser);
            self.value_terms.entry(*value).or_insert_with(|| {
                let tokens = analyser.tokens(columns.text(*value));
                tokens.iter().map(|token| term_hash(&token.term)).collect()
            });
        }
        for term in row.title_terms.iter().chain(&row.label_terms) {
            push_capped(self.by_term.entry(*term).or_default(), ordinal);
        }
        for (_, value) in &row.values {
            push_capped(self.by_value.entry(*value).or_default(), ordinal);
            for term in self.value_terms.get(value).into_iter().flatten() {
                push_capped(self.by_term.entry(*term).or_default(), ordinal);
            }
        }
    }

    /// The labels of the products whose title, labels and attributes have every word of `text`.
    pub(super) fn of_text(&self, text: &str) -> OwnedLabels {
        let tokens = self.analyser.tokens(text);
        let terms: Vec<u32> = tokens.iter().map(|token| term_hash(&token.term)).collect();
        let lists = terms.iter().filter_map(|term| self.by_term.get(term));
        let Some(rarest) = lists.min_by_key(|list| list.len()) else {
            return OwnedLabels::default();
        };
        let rows = rarest.iter().filter_map(|ordinal| self.columns.row(*ordinal));
        OwnedLabels::of(rows.filter(|row| terms.iter().all(|term| self.has(row, *term))))
    }

    /// The labels of the products that have a value.
    pub(super) fn of_value(&self, value: ValueId) -> OwnedLabels {
        let list = self.by_value.get(&value).map_or(&[][..], Vec::as_slice);
        OwnedLabels::of(list.iter().filter_map(|ordinal| self.columns.row(*ordinal)))
    }

    /// The labels of one product.
    pub(super) fn of_row(row: &Row) -> OwnedLabels {
        OwnedLabels::of(std::iter::once(row))
    }

    fn has(&self, row: &Row, term: u32) -> bool {
        let in_value = |value: &ValueId| {
            self.value_terms.get(value).is_some_and(|terms| terms.contains(&term))
        };
        row.title_terms.contains(&term)
            || row.label_terms.contains(&term)
            || row.values.iter().any(|(_, value)| in_value(value))
    }
}

fn push_capped(list: &mut Vec<Ordinal>, ordinal: Ordinal) {
    if list.len() < POSTINGS_MAX && list.last() != Some(&ordinal) {
        list.push(ordinal);
    }
}
