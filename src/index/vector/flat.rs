//! The exact index: int8 rows in shared chunks, scanned by every query.

use std::sync::Arc;

use fixedbitset::FixedBitSet;

use super::dot::{dot, dot_rows, dots};
use super::query::{PreparedQuery, inverse_root};
use super::top::Top;
use super::{Neighbour, VectorIndex};
use crate::domain::id::Ordinal;
use crate::error::{Error, Result};

/// Rows per chunk: a change copies so many rows once per snapshot, 0.4 MB at 384 dimensions.
const CHUNK_ROWS: usize = 1024;

/// Words of a bit set per chunk.
const CHUNK_WORDS: usize = CHUNK_ROWS / usize::BITS as usize;

/// The largest component of a row.
const COMPONENT_MAX: f32 = 127.0;

/// More would let a sum of products overflow.
const DIMENSIONS_MAX: usize = 16_384;

/// The direction of a vector in int8, each row with its own scale.
///
/// The scale needs no storing: vectors are compared by direction, so a row stands for itself. All
/// zeros stay zeros, and components that are not numbers become zero.
pub fn quantise(vector: &[f32]) -> Vec<i8> {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = if largest > 0.0 { COMPONENT_MAX / largest } else { 0.0 };
    vector.iter().map(|value| (value * scale).round() as i8).collect()
}

/// A row where it lies.
#[derive(Clone, Copy)]
pub(super) struct Stored<'f> {
    pub(super) row: &'f [i8],
    inverse_length: f32,
}

impl Stored<'_> {
    #[inline]
    pub(super) fn similarity(self, query: &PreparedQuery) -> f32 {
        query.cosine(dot(query.values(), self.row), self.inverse_length)
    }

    #[inline]
    pub(super) fn similarity_to(self, other: Self) -> f32 {
        dot_rows(self.row, other.row) as f32 * self.inverse_length * other.inverse_length
    }
}

#[derive(Clone)]
struct Chunk {
    rows: Vec<i8>,
    /// 1 / length of each row.
    inverse_lengths: Vec<f32>,
    present: FixedBitSet,
}

impl Chunk {
    fn new(dimensions: usize) -> Self {
        Self {
            rows: vec![0; CHUNK_ROWS * dimensions],
            inverse_lengths: vec![0.0; CHUNK_ROWS],
            present: FixedBitSet::with_capacity(CHUNK_ROWS),
        }
    }

    /// Places of the chunk's rows that are present and allowed.
    fn places(&self, allowed: Option<&[usize]>, places: &mut Vec<u16>) {
        places.clear();
        for (index, word) in self.present.as_slice().iter().enumerate() {
            let allowed =
                allowed.map_or(usize::MAX, |words| words.get(index).copied().unwrap_or(0));
            let mut bits = word & allowed;
            while bits != 0 {
                places.push((index as u32 * usize::BITS + bits.trailing_zeros()) as u16);
                bits &= bits - 1;
            }
        }
    }
}

/// All vectors of an index, by ordinal.
///
/// Cloning copies pointers, and a change copies its chunk if a clone still holds it: a published
/// snapshot stays as it was.
#[derive(Clone)]
pub struct Flat {
    dimensions: usize,
    chunks: Vec<Arc<Chunk>>,
    live: usize,
}

impl Flat {
    /// An empty index of vectors with so many components, at most 16,384.
    ///
    /// # Errors
    /// Internal for vectors of no component or too many.
    pub fn new(dimensions: usize) -> Result<Self> {
        if !(1..=DIMENSIONS_MAX).contains(&dimensions) {
            return Err(wrong_dimensions(dimensions, "1 to 16384"));
        }
        Ok(Self { dimensions, chunks: Vec::new(), live: 0 })
    }

    /// Components of a vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Inserts or replaces the vector of a product; only its direction counts.
    ///
    /// # Errors
    /// Internal when the vector has another number of components than the index.
    pub fn upsert(&mut self, ordinal: Ordinal, vector: &[f32]) -> Result<()> {
        self.upsert_row(ordinal, &quantise(vector))
    }

    /// Inserts or replaces a vector that is quantised already, as `quantise` or `row` gave it.
    ///
    /// # Errors
    /// Internal when the row has another number of components than the index.
    pub fn upsert_row(&mut self, ordinal: Ordinal, row: &[i8]) -> Result<()> {
        if row.len() != self.dimensions {
            return Err(wrong_dimensions(row.len(), &self.dimensions.to_string()));
        }
        let (index, place) = split(ordinal);
        while self.chunks.len() <= index {
            self.chunks.push(Arc::new(Chunk::new(self.dimensions)));
        }
        let chunk = Arc::make_mut(&mut self.chunks[index]);
        chunk.rows[place * self.dimensions..][..self.dimensions].copy_from_slice(row);
        let squares = row.iter().map(|value| f64::from(*value).powi(2)).sum();
        chunk.inverse_lengths[place] = inverse_root(squares);
        self.live += usize::from(!chunk.present.put(place));
        Ok(())
    }

    /// Removes a product; whether it was there.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        if !self.contains(ordinal) {
            return false;
        }
        let (index, place) = split(ordinal);
        Arc::make_mut(&mut self.chunks[index]).present.remove(place);
        self.live -= 1;
        true
    }

    /// Whether a product has a vector.
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        let (index, place) = split(ordinal);
        self.chunks.get(index).is_some_and(|chunk| chunk.present.contains(place))
    }

    /// The quantised vector of a product, if it has one.
    pub fn row(&self, ordinal: Ordinal) -> Option<&[i8]> {
        self.contains(ordinal).then(|| self.stored(ordinal).row)
    }

    /// All products with their quantised vectors, in order of ordinal.
    pub fn rows(&self) -> impl Iterator<Item = (Ordinal, &[i8])> {
        let bases = (0..).step_by(CHUNK_ROWS);
        bases.zip(&self.chunks).flat_map(move |(base, chunk)| {
            chunk.present.ones().map(move |place| {
                let row = &chunk.rows[place * self.dimensions..][..self.dimensions];
                (base + place as Ordinal, row)
            })
        })
    }

    /// One more than the highest ordinal that there is room for.
    pub(super) fn ordinals_end(&self) -> usize {
        self.chunks.len() * CHUNK_ROWS
    }

    /// What is stored at an ordinal below `ordinals_end`: for a removed product, what was.
    pub(super) fn stored(&self, ordinal: Ordinal) -> Stored<'_> {
        let (index, place) = split(ordinal);
        let chunk = &self.chunks[index];
        Stored {
            row: &chunk.rows[place * self.dimensions..][..self.dimensions],
            inverse_length: chunk.inverse_lengths[place],
        }
    }

    /// Products in the index that are allowed.
    pub fn count(&self, allowed: Option<&FixedBitSet>) -> usize {
        let Some(allowed) = allowed else { return self.live };
        let words = self.chunks.iter().flat_map(|chunk| chunk.present.as_slice());
        words.zip(allowed.as_slice()).map(|(one, other)| (one & other).count_ones() as usize).sum()
    }

    /// Shows every allowed product to `visit`, in order of ordinal.
    fn scan(
        &self,
        query: &PreparedQuery,
        allowed: Option<&FixedBitSet>,
        mut visit: impl FnMut(Neighbour),
    ) {
        if query.dimensions() != self.dimensions {
            return;
        }
        let (mut places, mut sums) = (Vec::new(), Vec::new());
        for (index, chunk) in self.chunks.iter().enumerate() {
            let words =
                allowed.map(|set| set.as_slice().get(index * CHUNK_WORDS..).unwrap_or_default());
            chunk.places(words, &mut places);
            dots(query.values(), &chunk.rows, &places, &mut sums);
            for (place, sum) in places.iter().zip(&sums) {
                let place = usize::from(*place);
                visit(Neighbour {
                    ordinal: (index * CHUNK_ROWS + place) as Ordinal,
                    similarity: query.cosine(*sum, chunk.inverse_lengths[place]),
                });
            }
        }
    }
}

impl VectorIndex for Flat {
    fn len(&self) -> usize {
        self.live
    }

    fn nearest(
        &self,
        query: &PreparedQuery,
        k: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        let mut top = Top::new(k);
        self.scan(query, allowed, |neighbour| top.push(neighbour));
        top.into_vec()
    }

    fn above(
        &self,
        query: &PreparedQuery,
        similarity_min: f32,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        let mut found = Vec::new();
        self.scan(query, allowed, |neighbour| {
            if neighbour.similarity >= similarity_min {
                found.push(neighbour);
            }
        });
        found
    }

    fn similarity(&self, query: &PreparedQuery, ordinal: Ordinal) -> Option<f32> {
        let fits = query.dimensions() == self.dimensions && self.contains(ordinal);
        fits.then(|| self.stored(ordinal).similarity(query))
    }
}

fn split(ordinal: Ordinal) -> (usize, usize) {
    (ordinal as usize / CHUNK_ROWS, ordinal as usize % CHUNK_ROWS)
}

fn wrong_dimensions(found: usize, expected: &str) -> Error {
    Error::internal(
        "vector_dimensions",
        format!("a vector has {found} components where the index has {expected}"),
        "delete the derived index, so that it is built again with one model",
    )
}
