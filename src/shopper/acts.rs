//! Which events count, and how much: events → acts.

use std::collections::{HashMap, HashSet};

use super::Consent;
use super::profile::ProfileParameters;
use super::tally::Mark;
use crate::domain::event::{Choice, EventKind, RecordedEvent};
use crate::domain::time::{DAY_MS, Timestamp};

const MINUTE_MS: f64 = 60_000.0;

/// Texts of searches that are kept.
const SEARCHES_MAX: usize = 20;

/// What one act is worth, in purchases:
///
/// | act | weight | |
/// | --- | --- | --- |
/// | view | 0.1 | may be chance |
/// | click | 0.3 | chosen among others |
/// | favorite | 0.6 | said so |
/// | add_to_cart | 0.8 | meant to |
/// | purchase | 1.0 | did |
/// | dismiss | −0.5 | not this one |
/// | return | −1.0 | undoes a purchase |
/// | search | 0 | names no product |
pub(super) fn event_weight(kind: EventKind) -> f64 {
    match kind {
        EventKind::View => 0.1,
        EventKind::Click => 0.3,
        EventKind::Favorite => 0.6,
        EventKind::AddToCart => 0.8,
        EventKind::Purchase => 1.0,
        EventKind::Dismiss => -0.5,
        EventKind::Return => -1.0,
        EventKind::Search => 0.0,
    }
}

/// What a shopper did with one product on one day.
#[derive(Clone, Copy)]
pub(super) struct Act<'a> {
    pub(super) kind: EventKind,
    pub(super) product: &'a str,
    pub(super) at: Timestamp,
    pub(super) weight: f64,
    pub(super) choice: &'a Choice,
}

impl Act<'_> {
    pub(super) fn day(&self) -> i64 {
        day(self.at)
    }
}

pub(super) fn day(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(DAY_MS)
}

/// The events that may be used, oldest first, in an order that does not depend on how they came.
pub(super) fn usable<'a>(
    events: &'a [RecordedEvent],
    consent: Consent,
    parameters: &ProfileParameters,
    now: Timestamp,
) -> Vec<&'a RecordedEvent> {
    let mut sorted: Vec<&RecordedEvent> = events.iter().collect();
    sorted.sort_by(|left, right| {
        let key = |recorded: &'a RecordedEvent| {
            let event = &recorded.event;
            (recorded.at, &event.product_id, &event.id, &event.variant_sku, &event.query)
        };
        let weight = |recorded: &RecordedEvent| event_weight(recorded.event.kind);
        left.at
            .cmp(&right.at)
            .then_with(|| weight(left).total_cmp(&weight(right)))
            .then_with(|| key(left).cmp(&key(right)))
    });
    let mut ids = HashSet::new();
    sorted.retain(|recorded| recorded.event.id.as_ref().is_none_or(|id| ids.insert(id)));
    if consent == Consent::SessionOnly {
        let gap_ms = parameters.session_gap_minutes * MINUTE_MS;
        let mut end = now;
        let in_session = sorted.iter().rev().take_while(|recorded| {
            let near = (end.as_ms() - recorded.at.as_ms()) as f64 <= gap_ms;
            end = recorded.at;
            near
        });
        let first = sorted.len() - in_session.count();
        sorted.drain(..first);
    }
    let is_anonymous = sorted.iter().all(|recorded| recorded.event.shopper.is_none());
    if is_anonymous && sorted.len() < 2 {
        // One look may be chance; "not this one" is meant.
        sorted.retain(|recorded| recorded.event.kind == EventKind::Dismiss);
    }
    sorted
}

pub(super) fn searches(events: &[&RecordedEvent]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for recorded in events.iter().rev() {
        let Some(text) = recorded.event.query.as_ref().map(|text| text.trim()) else { continue };
        let is_new = !text.is_empty() && texts.iter().all(|known| known != text);
        if recorded.event.kind == EventKind::Search && is_new && texts.len() < SEARCHES_MAX {
            texts.push(text.to_owned());
        }
    }
    texts
}

/// Joins events to acts, oldest first. On one day and product, weaker acts are steps towards the
/// strongest one and do not count again; and however often it is only looked at, that is worth at
/// most a purchase. Every purchase is an act of its own.
pub(super) fn acts<'a>(events: &[&'a RecordedEvent]) -> Vec<Act<'a>> {
    let named = || {
        events.iter().rev().filter_map(|recorded| {
            let product = recorded.event.product_id.as_ref()?.as_str();
            let weight = event_weight(recorded.event.kind);
            (recorded.event.kind != EventKind::Search).then_some((*recorded, product, weight))
        })
    };
    let mut strongest: HashMap<(&str, i64, bool), f64> = HashMap::new();
    for (recorded, product, weight) in named() {
        let best = strongest.entry((product, day(recorded.at), weight > 0.0)).or_default();
        *best = best.max(weight.abs());
    }
    let mut joined: HashMap<(&str, i64, EventKind), usize> = HashMap::new();
    let mut acts: Vec<Act<'a>> = Vec::new();
    for (recorded, product, weight) in named() {
        let day = day(recorded.at);
        if weight.abs() < strongest[&(product, day, weight > 0.0)] {
            continue;
        }
        let kind = recorded.event.kind;
        match joined.get(&(product, day, kind)) {
            Some(index) if kind != EventKind::Purchase => {
                let total = &mut acts[*index].weight;
                *total = (*total + weight).clamp(-1.0, 1.0);
            }
            _ => {
                joined.insert((product, day, kind), acts.len());
                let choice = &recorded.choice;
                acts.push(Act { kind, product, at: recorded.at, weight, choice });
            }
        }
    }
    acts.reverse();
    acts
}

/// An act's weight, faded to `now`; a time yet to come counts as now.
pub(super) fn mark(act: &Act<'_>, parameters: &ProfileParameters, now: Timestamp) -> Mark {
    let age_days = now.days_since(act.at).max(0.0);
    let session_days = parameters.session_half_life_minutes * MINUTE_MS / DAY_MS as f64;
    Mark {
        long: act.weight * (-age_days / parameters.half_life_days).exp2(),
        session: act.weight * (-age_days / session_days).exp2(),
    }
}
