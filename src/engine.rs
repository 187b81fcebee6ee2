//! The engine: every call from outside arrives here, and the whole flow of each is on one screen.

mod access;
mod admin;
mod completion_trial;
mod indexing;
mod limits;
mod present;
mod preview;
mod products;
mod profiles;
mod samples;
mod shoppers;
mod snapshot;
mod suggesting;
mod suggestion_work;
mod trial;
mod worker;

pub use access::{Denied, KeyView, KeyWish, NewKey};
pub use admin::IndexSummary;
pub use completion_trial::{PastSearch, Remembered, Suggestible};
pub use preview::{Preview, PreviewRequest};
pub use products::{Accepted, Rejected};
pub use samples::Sample;
pub use shoppers::Recorded;
pub use trial::Trial;

pub use crate::catalog::{Format, Mapping};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::RwLock;

use crate::domain::id::IndexName;
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::domain::time::Timestamp;
use crate::embed::Embedder;
use crate::error::{Error, Result};
use crate::merch::{self, Situation};
use crate::query::understand;
use crate::rank::Ranking;
use crate::rank::order::sort_keys;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, retrieve};
use crate::store::Store;
use crate::text::normalise::fold;

use access::Keys;
use indexing::Index;
use profiles::Profiles;
use snapshot::Snapshot;

/// Gives the embedder that settings name; `auto` is the server's own choice.
pub type Embedders = dyn Fn(&str) -> Result<Arc<dyn Embedder>> + Send + Sync;

/// What an engine is made of.
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Where embedders come from.
    pub embedders: Arc<Embedders>,
    /// Where indexes are kept; in memory without one.
    pub folder: Option<PathBuf>,
}

/// Who calls, as far as answers depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Now, at the caller's edge.
    pub now: Timestamp,
    /// Whether private fields may be seen and used.
    pub sees_private: bool,
}

/// Search, suggestions, events, products and settings of one shop.
pub struct Engine {
    store: Arc<dyn Store>,
    embedders: Arc<Embedders>,
    folder: Option<PathBuf>,
    indexes: RwLock<BTreeMap<IndexName, Arc<Index>>>,
    profiles: Profiles,
    keys: Keys,
    answers: AtomicU64,
}

impl Engine {
    /// Opens every index of the store and begins to bring them up to date.
    ///
    /// # Errors
    /// Internal when the disk fails; Unavailable when an embedder that settings name is missing.
    pub fn open(parts: Parts) -> Result<Self> {
        let engine = Self::without_indexes(parts)?;
        for name in engine.store.indexes()? {
            engine.open_index(&name)?;
        }
        Ok(engine)
    }

    /// An engine that leaves the store's indexes closed, for work on keys and shoppers.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn without_indexes(parts: Parts) -> Result<Self> {
        Ok(Self {
            keys: Keys::load(&*parts.store)?,
            store: parts.store,
            embedders: parts.embedders,
            folder: parts.folder,
            indexes: RwLock::default(),
            profiles: Profiles::default(),
            answers: AtomicU64::new(0),
        })
    }

    /// Searches an index for a shopper.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for a request outside its limits or a field
    /// that no product has, Internal when the disk or the model fails.
    pub fn search(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        caller: Caller,
    ) -> Result<Page> {
        let snapshot = self.index(index)?.snapshot();
        self.search_in(&snapshot, request, caller)
    }

    fn search_in(
        &self,
        snapshot: &Snapshot,
        request: &SearchRequest,
        caller: Caller,
    ) -> Result<Page> {
        let started = Instant::now();
        limits::check_search(request, &snapshot.view.settings, caller)?;
        let view = &snapshot.view;
        let columns = &view.generation.columns;
        let profile = self.profile_for(request, snapshot, caller.now)?;
        let permitted = limits::permitted(request, &view.settings, caller);
        let query = understand(&permitted, snapshot.known());
        let filter = CompiledFilter::new(&request.filters, columns)?.and_query(&query);
        let order = sort_keys(&request.sort, columns)?;
        let candidates = retrieve(&query, view, &Demand { filter: &filter, mode: request.mode })?;
        let (tier, relaxed) = (candidates.tier, candidates.relaxed.clone());
        let person = snapshot.person(profile.as_deref(), request.personalize);
        let ranking = Ranking { query: &query, person, order: &order, view };
        let ranked = ranking.rerank(candidates);
        let situation = Situation::of(request, caller.now, fold);
        let placement = merch::apply(ranked, &query, &view.settings, &situation)?;
        let presenting = present::Presenting { snapshot, request, ranking: &ranking, caller };
        let mut page = presenting.page(placement, &filter)?;
        (page.query.tier, page.query.relaxed) = (tier, relaxed);
        if page.total == 0 {
            page.suggestions = snapshot.instead_of(&request.q, profile.as_ref());
        }
        page.query_id = self.query_id(caller.now);
        page.took_ms = started.elapsed().as_secs_f64() * 1_000.0;
        Ok(page)
    }

    fn index(&self, name: &IndexName) -> Result<Arc<Index>> {
        self.indexes.read().get(name).cloned().ok_or_else(|| unknown_index(name))
    }

    fn query_id(&self, now: Timestamp) -> String {
        format!("{:x}-{:x}", now.as_ms(), self.answers.fetch_add(1, Ordering::Relaxed))
    }
}

fn unknown_index(name: &IndexName) -> Error {
    Error::not_found(
        "unknown_index",
        format!("there is no index '{name}'"),
        "GET /v1/indexes lists them; PUT /v1/indexes/{index} makes one",
    )
}
