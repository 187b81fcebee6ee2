//! A suggestion on its way into the index, and the searched queries among them.

use std::collections::HashMap;

use super::Sources;
use super::labels::{LabelFinder, OwnedLabels};
use super::query_log::SUPPORT_MIN;
use super::words::split;
use crate::domain::id::ProductId;
use crate::domain::page::SuggestionKind;
use crate::text::analyse::Analyser;

/// Searched queries suggested: the heaviest ones.
const QUERIES_MAX: usize = 200_000;

/// A log whose heaviest query is lighter than this has not seen enough to call it popular.
const QUERY_WEIGHT_MIN: f64 = 10.0;

/// A suggestion before it is indexed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The text to show.
    pub text: String,
    /// What it completes to.
    pub kind: SuggestionKind,
    /// How likely it is what a shopper wants, 0–1, comparable over kinds.
    pub popularity: f32,
    /// Brands and categories it leads to.
    pub labels: OwnedLabels,
    /// The product it leads to.
    pub product_id: Option<ProductId>,
}

/// `weight` on a logarithmic scale on which `weight_max` is 1: 0–1.
pub(super) fn log_share(weight: f64, weight_max: f64) -> f32 {
    if weight_max <= 0.0 {
        return 0.0;
    }
    (weight.max(0.0).ln_1p() / weight_max.ln_1p()).min(1.0) as f32
}

/// The stems of a text's words in alphabetical order: the same for near-duplicates such as
/// `shoes nike` and `nike shoe`.
pub(super) fn stem_key(text: &str, analyser: &Analyser) -> u64 {
    let mut stems: Vec<u64> =
        split(text).iter().map(|piece| text_hash(&analyser.stem(&piece.text))).collect();
    key_of(&mut stems)
}

pub(super) fn key_of(stems: &mut [u64]) -> u64 {
    stems.sort_unstable();
    stems.iter().fold(0x9e37_79b9_7f4a_7c15, |key, stem| {
        (key ^ stem).wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(23)
    })
}

/// FNV-1a.
pub(super) fn text_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What shoppers searched for and what finds something, near-duplicates added up.
pub(super) fn searched(sources: &Sources<'_>, labels: &LabelFinder<'_>) -> Vec<Draft> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut merged: Vec<(&str, f64)> = Vec::new();
    // Heaviest first: the first writing of a near-duplicate is the one to show.
    let supported = sources.queries.supported(SUPPORT_MIN);
    for query in supported.iter().filter(|query| (sources.finds)(query.text) > 0) {
        let place = *places.entry(stem_key(query.text, sources.analyser)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) => known.1 += query.weight,
            None => merged.push((query.text, query.weight)),
        }
        if merged.len() >= QUERIES_MAX {
            break;
        }
    }
    let weight_max = merged.iter().map(|(_, weight)| *weight).fold(QUERY_WEIGHT_MIN, f64::max);
    let draft = |(text, weight): &(&str, f64)| Draft {
        text: (*text).to_owned(),
        kind: SuggestionKind::Query,
        popularity: log_share(*weight, weight_max),
        labels: labels.of_text(text),
        product_id: None,
    };
    merged.iter().map(draft).collect()
}
