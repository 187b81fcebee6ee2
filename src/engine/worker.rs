//! The thread of an index: it folds the store's changes, embeds, follows settings and rebuilds
//! suggestions, the most urgent first.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::indexing::{Shared, recipe, remove_other_folders};
use super::suggestion_work::SuggestionWork;
use crate::error::{Error, Result};
use crate::index::View;
use crate::index::build::{Builder, Recipe};

/// Changes folded in one go: enough to be quick, few enough to be visible soon.
const CHANGES_AT_ONCE: usize = 2_000;

/// Events looked through for searches in one go.
const EVENTS_AT_ONCE: usize = 10_000;

/// Products embedded between two looks for new changes.
const EMBEDDED_AT_ONCE: usize = 64;

/// While products are being embedded, what is done is published this often.
const EMBEDDED_PUBLISH_EVERY: Duration = Duration::from_millis(1_500);

/// Work on other threads is looked after this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// After a failure the thread waits this long before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The thread's own state.
pub(super) struct Worker {
    shared: Arc<Shared>,
    builder: Builder,
    shadow: Option<Builder>,
    suggestions: SuggestionWork,
    embedded_unpublished: bool,
    last_publish: Instant,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, builder: Builder) -> Self {
        Self {
            shared,
            builder,
            shadow: None,
            suggestions: SuggestionWork::default(),
            embedded_unpublished: false,
            last_publish: Instant::now(),
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
        self.suggestions.step(&self.shared);
        Ok(self.fold_changes()?
            || self.read_events()?
            || self.take_links()?
            || self.embed()?
            || self.advance_shadow()?)
    }

    /// Sleeps until there is news; links being built are looked after now and then.
    fn idle(&mut self) {
        let mut state = self.shared.state.lock();
        state.suggestions_behind = self.suggestions.is_busy();
        if state.stop || state.news || state.events_news {
            return;
        }
        if self.builder.is_linking() || self.suggestions.is_busy() {
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
        {
            let mut state = self.shared.state.lock();
            state.suggestions_behind |= state.news;
            state.news = false;
        }
        let shared = &self.shared;
        let changes =
            shared.store.changes(&shared.name, self.builder.sequence(), CHANGES_AT_ONCE)?;
        if changes.is_empty() {
            self.caught_up();
            return Ok(false);
        }
        let more = changes.len() == CHANGES_AT_ONCE;
        self.builder.apply(&changes)?;
        self.suggestions.catalogue_changed();
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

    /// Every change is folded; those that came since the look are news.
    fn caught_up(&self) {
        let mut state = self.shared.state.lock();
        if !state.news && state.searchable >= self.builder.sequence() {
            state.written = state.searchable;
            state.behind_since = None;
        }
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
            self.suggestions.catalogue_changed();
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
            state.suggestions_behind |= state.events_news;
            state.events_news = false;
            std::mem::take(&mut state.forget)
        };
        forgotten.iter().for_each(|visitor| self.suggestions.forget(visitor));
        let after = self.suggestions.events_read();
        let events = self.shared.store.events_after(after, EVENTS_AT_ONCE)?;
        let Some((last, _)) = events.last() else {
            return Ok(false);
        };
        let own = events.iter().map(|(_, event)| event);
        let own = own.filter(|event| event.event.index == self.shared.name);
        self.suggestions.read(*last, own);
        Ok(true)
    }
}
