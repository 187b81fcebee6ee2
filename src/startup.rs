//! From a configuration to an engine: the only place that picks implementations.

use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::background;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::embed::cached::CachedEmbedder;
use crate::embed::fast::{HubModel, find_library, hub_models};
use crate::embed::{Embedder, Places, Preference, choose};
use crate::engine::{Embedders, Engine, INDEXES_FOLDER, Parts, copy_closed_embeddings};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::embedded::Embedded;

/// Queries whose embedding a server keeps; about 2 KiB each.
pub const QUERIES_KEPT: usize = 10_000;

/// Bytes of the server's secret.
const SECRET_BYTES: usize = 32;

/// The file of the server's secret in the data directory.
const SECRET_FILE: &str = "secret";

/// The folder of downloaded models in the data directory.
const MODELS_FOLDER: &str = "models";

/// Now, by the machine's clock.
#[allow(clippy::disallowed_methods, reason = "this is where the program reads the clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Whether a data directory has a store.
pub fn has_store(data_dir: &Path) -> bool {
    Embedded::is_in(data_dir)
}

/// The engine of a data directory, which is made when it is missing; `queries_kept` embeddings of
/// queries stay in memory.
///
/// # Errors
/// Unavailable when another process has the data directory or an embedder is missing, Internal
/// when the disk fails.
pub fn engine(config: &Config, queries_kept: usize) -> Result<Engine> {
    yield_when_indexing();
    check_not_lost(&config.data_dir)?;
    let store = Embedded::open(&config.data_dir)?;
    Engine::open(Parts {
        store: Arc::new(store),
        embedders: embedders(config, queries_kept),
        folder: Some(config.data_dir.join(INDEXES_FOLDER)),
    })
}

/// Refuses a data directory that has indexes and no store: it had one, and a new, empty one must not
/// take its place unsaid.
fn check_not_lost(data_dir: &Path) -> Result<()> {
    let indexes = fs::read_dir(data_dir.join(INDEXES_FOLDER));
    let has_indexes = indexes.is_ok_and(|mut entries| entries.next().is_some());
    if has_store(data_dir) || !has_indexes {
        return Ok(());
    }
    Err(Error::unavailable(
        "store_missing",
        format!("'{}' has indexes, but its store is gone", data_dir.display()),
        "put a backup in its place with vitrine restore, or delete the folder 'indexes' to begin \
         anew",
    ))
}

/// Gives the threads that analyse catalogues and link vectors, which nothing else uses, the low
/// priority of what they are used for.
fn yield_when_indexing() {
    let pool = rayon::ThreadPoolBuilder::new().start_handler(|_| background::yield_to_others());
    // Once for a process: a second engine finds it done.
    let _ = pool.thread_name(|number| format!("indexing-{number}")).build_global();
}

/// The engine of a data directory without its indexes: for keys, which need no model.
///
/// # Errors
/// Unavailable when another process has the data directory, Internal when the disk fails.
pub fn engine_without_indexes(config: &Config) -> Result<Engine> {
    let store = Embedded::open(&config.data_dir)?;
    Engine::without_indexes(Parts {
        store: Arc::new(store),
        embedders: embedders(config, 0),
        folder: None,
    })
}

/// Embedders by the name that settings give, each loaded once.
fn embedders(config: &Config, queries_kept: usize) -> Arc<Embedders> {
    let places = places(config);
    let server_choice = config.embedder.clone();
    let loaded: Mutex<HashMap<String, Arc<dyn Embedder>>> = Mutex::default();
    Arc::new(move |name| {
        let name = if name == "auto" { server_choice.as_str() } else { name };
        // Held while a model loads, so that two indexes do not load it twice.
        let mut loaded = loaded.lock();
        if let Some(embedder) = loaded.get(name) {
            return Ok(Arc::clone(embedder));
        }
        let plain = choose(&Preference::parse(name), &places)?;
        let embedder = match NonZeroUsize::new(queries_kept) {
            Some(capacity) => Arc::new(CachedEmbedder::new(plain, capacity)),
            None => plain,
        };
        loaded.insert(name.to_owned(), Arc::clone(&embedder));
        Ok(embedder)
    })
}

fn places(config: &Config) -> Places {
    let program = std::env::current_exe().ok();
    Places {
        library: named_library(config),
        beside: program.as_deref().and_then(Path::parent).map(Path::to_path_buf),
        cache_dir: config.data_dir.join(MODELS_FOLDER),
        workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
    }
}

fn named_library(config: &Config) -> Option<PathBuf> {
    let named = || std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
    config.onnx_runtime.clone().or_else(|| named().map(PathBuf::from))
}

/// What runs the model where an index says `auto`, and why.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// What the configuration asks for.
    pub preference: String,
    /// The ONNX Runtime library that was found.
    pub library: Option<PathBuf>,
    /// Whether it runs the model.
    pub on_library: bool,
    /// The model, as index folders name it.
    pub id: String,
    /// Components of an embedding.
    pub dimensions: usize,
}

/// Loads what `auto` stands for and tells what it is.
///
/// # Errors
/// As the embedder of an index.
pub fn chosen(config: &Config) -> Result<Chosen> {
    let places = places(config);
    let preference = Preference::parse(&config.embedder);
    let on_library = match preference {
        Preference::Automatic => choose(&Preference::OnnxRuntime, &places).is_ok(),
        Preference::OnnxRuntime | Preference::Hub(_) => true,
        Preference::Builtin | Preference::Hashing => false,
    };
    let embedder = choose(&preference, &places)?;
    Ok(Chosen {
        preference: config.embedder.clone(),
        library: find_library(places.library.as_deref(), places.beside.as_deref()),
        on_library,
        id: embedder.id().to_owned(),
        dimensions: embedder.dimensions(),
    })
}

/// The models that can be had from a hub.
pub fn models() -> Vec<HubModel> {
    hub_models()
}

/// Copies the store and the secret of a data directory that no server uses to the new folder
/// `target`, which is a data directory then; with `embeddings` also what its indexes have of these,
/// so that nothing is embedded again.
///
/// # Errors
/// `NotFound` without a store, Conflict when `target` exists, Unavailable when another process has
/// the store, Internal when the disk fails.
pub fn copy_data(data_dir: &Path, target: &Path, embeddings: bool) -> Result<()> {
    if !has_store(data_dir) {
        return Err(no_store(data_dir));
    }
    let indexes = data_dir.join(INDEXES_FOLDER);
    Embedded::open(data_dir)?.back_up(target, &|folder| match embeddings {
        true => copy_closed_embeddings(&indexes, &folder.join(INDEXES_FOLDER)),
        false => Ok(()),
    })?;
    copy_secret(data_dir, target)
}

/// Moves a backup to the new folder `target`, also to another file system.
///
/// # Errors
/// Unavailable when that does not succeed; then it is still whole where it was.
pub fn move_backup(source: &Path, target: &Path) -> Result<()> {
    let moved = fs::rename(source, target).or_else(|error| {
        if error.kind() != ErrorKind::CrossesDevices {
            return Err(error);
        }
        copy_folder(source, target)?;
        // The copy is whole; what is left of the first one takes room and does no harm.
        let _ = fs::remove_dir_all(source);
        Ok(())
    });
    moved.map_err(|error| {
        let whole = source.display();
        Error::unavailable(
            "backup_not_moved",
            format!("the backup is complete in '{whole}' but cannot be moved: {error}"),
            "move it yourself",
        )
    })
}

fn copy_folder(source: &Path, target: &Path) -> std::io::Result<()> {
    fs::create_dir(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let to = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
            fs::File::options().write(true).open(&to)?.sync_all()?;
        }
    }
    fs::File::open(target)?.sync_all()
}

/// Puts the backup in `source` in the place of a data directory, which may be missing; who was
/// erased in either stays erased. Indexes are built anew; a secret that is there stays. Unless
/// `replace` is given, the directory must hold nothing but a list of erasures. What the backup has
/// of embeddings is used.
///
/// # Errors
/// `NotFound` without a backup, Conflict when something else is in the way, Unavailable when
/// another process has either store, Internal when the disk fails.
pub fn restore(source: &Path, data_dir: &Path, replace: bool) -> Result<()> {
    if !has_store(source) {
        return Err(no_store(source));
    }
    // What was left when the store was lost gives way, too.
    let may_replace = replace && (has_store(data_dir) || check_not_lost(data_dir).is_err());
    if !may_replace && !Embedded::may_be_made_in(data_dir) {
        return Err(Error::conflict(
            "restore_target_in_use",
            format!("'{}' is not empty", data_dir.display()),
            "give --replace to put the backup in the place of a data directory, or restore to \
             another folder",
        ));
    }
    let indexes = data_dir.join(INDEXES_FOLDER);
    if indexes.exists() {
        // Indexes of another state of the store would mislead.
        Embedded::check_unused(data_dir)?;
        fs::remove_dir_all(&indexes).map_err(|error| broken(data_dir, &error))?;
    }
    Embedded::restore(source, data_dir)?;
    if !data_dir.join(SECRET_FILE).exists() {
        copy_secret(source, data_dir)?;
    }
    // Last, since these alone can be made anew.
    Embedded::restore_beside(source, INDEXES_FOLDER, data_dir)
}

/// Copies the server's secret, where there is one, so that tokens stay valid after a restore.
///
/// # Errors
/// Internal when the disk fails.
pub fn copy_secret(data_dir: &Path, target: &Path) -> Result<()> {
    match fs::read(data_dir.join(SECRET_FILE)) {
        Ok(secret) => write_secret(target, &secret).map_err(|error| broken(target, &error)),
        Err(_) => Ok(()),
    }
}

/// What to say where a store is expected and there is none.
pub fn no_store(data_dir: &Path) -> Error {
    Error::not_found(
        "no_store",
        format!("there is no store in '{}'", data_dir.display()),
        "check the path after --data-dir; 'vitrine import' makes a store",
    )
}

/// The server's secret, with which shoppers' tokens are signed; made when it is missing.
///
/// # Errors
/// Internal when the disk or the machine's source of randomness fails, or the file is something
/// else.
pub fn secret(data_dir: &Path) -> Result<[u8; SECRET_BYTES]> {
    let path = data_dir.join(SECRET_FILE);
    if let Ok(secret) = fs::read(&path) {
        return secret.try_into().map_err(|_| {
            Error::internal(
                "secret_damaged",
                format!("'{}' is not a secret of {SECRET_BYTES} bytes", path.display()),
                "restore it from a backup, or delete it: tokens of shoppers end then",
            )
        });
    }
    let mut secret = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut secret)
        .map_err(|error| Error::internal("no_randomness", error.to_string(), ""))?;
    fs::create_dir_all(data_dir)
        .and_then(|()| write_secret(data_dir, &secret))
        .map_err(|error| broken(data_dir, &error))?;
    Ok(secret)
}

/// Writes the file whole or not at all, readable for its owner only.
fn write_secret(folder: &Path, secret: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(secret)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(SECRET_FILE))?;
    Ok(())
}

fn broken(folder: &Path, error: &std::io::Error) -> Error {
    Error::internal(
        "secret_failed",
        format!("the secret in '{}' cannot be written: {error}", folder.display()),
        "check the disk and the permissions of the data directory",
    )
}
