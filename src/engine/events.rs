//! The path of an event: checked, enriched with what was chosen, and stored durably. One about a
//! product that the catalogue does not have yet waits for it.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::{Engine, Rejected};
use crate::domain::event::{Choice, Event, EventKind, RecordedEvent, Visitor};
use crate::domain::id::{IndexName, ProductId, SessionId, ShopperId};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::shopper::Consent;
use crate::store::Write;

/// Events that are reported later than this are not taken.
const LATE_DAYS_MAX: i64 = 30;

/// Clocks of storefronts may be ahead by so much; such an event counts as happening now.
const EARLY_MS_MAX: i64 = 10 * 60 * 1_000;

/// Events that one call may bring.
const EVENTS_MAX: usize = 1_000;

/// Characters of a searched text, as of a search's.
const QUERY_CHARS_MAX: usize = 512;

/// Bytes of the shop's own names in an event: its id, the piece, the answer that led to it.
const NAME_BYTES_MAX: usize = 256;

/// What became of a batch of events; the accepted and the waiting ones are on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recorded {
    /// Events taken.
    pub accepted: usize,
    /// Events about products that are not known yet: they are kept for 24 hours and count once
    /// their product comes.
    pub waiting: usize,
    /// Events dropped because their shopper gave no consent.
    pub ignored: usize,
    /// Events not taken, with the reason.
    pub rejected: Vec<Rejected>,
}

/// What events are taken by.
struct Terms {
    now: Timestamp,
    late_days_max: i64,
    /// Whether an event may wait for its product.
    may_wait: bool,
    /// Consent by shopper, read once.
    consents: HashMap<ShopperId, Consent>,
}

impl Engine {
    /// Records events; when this returns, the accepted ones are on disk and the next search of
    /// their shoppers reflects them.
    ///
    /// # Errors
    /// `BadRequest` for too many events, Unavailable or Internal when the disk fails.
    pub fn record(&self, events: Vec<Event>, now: Timestamp) -> Result<Recorded> {
        if events.len() > EVENTS_MAX {
            return Err(Error::bad_request(
                "over_limit",
                format!("{} events came at once, and at most {EVENTS_MAX} may", events.len()),
                "send them in several calls",
            ));
        }
        self.drop_expired(now)?;
        let consents = HashMap::new();
        self.take(events, Terms { now, late_days_max: LATE_DAYS_MAX, may_wait: true, consents })
    }

    /// Records what happened before the shop used this engine: events of any age, as many as fit
    /// one transaction, about products that are known.
    ///
    /// # Errors
    /// Unavailable or Internal when the disk fails.
    pub fn import_events(&self, events: Vec<Event>, now: Timestamp) -> Result<Recorded> {
        let (late_days_max, consents) = (i64::MAX / DAY_MS, HashMap::new());
        self.take(events, Terms { now, late_days_max, may_wait: false, consents })
    }

    fn take(&self, events: Vec<Event>, mut terms: Terms) -> Result<Recorded> {
        let mut answer = Recorded::default();
        let mut taken = Vec::with_capacity(events.len());
        for (line, event) in (1..).zip(events) {
            match self.enriched(event, &mut terms) {
                Ok(Some(event)) => taken.push(event),
                Ok(None) => answer.ignored += 1,
                Err(error @ (Error::BadRequest(_) | Error::NotFound(_))) => {
                    let reason = error.problem().message.clone();
                    let field = error.problem().code.to_owned();
                    answer.rejected.push(Rejected { line, id: None, field, reason });
                }
                Err(error) => return Err(error),
            }
        }
        self.write_events(taken, &mut answer)?;
        Ok(answer)
    }

    fn write_events(&self, taken: Vec<RecordedEvent>, answer: &mut Recorded) -> Result<()> {
        let (mut visitors, mut sessions): (BTreeSet<Visitor>, BTreeSet<SessionId>) =
            Default::default();
        let mut indexes: BTreeSet<IndexName> = BTreeSet::new();
        let mut waiting = Vec::new();
        let mut writes = Vec::with_capacity(taken.len());
        for (place, recorded) in taken.into_iter().enumerate() {
            visitors.extend(recorded.event.visitor());
            sessions.extend(recorded.event.session.clone());
            indexes.insert(recorded.event.index.clone());
            if recorded.choice.unknown_since.is_some() {
                waiting.push((place, recorded.clone()));
            }
            writes.push(Write::Record(Box::new(recorded)));
        }
        let written = self.store.write(writes)?.into_iter().collect::<Result<Vec<_>>>()?;
        answer.waiting = waiting.len();
        answer.accepted = written.len() - waiting.len();
        let mut products: BTreeSet<(IndexName, ProductId)> = BTreeSet::new();
        for (place, recorded) in waiting {
            products.extend(self.waiting.add(written[place], &recorded));
        }
        self.forget_profiles(visitors, sessions)?;
        // The product may have come while the event was on its way.
        products.into_iter().try_for_each(|(index, id)| self.settle(&index, &id))?;
        for name in indexes {
            if let Ok(index) = self.index(&name) {
                index.notify_events();
            }
        }
        Ok(())
    }

    /// The event with its time and what was chosen; `None` without consent.
    fn enriched(&self, mut event: Event, terms: &mut Terms) -> Result<Option<RecordedEvent>> {
        if event.visitor().is_none() {
            return Err(invalid("missing_shopper", "an event needs a 'shopper' or a 'session'"));
        }
        if let Some(shopper) = &event.shopper
            && self.consent(shopper, terms)? == Consent::None
        {
            return Ok(None);
        }
        check(&event)?;
        let at = time_of(&event, terms)?;
        event.timestamp = Some(at);
        let choice = self.choice(&event, terms)?;
        Ok(Some(RecordedEvent { event, at, choice }))
    }

    fn consent(&self, shopper: &ShopperId, terms: &mut Terms) -> Result<Consent> {
        if let Some(consent) = terms.consents.get(shopper) {
            return Ok(*consent);
        }
        let consent = self.preferences(shopper)?.consent;
        terms.consents.insert(shopper.clone(), consent);
        Ok(consent)
    }

    fn choice(&self, event: &Event, terms: &Terms) -> Result<Choice> {
        self.index(&event.index)?;
        if event.kind == EventKind::Search {
            let has_text = event.query.as_deref().is_some_and(|query| !query.trim().is_empty());
            let missing = || invalid("missing_query", "a 'search' event needs its 'query'");
            return has_text.then(Choice::default).ok_or_else(missing);
        }
        let id = event.product_id.as_ref().ok_or_else(|| {
            invalid("missing_product_id", "every event but 'search' needs a 'product_id'")
        })?;
        let Some(stored) = self.store.product(&event.index, id)? else {
            let unknown = format!("there is no product '{id}' in this index");
            if !terms.may_wait {
                return Err(invalid("unknown_product", &unknown));
            }
            if self.waiting.is_full() {
                let full = format!("{unknown}, and too many events wait for theirs already");
                return Err(invalid("unknown_product", &full));
            }
            return Ok(Choice { unknown_since: Some(terms.now), ..Choice::default() });
        };
        Ok(Choice::of(&stored.product, event))
    }
}

fn check(event: &Event) -> Result<()> {
    let names =
        [("id", &event.id), ("variant_sku", &event.variant_sku), ("query_id", &event.query_id)];
    for (field, name) in names {
        if name.as_ref().is_some_and(|name| name.len() > NAME_BYTES_MAX) {
            let message = format!("'{field}' has more than {NAME_BYTES_MAX} bytes");
            return Err(invalid("over_limit", &message));
        }
    }
    if event.query.as_ref().is_some_and(|query| query.chars().count() > QUERY_CHARS_MAX) {
        let message = format!("'query' has more than {QUERY_CHARS_MAX} characters");
        return Err(invalid("over_limit", &message));
    }
    if event.price.is_some_and(|price| !price.is_finite() || price < 0.0) {
        return Err(invalid("invalid_price", "'price' is a number from 0"));
    }
    Ok(())
}

/// When the event happened, not later than now.
fn time_of(event: &Event, terms: &Terms) -> Result<Timestamp> {
    let now = terms.now;
    let at = event.timestamp.unwrap_or(now);
    let age_ms = now.as_ms().saturating_sub(at.as_ms());
    let late_days_max = terms.late_days_max;
    if age_ms < -EARLY_MS_MAX {
        let message = format!(
            "'{}' is more than {} minutes in the future",
            at.to_text(),
            EARLY_MS_MAX / 60_000
        );
        return Err(invalid("invalid_timestamp", &message));
    }
    if age_ms > late_days_max * DAY_MS {
        let message = format!("'{}' is more than {late_days_max} days ago", at.to_text());
        return Err(invalid("invalid_timestamp", &message));
    }
    Ok(at.min(now))
}

fn invalid(code: &'static str, message: &str) -> Error {
    Error::bad_request(code, message, "see docs/api.md for the fields of an event")
}
