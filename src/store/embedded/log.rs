//! The log of events: what belongs to whom, and what goes with whom.

use std::collections::BTreeSet;

use redb::{ReadOnlyTable, ReadableTable, Table};

use crate::domain::event::{RecordedEvent, Visitor};
use crate::domain::id::{Sequence, SessionId, ShopperId};
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::store::SignIns;

use super::{decode, error, name};

/// An event with its place in the order of writes.
pub(super) type Placed = (Sequence, RecordedEvent);

/// A shopper with the events that name the shopper.
type Own<'l> = (&'l ShopperId, &'l [Placed]);

/// The tables of events, of a reader's snapshot or of the writer's transaction.
pub(super) struct Log<'t, Events, Places, Signed> {
    /// [`EVENTS`](super::tables::EVENTS).
    pub(super) events: &'t Events,
    /// [`EVENTS_BY_VISITOR`](super::tables::EVENTS_BY_VISITOR).
    pub(super) places: &'t Places,
    /// [`SIGN_INS`](super::tables::SIGN_INS).
    pub(super) sign_ins: &'t Signed,
}

/// The log as a reader sees it.
pub(super) type ReadLog<'t> = Log<
    't,
    ReadOnlyTable<u64, &'static [u8]>,
    ReadOnlyTable<(&'static str, i64, u64), ()>,
    ReadOnlyTable<(&'static str, &'static str), ()>,
>;

/// The log inside a transaction of the writer.
pub(super) type WriteLog<'t, 'w> = Log<
    't,
    Table<'w, u64, &'static [u8]>,
    Table<'w, (&'static str, i64, u64), ()>,
    Table<'w, (&'static str, &'static str), ()>,
>;

/// What goes when somebody is erased.
#[derive(Default)]
pub(super) struct Gone {
    /// Places of the events.
    pub(super) events: Vec<Sequence>,
    /// Sessions with anonymous events among them.
    pub(super) sessions: BTreeSet<SessionId>,
}

impl<Events, Places, Signed> Log<'_, Events, Places, Signed>
where
    Events: ReadableTable<u64, &'static [u8]>,
    Places: ReadableTable<(&'static str, i64, u64), ()>,
    Signed: ReadableTable<(&'static str, &'static str), ()>,
{
    /// The event at a place.
    pub(super) fn event(&self, sequence: Sequence) -> Result<Option<RecordedEvent>> {
        self.events.get(sequence)?.map(|json| decode(json.value())).transpose()
    }

    /// Times and places of the events that a visitor made itself, in order.
    fn places_of(&self, visitor: &Visitor) -> Result<Vec<(Timestamp, Sequence)>> {
        let key = visitor.key();
        let all = (key.as_str(), i64::MIN, 0)..=(key.as_str(), i64::MAX, Sequence::MAX);
        let places = self.places.range(all)?.map(|place| {
            let (_, at_ms, sequence) = place?.0.value();
            Ok((Timestamp::from_ms(at_ms), sequence))
        });
        places.collect()
    }

    fn at_places(&self, places: impl IntoIterator<Item = Sequence>) -> Result<Vec<Placed>> {
        let read = |sequence| {
            let event = self.event(sequence)?;
            let event =
                event.ok_or_else(|| error::damaged("a place in a log without its event"))?;
            Ok((sequence, event))
        };
        places.into_iter().map(read).collect()
    }

    /// The events that a visitor made itself, by time and then by place.
    fn own(&self, visitor: &Visitor) -> Result<Vec<Placed>> {
        self.at_places(self.places_of(visitor)?.into_iter().map(|(_, sequence)| sequence))
    }

    /// Who signed in to a session, each once.
    pub(super) fn shoppers_in(&self, session: &SessionId) -> Result<Vec<ShopperId>> {
        // No shopper's id contains a zero byte, and none is empty.
        let (key, end) = (session.as_str(), format!("{session}\0"));
        let rows = self.sign_ins.range((key, "")..(end.as_str(), ""))?;
        rows.map(|row| name(ShopperId::parse(row?.0.value().1))).collect()
    }

    /// Whether an event in the shopper's log names the session.
    pub(super) fn has_signed_in(&self, session: &SessionId, shopper: &ShopperId) -> Result<bool> {
        let own = self.own(&Visitor::Shopper(shopper.clone()))?;
        Ok(!times_in(session, &own).is_empty())
    }

    /// Who signed in to a session, and when. Of one shopper the log may be `known` already.
    fn sign_ins(&self, session: &SessionId, known: Option<Own<'_>>) -> Result<SignIns> {
        let mut sign_ins = Vec::new();
        for shopper in self.shoppers_in(session)? {
            let times = match known {
                Some((known, own)) if *known == shopper => times_in(session, own),
                Some(_) | None => times_in(session, &self.own(&Visitor::Shopper(shopper.clone()))?),
            };
            sign_ins.extend(times.into_iter().map(|at| (at, shopper.clone())));
        }
        Ok(SignIns::new(sign_ins))
    }

    /// The anonymous events of a session that `wanted` takes, given who signed in.
    fn anonymous(
        &self,
        session: &SessionId,
        known: Option<Own<'_>>,
        wanted: impl Fn(&SignIns, Timestamp) -> bool,
    ) -> Result<Vec<Sequence>> {
        let places = self.places_of(&Visitor::Session(session.clone()))?;
        if places.is_empty() {
            // Most sessions are named by events of their shoppers only.
            return Ok(Vec::new());
        }
        let sign_ins = self.sign_ins(session, known)?;
        let wanted = places.into_iter().filter(|(at, _)| wanted(&sign_ins, *at));
        Ok(wanted.map(|(_, sequence)| sequence).collect())
    }

    /// The events that belong to a visitor, by time and then by place.
    pub(super) fn belonging(&self, visitor: &Visitor) -> Result<Vec<Placed>> {
        let shopper = match visitor {
            Visitor::Session(session) => {
                let unclaimed = |sign_ins: &SignIns, at| sign_ins.owner(at).is_none();
                return self.at_places(self.anonymous(session, None, unclaimed)?);
            }
            Visitor::Shopper(shopper) => shopper,
        };
        let mut events = self.own(visitor)?;
        let mut joined = Vec::new();
        for session in sessions_of(&events) {
            let claimed = |sign_ins: &SignIns, at| sign_ins.owner(at) == Some(shopper);
            joined.extend(self.anonymous(&session, Some((shopper, &events)), claimed)?);
        }
        if !joined.is_empty() {
            events.extend(self.at_places(joined)?);
            events.sort_by_key(|(sequence, event)| (event.at, *sequence));
        }
        Ok(events)
    }

    /// Whether an event belongs to a visitor.
    pub(super) fn belongs(&self, event: &RecordedEvent, visitor: &Visitor) -> Result<bool> {
        let owner = match event.event.visitor() {
            Some(Visitor::Session(session)) => match self.sign_ins(&session, None)?.owner(event.at)
            {
                Some(shopper) => Some(Visitor::Shopper(shopper.clone())),
                None => Some(Visitor::Session(session)),
            },
            known @ (Some(Visitor::Shopper(_)) | None) => known,
        };
        Ok(owner.as_ref() == Some(visitor))
    }

    /// What goes when a visitor is erased: a shopper with the anonymous events of the sessions
    /// signed in to, as far as they are nobody else's; a session with what belongs to nobody.
    pub(super) fn going_with(&self, visitor: &Visitor) -> Result<Gone> {
        let shopper = match visitor {
            Visitor::Session(_) => {
                let unclaimed = self.belonging(visitor)?.into_iter();
                let events = unclaimed.map(|(sequence, _)| sequence).collect();
                return Ok(Gone { events, sessions: BTreeSet::new() });
            }
            Visitor::Shopper(shopper) => shopper,
        };
        let own = self.own(visitor)?;
        let mut gone = Gone::default();
        for session in sessions_of(&own) {
            let goes = |sign_ins: &SignIns, at| sign_ins.goes_with(shopper, at);
            let events = self.anonymous(&session, Some((shopper, &own)), goes)?;
            if !events.is_empty() {
                gone.events.extend(events);
                gone.sessions.insert(session);
            }
        }
        gone.events.extend(own.into_iter().map(|(sequence, _)| sequence));
        Ok(gone)
    }

    /// Everybody that the log knows.
    pub(super) fn visitors(&self) -> Result<Vec<Visitor>> {
        let mut visitors = Vec::new();
        let mut from = String::new();
        loop {
            let next = self.places.range((from.as_str(), i64::MIN, 0)..)?.next().transpose()?;
            let Some((place, ())) = next.map(|(place, _)| (place, ())) else {
                return Ok(visitors);
            };
            let (key, _, _) = place.value();
            if let Some(shopper) = key.strip_prefix("shopper:") {
                visitors.push(Visitor::Shopper(name(ShopperId::parse(shopper))?));
            } else if let Some(session) = key.strip_prefix("session:") {
                visitors.push(Visitor::Session(name(SessionId::parse(session))?));
            }
            // No visitor's key contains a zero byte.
            from = format!("{key}\0");
        }
    }
}

fn times_in(session: &SessionId, events: &[Placed]) -> Vec<Timestamp> {
    let here = events.iter().filter(|(_, event)| event.event.session.as_ref() == Some(session));
    here.map(|(_, event)| event.at).collect()
}

fn sessions_of(events: &[Placed]) -> BTreeSet<SessionId> {
    events.iter().filter_map(|(_, event)| event.event.session.clone()).collect()
}
