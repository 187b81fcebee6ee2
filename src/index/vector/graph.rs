//! The approximate index: links over the rows of an exact one, for catalogues too large to scan.

use std::sync::Arc;

use fixedbitset::FixedBitSet;

use super::choice::{Method, method};
use super::flat::{Flat, quantise};
use super::links::Links;
use super::query::PreparedQuery;
use super::top::Top;
use super::{Neighbour, VectorIndex};
use crate::domain::id::Ordinal;
use crate::error::Result;

/// A search keeps at least so many products in view.
const WIDTH_MIN: usize = 128;

/// And so many for every neighbour asked for.
const WIDTH_PER_NEIGHBOUR: usize = 3;

/// Rebuilding pays when this part of the products has changed.
const CHANGED_DIVISOR: usize = 10;

/// Links that never change, and an exact scan of the products that have changed since they were
/// built: a clone is a snapshot, and what was just written is always found.
#[derive(Clone)]
pub struct Graph {
    flat: Flat,
    links: Arc<Links>,
    /// Products whose present vectors the links do not know.
    changed: FixedBitSet,
}

impl Graph {
    /// Links all products of an exact index; uses all threads of the current pool.
    pub fn build(flat: Flat) -> Self {
        let links = Arc::new(Links::build(&flat));
        Self { flat, links, changed: FixedBitSet::new() }
    }

    /// The same links over a later state of the products they were built from, if it is one.
    pub(super) fn over(&self, flat: Flat) -> Option<Self> {
        if flat.dimensions() != self.flat.dimensions()
            || flat.ordinals_end() < self.flat.ordinals_end()
        {
            return None;
        }
        let known = |ordinal: &Ordinal| {
            !self.changed.contains(*ordinal as usize) && self.links.covers(*ordinal)
        };
        let changed = flat.rows().filter(|(ordinal, row)| {
            !known(ordinal) || self.flat.row(*ordinal).is_none_or(|linked| linked != *row)
        });
        let changed = changed.map(|(ordinal, _)| ordinal as usize).collect();
        Some(Self { flat, links: Arc::clone(&self.links), changed })
    }

    /// The exact index that holds the vectors.
    pub fn flat(&self) -> &Flat {
        &self.flat
    }

    /// Inserts or replaces a vector, as `Flat::upsert` does.
    ///
    /// # Errors
    /// Internal when the vector has another number of components than the index.
    pub fn upsert(&mut self, ordinal: Ordinal, vector: &[f32]) -> Result<()> {
        self.upsert_row(ordinal, &quantise(vector))
    }

    /// Inserts or replaces a quantised vector, as `Flat::upsert_row` does.
    ///
    /// # Errors
    /// Internal when the row has another number of components than the index.
    pub fn upsert_row(&mut self, ordinal: Ordinal, row: &[i8]) -> Result<()> {
        let same = self.flat.row(ordinal).is_some_and(|present| present == row);
        if same {
            return Ok(());
        }
        self.flat.upsert_row(ordinal, row)?;
        self.changed.grow_and_insert(ordinal as usize);
        Ok(())
    }

    /// Removes a product; whether it was there.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        self.flat.remove(ordinal)
    }

    /// Whether so much has changed that the links should be built anew.
    pub fn is_stale(&self) -> bool {
        self.flat.count(Some(&self.changed)) > self.flat.len() / CHANGED_DIVISOR
    }

    /// The nearest that can be found along the links, whatever that costs; `nearest` scans where a
    /// scan is cheaper or this finds too few.
    pub fn nearest_by_links(
        &self,
        query: &PreparedQuery,
        k: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        if query.dimensions() != self.flat.dimensions() {
            return Vec::new();
        }
        let width = search_width(k);
        let admit = |ordinal: Ordinal| {
            let place = ordinal as usize;
            allowed.is_none_or(|set| set.contains(place))
                && !self.changed.contains(place)
                && self.flat.contains(ordinal)
        };
        let mut top = Top::new(k);
        for Neighbour { ordinal, .. } in self.links.search(query, width, &self.flat, admit) {
            let similarity = self.flat.stored(ordinal).similarity(query);
            top.push(Neighbour { ordinal, similarity });
        }
        let changed = allowed.map(|set| &self.changed & set);
        let changed = changed.as_ref().unwrap_or(&self.changed);
        for neighbour in self.flat.nearest(query, k, Some(changed)) {
            top.push(neighbour);
        }
        top.into_vec()
    }
}

/// How many products a search for `k` keeps in view.
pub(super) fn search_width(k: usize) -> usize {
    k.saturating_mul(WIDTH_PER_NEIGHBOUR).max(WIDTH_MIN)
}

impl VectorIndex for Graph {
    fn len(&self) -> usize {
        self.flat.len()
    }

    fn nearest(
        &self,
        query: &PreparedQuery,
        k: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        let count = self.flat.count(allowed);
        if method(self.flat.len(), count, k) == Method::Graph {
            let found = self.nearest_by_links(query, k, allowed);
            // A part of the graph that no entry leads to would be missed.
            if found.len() >= k.min(count) {
                return found;
            }
        }
        self.flat.nearest(query, k, allowed)
    }

    fn above(
        &self,
        query: &PreparedQuery,
        similarity_min: f32,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        self.flat.above(query, similarity_min, allowed)
    }

    fn similarity(&self, query: &PreparedQuery, ordinal: Ordinal) -> Option<f32> {
        self.flat.similarity(query, ordinal)
    }
}
