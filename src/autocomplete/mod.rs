//! Completes what a shopper has typed so far: matching × popularity × the shopper's taste.
//!
//! The suggestions come with the index generation; a call reads them and changes nothing.

mod highlight;
mod mix;

use crate::domain::page::{Suggestion, SuggestionKind};
use crate::domain::search::SuggestRequest;
use crate::index::suggestions::private::looks_private;
use crate::index::suggestions::words::{Typed, split};
use crate::index::suggestions::{Entry, Labels, SuggestionIndex};

use mix::Mix;

/// Longer texts are cut before they are completed, in characters.
const TYPED_CHARACTERS_MAX: usize = 128;

/// Suggestions of one answer.
const LIMIT_MAX: usize = 50;

/// What popularity is added to: the least popular suggestion is still better than none.
const POPULARITY_FLOOR: f32 = 0.02;

/// What is known of who types.
#[derive(Clone, Copy)]
pub struct ShopperView<'a> {
    /// How much the shopper wants brands and categories: a factor ≥ 0, 1 for the average shopper.
    pub affinity: &'a dyn Fn(&Labels<'_>) -> f32,
    /// The shopper's own searches, latest first.
    pub recent: &'a [String],
}

impl ShopperView<'static> {
    /// Somebody of whom nothing is known.
    pub fn unknown() -> Self {
        Self { affinity: &|_| 1.0, recent: &[] }
    }
}

/// At most `limit` suggestions, no two the same, the shopper's own fitting searches first. An
/// empty text gives those and the most popular queries, brands and categories.
///
/// In an answer of ten stand at most two brands or categories and three products, unless there
/// are not enough queries to fill it.
pub fn complete(
    request: &SuggestRequest,
    index: &SuggestionIndex,
    shopper: &ShopperView<'_>,
) -> Vec<Suggestion> {
    let limit = request.limit.min(LIMIT_MAX);
    let q = cut(&request.q);
    let typed = Typed::read(q);
    if limit == 0 || (typed.is_empty() && !q.trim().is_empty()) {
        return Vec::new();
    }
    let mut mix = Mix::new(limit);
    for text in recents(&typed, shopper.recent) {
        mix.add_recent(text, index.key(text));
    }
    for (score, place) in ranked(&typed, index, shopper, limit) {
        if mix.is_full() {
            break;
        }
        mix.add(index.entry(place), score);
    }
    mix.finish().into_iter().map(|chosen| chosen.suggestion(&typed)).collect()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TYPED_CHARACTERS_MAX).map_or(text, |(end, _)| &text[..end])
}

/// The shopper's own searches that what is typed may become.
fn recents<'a>(typed: &'a Typed, recent: &'a [String]) -> impl Iterator<Item = &'a str> {
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

/// Places of suggestions with their scores, best first; equal scores in the index's order.
fn ranked(
    typed: &Typed,
    index: &SuggestionIndex,
    shopper: &ShopperView<'_>,
    limit: usize,
) -> Vec<(f32, u32)> {
    let score = |place: u32, quality: f32| {
        let entry = index.entry(place);
        (POPULARITY_FLOOR + entry.popularity) * quality * taste(&entry, shopper)
    };
    let mut ranked: Vec<(f32, u32)> = if typed.is_empty() {
        index.top().iter().map(|place| (score(*place, 1.0), *place)).collect()
    } else {
        let matches = index.matches(typed, limit);
        matches.iter().map(|found| (score(found.place, found.quality), found.place)).collect()
    };
    ranked.sort_unstable_by(|left, right| {
        right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1))
    });
    ranked
}

/// The caller's factor; what is no factor counts as none.
fn taste(entry: &Entry<'_>, shopper: &ShopperView<'_>) -> f32 {
    let factor = (shopper.affinity)(&entry.labels);
    if factor.is_finite() { factor.max(0.0) } else { 1.0 }
}

/// A suggestion chosen for the answer.
struct Chosen<'a> {
    text: &'a str,
    kind: SuggestionKind,
    product_id: Option<&'a str>,
    score: f32,
}

impl Chosen<'_> {
    fn suggestion(&self, typed: &Typed) -> Suggestion {
        let is_category = self.kind == SuggestionKind::Category;
        Suggestion {
            text: self.text.to_owned(),
            kind: self.kind,
            highlight: highlight::highlight(self.text, typed),
            category: is_category.then(|| self.text.to_owned()),
            product_id: self.product_id.map(str::to_owned),
            score: self.score,
        }
    }
}
