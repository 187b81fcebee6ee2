//! fastembed on ONNX Runtime: the shipped model faster, and every model that fastembed knows.
//!
//! ONNX Runtime is a shared library that is loaded while the program runs, so the program starts
//! without it. The first library that loads stays for the life of the process.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use fastembed::{
    EmbeddingModel, InitOptionsUserDefined, Pooling, QuantizationMode, TextEmbedding,
    TextInitOptions, TokenizerFiles, UserDefinedEmbeddingModel,
};
use ort::environment::Environment;
use parking_lot::{Mutex, MutexGuard};

use super::batch::{BATCH, in_batches};
use super::model::{DIMENSIONS, ID, MODEL, TOKENIZER, TOKENS_MAX};
use super::{Embedder, Embedding};
use crate::error::{Error, Result};

/// The runtime's environment: ONNX Runtime allows one in a process, for one library.
static ENVIRONMENT: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Where Linux and macOS keep libraries that were installed for all programs.
const SYSTEM_FOLDERS: [&str; 6] = [
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/opt/homebrew/lib",
];

/// What fastembed asks for beside `tokenizer.json`, which has the rest.
const MODEL_CONFIG: &str = r#"{"pad_token_id": 0}"#;
const SPECIAL_TOKENS: &str = "{}";

/// A model on ONNX Runtime.
pub struct FastEmbedder {
    id: String,
    dimensions: usize,
    batch: usize,
    /// One per worker, each with one thread, since running a model needs it exclusively.
    instances: Vec<Mutex<TextEmbedding>>,
    turn: AtomicUsize,
}

impl FastEmbedder {
    /// The shipped model on the ONNX Runtime at `library`, for `workers` batches at a time.
    ///
    /// # Errors
    /// Unavailable when the library cannot be loaded or is too old, Internal when it does not
    /// take the model.
    pub fn shipped(library: &Path, workers: usize) -> Result<Self> {
        let environment = environment(library)?;
        let load = || {
            let options = InitOptionsUserDefined::new()
                .with_environment(environment.clone())
                .with_max_length(TOKENS_MAX)
                .with_intra_threads(1);
            TextEmbedding::try_new_from_user_defined(shipped_model(), options)
                .map(Mutex::new)
                .map_err(failed)
        };
        let instances = (0..workers.max(1)).map(|_| load()).collect::<Result<Vec<_>>>()?;
        Ok(Self::of(ID.clone(), DIMENSIONS, BATCH, instances))
    }

    /// A model of [`hub_models`], downloaded into `cache_dir` unless it is there already.
    ///
    /// # Errors
    /// NotFound for a name that is not in the list, Unavailable when the library cannot be loaded
    /// or the model cannot be downloaded.
    pub fn from_hub(name: &str, cache_dir: &Path, library: &Path, workers: usize) -> Result<Self> {
        let wanted = hub_model(name)?;
        let environment = environment(library)?;
        let load = || {
            let options = TextInitOptions::new(wanted.model.clone())
                .with_environment(environment.clone())
                .with_cache_dir(cache_dir.to_path_buf())
                .with_max_length(TOKENS_MAX)
                .with_intra_threads(1)
                .with_show_download_progress(false);
            TextEmbedding::try_new(options).map(Mutex::new).map_err(|error| no_model(name, &error))
        };
        let instances = (0..workers.max(1)).map(|_| load()).collect::<Result<Vec<_>>>()?;
        // These models choose one scale a batch: alone, a text's neighbours cannot change it.
        let dynamic = TextEmbedding::get_quantization_mode(&wanted.model);
        let batch = if dynamic == QuantizationMode::Dynamic { 1 } else { BATCH };
        let id = format!("{}/{}-{TOKENS_MAX}", wanted.repository, wanted.file);
        Ok(Self::of(id, wanted.dimensions, batch, instances))
    }

    fn of(
        id: String,
        dimensions: usize,
        batch: usize,
        instances: Vec<Mutex<TextEmbedding>>,
    ) -> Self {
        Self { id, dimensions, batch, instances, turn: AtomicUsize::new(0) }
    }

    /// An instance that is free, or the next in turn when all are busy.
    fn instance(&self) -> MutexGuard<'_, TextEmbedding> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (late, early) = self.instances.split_at(turn % self.instances.len());
        let free = early.iter().chain(late).find_map(Mutex::try_lock);
        free.unwrap_or_else(|| self.instances[turn % self.instances.len()].lock())
    }

    fn embed_batch(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let mut instance = self.instance();
        let vectors = instance.embed(texts, None).map_err(failed)?;
        // Fair, so that a query that waits goes before the next batch of an import.
        MutexGuard::unlock_fair(instance);
        Ok(vectors.into_iter().map(Embedding::normalised).collect())
    }
}

impl Embedder for FastEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        in_batches(texts, self.batch, self.instances.len(), |batch| self.embed_batch(batch))
    }
}

/// A model that [`FastEmbedder::from_hub`] can fetch.
#[derive(Clone, Debug)]
pub struct HubModel {
    /// What to call it, for example `BGESmallENV15`.
    pub name: String,
    /// Where the hub keeps it, for example `Xenova/bge-small-en-v1.5`.
    pub repository: String,
    /// The file there.
    pub file: String,
    /// Components of an embedding.
    pub dimensions: usize,
    /// One sentence about it.
    pub description: String,
    model: EmbeddingModel,
}

/// Every model of fastembed's list, by name.
pub fn hub_models() -> Vec<HubModel> {
    let mut models: Vec<HubModel> = TextEmbedding::list_supported_models()
        .into_iter()
        .map(|info| HubModel {
            name: format!("{:?}", info.model),
            repository: info.model_code,
            file: info.model_file,
            dimensions: info.dim,
            description: info.description,
            model: info.model,
        })
        .collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    models
}

/// The ONNX Runtime library to load: `named` where it is given, otherwise the first found in
/// `beside` (the program's folder) and the system's folders.
pub fn find_library(named: Option<&Path>, beside: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = named {
        return Some(path.to_path_buf());
    }
    let system = SYSTEM_FOLDERS.iter().map(Path::new);
    beside.into_iter().chain(system).find_map(library_in)
}

/// The newest library in a folder, by its name.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_library))
        .max()
}

fn is_library(name: &str) -> bool {
    name.starts_with("libonnxruntime.so")
        || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
        || name == "onnxruntime.dll"
}

fn hub_model(name: &str) -> Result<HubModel> {
    let same = |model: &HubModel| model.name.eq_ignore_ascii_case(name) || model.repository == name;
    hub_models().into_iter().find(same).ok_or_else(|| {
        Error::not_found(
            "model_unknown",
            format!("there is no embedding model called {name:?}"),
            "list the models that can be used, and take a name from there",
        )
    })
}

fn shipped_model() -> UserDefinedEmbeddingModel {
    let tokenizer_config = format!(r#"{{"model_max_length": {TOKENS_MAX}, "pad_token": "[PAD]"}}"#);
    let files = TokenizerFiles {
        tokenizer_file: TOKENIZER.to_vec(),
        config_file: MODEL_CONFIG.into(),
        special_tokens_map_file: SPECIAL_TOKENS.into(),
        tokenizer_config_file: tokenizer_config.into_bytes(),
    };
    UserDefinedEmbeddingModel::new(MODEL.to_vec(), files).with_pooling(Pooling::Mean)
}

/// Loads the library unless that has happened. Asking the library first matters: where it is
/// missing, every later call would panic instead of failing.
fn environment(library: &Path) -> Result<Environment> {
    let mut loaded = ENVIRONMENT.lock();
    if let Some((path, environment)) = loaded.as_ref() {
        return if path == library { Ok(environment.clone()) } else { Err(other_library(path)) };
    }
    let builder = ort::init_from(library).map_err(|error| no_library(library, &error))?;
    let environment = builder
        .with_name("vitrine")
        .with_telemetry(false)
        .build()
        .map_err(|error| no_library(library, &error))?;
    *loaded = Some((library.to_path_buf(), environment.clone()));
    Ok(environment)
}

fn other_library(path: &Path) -> Error {
    Error::conflict(
        "onnx_runtime_loaded",
        format!("ONNX Runtime was already loaded from {}", path.display()),
        "restart the program to use another one",
    )
}

fn no_library(library: &Path, error: &dyn Display) -> Error {
    Error::unavailable(
        "onnx_runtime_missing",
        format!("ONNX Runtime cannot be loaded from {}: {error}", library.display()),
        "install ONNX Runtime 1.24 or newer, or use the built-in embedder",
    )
}

fn no_model(name: &str, error: &dyn Display) -> Error {
    Error::unavailable(
        "model_unavailable",
        format!("the embedding model {name} cannot be loaded: {error}"),
        "check that the model hub can be reached, or use the built-in embedder",
    )
}

fn failed(error: impl Display) -> Error {
    Error::internal(
        "embedding_failed",
        format!("the embedding model failed on ONNX Runtime: {error}"),
        "report this with the text that was being embedded",
    )
}
