//! Completes what a shopper has typed so far: popularity × match × the shopper's taste.
//!
//! The suggestions come with the snapshot; a call reads them and changes nothing.

mod curation;
mod highlight;
mod mix;

use crate::domain::id::Ordinal;
use crate::domain::page::{Suggestion, SuggestionKind, SuggestionReason, SuggestionSource};
use crate::domain::search::SuggestRequest;
use crate::index::columns::dictionary::ValueId;
use crate::index::suggestions::private::looks_private;
use crate::index::suggestions::words::{Typed, split};
use crate::index::suggestions::{Entry, Match, Share, SuggestionIndex};

pub use curation::Curation;

use mix::{Chosen, Mix};

/// Longer texts are cut before they are completed, in characters.
const TYPED_CHARACTERS_MAX: usize = 128;

/// Suggestions of one answer.
const LIMIT_MAX: usize = 50;

/// What popularity is added to: the least popular suggestion is still better than none.
const POPULARITY_FLOOR: f32 = 0.02;

/// Where so many suggestions fit what is typed as it is, no typing error is assumed: assuming one
/// all the same changed no rank that was measured, and takes several times as long.
const ENOUGH: usize = 1;

/// A text is worth searching in a category that has this share of what it finds: less is beside the
/// point, more says nothing.
const SCOPE_SHARES: std::ops::RangeInclusive<f32> = 0.12..=0.85;

/// A scope narrows, and may narrow wrongly.
const SCOPE_FACTOR: f32 = 0.6;

/// So many of the best texts are offered within a category.
const SCOPED_TEXTS: usize = 2;

/// What is known of who types.
#[derive(Clone, Copy)]
pub struct ShopperView<'a> {
    /// How much the shopper wants products of brands and categories, each with its share: a factor
    /// ≥ 0, 1 for the average shopper.
    pub affinity: &'a dyn Fn(&[Share]) -> f32,
    /// The shopper's own searches, latest first.
    pub recent: &'a [String],
}

impl ShopperView<'static> {
    /// Somebody of whom nothing is known.
    pub fn unknown() -> Self {
        Self { affinity: &|_| 1.0, recent: &[] }
    }
}

/// Something that could be suggested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal<'a> {
    /// The text to show.
    pub text: &'a str,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// A product that it found when suggestions were made.
    pub witness: Option<Ordinal>,
    /// The category that the text is searched in.
    pub scope: Option<&'a str>,
}

/// Everything that an answer is made of.
#[derive(Clone, Copy)]
pub struct Completer<'a> {
    /// The catalogue's suggestions.
    pub catalogue: &'a SuggestionIndex,
    /// Those that shoppers taught.
    pub searched: &'a SuggestionIndex,
    /// Who types.
    pub shopper: ShopperView<'a>,
    /// What stands first, and what never.
    pub curation: &'a Curation,
    /// Whether all suggestions of both indexes pass the curation.
    pub is_clean: bool,
    /// Whether a proposal finds a product now, under the call's filters.
    pub finds: &'a dyn Fn(&Proposal<'_>) -> bool,
    /// What a category is called.
    pub category_name: &'a dyn Fn(ValueId) -> Option<&'a str>,
}

/// A suggestion that fits, with its rating.
struct Rated<'a> {
    index: &'a SuggestionIndex,
    found: Match,
    affinity: f32,
    score: f32,
}

impl<'a> Completer<'a> {
    /// At most `limit` suggestions, no two the same, best first. What a merchandiser pinned stands
    /// before the shopper's own fitting searches, and these before the rest. An empty text gives
    /// the own searches, and then the most popular queries, brands and categories.
    ///
    /// In an answer of ten stand at most two brands or categories and three products, unless there
    /// are not enough queries to fill it.
    pub fn complete(&self, request: &SuggestRequest) -> Vec<Suggestion> {
        let limit = request.limit.min(LIMIT_MAX);
        let q = cut(&request.q);
        let typed = Typed::read(q);
        if limit == 0 || (typed.is_empty() && !q.trim().is_empty()) {
            return Vec::new();
        }
        let mut mix = Mix::new(limit);
        self.add_first(&typed, request, &mut mix);
        for rated in self.rated(&typed, request) {
            if mix.is_full() {
                break;
            }
            let entry = rated.index.entry(rated.found.place);
            let proposal = Proposal {
                text: entry.text,
                kind: entry.kind,
                witness: entry.witness,
                scope: None,
            };
            mix.add(self.chosen(&rated, &entry), || self.may(&proposal));
        }
        if request.wants(SuggestionKind::Category) && !typed.is_empty() {
            let scoped = self.scoped(&mix);
            mix.add_derived(scoped);
        }
        let chosen = mix.finish().into_iter();
        chosen.map(|chosen| suggestion(chosen, &typed, request.explain)).collect()
    }

    fn may(&self, proposal: &Proposal<'_>) -> bool {
        (self.is_clean || self.is_allowed(proposal.text)) && (self.finds)(proposal)
    }

    fn is_allowed(&self, text: &str) -> bool {
        self.curation.allows(text, self.catalogue.analyser())
    }

    /// Pinned ones and own searches, where these come first in an empty box.
    fn add_first(&self, typed: &Typed, request: &SuggestRequest, mix: &mut Mix<'a>) {
        let mut add = |text: &'a str, source: SuggestionSource| {
            let first = Chosen::first(text, source, u64::from(self.catalogue.key(text)));
            let proposal = Proposal { text, kind: first.kind, witness: None, scope: None };
            if request.wants(first.kind) {
                mix.add_first(first, || self.is_allowed(text) && self.may(&proposal));
            }
        };
        let mut pins: Vec<(&'a str, SuggestionSource)> =
            self.curation.pinned(typed).map(|text| (text, SuggestionSource::Pinned)).collect();
        let recents =
            recents(typed, self.shopper.recent).map(|text| (text, SuggestionSource::Recent));
        let at = if typed.is_empty() { 0 } else { pins.len() };
        pins.splice(at..at, recents);
        pins.into_iter().for_each(|(text, source)| add(text, source));
    }

    /// What fits, best first; equal scores in the index's order.
    fn rated(&self, typed: &Typed, request: &SuggestRequest) -> Vec<Rated<'a>> {
        let mut rated = Vec::new();
        for index in [self.searched, self.catalogue] {
            let matches = match typed.is_empty() {
                true => top(index),
                false => index.matches(typed, ENOUGH),
            };
            let wanted = matches.into_iter().filter(|found| request.wants(index.kind(found.place)));
            rated.extend(wanted.map(|found| self.rate(index, found)));
        }
        rated.sort_by(|left, right| right.score.total_cmp(&left.score));
        rated
    }

    fn rate(&self, index: &'a SuggestionIndex, found: Match) -> Rated<'a> {
        let mut shares = [Share { value: 0, share: 0.0 }; SHARES_MAX];
        let mut count = 0;
        for (slot, share) in shares.iter_mut().zip(index.labels(found.place).all()) {
            *slot = share;
            count += 1;
        }
        let factor = (self.shopper.affinity)(&shares[..count]);
        // What is no factor counts as none.
        let affinity = if factor.is_finite() { factor.max(0.0) } else { 1.0 };
        let score = (POPULARITY_FLOOR + index.popularity(found.place)) * found.quality * affinity;
        Rated { index, found, affinity, score }
    }

    fn chosen(&self, rated: &Rated<'a>, entry: &Entry<'a>) -> Chosen<'a> {
        let is_searched = std::ptr::eq(rated.index, self.searched);
        let source =
            if is_searched { SuggestionSource::Searches } else { SuggestionSource::Catalogue };
        Chosen {
            text: entry.text,
            kind: entry.kind,
            category: None,
            product_id: entry.product_id,
            score: rated.score,
            reason: SuggestionReason {
                source,
                typing_errors: rated.found.edits,
                popularity: Some(entry.popularity),
                quality: Some(rated.found.quality),
                affinity: Some(rated.affinity),
            },
            key: u64::from(entry.key),
            origin: Some((rated.index, rated.found.place)),
        }
    }

    /// The best texts within one of the categories that they find products of: the one that the
    /// shopper wants most.
    fn scoped(&self, mix: &Mix<'a>) -> Vec<Chosen<'a>> {
        let queries = mix.best().filter(|chosen| chosen.kind == SuggestionKind::Query);
        queries.take(SCOPED_TEXTS).filter_map(|query| self.scope(query)).collect()
    }

    fn scope(&self, query: &Chosen<'a>) -> Option<Chosen<'a>> {
        let (index, place) = query.origin?;
        let own = query.reason.affinity.unwrap_or(1.0).max(f32::MIN_POSITIVE);
        let scopes = index.labels(place).categories().filter_map(|share| {
            let name = (self.category_name)(share.value)?;
            let wanted = (self.shopper.affinity)(&[Share { share: 1.0, ..share }]);
            let is_news = SCOPE_SHARES.contains(&share.share) && !says(query.text, name);
            let factor = share.share * if wanted.is_finite() { wanted / own } else { 1.0 };
            is_news.then_some((factor.min(1.0), name, share.value))
        });
        let (factor, name, value) = scopes.max_by(|left, right| left.0.total_cmp(&right.0))?;
        let kind = SuggestionKind::Category;
        let witness = index.witness(place);
        let proposal = Proposal { text: query.text, kind, witness, scope: Some(name) };
        let score = query.score * factor * SCOPE_FACTOR;
        let key = query.key ^ ((u64::from(value) + 1) << 32);
        let scoped = Chosen { kind, category: Some(name), score, key, ..query.clone() };
        self.may(&proposal).then_some(scoped)
    }
}

/// At most so many labels does a suggestion have.
const SHARES_MAX: usize = 5;

fn top(index: &SuggestionIndex) -> Vec<Match> {
    index.top().iter().map(|place| Match { place: *place, quality: 1.0, edits: 0 }).collect()
}

/// Whether a text has every word of a category's name, perhaps in another form.
fn says(text: &str, name: &str) -> bool {
    let words = split(text);
    let begins = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
    split(name).iter().all(|part| words.iter().any(|word| begins(&word.text, &part.text)))
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TYPED_CHARACTERS_MAX).map_or(text, |(end, _)| &text[..end])
}

/// The shopper's own searches that what is typed may become.
fn recents<'a, 't>(
    typed: &'t Typed,
    recent: &'a [String],
) -> impl Iterator<Item = &'a str> + use<'a, 't> {
    let texts = recent.iter().map(|text| text.trim());
    texts.filter(|text| !looks_private(text) && fits(typed, text))
}

/// Whether `text` has every complete word that is typed, and another that starts with the last.
fn fits(typed: &Typed, text: &str) -> bool {
    let mut words: Vec<String> = split(text).into_iter().map(|piece| piece.text).collect();
    if words.is_empty() {
        return false;
    }
    for earlier in &typed.earlier {
        let Some(at) = words.iter().position(|word| word == earlier) else {
            return false;
        };
        words.remove(at);
    }
    typed.last.is_empty() || words.iter().any(|word| word.starts_with(&typed.last))
}

fn suggestion(chosen: Chosen<'_>, typed: &Typed, explain: bool) -> Suggestion {
    let own_name = |kind: SuggestionKind| (chosen.kind == kind).then_some(chosen.text);
    let category = chosen.category.or(own_name(SuggestionKind::Category));
    Suggestion {
        text: chosen.text.to_owned(),
        kind: chosen.kind,
        highlight: highlight::highlight(chosen.text, typed),
        category: category.map(str::to_owned),
        brand: own_name(SuggestionKind::Brand).map(str::to_owned),
        product_id: chosen.product_id.map(str::to_owned),
        image_url: None,
        price: None,
        currency: None,
        score: chosen.score,
        explain: explain.then_some(chosen.reason),
    }
}
