//! The store in memory: plain maps, slow and obvious. Nothing survives the process.

use std::collections::BTreeMap;
use std::path::Path;

use parking_lot::RwLock;

use crate::domain::change::Change;
use crate::domain::event::{Choice, RecordedEvent, Visitor};
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence, SessionId, ShopperId};
use crate::domain::product::Product;
use crate::error::Result;
use crate::settings::Settings;
use crate::settings::access::Key;
use crate::shopper::Preferences;

use super::{Beside, SignIns, Store, StoredProduct, Write, embedded, refusal};

/// A store that forgets: for tests, and the measure of the one on disk.
#[derive(Default)]
pub struct Memory {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    sequence: Sequence,
    indexes: BTreeMap<IndexName, Index>,
    keys: BTreeMap<String, Key>,
    events: BTreeMap<Sequence, RecordedEvent>,
    preferences: BTreeMap<ShopperId, Preferences>,
}

struct Index {
    created: Sequence,
    /// Version 1 first.
    settings: Vec<Settings>,
    /// Deleted products stay without their content, since ordinals are given once.
    products: BTreeMap<ProductId, Latest>,
}

struct Latest {
    sequence: Sequence,
    ordinal: Ordinal,
    product: Option<Box<Product>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl State {
    fn apply(&mut self, write: Write) -> Result<Sequence> {
        let next = self.sequence + 1;
        let sequence = match write {
            Write::CreateIndex { index, settings } => self.create_index(next, index, *settings)?,
            Write::DeleteIndex { index } => {
                self.indexes.remove(&index).ok_or_else(|| refusal::no_index(&index))?;
                next
            }
            Write::PutSettings { index, settings } => self.put_settings(next, &index, *settings)?,
            Write::PutProduct { index, product, expected } => {
                self.put_product(next, &index, product, expected)?
            }
            Write::DeleteProduct { index, id } => self.delete_product(next, &index, &id)?,
            Write::PutKey(key) => {
                self.keys.insert(key.id.clone(), key);
                next
            }
            Write::DeleteKey(id) => {
                self.keys.remove(&id).ok_or_else(|| refusal::no_key(&id))?;
                next
            }
            Write::Record(event) => self.record(next, *event)?,
            Write::PutPreferences(shopper, preferences) => {
                self.preferences.insert(shopper, *preferences);
                next
            }
            Write::Settle { event, product } => {
                self.settle(event, &product)?;
                next
            }
            Write::Expire(event) => {
                self.waiting_event(event)?;
                self.events.remove(&event);
                next
            }
            Write::RemoveEvent { visitor, event } => {
                if self.events_of(&visitor).iter().all(|(sequence, _)| *sequence != event) {
                    return Err(refusal::no_event(event));
                }
                self.events.remove(&event);
                next
            }
            Write::EraseShopper { shopper, .. } => {
                self.erase(&shopper);
                next
            }
        };
        self.sequence = self.sequence.max(sequence);
        Ok(sequence)
    }

    fn create_index(
        &mut self,
        next: Sequence,
        index: IndexName,
        mut settings: Settings,
    ) -> Result<Sequence> {
        if self.indexes.contains_key(&index) {
            return Err(refusal::index_exists(&index));
        }
        settings.version = 1;
        let products = BTreeMap::new();
        self.indexes.insert(index, Index { created: next, settings: vec![settings], products });
        Ok(next)
    }

    fn index(&mut self, index: &IndexName) -> Result<&mut Index> {
        self.indexes.get_mut(index).ok_or_else(|| refusal::no_index(index))
    }

    fn put_settings(
        &mut self,
        next: Sequence,
        name: &IndexName,
        mut settings: Settings,
    ) -> Result<Sequence> {
        let index = self.index(name)?;
        let latest = index.settings.len() as u64;
        if settings.version != latest {
            return Err(refusal::stale_settings(name, latest));
        }
        settings.version = latest + 1;
        index.settings.push(settings);
        Ok(next)
    }

    fn put_product(
        &mut self,
        next: Sequence,
        name: &IndexName,
        product: Box<Product>,
        expected: Option<Sequence>,
    ) -> Result<Sequence> {
        refusal::check_product(&product)?;
        let index = self.index(name)?;
        let old = index.products.get(&product.id);
        let present = old.filter(|old| old.product.is_some()).map(|old| old.sequence);
        if expected.is_some() && expected != present {
            return Err(refusal::stale_product(name, &product.id));
        }
        let given = index.products.len();
        let ordinal = match old {
            Some(old) => old.ordinal,
            None => Ordinal::try_from(given).map_err(|_| refusal::index_full(name))?,
        };
        let id = product.id.clone();
        index.products.insert(id, Latest { sequence: next, ordinal, product: Some(product) });
        Ok(next)
    }

    fn delete_product(
        &mut self,
        next: Sequence,
        name: &IndexName,
        id: &ProductId,
    ) -> Result<Sequence> {
        let index = self.index(name)?;
        let present = index.products.get_mut(id).filter(|old| old.product.is_some());
        let old = present.ok_or_else(|| refusal::no_product(name, id))?;
        old.product = None;
        old.sequence = next;
        Ok(next)
    }

    fn record(&mut self, next: Sequence, event: RecordedEvent) -> Result<Sequence> {
        let visitor = event.event.visitor().ok_or_else(refusal::no_visitor)?;
        let is_known = |old: &RecordedEvent| {
            old.event.id == event.event.id && old.event.visitor().as_ref() == Some(&visitor)
        };
        if event.event.id.is_some()
            && let Some((first, _)) = self.events.iter().find(|(_, old)| is_known(old))
        {
            return Ok(*first);
        }
        self.events.insert(next, event);
        Ok(next)
    }

    fn settle(&mut self, event: Sequence, product: &Product) -> Result<()> {
        let waiting = self.waiting_event(event)?;
        waiting.choice = Choice::of(product, &waiting.event);
        Ok(())
    }

    fn waiting_event(&mut self, event: Sequence) -> Result<&mut RecordedEvent> {
        let known = self.events.get_mut(&event);
        let waiting = known.filter(|old| old.choice.unknown_since.is_some());
        waiting.ok_or_else(|| refusal::not_waiting(event))
    }

    fn erase(&mut self, shopper: &ShopperId) {
        self.preferences.remove(shopper);
        let goes = |recorded: &RecordedEvent| match recorded.event.visitor() {
            Some(Visitor::Shopper(own)) => own == *shopper,
            Some(Visitor::Session(session)) => {
                self.sign_ins(&session).goes_with(shopper, recorded.at)
            }
            None => false,
        };
        let gone: Vec<Sequence> =
            self.events.iter().filter(|(_, event)| goes(event)).map(|(place, _)| *place).collect();
        self.events.retain(|sequence, _| !gone.contains(sequence));
    }

    fn sign_ins(&self, session: &SessionId) -> SignIns {
        let of_session =
            self.events.values().filter(|one| one.event.session.as_ref() == Some(session));
        let signed_in = of_session.filter_map(|one| Some((one.at, one.event.shopper.clone()?)));
        SignIns::new(signed_in.collect())
    }

    fn events_of(&self, visitor: &Visitor) -> Vec<(Sequence, RecordedEvent)> {
        let owner = |recorded: &RecordedEvent| match recorded.event.visitor()? {
            Visitor::Session(session) => match self.sign_ins(&session).owner(recorded.at) {
                Some(shopper) => Some(Visitor::Shopper(shopper.clone())),
                None => Some(Visitor::Session(session)),
            },
            known @ Visitor::Shopper(_) => Some(known),
        };
        let own = self.events.iter().filter(|(_, event)| owner(event).as_ref() == Some(visitor));
        let mut log: Vec<_> = own.map(|(sequence, event)| (*sequence, event.clone())).collect();
        log.sort_by_key(|(sequence, event)| (event.at, *sequence));
        log
    }
}

impl Store for Memory {
    fn write(&self, writes: Vec<Write>) -> Result<Vec<Result<Sequence>>> {
        let mut state = self.state.write();
        Ok(writes.into_iter().map(|write| state.apply(write)).collect())
    }

    fn sequence(&self) -> Result<Sequence> {
        Ok(self.state.read().sequence)
    }

    fn indexes(&self) -> Result<Vec<IndexName>> {
        Ok(self.state.read().indexes.keys().cloned().collect())
    }

    fn created(&self, index: &IndexName) -> Result<Option<Sequence>> {
        Ok(self.state.read().indexes.get(index).map(|index| index.created))
    }

    fn settings(&self, index: &IndexName) -> Result<Option<Settings>> {
        let state = self.state.read();
        Ok(state.indexes.get(index).and_then(|index| index.settings.last().cloned()))
    }

    fn settings_at(&self, index: &IndexName, version: u64) -> Result<Option<Settings>> {
        let state = self.state.read();
        let settings = state.indexes.get(index).map_or(&[][..], |index| &index.settings);
        Ok(settings.iter().find(|settings| settings.version == version).cloned())
    }

    fn product(&self, index: &IndexName, id: &ProductId) -> Result<Option<StoredProduct>> {
        Ok(self.state.read().product(index, id))
    }

    fn products(&self, index: &IndexName, ids: &[ProductId]) -> Result<Vec<Option<StoredProduct>>> {
        let state = self.state.read();
        Ok(ids.iter().map(|id| state.product(index, id)).collect())
    }

    fn changes(&self, index: &IndexName, after: Sequence, limit: usize) -> Result<Vec<Change>> {
        let state = self.state.read();
        let Some(index) = state.indexes.get(index) else { return Ok(Vec::new()) };
        let mut changed: Vec<(&ProductId, &Latest)> =
            index.products.iter().filter(|(_, latest)| latest.sequence > after).collect();
        changed.sort_by_key(|(_, latest)| latest.sequence);
        Ok(changed
            .into_iter()
            .take(limit)
            .map(|(id, latest)| Change {
                sequence: latest.sequence,
                ordinal: latest.ordinal,
                id: id.clone(),
                product: latest.product.clone(),
            })
            .collect())
    }

    fn keys(&self) -> Result<Vec<Key>> {
        Ok(self.state.read().keys.values().cloned().collect())
    }

    fn events_of(&self, visitor: &Visitor) -> Result<Vec<(Sequence, RecordedEvent)>> {
        Ok(self.state.read().events_of(visitor))
    }

    fn shoppers_in(&self, session: &SessionId) -> Result<Vec<ShopperId>> {
        Ok(self.state.read().sign_ins(session).shoppers())
    }

    fn waiting(&self) -> Result<Vec<(Sequence, RecordedEvent)>> {
        let state = self.state.read();
        let waiting = state.events.iter().filter(|(_, one)| one.choice.unknown_since.is_some());
        Ok(waiting.map(|(sequence, event)| (*sequence, event.clone())).collect())
    }

    fn events_after(
        &self,
        after: Sequence,
        limit: usize,
    ) -> Result<Vec<(Sequence, RecordedEvent)>> {
        let state = self.state.read();
        let later = state.events.iter().filter(|(sequence, _)| **sequence > after);
        Ok(later.take(limit).map(|(sequence, event)| (*sequence, event.clone())).collect())
    }

    fn preferences(&self, shopper: &ShopperId) -> Result<Option<Preferences>> {
        Ok(self.state.read().preferences.get(shopper).cloned())
    }

    fn back_up(&self, target: &Path, beside: Beside<'_>) -> Result<()> {
        let state = self.state.read();
        embedded::backup::create(target, beside, |transaction| {
            let mut tables = embedded::tables::Tables::open(transaction)?;
            state.copy_to(&mut tables)?;
            tables.finish()
        })
    }
}

impl State {
    fn product(&self, index: &IndexName, id: &ProductId) -> Option<StoredProduct> {
        let latest = self.indexes.get(index)?.products.get(id)?;
        let product = latest.product.as_deref()?.clone();
        Some(StoredProduct { sequence: latest.sequence, ordinal: latest.ordinal, product })
    }

    fn copy_to(&self, tables: &mut embedded::tables::Tables<'_>) -> Result<()> {
        tables.sequence = self.sequence;
        for (name, index) in &self.indexes {
            for settings in &index.settings {
                tables.put_settings(name, settings)?;
            }
            for (id, latest) in &index.products {
                let row = embedded::tables::ProductRow {
                    sequence: latest.sequence,
                    ordinal: latest.ordinal,
                    json: latest.product.as_ref().map(embedded::encode).transpose()?,
                };
                tables.put_product(name, id, &row, None)?;
            }
            tables.put_index(
                name,
                embedded::tables::IndexRow {
                    settings_version: index.settings.len() as u64,
                    ordinals: index.products.len() as u64,
                    created: index.created,
                },
            )?;
        }
        for (sequence, event) in &self.events {
            tables.put_event(*sequence, event, &embedded::encode(event)?)?;
        }
        for key in self.keys.values() {
            tables.put_key(&key.id, &embedded::encode(key)?)?;
        }
        for (shopper, preferences) in &self.preferences {
            tables.put_preferences(shopper, &embedded::encode(preferences)?)?;
        }
        Ok(())
    }
}
