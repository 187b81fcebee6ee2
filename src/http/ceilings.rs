//! What one call may ask for and how much there may be, as the server's configuration says. Limits
//! of the engine hold besides, for every caller.

use super::failure::Failure;
use crate::config::Limits;
use crate::domain::filter::Filter;
use crate::domain::id::IndexName;
use crate::domain::search::SearchRequest;
use crate::engine::Engine;

/// A search within its page depth and its filters.
pub(super) fn check_search(request: &SearchRequest, limits: &Limits) -> Result<(), Failure> {
    let depth = request.page.saturating_mul(request.per_page);
    at_most("page × per_page", depth, limits.page_depth_max)?;
    check_filters(&request.filters, limits)
}

/// Filters with few enough values.
pub(super) fn check_filters(filters: &Filter, limits: &Limits) -> Result<(), Failure> {
    let values = filters.0.values().map(|condition| condition.values()).sum();
    at_most("number of values of all filters", values, limits.filter_values_max)
}

/// Few enough events.
pub(super) fn check_events(count: usize, limits: &Limits) -> Result<(), Failure> {
    at_most("number of events", count, limits.events_max)
}

/// Room for an index, unless it is there already.
pub(super) fn check_index(engine: &Engine, index: &IndexName, most: usize) -> Result<(), Failure> {
    if engine.index_summary(index).is_ok() {
        return Ok(());
    }
    room("indexes", engine.indexes().len(), most)
}

/// Room for another key.
pub(super) fn check_key(engine: &Engine, most: usize) -> Result<(), Failure> {
    room("keys", engine.keys().len(), most)
}

fn at_most(name: &str, value: usize, most: usize) -> Result<(), Failure> {
    if value <= most {
        return Ok(());
    }
    let message = format!("'{name}' is {value}, and at most {most} is allowed");
    Err(Failure::bad_request("over_limit", message, "ask for less, or send it in several calls"))
}

fn room(things: &str, count: usize, most: usize) -> Result<(), Failure> {
    if count < most {
        return Ok(());
    }
    let message = format!("the server has {count} {things}, and at most {most} are allowed");
    let hint = "delete some, or raise the limit in the server's configuration";
    Err(Failure::bad_request("over_limit", message, hint))
}
