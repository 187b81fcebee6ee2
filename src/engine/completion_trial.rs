//! Autocomplete as it would be after other searches, and for shoppers as they were known at some
//! moment: for measuring; nothing is written.

use std::sync::Arc;

use super::suggesting::SuggestionLayers;
use super::suggestion_work::from_searches;
use super::trial::Trial;
use crate::domain::event::{EventKind, RecordedEvent, Visitor};
use crate::domain::id::ShopperId;
use crate::domain::page::{Suggestion, SuggestionKind};
use crate::domain::search::{SearchRequest, SuggestRequest};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::index::suggestions::{QueryLog, SuggestionIndex};
use crate::query::understand;
use crate::shopper::profile::Profile;

/// Events read in one go.
const EVENTS_AT_ONCE: usize = 2_000;

/// A search that a shopper made.
#[derive(Clone, Debug, PartialEq)]
pub struct PastSearch {
    /// Who searched.
    pub shopper: ShopperId,
    /// When.
    pub at: Timestamp,
    /// For what.
    pub text: String,
}

/// What was known of a shopper at some moment.
pub struct Remembered(Arc<Profile>);

impl Remembered {
    /// Things chosen, as far as the profile knows.
    pub fn choices(&self) -> u32 {
        self.0.categories.get("").map_or(0, |all| all.choices)
    }
}

/// A suggestion of the index, whatever is typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestible {
    /// The text.
    pub text: String,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// The product it leads to.
    pub product_id: Option<String>,
}

impl Trial<'_> {
    /// Puts suggestions from these searches in place of those that shoppers taught.
    pub fn learn_searches(&mut self, events: &[RecordedEvent]) {
        let layer = from_searches(&self.snapshot, &QueryLog::fold(events));
        let layers = (*self.snapshot.suggestions).clone();
        let layers = Arc::new(SuggestionLayers { searched: layer, ..layers });
        self.snapshot = self.snapshot.with_view(self.snapshot.view.clone(), layers);
    }

    /// The searches of known shoppers in this index, in the order in which they were recorded.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn past_searches(&self) -> Result<Vec<PastSearch>> {
        let mut searches = Vec::new();
        let mut after = 0;
        loop {
            let events = self.engine.store.events_after(after, EVENTS_AT_ONCE)?;
            let Some((last, _)) = events.last() else { return Ok(searches) };
            after = *last;
            let events = events.into_iter().map(|(_, event)| event);
            let own = events.filter(|event| event.event.index == self.snapshot.index);
            searches.extend(own.filter_map(|RecordedEvent { event, at, .. }| {
                let is_search = event.kind == EventKind::Search;
                let (shopper, text) = (event.shopper?, event.query.filter(|_| is_search)?);
                Some(PastSearch { shopper, at, text })
            }));
        }
    }

    /// What was known of a shopper just before a moment.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn profile_before(&self, shopper: &ShopperId, at: Timestamp) -> Result<Remembered> {
        let log = self.engine.store.events_of(&Visitor::Shopper(shopper.clone()))?;
        let events: Vec<RecordedEvent> = log
            .into_iter()
            .map(|(_, event)| event)
            .filter(|event| event.at < at && event.event.index == self.snapshot.index)
            .collect();
        let preferences = self.engine.preferences(shopper)?;
        let parameters = &self.snapshot.parameters;
        Ok(Remembered(Arc::new(Profile::fold(&events, &preferences, parameters, at))))
    }

    /// Completes what somebody of whom this is known types.
    ///
    /// # Errors
    /// `BadRequest` for a filter on a field that no product has.
    pub fn suggest(
        &self,
        request: &SuggestRequest,
        shopper: Option<&Remembered>,
    ) -> Result<Vec<Suggestion>> {
        self.snapshot.complete(request, shopper.map(|shopper| &shopper.0))
    }

    /// All suggestions of the index.
    pub fn suggestible(&self) -> Vec<Suggestible> {
        let layers = &self.snapshot.suggestions;
        let all = |index: &SuggestionIndex| -> Vec<Suggestible> {
            let entries = index.entries().map(|entry| Suggestible {
                text: entry.text.to_owned(),
                kind: entry.kind,
                product_id: entry.product_id.map(str::to_owned),
            });
            entries.collect()
        };
        [all(&layers.searched.index), all(&layers.catalogue.index)].concat()
    }

    /// The text as it would be suggested, misspelt words put right; `None` when nothing has all of
    /// its words.
    pub fn as_suggested(&self, text: &str) -> Option<String> {
        let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
        let meant = understand(&request, self.snapshot.known()).corrected;
        let meant = meant.unwrap_or_else(|| text.to_owned());
        self.finds(&meant).then_some(meant)
    }

    /// Whether a search by words finds a product that has all of them.
    pub fn finds(&self, text: &str) -> bool {
        !self.snapshot.having_every_word(text).is_empty()
    }

    /// Whether two texts are the same for autocomplete: the same words in any order and number.
    pub fn are_near_duplicates(&self, one: &str, other: &str) -> bool {
        let index = &self.snapshot.suggestions.catalogue.index;
        index.key(one) == index.key(other)
    }
}
