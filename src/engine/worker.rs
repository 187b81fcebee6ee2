//! The thread of an index: it folds the store's changes, embeds, follows settings and rebuilds
//! suggestions, the most urgent first.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::indexing::{Shared, kept, recipe, remove_other_folders};
use super::suggestion_work::SuggestionWork;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::index::View;
use crate::index::build::{Builder, Changed, Recipe};

/// Changes folded in one go: enough to be quick, few enough to be visible soon.
const CHANGES_AT_ONCE: usize = 2_000;

/// Events looked through for searches in one go.
const EVENTS_AT_ONCE: usize = 10_000;

/// Products embedded between two looks for new changes.
const EMBEDDED_AT_ONCE: usize = 64;

/// A long catch-up is published at least this often.
const PUBLISH_EVERY_MAX: Duration = Duration::from_millis(500);

/// After a publication the next one rests for so many times what it took, so that writes without a
/// pause leave the processor to others.
const PUBLISH_RESTS: u32 = 4;

/// While products are being embedded, what is done is published this often.
const EMBEDDED_PUBLISH_EVERY: Duration = Duration::from_millis(1_500);

/// Work on other threads is looked after this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Counts of queries are written this often while something is counted.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// After so many pieces of more urgent work embeddings and a shadow generation get their turn, so
/// that they come nearer while a shop writes without a pause.
const PATIENT_TURN: u32 = 4;

/// After a failure the thread waits this long before it tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The thread's own state.
pub(super) struct Worker {
    shared: Arc<Shared>,
    builder: Builder,
    shadow: Option<Builder>,
    suggestions: SuggestionWork,
    /// Changes were folded in since the last publication.
    folded_unpublished: bool,
    embedded_unpublished: bool,
    last_publish: Instant,
    last_save: Instant,
    /// How long the last publication took.
    publish_took: Duration,
    /// Pieces of work since the last turn of what is less urgent.
    since_turn: u32,
    /// What could not be opened again after a failure; the builder is a spare one until it is.
    unopened: Option<Recipe>,
    /// When a wanted generation that could not be opened is tried again.
    retry_at: Option<Instant>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, builder: Builder) -> Self {
        Self {
            shared,
            builder,
            shadow: None,
            suggestions: SuggestionWork::default(),
            folded_unpublished: false,
            embedded_unpublished: false,
            last_publish: Instant::now(),
            last_save: Instant::now(),
            publish_took: Duration::ZERO,
            since_turn: 0,
            unopened: None,
            retry_at: None,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            if self.shared.state.lock().stop {
                self.shared.queries.save();
                return;
            }
            if self.last_save.elapsed() >= SAVE_EVERY {
                self.shared.queries.save();
                self.last_save = Instant::now();
            }
            if self.unopened.is_some() {
                self.rest(RETRY_AFTER);
                self.reopen();
                continue;
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
        self.shadow = None;
        (self.folded_unpublished, self.embedded_unpublished) = (false, false);
        let recipe = self.unopened.take().unwrap_or_else(|| self.builder.recipe().clone());
        let spare = Recipe { folder: None, ..recipe.clone() };
        // The failed builder must let go of its files before they can be opened again.
        let opened = Builder::open(spare).and_then(|spare| {
            drop(std::mem::replace(&mut self.builder, spare));
            Builder::open(recipe.clone())
        });
        match opened {
            Ok(builder) => drop(self.take(builder)),
            Err(error) => {
                tracing::error!(index = %self.shared.name, %error, "not yet");
                self.unopened = Some(recipe);
            }
        }
        self.shared.tell(|state| state.news = true);
    }

    /// Goes on with another builder and answers the one that it replaces.
    fn take(&mut self, builder: Builder) -> Builder {
        *self.shared.embeddings.lock() = kept(&builder);
        std::mem::replace(&mut self.builder, builder)
    }

    /// One piece of work, the most urgent first; `false` when there is none.
    fn step(&mut self) -> Result<bool> {
        if let Err(error) = self.follow_settings() {
            tracing::warn!(index = %self.shared.name, %error, "the wanted generation must wait");
            self.retry_at = Some(Instant::now() + RETRY_AFTER);
        }
        self.suggestions.step(&self.shared);
        let urgent = self.fold_changes()? || self.read_events()? || self.take_links()?;
        self.since_turn += 1;
        if urgent && self.since_turn < PATIENT_TURN {
            return Ok(true);
        }
        self.since_turn = 0;
        let embedded = self.embed()?;
        Ok(self.advance_shadow()? || embedded || urgent)
    }

    /// Sleeps until there is news; links being built are looked after now and then.
    fn idle(&mut self) {
        let mut state = self.shared.state.lock();
        state.suggestions_behind = self.suggestions.is_busy() || self.folded_unpublished;
        if state.stop || state.news || state.events_news {
            return;
        }
        if self.folded_unpublished || self.embedded_unpublished {
            let due = self.publish_due();
            self.shared.changed.wait_until(&mut state, due);
        } else if self.builder.is_linking() || self.suggestions.is_busy() {
            self.shared.changed.wait_for(&mut state, LOOK_EVERY);
        } else if let Some(retry_at) = self.retry_at {
            self.shared.changed.wait_until(&mut state, retry_at);
        } else {
            let wake = Instant::now() + SAVE_EVERY;
            let wake = self.suggestions.drift_due().map_or(wake, |due| due.min(wake));
            self.shared.changed.wait_until(&mut state, wake);
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
        let end = Instant::now() + time;
        let mut state = self.shared.state.lock();
        // News alone is no reason to try earlier.
        while !state.stop && !self.shared.changed.wait_until(&mut state, end).timed_out() {}
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
            if self.folded_unpublished && Instant::now() >= self.publish_due() {
                return self.publish().map(|()| true);
            }
            self.caught_up();
            return self.builder.check_words().map(|()| false);
        }
        let more = changes.len() == CHANGES_AT_ONCE;
        self.builder.apply(&changes)?;
        self.folded_unpublished = true;
        let behind = self.builder.sequence() < self.shared.state.lock().searchable;
        // A long catch-up is published in steps: every commit costs the disk a sync.
        let due = match more {
            true => self.last_publish + PUBLISH_EVERY_MAX,
            false => self.publish_due(),
        };
        if Instant::now() >= due && !behind {
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

    /// When the next publication may be.
    fn publish_due(&self) -> Instant {
        self.last_publish + (self.publish_took * PUBLISH_RESTS).min(PUBLISH_EVERY_MAX)
    }

    fn embed(&mut self) -> Result<bool> {
        if self.builder.waiting() == 0 {
            let due = self.embedded_unpublished && Instant::now() >= self.publish_due();
            return if due { self.publish().map(|()| true) } else { Ok(false) };
        }
        let waiting = self.builder.embed(EMBEDDED_AT_ONCE)?;
        self.embedded_unpublished = true;
        let due = match waiting {
            0 => self.publish_due(),
            _ => self.last_publish + EMBEDDED_PUBLISH_EVERY,
        };
        if Instant::now() >= due {
            self.publish()?;
        }
        Ok(true)
    }

    fn publish(&mut self) -> Result<()> {
        let began = Instant::now();
        let generation = Arc::new(self.builder.publish()?);
        let searchable = generation.sequence;
        let waiting = self.builder.waiting();
        self.shared.publish(|present| {
            let view = View { generation, settings: Arc::clone(&present.view.settings) };
            present.with_view(view, Arc::clone(&present.suggestions))
        });
        self.folded_unpublished = false;
        self.suggestions.catalogue_changed(self.builder.take_changed());
        self.embedded_unpublished = false;
        self.last_publish = Instant::now();
        self.publish_took = began.elapsed();
        self.shared.tell(|state| {
            state.searchable = searchable;
            state.waiting_embeddings = waiting;
        });
        Ok(())
    }

    /// Begins a shadow generation when the settings want another language or model.
    fn follow_settings(&mut self) -> Result<()> {
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        self.retry_at = None;
        let snapshot = self.shared.snapshot.load_full();
        let settings = &snapshot.view.settings;
        let wanted = recipe(settings, &*self.shared.embedders, self.shared.folder.as_deref())?;
        let serving = self.builder.recipe();
        // An index that could not be opened at the start is in memory.
        if wanted.makes_the_same_as(serving) && wanted.folder == serving.folder {
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
        shadow.apply(&changes)?;
        shadow.embed(EMBEDDED_AT_ONCE)?;
        // It need not be further than the one that serves: both follow the same changes.
        if shadow.waiting() > self.builder.waiting() || shadow.sequence() < self.builder.sequence()
        {
            return Ok(true);
        }
        if let Some(shadow) = self.shadow.take() {
            let replaced = self.take(shadow);
            self.publish()?;
            let folder = replaced.recipe().folder.clone();
            drop(replaced);
            failpoint::pass(Point::GenerationSwap);
            remove_other_folders(self.shared.folder.as_deref(), |one| Some(one) == self.folder());
            tracing::info!(index = %self.shared.name, replaced = ?folder, "a new generation serves");
            self.suggestions.catalogue_changed(Changed::Texts);
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
