//! An index as it would be with other settings: for tuning and measuring; nothing is written.

use std::sync::Arc;

use serde_json::Value;

use super::ladder::Descent;
use super::limits::check_search;
use super::snapshot::Snapshot;
use super::{Caller, Engine, unhurried};
use crate::domain::deadline::Rung;
use crate::domain::event::{Choice, Event, RecordedEvent};
use crate::domain::id::{IndexName, ProductId, ShopperId};
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::index::View;
use crate::query::understand;
use crate::shopper::Preferences;
use crate::shopper::packed::Packed;
use crate::shopper::profile::Profile;
use crate::text::vocabulary::Vocabulary;

/// One state of an index under settings of its own. Language and embedder stay those that the
/// index was built with.
pub struct Trial<'e> {
    pub(super) engine: &'e Engine,
    pub(super) snapshot: Snapshot,
}

/// Purchases of a shopper that are only thought of.
#[derive(Clone, Copy, Debug)]
pub struct History<'h> {
    /// Whose.
    pub shopper: &'h ShopperId,
    /// What was bought, the oldest first.
    pub bought: &'h [ProductId],
    /// Days between any two purchases, and between the last and now, ≥ 0.
    pub days_between: f64,
}

impl Engine {
    /// The present state of an index with `patch` laid over its settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for invalid settings.
    pub fn trial(&self, index: &IndexName, patch: &Value) -> Result<Trial<'_>> {
        let present = self.index(index)?.snapshot();
        let settings = Arc::new(present.view.settings.patched(patch)?);
        let view = View { generation: Arc::clone(&present.view.generation), settings };
        let snapshot = present.with_view(view, Arc::clone(&present.suggestions));
        Ok(Trial { engine: self, snapshot })
    }
}

impl Trial<'_> {
    /// Searches this state.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn search(&self, request: &SearchRequest, caller: Caller) -> Result<Page> {
        self.engine.search_in(&self.snapshot, request, (caller, &unhurried()))
    }

    /// Searches this state as a shopper with this history, or as nobody; the request's own shopper
    /// is passed over. A product that the index does not have is no part of a history.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn search_as(
        &self,
        history: Option<&History<'_>>,
        request: &SearchRequest,
        caller: Caller,
    ) -> Result<Page> {
        check_search(request, &self.snapshot.view.settings, caller)?;
        let profile = history.map(|history| self.profile_of(history, caller.now)).transpose()?;
        let deadline = unhurried();
        let mut descent = Descent::begin(&deadline, &self.snapshot.measures.costs, Rung::Full)?;
        let known = (request, profile.as_ref());
        let mut page = self.engine.search_as(&self.snapshot, known, caller, &mut descent)?;
        descent.end(&mut page);
        Ok(page)
    }

    fn profile_of(&self, history: &History<'_>, now: Timestamp) -> Result<Arc<Profile>> {
        let mut events = Vec::with_capacity(history.bought.len());
        for (later, id) in (1..).zip(history.bought.iter().rev()) {
            let index = &self.snapshot.index;
            let Some(stored) = self.engine.store.product(index, id)? else { continue };
            let age_ms = f64::from(later) * history.days_between * DAY_MS as f64;
            let at = Timestamp::from_ms(now.as_ms() - age_ms as i64);
            let event = Event::purchase(history.shopper.clone(), index.clone(), id.clone());
            let choice = Choice::of(&stored.product, &event);
            events.push(RecordedEvent { event, at, choice });
        }
        let parameters = &self.snapshot.parameters;
        let profile = Profile::fold(&events, &Preferences::default(), parameters, now);
        Ok(Arc::new(Packed::of(&profile).unpack()))
    }

    /// The brand of a product that the index has.
    pub fn brand(&self, id: &ProductId) -> Option<&str> {
        let columns = &self.snapshot.view.generation.columns;
        Some(columns.text(columns.row(columns.ordinal(id)?)?.brand?))
    }

    /// All products of the index.
    pub fn products(&self) -> Vec<ProductId> {
        let rows = self.snapshot.view.generation.columns.rows();
        rows.map(|(_, row)| row.id.clone()).collect()
    }

    /// The text with misspelt words put right; `None` when it stands as it is.
    pub fn corrected(&self, text: &str) -> Option<String> {
        let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
        understand(&request, self.snapshot.known()).corrected
    }

    /// Whether a product has the folded word.
    pub fn knows(&self, word: &str) -> bool {
        self.snapshot.view.generation.lexical.count(word) > 0
    }
}
