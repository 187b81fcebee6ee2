//! Columns: what ranking, filtering and counting need of every product, in memory, by ordinal.
//!
//! Rows live in chunks behind reference counts: cloning the columns is cheap, and a change copies
//! only its chunk, so every published snapshot stays as it was.

pub mod dictionary;
pub mod row;
pub mod statistics;

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::change::Change;
use crate::domain::id::{Ordinal, ProductId};
use crate::domain::product::Product;

use dictionary::{Dictionary, FieldId, ValueId};
use row::{Numbers, Row, RowReader};

/// Field names that are the product's own and not attributes'.
pub const RESERVED_FIELDS: [&str; 13] = [
    "id",
    "brand",
    "category",
    "color",
    "size",
    "tags",
    "price",
    "stock",
    "in_stock",
    "rating",
    "rating_count",
    "popularity",
    "created_at",
];

/// Rows per chunk: a change copies so many pointers.
const CHUNK_ROWS: usize = 1024;

type Chunk = Vec<Option<Arc<Row>>>;

/// Fields that every index has.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Brand.
    pub brand: FieldId,
    /// Category levels.
    pub category: FieldId,
    /// Colours.
    pub color: FieldId,
    /// Sizes.
    pub size: FieldId,
    /// Tags.
    pub tags: FieldId,
}

/// All rows of an index.
#[derive(Clone, Debug)]
pub struct Columns {
    chunks: Vec<Arc<Chunk>>,
    ordinals: Arc<HashMap<ProductId, Ordinal>>,
    dictionary: Arc<Dictionary>,
    known: Known,
    live: usize,
}

impl Default for Columns {
    fn default() -> Self {
        let mut dictionary = Dictionary::default();
        let known = Known {
            brand: dictionary.add_field("brand"),
            category: dictionary.add_field("category"),
            color: dictionary.add_field("color"),
            size: dictionary.add_field("size"),
            tags: dictionary.add_field("tags"),
        };
        Self {
            chunks: Vec::new(),
            ordinals: Arc::default(),
            dictionary: Arc::new(dictionary),
            known,
            live: 0,
        }
    }
}

impl Columns {
    /// Products in the columns.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no product.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// One more than the highest ordinal ever used: the length of an array by ordinal.
    pub fn ordinals_end(&self) -> usize {
        self.chunks.len() * CHUNK_ROWS
    }

    /// The row of a product.
    pub fn row(&self, ordinal: Ordinal) -> Option<&Row> {
        let place = ordinal as usize;
        self.chunks.get(place / CHUNK_ROWS)?.get(place % CHUNK_ROWS)?.as_deref()
    }

    /// All products in order of ordinal.
    pub fn rows(&self) -> impl Iterator<Item = (Ordinal, &Row)> {
        let slots = self.chunks.iter().flat_map(|chunk| chunk.iter());
        (0..).zip(slots).filter_map(|(ordinal, slot)| Some((ordinal, slot.as_deref()?)))
    }

    /// The ordinal of a product.
    pub fn ordinal(&self, id: &ProductId) -> Option<Ordinal> {
        self.ordinals.get(id).copied()
    }

    /// Names of fields and values.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Fields that every index has.
    pub fn known(&self) -> Known {
        self.known
    }

    /// A value as the catalogue writes it.
    pub fn text(&self, value: ValueId) -> &str {
        self.dictionary.text(value)
    }

    /// Inserts or replaces a product; `finish` fills in the text columns.
    pub fn put(&mut self, change: &Change, product: &Product, finish: impl FnOnce(&mut Row)) {
        let mut reader = self.reader();
        let mut row = reader.row(product);
        row.sequence = change.sequence;
        finish(&mut row);
        if self.ordinals.get(&change.id) != Some(&change.ordinal) {
            Arc::make_mut(&mut self.ordinals).insert(change.id.clone(), change.ordinal);
        }
        let was = self.slot(change.ordinal).replace(Arc::new(row));
        self.live += usize::from(was.is_none());
    }

    /// Replaces the numbers and variants of a product that is there, and answers whether it now
    /// sells otherwise: more or less, or whether it is in stock.
    pub fn put_numbers(&mut self, change: &Change, product: &Product) -> bool {
        let variants = self.reader().variants(product);
        let Some(row) = self.slot(change.ordinal) else { return false };
        let row = Arc::make_mut(row);
        let before = (row.sales(), row.in_stock());
        row.sequence = change.sequence;
        row.numbers = Numbers::of(product);
        row.variants = variants;
        before != (row.sales(), row.in_stock())
    }

    /// Removes a product.
    pub fn remove(&mut self, ordinal: Ordinal) {
        if let Some(row) = self.slot(ordinal).take() {
            Arc::make_mut(&mut self.ordinals).remove(&row.id);
            self.live -= 1;
        }
    }

    fn reader(&mut self) -> RowReader<'_> {
        RowReader { dictionary: &mut self.dictionary, known: self.known }
    }

    fn slot(&mut self, ordinal: Ordinal) -> &mut Option<Arc<Row>> {
        let place = ordinal as usize;
        while self.chunks.len() <= place / CHUNK_ROWS {
            self.chunks.push(Arc::new(vec![None; CHUNK_ROWS]));
        }
        &mut Arc::make_mut(&mut self.chunks[place / CHUNK_ROWS])[place % CHUNK_ROWS]
    }
}
