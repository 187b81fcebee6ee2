//! The thread of an index: it folds the store's changes, embeds, follows settings and rebuilds
//! suggestions, the most urgent first.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::indexing::{Shared, recipe, remove_other_folders};
use super::snapshot::Snapshot;
use crate::domain::id::{Ordinal, Sequence};
use crate::domain::search::{Mode, SearchRequest};
use crate::error::{Error, Result};
use crate::index::View;
use crate::index::build::{Builder, Recipe};
use crate::index::suggestions::{QueryLog, Sources, SuggestionIndex};
use crate::query::understand;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, Identified, retrieve};
use crate::store::Searches;

/// Changes folded in one go: enough to be quick, few enough to be visible soon.
const CHANGES_AT_ONCE: usize = 2_000;

/// Events looked through for searches in one go.
const EVENTS_AT_ONCE: usize = 10_000;

/// Products embedded between two looks for new changes.
const EMBEDDED_AT_ONCE: usize = 64;

/// While products are being embedded, what is done is published this often.
const EMBEDDED_PUBLISH_EVERY: Duration = Duration::from_millis(1_500);

/// Suggestions are rebuilt at most this often.
const SUGGESTIONS_EVERY: Duration = Duration::from_millis(1_500);

/// Work on other threads is looked after this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// After a failure the thread waits this long before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The thread's own state.
pub(super) struct Worker {
    shared: Arc<Shared>,
    builder: Builder,
    shadow: Option<Builder>,
    queries: QueryLog,
    events_read: Sequence,
    embedded_unpublished: bool,
    last_publish: Instant,
    suggestions_stale: bool,
    suggesting: Option<JoinHandle<SuggestionIndex>>,
    last_suggestions: Option<Instant>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, builder: Builder) -> Self {
        Self {
            shared,
            builder,
            shadow: None,
            queries: QueryLog::default(),
            events_read: 0,
            embedded_unpublished: false,
            last_publish: Instant::now(),
            suggestions_stale: true,
            suggesting: None,
            last_suggestions: None,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            if self.shared.state.lock().stop {
                return;
            }
            // A panic must not end the thread: writes would be acknowledged and never appear.
            let step = std::panic::catch_unwind(AssertUnwindSafe(|| self.step()));
            let step = step.unwrap_or_else(|_| Err(Error::internal("panic", "a panic", "")));
            match step {
                Ok(true) => {}
                Ok(false) => self.idle(),
                Err(error) => {
                    tracing::error!(index = %self.shared.name, %error, "indexing begins anew");
                    self.rest(RETRY_AFTER);
                    self.reopen();
                }
            }
        }
    }

    /// Begins again from the last good commit: after a failure nobody knows what the builder has
    /// taken in. What is published stays until everything is there again.
    fn reopen(&mut self) {
        let recipe = self.builder.recipe().clone();
        let spare = Recipe { folder: None, ..recipe.clone() };
        // The failed builder must let go of its files before they can be opened again.
        let opened = Builder::open(spare).and_then(|spare| {
            drop(std::mem::replace(&mut self.builder, spare));
            Builder::open(recipe)
        });
        match opened {
            Ok(builder) => self.builder = builder,
            Err(error) => tracing::error!(index = %self.shared.name, %error, "not yet"),
        }
        self.shared.tell(|state| state.news = true);
    }

    /// One piece of work, the most urgent first; `false` when there is none.
    fn step(&mut self) -> Result<bool> {
        if let Err(error) = self.follow_settings() {
            tracing::warn!(index = %self.shared.name, %error, "the wanted generation must wait");
        }
        self.rebuild_suggestions();
        Ok(self.fold_changes()?
            || self.read_events()?
            || self.take_links()?
            || self.embed()?
            || self.advance_shadow()?)
    }

    /// Sleeps until there is news; links being built are looked after now and then.
    fn idle(&mut self) {
        let mut state = self.shared.state.lock();
        if state.stop || state.news || state.events_news {
            return;
        }
        if self.builder.is_linking() || self.suggestions_stale || self.suggesting.is_some() {
            self.shared.changed.wait_for(&mut state, LOOK_EVERY);
        } else {
            self.shared.changed.wait(&mut state);
        }
    }

    fn take_links(&mut self) -> Result<bool> {
        let taken = self.builder.take_links();
        if taken {
            self.publish()?;
        }
        Ok(taken)
    }

    fn rest(&self, time: Duration) {
        let mut state = self.shared.state.lock();
        if !state.stop {
            self.shared.changed.wait_for(&mut state, time);
        }
    }

    fn fold_changes(&mut self) -> Result<bool> {
        self.shared.state.lock().news = false;
        let shared = &self.shared;
        let changes =
            shared.store.changes(&shared.name, self.builder.sequence(), CHANGES_AT_ONCE)?;
        if changes.is_empty() {
            return Ok(false);
        }
        let more = changes.len() == CHANGES_AT_ONCE;
        self.builder.apply(&changes)?;
        self.suggestions_stale = true;
        // A long catch-up is published in steps: every commit costs the disk a sync.
        let behind = self.builder.sequence() < self.shared.state.lock().searchable;
        let due = !more || self.last_publish.elapsed() > Duration::from_millis(500);
        if due && !behind {
            self.publish()?;
        }
        if more {
            self.shared.tell(|state| state.news = true);
        }
        Ok(true)
    }

    fn embed(&mut self) -> Result<bool> {
        let before = self.builder.waiting();
        if before == 0 && !self.embedded_unpublished {
            return Ok(false);
        }
        let waiting = self.builder.embed(EMBEDDED_AT_ONCE)?;
        self.embedded_unpublished |= before > 0;
        if waiting == 0 || self.last_publish.elapsed() > EMBEDDED_PUBLISH_EVERY {
            self.publish()?;
        }
        Ok(true)
    }

    fn publish(&mut self) -> Result<()> {
        let generation = Arc::new(self.builder.publish()?);
        let searchable = generation.sequence;
        let waiting = self.builder.waiting();
        self.shared.publish(|present| {
            let view = View { generation, settings: Arc::clone(&present.view.settings) };
            present.with_view(view, Arc::clone(&present.suggestions))
        });
        self.embedded_unpublished = false;
        self.last_publish = Instant::now();
        self.shared.tell(|state| {
            state.searchable = searchable;
            state.waiting_embeddings = waiting;
        });
        Ok(())
    }

    /// Begins a shadow generation when the settings want another language or model.
    fn follow_settings(&mut self) -> Result<()> {
        let snapshot = self.shared.snapshot.load_full();
        let settings = &snapshot.view.settings;
        let wanted = recipe(settings, &*self.shared.embedders, self.shared.folder.as_deref())?;
        if wanted.makes_the_same_as(self.builder.recipe()) {
            self.shadow = None;
        } else if !self.shadow.as_ref().is_some_and(|one| wanted.makes_the_same_as(one.recipe())) {
            self.shadow = Some(Builder::open(wanted)?);
        }
        let running = self.shadow.is_some();
        self.shared.tell(|state| state.shadow_running = running);
        Ok(())
    }

    /// Brings the shadow generation nearer, and puts it in place when it has caught up.
    fn advance_shadow(&mut self) -> Result<bool> {
        let Some(shadow) = &mut self.shadow else {
            return Ok(false);
        };
        let shared = &self.shared;
        let changes = shared.store.changes(&shared.name, shadow.sequence(), CHANGES_AT_ONCE)?;
        if !changes.is_empty() {
            shadow.apply(&changes)?;
            return Ok(true);
        }
        if shadow.waiting() > 0 {
            shadow.embed(EMBEDDED_AT_ONCE)?;
            return Ok(true);
        }
        if let Some(shadow) = self.shadow.take() {
            let replaced = std::mem::replace(&mut self.builder, shadow);
            self.publish()?;
            let folder = replaced.recipe().folder.clone();
            drop(replaced);
            remove_other_folders(self.shared.folder.as_deref(), self.folder());
            tracing::info!(index = %self.shared.name, replaced = ?folder, "a new generation serves");
            self.suggestions_stale = true;
        }
        self.shared.tell(|state| state.shadow_running = false);
        Ok(true)
    }

    fn folder(&self) -> Option<&Path> {
        self.builder.recipe().folder.as_deref()
    }

    fn read_events(&mut self) -> Result<bool> {
        let forgotten = {
            let mut state = self.shared.state.lock();
            state.events_news = false;
            std::mem::take(&mut state.forget)
        };
        for visitor in &forgotten {
            self.queries.forget(visitor);
            self.suggestions_stale = true;
            // What is being built may still know of the visitor.
            self.suggesting = None;
        }
        let store = &self.shared.store;
        let Some(Searches { last, events }) =
            store.searches_after(self.events_read, EVENTS_AT_ONCE)?
        else {
            return Ok(false);
        };
        self.events_read = last;
        for event in events.iter().filter(|one| one.event.index == self.shared.name) {
            self.queries.record(event);
            self.suggestions_stale = true;
        }
        Ok(true)
    }

    /// Suggestions are built on a thread of their own, now and then: nothing waits for them.
    fn rebuild_suggestions(&mut self) {
        if let Some(built) = self.suggesting.take_if(|built| built.is_finished())
            && let Ok(suggestions) = built.join()
        {
            let suggestions = Arc::new(suggestions);
            self.shared.publish(|present| present.with_view(present.view.clone(), suggestions));
        }
        let due = self.last_suggestions.is_none_or(|last| last.elapsed() > SUGGESTIONS_EVERY);
        if self.suggestions_stale && self.suggesting.is_none() && due {
            self.queries.prune();
            let (snapshot, queries) = (self.shared.snapshot.load_full(), self.queries.clone());
            self.suggesting = Some(std::thread::spawn(move || suggestions(&snapshot, &queries)));
            self.suggestions_stale = false;
            self.last_suggestions = Some(Instant::now());
        }
    }
}

/// What the index would suggest now: of the searched texts only those that find something.
fn suggestions(snapshot: &Snapshot, queries: &QueryLog) -> SuggestionIndex {
    let generation = &snapshot.view.generation;
    let title = |ordinal: Ordinal| {
        let source = generation.lexical.sources(&[ordinal]).ok()?.pop()??;
        serde_json::from_slice::<Titled>(&source).ok().map(|product| product.title)
    };
    let finds = |text: &str| {
        let typed = SearchRequest { q: text.to_owned(), typo: false, ..SearchRequest::default() };
        let query = understand(&typed, snapshot.known());
        let filter = CompiledFilter::default();
        let demand = Demand { filter: &filter, mode: Mode::Lexical };
        let candidates = retrieve(&query, &snapshot.view, &demand).unwrap_or_default();
        candidates
            .list
            .iter()
            .filter(|one| one.coverage > 0.999 || one.identified == Identified::Whole)
            .count()
    };
    SuggestionIndex::build(&Sources {
        columns: &generation.columns,
        analyser: &generation.analyser,
        titles: &title,
        private: &generation.private,
        queries,
        finds: &finds,
    })
}

/// The one field of a stored product that suggestions need.
#[derive(serde::Deserialize)]
struct Titled {
    title: String,
}
