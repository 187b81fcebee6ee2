//! Suggestions: what a snapshot suggests, and whether each finds something at this moment.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use lru::LruCache;
use parking_lot::Mutex;

use super::snapshot::Snapshot;
use super::{Caller, Engine, limits};
use crate::autocomplete::{Completer, Curation, Proposal, ShopperView};
use crate::domain::filter::Filter;
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence};
use crate::domain::page::{Suggestion, SuggestionKind, Suggestions};
use crate::domain::search::{Mode, SearchRequest, SuggestRequest};
use crate::error::Result;
use crate::index::columns::row::term_hash;
use crate::index::suggestions::SuggestionIndex;
use crate::query::understand;
use crate::rank::personal::LabelJudge;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::{Candidate, Demand, Identified, retrieve};
use crate::shopper::profile::Profile;
use crate::text::analyse::Analyser;

/// Searches made for one answer, to see whether suggestions find something under its filters. What
/// would need more is not suggested.
const SEARCHES_MAX: usize = 40;

/// Answers to such searches that are kept with a generation.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(20_000);

/// Visitors whose judgements are kept.
const JUDGES_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_096);

/// A product has every word of a text from this coverage on.
const WHOLE: f32 = 0.999;

/// One part of the suggestions, and the state of the index that it was made from.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) index: Arc<SuggestionIndex>,
    pub(super) sequence: Sequence,
}

impl Layer {
    pub(super) fn empty(language: &str) -> Self {
        Self { index: Arc::new(SuggestionIndex::empty(language)), sequence: 0 }
    }
}

/// The suggestions of a snapshot: the catalogue's change with it, those that shoppers taught are
/// few and follow the searches within seconds.
#[derive(Clone)]
pub(super) struct SuggestionLayers {
    pub(super) catalogue: Layer,
    pub(super) searched: Layer,
    /// Of the generation that numbered the values in the suggestions' labels.
    pub(super) analyser: Arc<Analyser>,
}

impl SuggestionLayers {
    pub(super) fn empty(analyser: &Arc<Analyser>) -> Self {
        let layer = Layer::empty(analyser.language());
        Self { catalogue: layer.clone(), searched: layer, analyser: Arc::clone(analyser) }
    }

    /// Whether every suggestion passes the curation.
    pub(super) fn are_all_allowed(&self, curation: &Curation) -> bool {
        curation.allows_all(&self.catalogue.index) && curation.allows_all(&self.searched.index)
    }

    /// Number of suggestions.
    pub(super) fn len(&self) -> usize {
        self.catalogue.index.len() + self.searched.index.len()
    }

    /// The state of the index that all of them were made from.
    fn sequence(&self) -> Sequence {
        match self.searched.index.is_empty() {
            true => self.catalogue.sequence,
            false => self.catalogue.sequence.min(self.searched.sequence),
        }
    }
}

/// Whether texts find something in a generation, by the hashes of text and filter.
pub(super) struct FindsCache(Mutex<LruCache<(u64, u64), bool>>);

impl Default for FindsCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

/// Judgements of brands and categories by recent visitors' profiles, under one snapshot.
pub(super) struct Judges(Mutex<LruCache<usize, Judge>>);

/// A profile, which is kept so that its address stays its own, with its judgement.
#[derive(Clone)]
struct Judge {
    profile: Arc<Profile>,
    labels: Option<Arc<LabelJudge>>,
}

impl Default for Judges {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(JUDGES_KEPT)))
    }
}

impl Judges {
    /// The judgement of a profile, made once.
    pub(super) fn of(
        &self,
        profile: &Arc<Profile>,
        make: impl FnOnce() -> Option<LabelJudge>,
    ) -> Option<Arc<LabelJudge>> {
        let address = Arc::as_ptr(profile) as usize;
        if let Some(judge) = self.0.lock().get(&address) {
            return judge.labels.clone();
        }
        let labels = make().map(Arc::new);
        let judge = Judge { profile: Arc::clone(profile), labels: labels.clone() };
        self.0.lock().put(Arc::as_ptr(&judge.profile) as usize, judge);
        labels
    }
}

impl Engine {
    /// Completes what a shopper is typing.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for a request outside its limits or a filter on
    /// a field that no product has.
    pub fn suggest(
        &self,
        index: &IndexName,
        request: &SuggestRequest,
        caller: Caller,
    ) -> Result<Suggestions> {
        let started = Instant::now();
        let snapshot = self.index(index)?.snapshot();
        limits::check_suggest(request, &snapshot.view.settings, caller)?;
        let visitor = (request.shopper.as_ref(), request.session.as_ref());
        let profile = self.visitor_profile(visitor, &snapshot, caller.now)?;
        let mut suggestions = snapshot.complete(request, profile.as_ref())?;
        snapshot.show_products(&mut suggestions, caller)?;
        let took_ms = started.elapsed().as_secs_f64() * 1_000.0;
        Ok(Suggestions { suggestions, took_ms })
    }
}

impl Engine {
    /// Whether an index's suggestions follow the catalogue and the searches as the index knows them.
    ///
    /// # Errors
    /// `NotFound` for an unknown index.
    pub fn suggestions_follow(&self, index: &IndexName) -> Result<bool> {
        Ok(self.index(index)?.suggestions_follow())
    }
}

/// What proposals must find under one call's filters.
struct Checker<'a> {
    snapshot: &'a Snapshot,
    filters: &'a Filter,
    compiled: CompiledFilter,
    filter_hash: u64,
    searches_left: Cell<usize>,
}

impl<'a> Checker<'a> {
    fn new(snapshot: &'a Snapshot, filters: &'a Filter) -> Result<Self> {
        let compiled = CompiledFilter::new(filters, &snapshot.view.generation.columns)?;
        let filter_hash = hash_of(filters);
        let searches_left = Cell::new(SEARCHES_MAX);
        Ok(Self { snapshot, filters, compiled, filter_hash, searches_left })
    }

    /// Whether a proposal finds a product. One that did when suggestions were made is asked first:
    /// while it is as it was and passes the filters, nothing need be searched for.
    fn finds(&self, proposal: &Proposal<'_>) -> bool {
        let columns = &self.snapshot.view.generation.columns;
        let made_from = self.snapshot.suggestions.sequence();
        let row = proposal.witness.and_then(|witness| columns.row(witness));
        let stands = row.is_some_and(|row| row.sequence <= made_from && self.compiled.matches(row));
        match proposal.kind {
            SuggestionKind::Product => row.is_some_and(|row| self.compiled.matches(row)),
            SuggestionKind::Query | SuggestionKind::Category | SuggestionKind::Brand
                if proposal.scope.is_none() =>
            {
                stands || self.search_finds(proposal)
            }
            // The share of a category was counted over products that are still there.
            SuggestionKind::Category if self.filters.is_empty() && stands => {
                self.snapshot.view.generation.sequence == made_from || self.search_finds(proposal)
            }
            SuggestionKind::Query
            | SuggestionKind::Category
            | SuggestionKind::Brand
            | SuggestionKind::Recent => self.search_finds(proposal),
        }
    }

    fn search_finds(&self, proposal: &Proposal<'_>) -> bool {
        let scope = proposal.scope.map_or(0, |scope| u64::from(term_hash(scope)) + 1);
        let key = (text_hash(proposal.text), self.filter_hash ^ scope.rotate_left(32));
        let kept = self.snapshot.finds.0.lock().get(&key).copied();
        if let Some(kept) = kept {
            return kept;
        }
        let Some(left) = self.searches_left.get().checked_sub(1) else { return false };
        self.searches_left.set(left);
        let columns = &self.snapshot.view.generation.columns;
        let is_in_scope = |ordinal: &Ordinal| {
            proposal.scope.is_none_or(|scope| {
                let row = columns.row(*ordinal);
                row.is_some_and(|row| {
                    row.category.iter().any(|level| columns.text(*level) == scope)
                })
            })
        };
        let found = self.snapshot.having_every_word(proposal.text, &self.compiled);
        let finds = found.iter().any(is_in_scope);
        self.snapshot.finds.0.lock().put(key, finds);
        finds
    }
}

fn hash_of(filters: &Filter) -> u64 {
    if filters.is_empty() {
        return 0;
    }
    text_hash(&serde_json::to_string(filters).unwrap_or_default())
}

/// FNV-1a.
fn text_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Snapshot {
    /// What the shopper's typing may become.
    pub(super) fn complete(
        &self,
        request: &SuggestRequest,
        profile: Option<&Arc<Profile>>,
    ) -> Result<Vec<Suggestion>> {
        let checker = Checker::new(self, &request.filters)?;
        let affinity = self.suggestion_affinity(profile);
        let recent = profile.map_or(&[][..], |profile| profile.searches.as_slice());
        let dictionary = self.view.generation.columns.dictionary();
        let completer = Completer {
            catalogue: &self.suggestions.catalogue.index,
            searched: &self.suggestions.searched.index,
            shopper: ShopperView { affinity: &affinity, recent },
            curation: &self.curation,
            is_clean: self.is_clean,
            finds: &|proposal| checker.finds(proposal),
            category_name: &|value| dictionary.get(value).filter(|_| self.knows_labels()),
        };
        Ok(completer.complete(request))
    }

    /// Whether the suggestions' labels are of this generation's dictionary.
    pub(super) fn knows_labels(&self) -> bool {
        Arc::ptr_eq(&self.suggestions.analyser, &self.view.generation.analyser)
    }

    /// Products that have every word of a text, or its identifier, best first by words.
    pub(super) fn having_every_word(&self, text: &str, filter: &CompiledFilter) -> Vec<Ordinal> {
        let typed = SearchRequest { q: text.to_owned(), typo: false, ..SearchRequest::default() };
        let query = understand(&typed, self.known());
        if query.is_empty() {
            return Vec::new();
        }
        let demand = Demand { filter, mode: Mode::Lexical };
        let candidates = retrieve(&query, &self.view, &demand).unwrap_or_default();
        // Coverage leaves out words that no product has.
        let has_unknown = candidates.term_weights.iter().any(|weight| *weight <= 0.0);
        let mut found = candidates.list;
        found.retain(|one| {
            (one.coverage > WHOLE && !has_unknown) || one.identified == Identified::Whole
        });
        let by_score = |left: &Candidate, right: &Candidate| {
            right.lexical.total_cmp(&left.lexical).then(left.ordinal.cmp(&right.ordinal))
        };
        found.sort_unstable_by(by_score);
        found.into_iter().map(|one| one.ordinal).collect()
    }

    /// Picture and price of the products among suggestions, as far as the caller may see them.
    fn show_products(&self, suggestions: &mut [Suggestion], caller: Caller) -> Result<()> {
        let columns = &self.view.generation.columns;
        let private = &self.view.settings.private_fields;
        let shows =
            |field: &str| caller.sees_private || !private.iter().any(|private| private == field);
        let ordinal = |suggestion: &Suggestion| {
            let id = ProductId::parse(suggestion.product_id.as_deref()?).ok()?;
            columns.ordinal(&id)
        };
        let mut shown: Vec<(&mut Suggestion, Ordinal)> = suggestions
            .iter_mut()
            .filter_map(|suggestion| ordinal(suggestion).map(|ordinal| (suggestion, ordinal)))
            .collect();
        let ordinals: Vec<Ordinal> = shown.iter().map(|(_, ordinal)| *ordinal).collect();
        let sources = self.view.generation.lexical.sources(&ordinals)?;
        for ((suggestion, ordinal), source) in shown.iter_mut().zip(sources) {
            let pictured =
                source.and_then(|source| serde_json::from_slice::<Pictured>(&source).ok());
            let Pictured { image_url, currency } = pictured.unwrap_or_default();
            let price = columns.row(*ordinal).and_then(|row| row.numbers.price);
            suggestion.image_url = image_url.filter(|_| shows("image_url"));
            suggestion.price = price.filter(|_| shows("price"));
            suggestion.currency = currency.filter(|_| suggestion.price.is_some());
        }
        Ok(())
    }
}

/// The fields of a stored product that suggestions show.
#[derive(Default, serde::Deserialize)]
struct Pictured {
    image_url: Option<String>,
    currency: Option<String>,
}
