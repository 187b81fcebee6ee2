//! Picks the embedder for a preference and what the machine has.

use std::path::PathBuf;
use std::sync::Arc;

use super::Embedder;
use super::builtin::BuiltinEmbedder;
use super::fast::{FastEmbedder, find_library};
use super::hashing::HashingEmbedder;
use crate::error::{Error, Result};

/// Which embedder an operator wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Preference {
    /// The shipped model, on ONNX Runtime where it is installed and in pure Rust otherwise.
    #[default]
    Automatic,
    /// The shipped model on ONNX Runtime; an error where that is missing.
    OnnxRuntime,
    /// The shipped model in pure Rust.
    Builtin,
    /// No model: words and their parts, for tests and the smallest machines.
    Hashing,
    /// A model of [`super::fast::hub_models`] by name, on ONNX Runtime.
    Hub(String),
}

impl Preference {
    /// Reads `auto`, `onnxruntime`, `builtin` or `hashing`; anything else names a hub's model.
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "auto" => Self::Automatic,
            "onnxruntime" => Self::OnnxRuntime,
            "builtin" => Self::Builtin,
            "hashing" => Self::Hashing,
            name => Self::Hub(name.to_owned()),
        }
    }
}

/// Where to look, and how many texts or batches to embed at a time.
#[derive(Clone, Debug)]
pub struct Places {
    /// The ONNX Runtime library that the operator named, if any.
    pub library: Option<PathBuf>,
    /// The program's folder, where a library may lie beside it.
    pub beside: Option<PathBuf>,
    /// Where models of a hub are kept.
    pub cache_dir: PathBuf,
    /// Texts or batches embedded side by side, each on one thread; at least 1.
    pub workers: usize,
}

/// The embedder for a preference.
///
/// # Errors
/// Unavailable when ONNX Runtime or a hub's model is asked for by name and missing, NotFound for
/// an unknown name, Internal when the shipped model cannot be read.
pub fn choose(preference: &Preference, places: &Places) -> Result<Arc<dyn Embedder>> {
    match preference {
        Preference::Automatic => automatic(places),
        Preference::OnnxRuntime => {
            Ok(Arc::new(FastEmbedder::shipped(&library(places)?, places.workers)?))
        }
        Preference::Builtin => Ok(Arc::new(BuiltinEmbedder::new(places.workers)?)),
        Preference::Hashing => Ok(Arc::new(HashingEmbedder)),
        Preference::Hub(name) => {
            let library = library(places)?;
            let workers = places.workers;
            Ok(Arc::new(FastEmbedder::from_hub(name, &places.cache_dir, &library, workers)?))
        }
    }
}

/// A library that was named must work; one that was merely found may turn out to be too old.
fn automatic(places: &Places) -> Result<Arc<dyn Embedder>> {
    let Ok(library) = library(places) else {
        return Ok(Arc::new(BuiltinEmbedder::new(places.workers)?));
    };
    match FastEmbedder::shipped(&library, places.workers) {
        Ok(embedder) => Ok(Arc::new(embedder)),
        Err(error) if places.library.is_some() => Err(error),
        Err(error) => {
            tracing::warn!(%error, "using the built-in embedder");
            Ok(Arc::new(BuiltinEmbedder::new(places.workers)?))
        }
    }
}

fn library(places: &Places) -> Result<PathBuf> {
    find_library(places.library.as_deref(), places.beside.as_deref()).ok_or_else(|| {
        Error::unavailable(
            "onnx_runtime_missing",
            "ONNX Runtime is not installed",
            "set ORT_DYLIB_PATH to libonnxruntime, or use the built-in embedder",
        )
    })
}
