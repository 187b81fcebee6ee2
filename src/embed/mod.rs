//! Sentence embeddings: the trait, and the ways to run a model behind it.
//!
//! [`builtin`] runs the shipped model in pure Rust, [`fast`] runs the same file (or a model of a
//! hub) on ONNX Runtime, [`hashing`] needs no model and serves tests, and [`cached`] remembers the
//! embeddings of recent queries. [`mod@choose`] picks one.

pub mod builtin;
pub mod cached;
pub mod choose;
pub mod fast;
pub mod hashing;

mod batch;
mod model;

pub use choose::{Places, Preference, choose};

use crate::error::Result;

/// A sentence embedding of unit length.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Scales `values` to unit length; all zeros stay as they are.
    pub fn normalised(mut values: Vec<f32>) -> Self {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            values.iter_mut().for_each(|value| *value /= length);
        }
        Self(values)
    }

    /// The components.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The cosine of the angle between two embeddings of one model, from -1 to 1.
    pub fn dot(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

/// Turns texts into vectors whose cosine says how near their meanings are.
pub trait Embedder: Send + Sync {
    /// Changes whenever the vectors of the same texts would.
    fn id(&self) -> &str;

    /// The number of components.
    fn dimensions(&self) -> usize;

    /// One embedding per text, in order. An embedding does not depend on the texts beside it.
    ///
    /// # Errors
    /// Unavailable or Internal when the model cannot be run.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>>;

    /// Whether this text would be embedded without running a model.
    fn remembers(&self, _text: &str) -> bool {
        false
    }
}
