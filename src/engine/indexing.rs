//! One index: its published snapshot, how far it has come, and what its thread is told.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};

use super::queries::QueryCounts;
use super::snapshot::Snapshot;
use super::suggesting::SuggestionLayers;
use super::worker::Worker;
use super::{Embedders, Engine};
use crate::background;
use crate::domain::event::Visitor;
use crate::domain::id::{IndexName, Sequence};
use crate::error::{Error, Result};
use crate::index::View;
use crate::index::build::{Builder, Recipe};
use crate::index::columns::row::term_hash;
use crate::index::embeddings::{EMBEDDINGS_FILE, EmbeddingCache};
use crate::settings::Settings;
use crate::store::Store;
use crate::text::analyse::Analyser;

/// An open index.
pub(super) struct Index {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

pub(super) struct Shared {
    pub(super) name: IndexName,
    pub(super) store: Arc<dyn Store>,
    pub(super) embedders: Arc<Embedders>,
    pub(super) folder: Option<PathBuf>,
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// What is searched for of late.
    pub(super) queries: QueryCounts,
    /// Taken to replace the snapshot, so that settings and generations do not undo one another.
    pub(super) publishing: Mutex<()>,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
    /// What the thread's builder keeps of embeddings, for backups; weak, since the builder must be
    /// able to let go of its files.
    pub(super) embeddings: Mutex<Kept>,
}

/// A folder of the index and what it keeps of embeddings.
pub(super) type Kept = (Option<PathBuf>, Weak<EmbeddingCache>);

/// What a builder keeps of embeddings.
pub(super) fn kept(builder: &Builder) -> Kept {
    (builder.recipe().folder.clone(), Arc::downgrade(builder.embeddings()))
}

/// What the thread is told and what it tells.
#[derive(Default)]
pub(super) struct State {
    pub(super) stop: bool,
    pub(super) news: bool,
    pub(super) searchable: Sequence,
    /// The last change of the index in the store, or a later number while that is not known.
    pub(super) written: Sequence,
    /// Since when there are changes that cannot be searched, or could not be lately.
    pub(super) behind_since: Option<Instant>,
    pub(super) waiting_embeddings: usize,
    pub(super) shadow_running: bool,
    pub(super) events_news: bool,
    /// Suggestions do not follow the catalogue and the searches yet.
    pub(super) suggestions_behind: bool,
    /// Whose searches are to be forgotten.
    pub(super) forget: Vec<Visitor>,
}

impl State {
    fn progress(&self) -> Progress {
        Progress {
            searchable: self.searchable,
            written: self.written,
            behind_for: match self.behind_since {
                Some(since) if self.searchable < self.written => since.elapsed(),
                Some(_) | None => Duration::ZERO,
            },
            waiting_embeddings: self.waiting_embeddings,
            rebuilding: self.shadow_running,
        }
    }
}

/// How far an index has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) searchable: Sequence,
    written: Sequence,
    pub(super) behind_for: Duration,
    pub(super) waiting_embeddings: usize,
    pub(super) rebuilding: bool,
}

impl Progress {
    /// How far the last searchable change is behind the last one stored.
    pub(super) fn changes_behind(&self) -> u64 {
        self.written.saturating_sub(self.searchable)
    }
}

impl Index {
    /// Opens the index as far as its files tell; the thread brings it up to date.
    pub(super) fn open(engine: &Engine, name: &IndexName, settings: Settings) -> Result<Self> {
        let folder = engine.index_folder(name)?;
        let recipe = recipe(&settings, &*engine.embedders, folder.as_deref())?;
        remove_other_folders(folder.as_deref(), |one| Some(one) == recipe.folder.as_deref());
        let mut builder = open_builder(name, recipe, engine.store.sequence()?)?;
        let generation = Arc::new(builder.publish()?);
        let suggestions = Arc::new(SuggestionLayers::empty(&generation.analyser));
        let view = View { generation, settings: Arc::new(settings) };
        let shared = Arc::new(Shared {
            name: name.clone(),
            store: Arc::clone(&engine.store),
            embedders: Arc::clone(&engine.embedders),
            queries: QueryCounts::open(folder.as_deref()),
            folder,
            snapshot: ArcSwap::from_pointee(Snapshot::new(name.clone(), view, suggestions)),
            publishing: Mutex::new(()),
            state: Mutex::new(State {
                news: true,
                written: engine.store.sequence()?,
                behind_since: Some(Instant::now()),
                events_news: true,
                suggestions_behind: true,
                ..State::default()
            }),
            changed: Condvar::new(),
            embeddings: Mutex::new(kept(&builder)),
        });
        let worker = Worker::new(Arc::clone(&shared), builder);
        let thread = std::thread::Builder::new()
            .name(format!("index-{name}"))
            .spawn(move || {
                background::yield_to_others();
                worker.run();
            })
            .map_err(|error| Error::internal("thread", error.to_string(), ""))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// The published snapshot.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// What is searched for of late.
    pub(super) fn queries(&self) -> &QueryCounts {
        &self.shared.queries
    }

    /// Tells the thread that the store has something new for it, up to this number.
    pub(super) fn notify(&self, written: Sequence) {
        self.shared.tell(|state| {
            state.news = true;
            let was_level = state.searchable >= state.written;
            state.written = state.written.max(written);
            if was_level {
                state.behind_since = Some(Instant::now());
            }
        });
    }

    /// Tells the thread that there are new events.
    pub(super) fn notify_events(&self) {
        self.shared.tell(|state| state.events_news = true);
    }

    /// Has the thread forget what visitors searched for.
    pub(super) fn forget(&self, visitors: &[Visitor]) {
        self.shared.tell(|state| {
            state.forget.extend_from_slice(visitors);
            state.events_news = true;
        });
    }

    /// Puts other settings to work: weights at once, another language or model when its shadow
    /// generation has caught up.
    pub(super) fn use_settings(&self, settings: Settings) {
        let wanted = recipe(&settings, &*self.shared.embedders, None);
        let settings = Arc::new(settings);
        self.shared.publish(|present| {
            // Of two changes that cross, the later version serves.
            let newer = settings.version > present.view.settings.version;
            let settings = if newer { settings } else { Arc::clone(&present.view.settings) };
            let generation = Arc::clone(&present.view.generation);
            let view = View { generation, settings };
            present.with_view(view, Arc::clone(&present.suggestions))
        });
        let serving = &self.snapshot().view.generation;
        let rebuilding = wanted.is_ok_and(|wanted| !serving.was_made_by(&wanted));
        self.shared.tell(|state| {
            state.shadow_running = rebuilding;
            state.news = true;
        });
    }

    /// Whether suggestions follow all that the thread has heard of.
    pub(super) fn suggestions_follow(&self) -> bool {
        let state = self.shared.state.lock();
        !(state.suggestions_behind || state.events_news || state.news)
    }

    /// How far the index has come.
    pub(super) fn progress(&self) -> Progress {
        self.shared.state.lock().progress()
    }

    /// Waits until `done` holds, which must not call the index.
    ///
    /// # Errors
    /// Unavailable when it does not within `timeout`.
    pub(super) fn wait(&self, timeout: Duration, done: impl Fn(&Progress) -> bool) -> Result<()> {
        let end = Instant::now() + timeout;
        // Held between look and wait, so that no news comes unheard in between.
        let mut state = self.shared.state.lock();
        while !done(&state.progress()) {
            if state.stop {
                return Err(Error::not_found(
                    "unknown_index",
                    "the index was removed meanwhile",
                    "GET /v1/indexes lists those that are left",
                ));
            }
            if self.shared.changed.wait_until(&mut state, end).timed_out() {
                return Err(Error::unavailable(
                    "not_yet_searchable",
                    "the write is safe, but not searchable yet",
                    "it will be; ask again later",
                ));
            }
        }
        Ok(())
    }
}

impl Index {
    /// Copies the embeddings that are made to the place in the folder `target` that they have in
    /// `own`, the folder of all indexes.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub(super) fn copy_embeddings(&self, own: &Path, target: &Path) -> Result<()> {
        let (folder, kept) = self.shared.embeddings.lock().clone();
        let below = folder.as_deref().and_then(|folder| folder.strip_prefix(own).ok());
        let (Some(below), Some(kept)) = (below, kept.upgrade()) else { return Ok(()) };
        let folder = target.join(below);
        std::fs::create_dir_all(&folder).map_err(|error| {
            Error::internal("disk_failed", format!("a folder cannot be made: {error}"), "")
        })?;
        kept.copy_to(&folder.join(EMBEDDINGS_FILE))
    }

    /// Ends the thread and all waiting; when this returns no file of the index is open for writing.
    pub(super) fn stop(&self) {
        self.shared.tell(|state| state.stop = true);
        if let Some(thread) = self.thread.lock().take() {
            drop(thread.join());
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    pub(super) fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }

    pub(super) fn publish(&self, next: impl FnOnce(&Snapshot) -> Snapshot) {
        let _guard = self.publishing.lock();
        let present = self.snapshot.load_full();
        self.snapshot.store(Arc::new(next(&present)));
    }
}

/// How settings want an index built. Another language or model, or other private attributes, get a
/// folder of their own.
pub(super) fn recipe(
    settings: &Settings,
    embedders: &Embedders,
    folder: Option<&Path>,
) -> Result<Recipe> {
    let embedder = settings.semantic.enabled.then(|| embedders(&settings.semantic.embedder));
    let embedder = embedder.transpose()?;
    let model = embedder.as_ref().map_or("none", |embedder| embedder.id());
    let model: String =
        model.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    let private = settings.private_attributes();
    let names = private.iter().fold(0, |hash, name| hash ^ term_hash(name));
    let name = match private.is_empty() {
        true => format!("{}-{model}", settings.language),
        false => format!("{}-{model}-{names:08x}", settings.language),
    };
    Ok(Recipe {
        analyser: Arc::new(Analyser::new(&settings.language)),
        private: Arc::new(private),
        folder: folder.map(|folder| folder.join(name)),
        embedder,
    })
}

/// An index whose folder cannot be used, as on a full disk, is found by word from memory until the
/// thread can put another in its place.
fn open_builder(name: &IndexName, recipe: Recipe, latest: Sequence) -> Result<Builder> {
    let opened = Builder::open(recipe.clone()).and_then(|builder| builder.not_after(latest));
    opened.or_else(|error| {
        tracing::error!(index = %name, %error, "the index is in memory for the time being");
        Builder::open(Recipe { folder: None, embedder: None, ..recipe })
    })
}

/// Removes folders that nobody wants: of shadow generations that were never finished, of
/// generations that were replaced, of indexes that were deleted.
pub(super) fn remove_other_folders(folder: Option<&Path>, is_wanted: impl Fn(&Path) -> bool) {
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.path().is_dir()
            && !is_wanted(&entry.path())
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, path = %entry.path().display(), "an old index folder stays");
        }
    }
}
