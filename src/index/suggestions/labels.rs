//! Which brands and categories a suggestion leads to, so that a shopper's taste can weigh it.

use std::collections::HashMap;

use super::span;
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
pub struct Labels<'a>(&'a [Packed]);

impl<'a> Labels<'a> {
    /// At most two brands, most frequent first.
    pub fn brands(self) -> impl Iterator<Item = Share> + 'a {
        self.0.iter().filter(|packed| packed.is_brand()).map(|packed| packed.share())
    }

    /// At most three category levels, most frequent first.
    pub fn categories(self) -> impl Iterator<Item = Share> + 'a {
        self.0.iter().filter(|packed| !packed.is_brand()).map(|packed| packed.share())
    }

    /// Both.
    pub fn all(self) -> impl Iterator<Item = Share> + 'a {
        self.0.iter().map(|packed| packed.share())
    }
}

/// A share in 32 bits: sixteenths less one, whether it is of a brand, and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Packed(u32);

/// Values from here on do not fit, and have no part in taste.
const PACKED_VALUES: u32 = 1 << 27;

impl Packed {
    fn new(share: &Share, is_brand: bool) -> Option<Self> {
        let steps = (share.share * SHARE_STEPS).round().clamp(0.0, SHARE_STEPS) as u32;
        let fits = steps > 0 && share.value < PACKED_VALUES;
        fits.then(|| Self((share.value << 5) | (u32::from(is_brand) << 4) | (steps - 1)))
    }

    fn is_brand(self) -> bool {
        self.0 & 0b1_0000 != 0
    }

    fn share(self) -> Share {
        Share { value: self.0 >> 5, share: ((self.0 & 0b1111) + 1) as f32 / SHARE_STEPS }
    }
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
    /// The labels of the products of a suggestion, of which the first ones are looked at.
    pub fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Self {
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
    shares: Vec<Packed>,
    ends: Vec<u32>,
}

impl LabelPool {
    pub(super) fn get(&self, id: u32) -> Labels<'_> {
        let is_known = (id as usize) < self.ends.len();
        Labels(if is_known { &self.shares[span(&self.ends, id as usize)] } else { &[] })
    }

    pub(super) fn bytes(&self) -> usize {
        4 * (self.shares.len() + self.ends.len())
    }
}

/// Fills a pool.
#[derive(Default)]
pub(super) struct LabelPoolBuilder {
    pool: LabelPool,
    known: HashMap<Vec<Packed>, u32>,
}

impl LabelPoolBuilder {
    pub(super) fn add(&mut self, labels: &OwnedLabels) -> u32 {
        let brands = labels.brands.iter().take(BRANDS_MAX);
        let categories = labels.categories.iter().take(CATEGORIES_MAX);
        let packed: Vec<Packed> = brands
            .filter_map(|share| Packed::new(share, true))
            .chain(categories.filter_map(|share| Packed::new(share, false)))
            .collect();
        if let Some(&id) = self.known.get(&packed) {
            return id;
        }
        let id = self.pool.ends.len() as u32;
        self.pool.shares.extend_from_slice(&packed);
        self.pool.ends.push(self.pool.shares.len() as u32);
        self.known.insert(packed, id);
        id
    }

    pub(super) fn finish(mut self) -> LabelPool {
        self.pool.shares.shrink_to_fit();
        self.pool.ends.shrink_to_fit();
        self.pool
    }
}

/// What a suggestion leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lead {
    /// The best-selling product that it finds, one in stock if there is any.
    pub(super) witness: Option<Ordinal>,
    pub(super) labels: OwnedLabels,
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

    /// What a text leads to: the products whose title, labels and attributes have every word of it.
    pub(super) fn of_text(&self, text: &str) -> Lead {
        let tokens = self.analyser.tokens(text);
        let terms: Vec<u32> = tokens.iter().map(|token| term_hash(&token.term)).collect();
        let lists = terms.iter().filter_map(|term| self.by_term.get(term));
        let Some(rarest) = lists.min_by_key(|list| list.len()) else {
            return Lead::default();
        };
        let has_all = |row: &Row| terms.iter().all(|term| self.has(row, *term));
        self.lead(rarest.iter().copied(), &has_all)
    }

    /// The products that have a value.
    pub(super) fn of_value(&self, value: ValueId) -> Lead {
        let list = self.by_value.get(&value).map_or(&[][..], Vec::as_slice);
        self.lead(list.iter().copied(), &|_| true)
    }

    fn lead(&self, list: impl Iterator<Item = Ordinal>, fits: &dyn Fn(&Row) -> bool) -> Lead {
        let rows = list.filter_map(|ordinal| Some((ordinal, self.columns.row(ordinal)?)));
        let fitting: Vec<(Ordinal, &Row)> =
            rows.filter(|(_, row)| fits(row)).take(SAMPLE_PRODUCTS).collect();
        let in_stock = fitting.iter().find(|(_, row)| row.in_stock());
        Lead {
            witness: in_stock.or(fitting.first()).map(|(ordinal, _)| *ordinal),
            labels: OwnedLabels::of(fitting.iter().map(|(_, row)| *row)),
        }
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
