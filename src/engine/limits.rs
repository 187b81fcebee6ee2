//! What a request may ask for.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Caller;
use crate::domain::filter::Filter;
use crate::domain::page::{Explanation, Factor};
use crate::domain::search::{Aspect, SearchRequest, SuggestRequest, Use};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::settings::rules::Action;

/// Characters of a query.
const QUERY_CHARS_MAX: usize = 512;
/// Characters of a prefix.
const PREFIX_CHARS_MAX: usize = 128;
/// Hits per page.
const PER_PAGE_MAX: usize = 100;
/// Hits up to the end of the deepest page.
const DEPTH_MAX: usize = 10_000;
/// Facets, filter fields, values of one filter, contexts.
const LIST_MAX: usize = 100;
/// Suggestions of one answer.
const SUGGESTIONS_MAX: usize = 50;

/// Numbers of a product that are signals of their own.
const NUMBERS_IN_SIGNALS: [&str; 5] = ["price", "popularity", "rating", "rating_count", "stock"];

fn over(message: String) -> Error {
    Error::bad_request("over_limit", message, "ask for less")
}

fn at_most(name: &str, value: usize, most: usize) -> Result<()> {
    if value <= most {
        return Ok(());
    }
    Err(over(format!("'{name}' is {value}, and at most {most} is allowed")))
}

pub(super) fn check_search(
    request: &SearchRequest,
    settings: &Settings,
    caller: Caller,
) -> Result<()> {
    at_most("characters in q", request.q.chars().count(), QUERY_CHARS_MAX)?;
    at_most("per_page", request.per_page, PER_PAGE_MAX)?;
    if request.page == 0 {
        return Err(over("'page' counts from 1".to_owned()));
    }
    if request.deadline_ms == Some(0) {
        return Err(over("'deadline_ms' is at least 1".to_owned()));
    }
    at_most("page × per_page", request.page.saturating_mul(request.per_page), DEPTH_MAX)?;
    at_most("number of facets", request.facets.len(), LIST_MAX)?;
    check_filters(&request.filters)?;
    at_most("number of contexts", request.contexts.len(), LIST_MAX)?;
    if !(0.0..=1.0).contains(&request.personalize) {
        return Err(over("'personalize' is from 0 to 1".to_owned()));
    }
    if caller.sees_private { Ok(()) } else { check_private(used_by(request), settings) }
}

fn bare(field: &str) -> &str {
    field.strip_prefix("attributes.").unwrap_or(field)
}

/// The field that using a field tells of.
fn told_by(field: &str) -> &str {
    match bare(field) {
        "in_stock" => "stock",
        field => field,
    }
}

/// The fields that a search filters, counts or sorts by.
fn used_by(request: &SearchRequest) -> impl Iterator<Item = &str> {
    let sorted = request.sort.iter().map(|key| key.split(':').next().unwrap_or(key));
    (request.filters.0.keys().map(String::as_str))
        .chain(request.facets.iter().map(String::as_str))
        .chain(sorted)
}

/// Private fields must not leak through what they filter, sort or count either.
fn check_private<'f>(used: impl Iterator<Item = &'f str>, settings: &Settings) -> Result<()> {
    for field in used {
        if settings.private_fields.iter().any(|private| bare(private) == told_by(field)) {
            return Err(Error::bad_request(
                "private_field",
                format!("'{field}' is private in this index"),
                "use a key with the catalog scope, or leave the field out",
            ));
        }
    }
    Ok(())
}

/// The request as far as the caller may make it: where prices are private, "under 50" are words
/// like others, since both an order and a filter by price would tell them.
pub(super) fn permitted<'r>(
    request: &'r SearchRequest,
    settings: &Settings,
    caller: Caller,
) -> Cow<'r, SearchRequest> {
    let is_private = settings.private_fields.iter().any(|private| private == "price");
    if caller.sees_private || !is_private {
        return Cow::Borrowed(request);
    }
    let mut permitted = request.clone();
    permitted.understand.insert(Aspect::Price, Use::Off);
    Cow::Owned(permitted)
}

/// Whether a private field moves products. The parts of a score would tell its value then, and
/// places without rules the order by it.
pub(super) fn moves_by_private(settings: &Settings) -> bool {
    let numbers = settings.boosts.numeric.iter().map(|boost| boost.field.name().to_owned());
    let boosted = settings.boosts.attributes.iter().flat_map(|boost| boost.filter.0.keys());
    let actions = settings.rules.values().flat_map(|rule| &rule.then);
    let lifts = actions.filter_map(|action| {
        if let Action::Boost { filter, .. } | Action::Bury { filter, .. } = action {
            return Some(filter);
        }
        None
    });
    let ruled = lifts.flat_map(|filter| filter.0.keys());
    let signals = NUMBERS_IN_SIGNALS.map(str::to_owned);
    let filters = boosted.chain(ruled).map(|field| told_by(field).to_owned());
    let moving: BTreeSet<String> = numbers.chain(filters).chain(signals).collect();
    settings.private_fields.iter().any(|private| moving.contains(bare(private)))
}

/// An explanation for whoever may not know what moves products: one sum.
pub(super) fn withheld(explanation: &mut Explanation, score: f32) {
    let name = "score".to_owned();
    explanation.factors = vec![Factor { name, contribution: score, evidence: String::new() }];
    explanation.rank_without_rules = explanation.rank;
    explanation.rank_without_personalisation = explanation.rank;
    explanation.rules.clear();
}

pub(super) fn check_suggest(
    request: &SuggestRequest,
    settings: &Settings,
    caller: Caller,
) -> Result<()> {
    at_most("characters in q", request.q.chars().count(), PREFIX_CHARS_MAX)?;
    at_most("limit", request.limit, SUGGESTIONS_MAX)?;
    check_filters(&request.filters)?;
    let used = request.filters.0.keys().map(String::as_str);
    if caller.sees_private { Ok(()) } else { check_private(used, settings) }
}

fn check_filters(filters: &Filter) -> Result<()> {
    at_most("number of filters", filters.0.len(), LIST_MAX)?;
    for condition in filters.0.values() {
        at_most("number of values of a filter", condition.values(), 10 * LIST_MAX)?;
    }
    Ok(())
}
