//! Events about products that the catalogue does not have yet: they wait a day for their product.
//!
//! The store has the events; here is which products are waited for, so that a catalogue update need
//! not ask.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;

use super::Engine;
use crate::domain::event::{RecordedEvent, Visitor};
use crate::domain::id::{IndexName, ProductId, Sequence, SessionId};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::store::{Store, Write};

/// An event waits so long for its product, from its receipt.
const WAIT_MS_MAX: i64 = DAY_MS;

/// So many events may wait: a caller that makes product ids up must not fill the disk.
const WAITING_MAX: usize = 100_000;

/// The product of an event.
type Wanted = (IndexName, ProductId);

/// A waiting event.
struct Waiter {
    wanted: Wanted,
    since: Timestamp,
    visitor: Option<Visitor>,
    session: Option<SessionId>,
}

/// All waiting events.
#[derive(Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    /// In the order of receipt.
    events: BTreeMap<Sequence, Waiter>,
    by_product: HashMap<Wanted, BTreeSet<Sequence>>,
}

impl State {
    fn remove(&mut self, event: Sequence) {
        let Some(Waiter { wanted, .. }) = self.events.remove(&event) else { return };
        if let Some(others) = self.by_product.get_mut(&wanted) {
            others.remove(&event);
            if others.is_empty() {
                self.by_product.remove(&wanted);
            }
        }
    }
}

impl Waiting {
    /// Those that a store has.
    pub(super) fn load(store: &dyn Store) -> Result<Self> {
        let waiting = Self::default();
        for (sequence, event) in store.waiting()? {
            waiting.add(sequence, &event);
        }
        Ok(waiting)
    }

    /// Whether no further event may wait.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().events.len() >= WAITING_MAX
    }

    /// Adds an event and tells what it waits for.
    pub(super) fn add(&self, sequence: Sequence, recorded: &RecordedEvent) -> Option<Wanted> {
        let event = &recorded.event;
        let wanted = (event.index.clone(), event.product_id.clone()?);
        let waiter = Waiter {
            wanted: wanted.clone(),
            since: recorded.choice.unknown_since?,
            visitor: event.visitor(),
            session: event.session.clone(),
        };
        let mut state = self.0.lock();
        state.events.insert(sequence, waiter);
        state.by_product.entry(wanted.clone()).or_default().insert(sequence);
        Some(wanted)
    }

    fn events_for(&self, wanted: &Wanted) -> Vec<Sequence> {
        let state = self.0.lock();
        if state.by_product.is_empty() {
            return Vec::new();
        }
        state.by_product.get(wanted).into_iter().flatten().copied().collect()
    }

    fn expired(&self, now: Timestamp) -> Vec<Sequence> {
        let state = self.0.lock();
        let is_over = |waiter: &Waiter| now.as_ms() - waiter.since.as_ms() > WAIT_MS_MAX;
        let over = state.events.iter().take_while(|(_, waiter)| is_over(waiter));
        over.map(|(sequence, _)| *sequence).collect()
    }

    fn products(&self) -> Vec<Wanted> {
        self.0.lock().by_product.keys().cloned().collect()
    }
}

impl Engine {
    /// Makes normal events of those that waited for a product, if it is there now.
    pub(super) fn settle(&self, index: &IndexName, id: &ProductId) -> Result<()> {
        let events = self.waiting.events_for(&(index.clone(), id.clone()));
        if events.is_empty() {
            return Ok(());
        }
        let Some(stored) = self.store.product(index, id)? else { return Ok(()) };
        let product = Box::new(stored.product);
        let settle = |event: &Sequence| Write::Settle { event: *event, product: product.clone() };
        self.end_waiting(&events, events.iter().map(settle).collect())
    }

    /// As `settle`, for all products that are waited for: after a start, when one may have come
    /// right before the end.
    pub(super) fn settle_all(&self) -> Result<()> {
        self.waiting.products().iter().try_for_each(|(index, id)| self.settle(index, id))
    }

    /// Drops the events whose product did not come in time.
    pub(super) fn drop_expired(&self, now: Timestamp) -> Result<()> {
        let events = self.waiting.expired(now);
        if events.is_empty() {
            return Ok(());
        }
        self.end_waiting(&events, events.iter().map(|event| Write::Expire(*event)).collect())
    }

    fn end_waiting(&self, events: &[Sequence], writes: Vec<Write>) -> Result<()> {
        for written in self.store.write(writes)? {
            match written {
                // It was erased or removed meanwhile.
                Ok(_) | Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let (mut visitors, mut sessions) = (BTreeSet::new(), BTreeSet::new());
        let mut state = self.waiting.0.lock();
        for event in events {
            if let Some(waiter) = state.events.get(event) {
                visitors.extend(waiter.visitor.clone());
                sessions.extend(waiter.session.clone());
            }
            state.remove(*event);
        }
        drop(state);
        self.forget_profiles(visitors, sessions)
    }
}
