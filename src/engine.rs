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
mod ladder;
mod limits;
mod measures;
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
mod watching;
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
pub use measures::CacheUse;
pub use preview::{DraftRules, Preview, PreviewRequest};
pub use products::{Accepted, Rejected};
pub use queries::{QueryCount, QueryCounts, QueryOrder, RecentQueries, Served};
pub use query_preview::{ChangedQuery, QueryPreview, QueryPreviewRequest, QueryPreviewRun};
pub use samples::Sample;
pub use shoppers::LoggedEvent;
pub use trial::{History, Trial};
pub use versions::{Part, Version, VersionSettings, VersionSummary, Versions};
pub use watching::IndexState;

pub use crate::catalog::{Format, Mapping};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::RwLock;

use crate::domain::deadline::{Clock, Deadline, Rung, Stage};
use crate::domain::id::IndexName;
use crate::domain::page::Page;
use crate::domain::search::{Mode, SearchRequest};
use crate::domain::time::Timestamp;
use crate::embed::Embedder;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::merch::{self, Situation, visitor};
use crate::query::{Query, understand};
use crate::rank::Ranking;
use crate::rank::order::sort_keys;
use crate::rank::personal::Person;
use crate::rank::tastes::Tastes;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Demand, meaning, retrieve};
use crate::shopper::profile::Profile;
use crate::store::Store;

use access::Keys;
use indexing::Index;
use journeys::{Journeys, seed};
use ladder::Descent;
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
        self.search_within(index, request, caller, &unhurried())
    }

    /// Searches an index for a shopper, in time: what there is no time for is left out, as the
    /// answer tells. The request's own deadline is the caller's to read.
    ///
    /// # Errors
    /// As [`Engine::search`], and Unavailable when there is no time for any answer.
    pub fn search_within(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        caller: Caller,
        deadline: &Deadline,
    ) -> Result<Page> {
        let snapshot = self.index(index)?.snapshot();
        self.search_in(&snapshot, request, (caller, deadline))
    }

    /// Searches for a shopper of the shop: as [`Engine::search_within`], and counted among what is searched
    /// for of late.
    ///
    /// # Errors
    /// As there.
    pub fn serve(
        &self,
        index: &IndexName,
        request: &SearchRequest,
        caller: Caller,
        deadline: &Deadline,
    ) -> Result<Page> {
        let index = self.index(index)?;
        let page = self.search_in(&index.snapshot(), request, (caller, deadline))?;
        if request.page == 1 && request.per_page > 0 {
            index.queries().count(&Served {
                q: &request.q,
                visitor: visitor(request),
                without_result: page.total == 0 && page.degraded == Rung::Full,
                at: caller.now,
            });
        }
        Ok(page)
    }

    fn search_in(
        &self,
        snapshot: &Snapshot,
        request: &SearchRequest,
        (caller, deadline): (Caller, &Deadline),
    ) -> Result<Page> {
        failpoint::pass(Point::Search);
        limits::check_search(request, &snapshot.view.settings, caller)?;
        let at_best = self.journeys.rung(&snapshot.index, request, caller.now);
        let at_best = at_best.max(request.degraded);
        let mut descent = Descent::begin(deadline, &snapshot.measures.costs, at_best)?;
        let known = match descent.rung() {
            Rung::Popular => None,
            Rung::Full | Rung::SmallerWindow | Rung::Lexical => {
                self.profile_for(request, snapshot, caller.now).or_else(as_nobody)?
            }
        };
        descent.lap(Stage::Profile);
        let (now, profile) = known.map_or((caller.now, None), |(begun, one)| (begun, Some(one)));
        let known = Caller { now, ..caller };
        let mut page =
            self.search_as(snapshot, (request, profile.as_ref()), known, &mut descent)?;
        descent.end(&mut page);
        let rung = (caller.now, page.degraded);
        self.journeys.keep_rung(&snapshot.index, request, rung);
        Ok(page)
    }

    /// A search by somebody of whom this is known.
    fn search_as(
        &self,
        snapshot: &Snapshot,
        (request, profile): (&SearchRequest, Option<&Arc<Profile>>),
        caller: Caller,
        descent: &mut Descent<'_>,
    ) -> Result<Page> {
        if descent.rung() == Rung::Popular && !request.q.is_empty() {
            return self.search_as(snapshot, (&without_text(request), None), caller, descent);
        }
        let view = &snapshot.view;
        let columns = &view.generation.columns;
        let person = snapshot.person(profile.map(|profile| &**profile), request.personalize);
        let person = person.map(|one| Person { seed: seed(request, caller.now), ..one });
        let tastes = Tastes::new(view, person);
        let situation = Situation {
            tastes: tastes.as_ref(),
            ..Situation::of(request, caller.now, &snapshot.rulebook)
        };
        let asked = Asked::of(request, snapshot, (caller, &situation));
        let query = asked.query();
        let filter = CompiledFilter::new(&request.filters, columns)?.and_query(query);
        let order = sort_keys(&request.sort, columns)?;
        descent.lap(Stage::Understand);
        let texts = meaning::texts(query, view, request.mode);
        let mode = match descent.before_retrieving(snapshot.model_for(&texts)) {
            Rung::Full | Rung::SmallerWindow => request.mode,
            Rung::Lexical => Mode::Lexical,
            Rung::Popular if request.q.is_empty() => request.mode,
            Rung::Popular => return self.search_as(snapshot, (request, None), caller, descent),
        };
        let texts = if mode == request.mode { texts } else { meaning::texts(query, view, mode) };
        let meanings = meaning::embed(&texts, view)?;
        descent.lap(Stage::Embed);
        let demand = Demand { filter: &filter, mode, meanings: &meanings };
        let candidates = retrieve(query, view, &demand)?;
        descent.lap(Stage::Retrieve);
        let (tier, relaxed) = (candidates.tier, candidates.relaxed.clone());
        let ranking = Ranking { query, person, order: &order, view, window: descent.window() };
        let ranked = ranking.rerank(candidates);
        descent.lap(Stage::Rank);
        let placement = merch::apply(ranked, &asked.typed, &view.settings, &situation)?;
        descent.lap(Stage::Merch);
        let presenting = present::Presenting { snapshot, request, ranking: &ranking, caller };
        let mut page = presenting.page(placement, &filter)?;
        (page.query.tier, page.query.relaxed) = (tier, relaxed);
        asked.tell(&mut page);
        if page.total == 0 {
            page.suggestions = snapshot.instead_of(&request.q, profile);
        }
        page.query_id = self.query_id(caller.now);
        log_exploration(&page);
        descent.lap(Stage::Present);
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

/// What a text asks for, as it was typed and, where a rule rewrites it, as it is searched for.
struct Asked {
    typed: Query,
    rewritten: Option<(String, Query)>,
}

impl Asked {
    fn of(
        request: &SearchRequest,
        snapshot: &Snapshot,
        (caller, situation): (Caller, &Situation<'_>),
    ) -> Self {
        let settings = &snapshot.view.settings;
        let permitted = limits::permitted(request, settings, caller);
        let typed = understand(&permitted, snapshot.known());
        let rewritten = merch::rewritten(&request.q, &typed, settings, situation).map(|text| {
            let request = SearchRequest { q: text.clone(), ..permitted.into_owned() };
            (text, understand(&request, snapshot.known()))
        });
        Self { typed, rewritten }
    }

    /// What is searched for.
    fn query(&self) -> &Query {
        self.rewritten.as_ref().map_or(&self.typed, |(_, query)| query)
    }

    fn tell(self, page: &mut Page) {
        if let Some((text, _)) = self.rewritten {
            (page.query.corrected, page.query.rewritten) = (self.typed.corrected, Some(text));
        }
    }
}

/// The same search as if nothing had been typed.
fn without_text(request: &SearchRequest) -> SearchRequest {
    SearchRequest { q: String::new(), ..request.clone() }
}

/// As much time as it takes, by the machine's clock.
pub(crate) fn unhurried() -> Deadline {
    Deadline::none(machine_clock())
}

/// The machine's clock, which nothing sets back.
pub fn machine_clock() -> Clock {
    let begun = Instant::now();
    Clock::new(move || begun.elapsed())
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
