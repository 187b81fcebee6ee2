//! Events: what shoppers did.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::access::Access;
use super::body::{Incoming, typed};
use super::ceilings;
use super::failure::Failure;
use super::state::AppState;
use crate::domain::event::Event;
use crate::domain::id::IndexName;
use crate::engine::{Recorded, Rejected};
use crate::settings::access::Scope;

/// `POST /v1/events`: an array or a single event; answers once they are on disk.
pub(super) async fn record(
    State(state): State<AppState>,
    access: Access,
    body: Incoming,
) -> Result<Json<Recorded>, Failure> {
    access.demand_key()?;
    let (events, mut rejected) = read(body.value().await?);
    ceilings::check_events(events.len() + rejected.len(), &state.config().limits)?;
    demand_indexes(&access, events.iter().map(|(_, event)| &event.index))?;
    let (lines, events): (Vec<u64>, Vec<Event>) = events.into_iter().unzip();
    let now = access.now;
    let mut recorded = state.write(move |engine| engine.record(events, now)).await?;
    // The engine counts places among those events that could be read.
    for one in &mut recorded.rejected {
        let place = usize::try_from(one.line).ok().and_then(|line| line.checked_sub(1));
        one.line = place.and_then(|place| lines.get(place)).copied().unwrap_or(one.line);
    }
    recorded.rejected.append(&mut rejected);
    recorded.rejected.sort_by_key(|one| one.line);
    state.metrics().recorded_events(recorded.accepted);
    state.metrics().waiting_events(recorded.waiting);
    let taken = recorded.accepted + recorded.waiting + recorded.ignored;
    if taken == 0 && !recorded.rejected.is_empty() {
        return Err(nothing_accepted(&recorded));
    }
    Ok(Json(recorded))
}

/// The events with their places from 1, and those that are none.
fn read(body: Value) -> (Vec<(u64, Event)>, Vec<Rejected>) {
    let written = match body {
        Value::Array(several) => several,
        one @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => vec![one],
    };
    let mut events = Vec::with_capacity(written.len());
    let mut rejected = Vec::new();
    for (line, value) in (1..).zip(written) {
        let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
        match typed::<Event>(value) {
            Ok(event) => events.push((line, event)),
            Err((field, reason)) => rejected.push(Rejected { line, id, field, reason }),
        }
    }
    (events, rejected)
}

fn demand_indexes<'a>(
    access: &Access,
    indexes: impl Iterator<Item = &'a IndexName>,
) -> Result<(), Failure> {
    let indexes: BTreeSet<&IndexName> = indexes.collect();
    if indexes.is_empty() {
        return access.demand(Scope::Events, None);
    }
    indexes.into_iter().try_for_each(|index| access.demand(Scope::Events, Some(index)))
}

fn nothing_accepted(recorded: &Recorded) -> Failure {
    let first = recorded.rejected.first();
    let why = first.map_or_else(String::new, |one| {
        format!("; the first, number {}: {}: {}", one.line, one.field, one.reason)
    });
    let message = format!("none of {} events was taken{why}", recorded.rejected.len());
    let hint = "'rejected' says what is wrong with each event";
    Failure::bad_request("nothing_accepted", message, hint)
        .beside(serde_json::to_value(recorded).unwrap_or_default())
}
