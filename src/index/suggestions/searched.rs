//! Suggestions that shoppers taught: what at least five of them searched for with success.

use std::collections::{HashMap, HashSet};

use super::SuggestionIndex;
use super::draft::{Draft, log_share, stem_key};
use super::labels::OwnedLabels;
use super::query_log::{QueryLog, SUPPORT_MIN, SearchedText};
use crate::domain::id::Ordinal;
use crate::domain::page::SuggestionKind;
use crate::text::analyse::Analyser;

/// Searched queries suggested: the heaviest ones.
const QUERIES_MAX: usize = 200_000;

/// A log whose heaviest query is lighter than this has not seen enough to call it popular.
const QUERY_WEIGHT_MIN: f64 = 10.0;

/// A text with less support is not even looked up: it can be a rare misspelling, but what it adds
/// is little.
const LOOKED_UP_SUPPORT_MIN: usize = 2;

/// What a search for a text finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The text with misspelt words put right, where there are any.
    pub corrected: Option<String>,
    /// The best product that it finds.
    pub witness: Ordinal,
    /// The brands and categories of what it finds.
    pub labels: OwnedLabels,
}

/// Ways of writing the same: word order, plural and spelling apart.
struct Group {
    text: String,
    weight: f64,
    visitors: HashSet<u64>,
    found: Found,
}

/// The index of the texts in `log` with enough support that find something; `finds` is asked once
/// per near-duplicate and answers `None` where nothing has every word.
pub fn searched(
    log: &QueryLog,
    language: &str,
    finds: &mut dyn FnMut(&str) -> Option<Found>,
) -> SuggestionIndex {
    let analyser = Analyser::new(language);
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    // Heaviest first: the first writing of a near-duplicate is the one to show.
    for (key, SearchedText { text, weight, visitors }) in near_duplicates(log, &analyser) {
        if visitors.len() < LOOKED_UP_SUPPORT_MIN || groups.len() >= QUERIES_MAX {
            continue;
        }
        let Some(found) = finds(text) else { continue };
        let text = found.corrected.clone().unwrap_or_else(|| text.to_owned());
        let key = found.corrected.as_deref().map_or(key, |text| stem_key(text, &analyser));
        match places.get(&key) {
            Some(&known) => {
                groups[known].weight += weight;
                groups[known].visitors.extend(visitors);
            }
            None => {
                places.insert(key, groups.len());
                groups.push(Group { text, weight, visitors, found });
            }
        }
    }
    groups.retain(|group| group.visitors.len() >= SUPPORT_MIN);
    SuggestionIndex::from_drafts(language, drafts(groups))
}

/// The texts of the log, those with the same stems added up, heaviest first.
fn near_duplicates<'l>(log: &'l QueryLog, analyser: &Analyser) -> Vec<(u64, SearchedText<'l>)> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut merged: Vec<(u64, SearchedText<'l>)> = Vec::new();
    for searched in log.texts() {
        let key = stem_key(searched.text, analyser);
        match places.get(&key) {
            Some(&known) => {
                merged[known].1.weight += searched.weight;
                merged[known].1.visitors.extend(searched.visitors);
            }
            None => {
                places.insert(key, merged.len());
                merged.push((key, searched));
            }
        }
    }
    merged
}

fn drafts(groups: Vec<Group>) -> Vec<Draft> {
    let weight_max = groups.iter().map(|group| group.weight).fold(QUERY_WEIGHT_MIN, f64::max);
    let draft = |group: Group| Draft {
        text: group.text,
        kind: SuggestionKind::Query,
        popularity: log_share(group.weight, weight_max),
        labels: group.found.labels,
        product_id: None,
        witness: Some(group.found.witness),
    };
    groups.into_iter().map(draft).collect()
}
