//! The engine: every call from outside arrives here, and the whole flow of each is on one screen.

mod access;
mod admin;
mod backup;
mod boost_effect;
mod compare;
mod completion_trial;
mod editing;
mod events;
mod indexing;
mod journeys;
mod limits;
mod patching;
mod present;
mod preview;
mod products;
mod profiles;
mod queries;
mod query_preview;
mod samples;
mod shoppers;
mod snapshot;
mod suggesting;
mod suggestion_work;
mod trial;
mod versions;
mod waiting;
mod worker;

pub use crate::merch::Effect as BoostEffect;
pub use crate::merch::Report as RuleConflicts;
pub use crate::rank::signal::PERSONAL;
pub use access::{KeyView, KeyWish, NewKey, OVERLAP_S};
pub use admin::IndexSummary;
pub use backup::{INDEXES_FOLDER, copy_closed_embeddings};
pub use compare::{CompareRequest, Comparison, Move, Party};
pub use completion_trial::{PastSearch, Remembered, Suggestible};
pub use editing::{Edit, Editor};
pub use events::Recorded;
pub use preview::{DraftRules, Preview, PreviewRequest};
pub use products::{Accepted, Rejected};
pub use queries::{QueryCount, QueryCounts, QueryOrder, RecentQueries, Served};
pub use query_preview::{ChangedQuery, QueryPreview, QueryPreviewRequest, QueryPreviewRun};
pub use samples::Sample;
pub use shoppers::LoggedEvent;
pub use trial::{History, Trial};
pub use versions::{Part, Version, VersionSettings, VersionSummary, Versions};

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
use crate::failpoint::{self, Point};
use crate::merch::{self, Situation, visitor};
use crate::query::understand;
use crate::rank::Ranking;
use crate::rank::order::sort_keys;
use crate::rank::personal::Person;
use crate::rank::tastes::Tastes;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, retrieve};
use crate::shopper::profile::Profile;
use crate::store::Store;

use access::Keys;
use indexing::Index;
use journeys::{Journeys, seed};
use profiles::Profiles;
use snapshot::Snapshot;
use waiting::Waiting;

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
    journeys: Journeys,
    waiting: Waiting,
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
        engine.remove_orphans()?;
        for name in engine.store.indexes()? {
            engine.open_index(&name)?;
        }
        match engine.settle_all() {
            // On a full disk they go on waiting: for the next start, or the product's next change.
            Err(error @ Error::Unavailable(_)) => tracing::warn!(%error, "events still wait"),
            settled => settled?,
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
            waiting: Waiting::load(&*parts.store)?,
            store: parts.store,
            embedders: parts.embedders,
            folder: parts.folder,
            indexes: RwLock::default(),
            profiles: Profiles::default(),
            journeys: Journeys::default(),
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
        failpoint::pass(Point::Search);
        let snapshot = self.index(index)?.snapshot();
        self.search_in(&snapshot, request, caller)
    }

    /// Searches for a shopper of the shop: as [`Engine::search`], and counted among what is searched
    /// for of late.
    ///
    /// # Errors
    /// As there.
    pub fn serve(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        caller: Caller,
    ) -> Result<Page> {
        let index = self.index(index)?;
        let page = self.search_in(&index.snapshot(), request, caller)?;
        if request.page == 1 && request.per_page > 0 {
            index.queries().count(&Served {
                q: &request.q,
                visitor: visitor(request),
                without_result: page.total == 0,
                at: caller.now,
            });
        }
        Ok(page)
    }

    fn search_in(
        &self,
        snapshot: &Snapshot,
        request: &SearchRequest,
        caller: Caller,
    ) -> Result<Page> {
        let started = Instant::now();
        limits::check_search(request, &snapshot.view.settings, caller)?;
        let known = self.profile_for(request, snapshot, caller.now).or_else(as_nobody)?;
        let (now, profile) = known.map_or((caller.now, None), |(begun, one)| (begun, Some(one)));
        let caller = Caller { now, ..caller };
        let mut page = self.search_as(snapshot, (request, profile.as_ref()), caller)?;
        page.took_ms = started.elapsed().as_secs_f64() * 1_000.0;
        Ok(page)
    }

    /// A search by somebody of whom this is known.
    fn search_as(
        &self,
        snapshot: &Snapshot,
        (request, profile): (&SearchRequest, Option<&Arc<Profile>>),
        caller: Caller,
    ) -> Result<Page> {
        let view = &snapshot.view;
        let columns = &view.generation.columns;
        let permitted = limits::permitted(request, &view.settings, caller);
        let person = snapshot.person(profile.map(|profile| &**profile), request.personalize);
        let person = person.map(|one| Person { seed: seed(request, caller.now), ..one });
        let tastes = Tastes::new(view, person);
        let situation = Situation {
            tastes: tastes.as_ref(),
            ..Situation::of(request, caller.now, &snapshot.rulebook)
        };
        let asked = understand(&permitted, snapshot.known());
        let rewritten = merch::rewritten(&request.q, &asked, &view.settings, &situation);
        let instead = rewritten.as_ref().map(|text| {
            let request = SearchRequest { q: text.clone(), ..permitted.clone().into_owned() };
            understand(&request, snapshot.known())
        });
        let query = instead.as_ref().unwrap_or(&asked);
        let filter = CompiledFilter::new(&request.filters, columns)?.and_query(query);
        let order = sort_keys(&request.sort, columns)?;
        let candidates = retrieve(query, view, &Demand { filter: &filter, mode: request.mode })?;
        let (tier, relaxed) = (candidates.tier, candidates.relaxed.clone());
        let ranking = Ranking { query, person, order: &order, view };
        let ranked = ranking.rerank(candidates);
        let placement = merch::apply(ranked, &asked, &view.settings, &situation)?;
        let presenting = present::Presenting { snapshot, request, ranking: &ranking, caller };
        let mut page = presenting.page(placement, &filter)?;
        (page.query.tier, page.query.relaxed) = (tier, relaxed);
        if rewritten.is_some() {
            (page.query.corrected, page.query.rewritten) = (asked.corrected, rewritten);
        }
        if page.total == 0 {
            page.suggestions = snapshot.instead_of(&request.q, profile);
        }
        page.query_id = self.query_id(caller.now);
        log_exploration(&page);
        Ok(page)
    }

    fn index(&self, name: &IndexName) -> Result<Arc<Index>> {
        self.indexes.read().get(name).cloned().ok_or_else(|| unknown_index(name))
    }

    fn query_id(&self, now: Timestamp) -> String {
        format!("{:x}-{:x}", now.as_ms(), self.answers.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where the disk does not tell who searches, a search goes on without knowing.
fn as_nobody<T>(error: Error) -> Result<Option<T>> {
    match error {
        Error::Unavailable(_) | Error::Internal(_) => {
            tracing::error!(%error, "a profile cannot be read, and a search goes on without it");
            Ok(None)
        }
        Error::BadRequest(_) | Error::NotFound(_) | Error::Conflict(_) => Err(error),
    }
}

/// With what probability a product was shown by chance: what was learned from it is weighed by that.
fn log_exploration(page: &Page) {
    for hit in &page.hits {
        if let Some(propensity) = hit.propensity {
            let (query_id, product) = (&page.query_id, &hit.id);
            tracing::info!(%query_id, %product, propensity, "shown by exploration");
        }
    }
}

fn unknown_index(name: &IndexName) -> Error {
    Error::not_found(
        "unknown_index",
        format!("there is no index '{name}'"),
        "GET /v1/indexes lists them; PUT /v1/indexes/{index} makes one",
    )
}
