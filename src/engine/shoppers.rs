//! The path of an event: checked, enriched, stored durably; and the profile that folds from it.

use std::sync::Arc;

use serde::Serialize;

use super::profiles::Folded;
use super::snapshot::Snapshot;
use super::{Engine, Rejected};
use crate::domain::event::{Choice, Event, EventKind, RecordedEvent, Visitor};
use crate::domain::id::{IndexName, SessionId, ShopperId};
use crate::domain::product::Product;
use crate::domain::search::SearchRequest;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::shopper::profile::Profile;
use crate::shopper::view::ProfileView;
use crate::shopper::{Consent, Preferences};
use crate::store::Write;

/// Events that are reported later than this are not taken.
const LATE_DAYS_MAX: i64 = 30;

/// Clocks of storefronts may be ahead by so much.
const EARLY_MS_MAX: i64 = 10 * 60 * 1_000;

/// Events that one call may bring.
const EVENTS_MAX: usize = 1_000;

/// What became of a batch of events; the accepted ones are on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recorded {
    /// Events taken.
    pub accepted: usize,
    /// Events dropped because their shopper gave no consent.
    pub ignored: usize,
    /// Events not taken, with the reason.
    pub rejected: Vec<Rejected>,
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
        self.take(events, now, LATE_DAYS_MAX)
    }

    /// Records what happened before the shop used this engine: events of any age, as many as fit
    /// one transaction.
    ///
    /// # Errors
    /// Unavailable or Internal when the disk fails.
    pub fn import_events(&self, events: Vec<Event>, now: Timestamp) -> Result<Recorded> {
        self.take(events, now, i64::MAX / DAY_MS)
    }

    fn take(&self, events: Vec<Event>, now: Timestamp, late_days_max: i64) -> Result<Recorded> {
        let mut answer = Recorded::default();
        let mut writes = Vec::with_capacity(events.len());
        let mut touched = Vec::new();
        for (line, event) in (1..).zip(events) {
            match self.enriched(event, now, late_days_max) {
                Ok(Some((visitor, event))) => {
                    touched.push((visitor.key(), event.event.index.clone()));
                    writes.push(Write::Record(Box::new(event)));
                }
                Ok(None) => answer.ignored += 1,
                Err(error @ (Error::BadRequest(_) | Error::NotFound(_))) => {
                    let reason = error.problem().message.clone();
                    let field = error.problem().code.to_owned();
                    answer.rejected.push(Rejected { line, id: None, field, reason });
                }
                Err(error) => return Err(error),
            }
        }
        for written in self.store.write(writes)? {
            written?;
            answer.accepted += 1;
        }
        for (visitor, index) in touched {
            self.profiles.forget(&visitor);
            if let Ok(index) = self.index(&index) {
                index.notify_events();
            }
        }
        Ok(answer)
    }

    /// The event with its time and what was chosen; `None` without consent.
    fn enriched(
        &self,
        mut event: Event,
        now: Timestamp,
        late_days_max: i64,
    ) -> Result<Option<(Visitor, RecordedEvent)>> {
        let visitor = event.visitor().ok_or_else(|| {
            invalid("missing_shopper", "an event needs a 'shopper' or a 'session'")
        })?;
        if let Some(shopper) = &event.shopper
            && self.preferences(shopper)?.consent == Consent::None
        {
            return Ok(None);
        }
        let at = event.timestamp.unwrap_or(now);
        let age_ms = now.as_ms() - at.as_ms();
        if age_ms > late_days_max * DAY_MS || age_ms < -EARLY_MS_MAX {
            let late = format!("more than {late_days_max} days ago");
            let what = if age_ms < 0 { "in the future" } else { &late };
            return Err(invalid("invalid_timestamp", &format!("'{}' is {what}", at.to_text())));
        }
        event.timestamp = Some(at);
        let choice = self.choice(&event)?;
        Ok(Some((visitor, RecordedEvent { event, at, choice })))
    }

    fn choice(&self, event: &Event) -> Result<Choice> {
        self.index(&event.index)?;
        if event.kind == EventKind::Search {
            let has_text = event.query.as_deref().is_some_and(|query| !query.trim().is_empty());
            let missing = || invalid("missing_query", "a 'search' event needs its 'query'");
            return has_text.then(Choice::default).ok_or_else(missing);
        }
        let id = event.product_id.as_ref().ok_or_else(|| {
            invalid("missing_product_id", "every event but 'search' needs a 'product_id'")
        })?;
        let stored = self.store.product(&event.index, id)?.ok_or_else(|| {
            invalid("unknown_product", &format!("there is no product '{id}' in this index"))
        })?;
        Ok(choice_of(&stored.product, event))
    }

    pub(super) fn profile_for(
        &self,
        request: &SearchRequest,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<Arc<Profile>>> {
        if request.personalize <= 0.0 {
            return Ok(None);
        }
        self.visitor_profile((request.shopper.as_ref(), request.session.as_ref()), snapshot, now)
    }

    pub(super) fn visitor_profile(
        &self,
        who: (Option<&ShopperId>, Option<&SessionId>),
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<Arc<Profile>>> {
        let Some(visitor) = Visitor::from_parts(who.0, who.1) else {
            return Ok(None);
        };
        let (key, parameters) = (visitor.key(), &snapshot.parameters);
        let forgotten = match self.profiles.get(&key, &snapshot.index, (parameters, now)) {
            Ok(profile) => return Ok(Some(profile)),
            Err(forgotten) => forgotten,
        };
        let profile = Arc::new(self.fold_profile(&visitor, snapshot, now)?);
        let folded =
            Folded { at: now, parameters: Arc::clone(parameters), profile: Arc::clone(&profile) };
        self.profiles.keep(key, snapshot.index.clone(), (folded, forgotten));
        Ok(Some(profile))
    }

    fn fold_profile(
        &self,
        visitor: &Visitor,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Profile> {
        let preferences = match visitor {
            Visitor::Shopper(shopper) => self.preferences(shopper)?,
            Visitor::Session(_) => Preferences::default(),
        };
        let mut events = self.store.events_of(visitor)?;
        events.retain(|event| event.event.index == snapshot.index);
        Ok(Profile::fold(&events, &preferences, &snapshot.parameters, now))
    }

    /// A shopper's profile in an index, with its evidence.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Internal when the disk fails.
    pub fn profile(
        &self,
        index: &IndexName,
        shopper: &ShopperId,
        now: Timestamp,
    ) -> Result<ProfileView> {
        let snapshot = self.index(index)?.snapshot();
        let visitor = Visitor::Shopper(shopper.clone());
        let profile = self.fold_profile(&visitor, &snapshot, now)?;
        Ok(ProfileView::new(&profile, &snapshot.parameters))
    }

    /// All events of a shopper, by time: the export.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn events_of(&self, shopper: &ShopperId) -> Result<Vec<RecordedEvent>> {
        self.store.events_of(&Visitor::Shopper(shopper.clone()))
    }

    /// A shopper's own word; the default when there is none.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn preferences(&self, shopper: &ShopperId) -> Result<Preferences> {
        Ok(self.store.preferences(shopper)?.unwrap_or_default())
    }

    /// Replaces a shopper's own word.
    ///
    /// # Errors
    /// Unavailable or Internal when the disk fails.
    pub fn put_preferences(&self, shopper: &ShopperId, preferences: Preferences) -> Result<()> {
        self.write_one(Write::PutPreferences(shopper.clone(), Box::new(preferences)))?;
        self.forget(shopper);
        Ok(())
    }

    /// Erases a shopper: events, preferences and everything derived from them.
    ///
    /// # Errors
    /// Unavailable or Internal when the disk fails.
    pub fn erase_shopper(&self, shopper: &ShopperId) -> Result<()> {
        self.write_one(Write::EraseShopper(shopper.clone()))?;
        self.forget(shopper);
        for index in self.indexes.read().values() {
            index.forget(&Visitor::Shopper(shopper.clone()));
        }
        Ok(())
    }

    fn forget(&self, shopper: &ShopperId) {
        let key = Visitor::Shopper(shopper.clone()).key();
        self.profiles.forget(&key);
        self.journeys.forget(&key);
    }
}

fn invalid(code: &'static str, message: &str) -> Error {
    Error::bad_request(code, message, "see docs/api.md for the fields of an event")
}

/// What the product is at this moment, with the piece that was chosen.
pub(super) fn choice_of(product: &Product, event: &Event) -> Choice {
    let variant = event
        .variant_sku
        .as_ref()
        .and_then(|sku| product.variants.iter().find(|variant| variant.sku.as_ref() == Some(sku)));
    Choice {
        brand: product.brand.clone(),
        category: product.category.clone(),
        size: variant.and_then(|variant| variant.size.clone()),
        color: variant.and_then(|variant| variant.color.clone()).or_else(|| product.color.clone()),
        price: event.price.or(variant.and_then(|variant| variant.price)).or(product.price),
        title: product.title.clone(),
    }
}
