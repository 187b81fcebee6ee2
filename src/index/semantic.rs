//! Meaning: the vectors of the products and how similar unrelated products are.

use std::sync::Arc;

use fixedbitset::FixedBitSet;

use super::vector::{Flat, Neighbour, PreparedQuery, VectorIndex, Vectors};
use crate::domain::id::Ordinal;
use crate::embed::Embedding;
use crate::error::Result;

/// So many random pairs tell the background similarity.
const BACKGROUND_PAIRS: usize = 2_000;

/// So many products tell what is usual for a query.
const SAMPLE_PRODUCTS: usize = 1_000;

/// Similarity of texts that mean the same thing in practice: the top of the calibrated scale.
const SAME_MEANING: f32 = 0.85;

/// How similar two products of the index are that were drawn at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Background {
    /// Mean cosine.
    pub mean: f32,
    /// Standard deviation of the cosine.
    pub deviation: f32,
}

impl Default for Background {
    fn default() -> Self {
        Self { mean: 0.1, deviation: 0.1 }
    }
}

impl Background {
    /// Mean and deviation of enough similarities; `None` for too few.
    fn of(similarities: &[f32]) -> Option<Self> {
        let count = similarities.len() as f32;
        if count < 10.0 {
            return None;
        }
        let mean = similarities.iter().sum::<f32>() / count;
        let variance =
            similarities.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
        Some(Self { mean, deviation: variance.sqrt().max(0.01) })
    }
}

impl Meaning {
    /// Similarity on the scale of all signals: 0 where it is usual for the query and below, 1 for
    /// texts that mean the same.
    pub fn calibrated(&self, similarity: f32) -> f32 {
        let mean = self.usual.mean.min(SAME_MEANING - 0.1);
        ((similarity - mean) / (SAME_MEANING - mean)).clamp(0.0, 1.0)
    }

    /// The similarity from which on a product matches by meaning.
    pub fn gate(&self, deviations: f32) -> f32 {
        self.usual.mean + deviations * self.usual.deviation
    }
}

/// A snapshot of all vectors.
#[derive(Clone)]
pub struct Semantic {
    vectors: Vectors,
    background: Background,
    /// Products whose similarity to a query tells what is usual for it.
    sample: Arc<[Ordinal]>,
}

/// A query ready to be compared with many products, and what is usual for it.
#[derive(Clone, Debug)]
pub struct Meaning {
    query: PreparedQuery,
    usual: Background,
}

impl Semantic {
    /// No vectors yet, of so many components.
    ///
    /// # Errors
    /// Internal for a number of components that cannot be scanned.
    pub fn new(dimensions: usize) -> Result<Self> {
        Ok(Self {
            vectors: Vectors::Flat(Flat::new(dimensions)?),
            background: Background::default(),
            sample: Arc::default(),
        })
    }

    /// The number of components.
    pub fn dimensions(&self) -> usize {
        self.vectors.flat().dimensions()
    }

    /// A product's vector, quantised.
    pub fn row(&self, ordinal: Ordinal) -> Option<&[i8]> {
        self.vectors.flat().row(ordinal)
    }

    /// The vectors.
    pub fn vectors(&self) -> &Vectors {
        &self.vectors
    }

    /// The vectors, to change them.
    pub fn vectors_mut(&mut self) -> &mut Vectors {
        &mut self.vectors
    }

    /// How similar random products are.
    pub fn background(&self) -> Background {
        self.background
    }

    /// The similarity that only so many deviations more than random products have: what is sure
    /// whatever the query.
    pub fn sure(&self, deviations: f32) -> f32 {
        self.background.mean + deviations * self.background.deviation
    }

    /// A query ready to be compared with many products.
    pub fn prepare(&self, query: &Embedding) -> Meaning {
        self.prepare_vector(query.as_slice())
    }

    /// A vector of any length ready to be compared with many products.
    pub fn prepare_vector(&self, vector: &[f32]) -> Meaning {
        let query = PreparedQuery::new(vector);
        let similarities: Vec<f32> =
            self.sample.iter().filter_map(|ordinal| self.similarity(&query, *ordinal)).collect();
        let usual = Background::of(&similarities).unwrap_or(self.background);
        Meaning { query, usual }
    }

    /// What products have in common: their mean vector, ready to be compared; `None` when none of
    /// them has a vector.
    pub fn centre(&self, ordinals: impl Iterator<Item = Ordinal>) -> Option<Meaning> {
        let mut mean = vec![0.0_f32; self.dimensions()];
        let mut any = false;
        for row in ordinals.filter_map(|ordinal| self.row(ordinal)) {
            any = true;
            let length = row.iter().map(|value| f32::from(*value).powi(2)).sum::<f32>().sqrt();
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f32::from(*value) / length.max(1.0);
            }
        }
        any.then(|| self.prepare_vector(&mean))
    }

    /// The most similar of the allowed products, best first; `None` allows all. Few allowed ones
    /// are compared one by one, so that a filter costs no recall.
    pub fn nearest(
        &self,
        meaning: &Meaning,
        count: usize,
        allowed: Option<&FixedBitSet>,
    ) -> Vec<Neighbour> {
        self.vectors.nearest(&meaning.query, count, allowed)
    }

    /// How near a product is to a query, calibrated; 0 for one without a vector.
    pub fn nearness(&self, meaning: &Meaning, ordinal: Ordinal) -> f32 {
        let similarity = self.similarity(&meaning.query, ordinal);
        similarity.map_or(0.0, |similarity| meaning.calibrated(similarity))
    }

    /// The similarity of one product, if it has a vector.
    pub fn similarity(&self, query: &PreparedQuery, ordinal: Ordinal) -> Option<f32> {
        self.vectors.similarity(query, ordinal)
    }

    fn between(&self, one: Ordinal, other: Ordinal) -> Option<f32> {
        let row: Vec<f32> = self.row(one)?.iter().map(|value| f32::from(*value)).collect();
        self.similarity(&PreparedQuery::new(&row), other)
    }

    /// Measures the background anew from pairs that a fixed sequence draws.
    pub fn measure_background(&mut self, ordinals: &[Ordinal]) {
        if ordinals.len() < 10 {
            return;
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ordinals[((state >> 33) as usize) % ordinals.len()]
        };
        let similarities: Vec<f32> = (0..BACKGROUND_PAIRS)
            .filter_map(|_| {
                let (one, other) = (draw(), draw());
                (one != other).then(|| self.between(one, other)).flatten()
            })
            .collect();
        self.background = Background::of(&similarities).unwrap_or_default();
        let step = ordinals.len().div_ceil(SAMPLE_PRODUCTS);
        self.sample = ordinals.iter().copied().step_by(step).collect();
    }
}
