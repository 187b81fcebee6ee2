//! What is known of a shopper: the profile that folds from events, the shopper's own word, and the
//! right to read, correct and erase it all.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::Engine;
use super::profiles::Folded;
use super::snapshot::Snapshot;
use crate::domain::event::{EventKind, RecordedEvent, Visitor};
use crate::domain::id::{IndexName, Sequence, SessionId, ShopperId};
use crate::domain::search::SearchRequest;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::shopper::Preferences;
use crate::shopper::packed::Packed;
use crate::shopper::profile::Profile;
use crate::shopper::view::ProfileView;
use crate::store::Write;

/// An event of a shopper's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoggedEvent {
    /// Names it where it is to be removed.
    pub number: Sequence,
    /// What was done, when, and with what.
    #[serde(flatten)]
    pub recorded: RecordedEvent,
}

impl Engine {
    /// What a search goes by: when its first page was asked for, and what was known then.
    pub(super) fn profile_for(
        &self,
        request: &SearchRequest,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, Arc<Profile>)>> {
        let visitor = Visitor::from_parts(request.shopper.as_ref(), request.session.as_ref());
        let Some(visitor) = visitor.filter(|_| request.personalize > 0.0) else {
            return Ok(None);
        };
        let forgotten = self.journeys.forgotten();
        let (begun, packed) = match self.journeys.of(&snapshot.index, request, now) {
            Some(journey) => (journey.begun, journey.profile),
            None => (now, self.packed_profile(&visitor, snapshot, now)?),
        };
        self.journeys.begin(&snapshot.index, request, (begun, &packed), forgotten);
        Ok(Some((begun, self.profiles.open(&visitor.key(), &packed))))
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
        let packed = self.packed_profile(&visitor, snapshot, now)?;
        Ok(Some(self.profiles.open(&visitor.key(), &packed)))
    }

    /// What is known of a visitor, as it is kept: a little coarser than the fold. Nobody shall
    /// notice whether it was kept or is new.
    fn packed_profile(
        &self,
        visitor: &Visitor,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Packed> {
        let (key, parameters) = (visitor.key(), &snapshot.parameters);
        let forgotten = match self.profiles.get(&key, &snapshot.index, (parameters, now)) {
            Ok(packed) => return Ok(packed),
            Err(forgotten) => forgotten,
        };
        let profile = Packed::of(&self.fold_profile(visitor, snapshot, now)?);
        let (index, parameters) = (snapshot.index.clone(), Arc::clone(parameters));
        let folded = Folded { index, at: now, parameters, profile: profile.clone() };
        self.profiles.keep(&key, folded, forgotten);
        Ok(profile)
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
        let log = self.store.events_of(visitor)?.into_iter().map(|(_, event)| event);
        let counts = |event: &RecordedEvent| {
            event.event.index == snapshot.index && event.choice.unknown_since.is_none()
        };
        let events: Vec<RecordedEvent> = log.filter(counts).collect();
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

    /// All events of a shopper, by time: the export. To them belong the anonymous ones of a session
    /// from before the shopper signed in to it.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn events_of(&self, shopper: &ShopperId) -> Result<Vec<LoggedEvent>> {
        let log = self.store.events_of(&Visitor::Shopper(shopper.clone()))?.into_iter();
        Ok(log.map(|(number, recorded)| LoggedEvent { number, recorded }).collect())
    }

    /// Removes one event of a shopper, as if it had never come.
    ///
    /// # Errors
    /// `NotFound` when the shopper has no event of this number, Unavailable or Internal when the
    /// disk fails.
    pub fn remove_event(&self, shopper: &ShopperId, number: Sequence) -> Result<()> {
        let mut removed = self.events_of(shopper)?;
        removed.retain(|one| one.number == number);
        let visitor = Visitor::Shopper(shopper.clone());
        self.write_one(Write::RemoveEvent { visitor: visitor.clone(), event: number })?;
        self.journeys.forget(&visitor.key());
        self.forget_profiles([visitor].into_iter().collect(), sessions_of(&removed))?;
        for LoggedEvent { recorded: RecordedEvent { event, .. }, .. } in removed {
            if let (EventKind::Search, Some(searcher)) = (event.kind, event.visitor()) {
                self.forget_searches(&[searcher]);
            }
        }
        Ok(())
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
    /// `BadRequest` when it is longer than anybody's word, Unavailable or Internal when the disk
    /// fails.
    pub fn put_preferences(&self, shopper: &ShopperId, preferences: Preferences) -> Result<()> {
        preferences.check()?;
        self.write_one(Write::PutPreferences(shopper.clone(), Box::new(preferences)))?;
        let key = Visitor::Shopper(shopper.clone()).key();
        self.profiles.forget(&key);
        self.journeys.forget(&key);
        Ok(())
    }

    /// Erases a shopper: events, those of the anonymous sessions signed in to, preferences and
    /// everything derived from them. It outlasts a restart and a restored backup.
    ///
    /// # Errors
    /// Unavailable or Internal when the disk fails; then it may be carried out at the next start.
    pub fn erase_shopper(&self, shopper: &ShopperId, now: Timestamp) -> Result<()> {
        let sessions = sessions_of(&self.events_of(shopper)?);
        self.write_one(Write::EraseShopper { shopper: shopper.clone(), at: now })?;
        let visitors: Vec<Visitor> = std::iter::once(Visitor::Shopper(shopper.clone()))
            .chain(sessions.iter().cloned().map(Visitor::Session))
            .collect();
        self.forget_profiles(visitors.iter().cloned().collect(), sessions)?;
        visitors.iter().for_each(|visitor| self.journeys.forget(&visitor.key()));
        self.forget_searches(&visitors);
        Ok(())
    }

    /// Forgets the kept profiles of visitors, and of all to whom events of these sessions may
    /// belong.
    pub(super) fn forget_profiles(
        &self,
        mut visitors: BTreeSet<Visitor>,
        sessions: BTreeSet<SessionId>,
    ) -> Result<()> {
        for session in sessions {
            let shoppers = self.store.shoppers_in(&session)?;
            visitors.extend(shoppers.into_iter().map(Visitor::Shopper));
            visitors.insert(Visitor::Session(session));
        }
        for visitor in visitors {
            self.profiles.forget(&visitor.key());
        }
        Ok(())
    }

    /// Has every index forget what these visitors searched for.
    fn forget_searches(&self, visitors: &[Visitor]) {
        for index in self.indexes.read().values() {
            index.forget(visitors);
        }
    }
}

fn sessions_of(events: &[LoggedEvent]) -> BTreeSet<SessionId> {
    events.iter().filter_map(|one| one.recorded.event.session.clone()).collect()
}
