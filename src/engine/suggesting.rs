//! Suggestions: what a snapshot suggests, and whether each finds something at this moment.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;

use lru::LruCache;
use parking_lot::Mutex;

use super::snapshot::Snapshot;
use super::{Caller, Engine, limits, unhurried};
use crate::autocomplete::{Completer, Curation, Proposal, ShopperView};
use crate::domain::deadline::Deadline;
use crate::domain::filter::Filter;
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence};
use crate::domain::page::{Suggestion, SuggestionKind, Suggestions};
use crate::domain::search::{Mode, SearchRequest, SuggestRequest};
use crate::error::Result;
use crate::index::columns::dictionary::ValueId;
use crate::index::columns::row::{Row, term_hash};
use crate::index::suggestions::SuggestionIndex;
use crate::query::understand;
use crate::rank::personal::LabelJudge;
use crate::retrieve::filter::CompiledFilter;
use crate::retrieve::meaning::Meanings;
use crate::retrieve::{Candidate, Demand, Identified, retrieve};
use crate::shopper::profile::Profile;
use crate::text::analyse::Analyser;

/// Looks for one answer, mostly searches, to see whether suggestions find something under its
/// filters. What would need more is not suggested.
const LOOKS_MAX: usize = 24;

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

/// The judgement of a profile. That is not kept, but its address stays its own meanwhile.
struct Judge {
    _address: Weak<Profile>,
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
        let judge = Judge { _address: Arc::downgrade(profile), labels: labels.clone() };
        self.0.lock().put(address, judge);
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
        self.suggest_within(index, request, caller, &unhurried())
    }

    /// Completes what a shopper is typing, in time: when that is over, no more suggestions are
    /// looked at.
    ///
    /// # Errors
    /// As [`Engine::suggest`].
    pub fn suggest_within(
        &self,
        index: &IndexName,
        request: &SuggestRequest,
        caller: Caller,
        deadline: &Deadline,
    ) -> Result<Suggestions> {
        let begun = deadline.elapsed();
        let snapshot = self.index(index)?.snapshot();
        limits::check_suggest(request, &snapshot.view.settings, caller)?;
        let visitor = (request.shopper.as_ref(), request.session.as_ref());
        let profile = self.visitor_profile(visitor, &snapshot, caller.now)?;
        let in_time = || deadline.remaining() > Duration::ZERO;
        let (mut suggestions, incomplete) =
            snapshot.complete_while(&in_time, request, profile.as_ref())?;
        snapshot.show_products(&mut suggestions, caller)?;
        let took_ms = deadline.elapsed().saturating_sub(begun).as_secs_f64() * 1_000.0;
        Ok(Suggestions { suggestions, took_ms, incomplete })
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
    looks_left: Cell<usize>,
    in_time: &'a dyn Fn() -> bool,
    is_cut: Cell<bool>,
}

impl<'a> Checker<'a> {
    fn new(
        snapshot: &'a Snapshot,
        filters: &'a Filter,
        in_time: &'a dyn Fn() -> bool,
    ) -> Result<Self> {
        let compiled = CompiledFilter::new(filters, &snapshot.view.generation.columns)?;
        let filter_hash = hash_of(filters);
        let looks_left = Cell::new(LOOKS_MAX);
        let is_cut = Cell::new(false);
        Ok(Self { snapshot, filters, compiled, filter_hash, looks_left, in_time, is_cut })
    }

    /// Whether a proposal finds a product. One that did when suggestions were made is asked first:
    /// while it is as it was and passes the filters, nothing need be searched for.
    fn finds(&self, proposal: &Proposal<'_>) -> bool {
        let columns = &self.snapshot.view.generation.columns;
        let made_from = self.snapshot.suggestions.sequence();
        let row = proposal.witness.and_then(|witness| columns.row(witness));
        let stands = row.is_some_and(|row| row.sequence <= made_from && self.compiled.matches(row));
        let search = || self.remembered(proposal, || self.search_finds(proposal));
        match proposal.kind {
            SuggestionKind::Product => row.is_some_and(|row| self.compiled.matches(row)),
            SuggestionKind::Category if proposal.scope.is_some() => {
                // The share of a category was counted over products that are still there.
                let is_of_now = self.snapshot.view.generation.sequence == made_from;
                (self.filters.is_empty() && stands && is_of_now) || search()
            }
            SuggestionKind::Category | SuggestionKind::Brand => {
                stands || self.remembered(proposal, || self.value_finds(proposal))
            }
            SuggestionKind::Query => stands || search(),
            SuggestionKind::Recent => search(),
        }
    }

    /// The answer to `look` for a proposal, which is asked once while the generation lasts.
    fn remembered(&self, proposal: &Proposal<'_>, look: impl FnOnce() -> bool) -> bool {
        let is_value = proposal.scope.is_none()
            && matches!(proposal.kind, SuggestionKind::Category | SuggestionKind::Brand);
        let scope = match proposal.scope {
            Some(scope) => u64::from(term_hash(scope)) + 2,
            None => (u64::from(is_value) * (1 + proposal.kind as u64)) << 40,
        };
        let key = (text_hash(proposal.text), self.filter_hash ^ scope.rotate_left(20));
        let kept = self.snapshot.finds.0.lock().get(&key).copied();
        self.snapshot.measures.finds.count(kept.is_some());
        if let Some(kept) = kept {
            return kept;
        }
        if !(self.in_time)() {
            self.is_cut.set(true);
            return false;
        }
        let Some(left) = self.looks_left.get().checked_sub(1) else { return false };
        self.looks_left.set(left);
        let finds = look();
        self.snapshot.finds.0.lock().put(key, finds);
        finds
    }

    /// Whether a product of the brand or category passes the filters.
    fn value_finds(&self, proposal: &Proposal<'_>) -> bool {
        let columns = &self.snapshot.view.generation.columns;
        let known = columns.known();
        let is_brand = proposal.kind == SuggestionKind::Brand;
        let field = if is_brand { known.brand } else { known.category };
        columns.dictionary().value(field, proposal.text).is_some_and(|value| {
            let has = |row: &Row| row.values.binary_search(&(field, value)).is_ok();
            columns.rows().any(|(_, row)| has(row) && self.compiled.matches(row))
        })
    }

    /// Whether a product has every word, is in the scope and passes the filters.
    fn search_finds(&self, proposal: &Proposal<'_>) -> bool {
        let columns = &self.snapshot.view.generation.columns;
        let is_in_scope = |row: &Row| {
            let is_scope = |level: &ValueId| proposal.scope == Some(columns.text(*level));
            proposal.scope.is_none() || row.category.iter().any(is_scope)
        };
        let found = self.snapshot.having_every_word(proposal.text);
        let rows = found.iter().filter_map(|ordinal| columns.row(*ordinal));
        rows.into_iter().any(|row| is_in_scope(row) && self.compiled.matches(row))
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
        Ok(self.complete_while(&|| true, request, profile)?.0)
    }

    /// What the shopper's typing may become, looked at while there is time, and whether that was
    /// over too soon.
    fn complete_while(
        &self,
        in_time: &dyn Fn() -> bool,
        request: &SuggestRequest,
        profile: Option<&Arc<Profile>>,
    ) -> Result<(Vec<Suggestion>, bool)> {
        let checker = Checker::new(self, &request.filters, in_time)?;
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
        let suggestions = completer.complete(request);
        Ok((suggestions, checker.is_cut.get()))
    }

    /// Whether the suggestions' labels are of this generation's dictionary.
    pub(super) fn knows_labels(&self) -> bool {
        Arc::ptr_eq(&self.suggestions.analyser, &self.view.generation.analyser)
    }

    /// Products that have every word of a text, or its identifier, best first by words.
    pub(super) fn having_every_word(&self, text: &str) -> Vec<Ordinal> {
        let typed = SearchRequest { q: text.to_owned(), typo: false, ..SearchRequest::default() };
        let query = understand(&typed, self.known());
        if query.is_empty() {
            return Vec::new();
        }
        let (filter, meanings) = (CompiledFilter::default(), Meanings::default());
        let demand = Demand { filter: &filter, mode: Mode::Lexical, meanings: &meanings };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgement_keeps_no_profile() {
        let judges = Judges::default();
        let profile = Arc::new(Profile::default());
        assert!(judges.of(&profile, || None).is_none());
        let kept = Arc::downgrade(&profile);
        drop(profile);
        assert!(kept.upgrade().is_none());
    }
}
