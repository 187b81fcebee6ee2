//! The tables of the store's file and the rows in them. This is the file format: a change here
//! needs a new [`FORMAT`](super::database::FORMAT).

use std::collections::BTreeSet;

use redb::{ReadableTable, StorageError, Table, TableDefinition, WriteTransaction};

use crate::domain::event::RecordedEvent;
use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence, ShopperId};
use crate::error::Result;
use crate::settings::Settings;
use crate::store::refusal;

use super::log::{Log, WriteLog};

/// `format`, `sequence`, and `erased`: the mark of the last erasure that was carried out.
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Index → latest settings version, ordinals given, sequence number of its creation.
pub(crate) const INDEXES: TableDefinition<'_, &str, (u64, u64, u64)> =
    TableDefinition::new("indexes");
/// Index and version → JSON.
pub(crate) const SETTINGS: TableDefinition<'_, (&str, u64), &[u8]> =
    TableDefinition::new("settings");
/// Index and product → [`ProductRow`].
pub(crate) const PRODUCTS: TableDefinition<'_, (&str, &str), &[u8]> =
    TableDefinition::new("products");
/// Index and sequence number → product; only the latest of each product.
pub(crate) const CHANGES: TableDefinition<'_, (&str, u64), &str> = TableDefinition::new("changes");
/// Key's id → JSON.
pub(crate) const KEYS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("keys");
/// Sequence number → JSON.
pub(crate) const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
/// Visitor, time in milliseconds, sequence number.
pub(crate) const EVENTS_BY_VISITOR: TableDefinition<'_, (&str, i64, u64), ()> =
    TableDefinition::new("events_by_visitor");
/// Visitor and the shop's event id → sequence number.
pub(crate) const EVENT_IDS: TableDefinition<'_, (&str, &str), u64> =
    TableDefinition::new("event_ids");
/// Session and a shopper who signed in to it; when that was is in the shopper's log. A row for each
/// event would be written to a page of its own, and events come by the thousand.
pub(crate) const SIGN_INS: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("sign_ins");
/// Sequence numbers of events whose product is not known yet.
pub(crate) const WAITING: TableDefinition<'_, u64, ()> = TableDefinition::new("waiting");
/// Shopper → JSON.
pub(crate) const PREFERENCES: TableDefinition<'_, &str, &[u8]> =
    TableDefinition::new("preferences");

/// Events that are looked through at a time when sign-ins are found.
const SIGN_INS_AT_ONCE: usize = 10_000;

type Stored<T> = std::result::Result<T, StorageError>;

/// What is kept about an index beside its settings and products.
#[derive(Clone, Copy)]
pub(crate) struct IndexRow {
    /// Its latest settings.
    pub(crate) settings_version: u64,
    /// How many ordinals it has given; the next product's.
    pub(crate) ordinals: u64,
    /// The write that made it.
    pub(crate) created: Sequence,
}

/// A product's place and content: 8 bytes of sequence number and 4 of ordinal, big end first, then
/// the JSON; a deleted product has none.
pub(crate) struct ProductRow {
    /// Its latest write.
    pub(crate) sequence: Sequence,
    /// Its stable position.
    pub(crate) ordinal: Ordinal,
    /// `None` when deleted.
    pub(crate) json: Option<Vec<u8>>,
}

impl ProductRow {
    /// Reads a row; short rows read as deleted at sequence 0, which no writer makes.
    pub(crate) fn unpack(bytes: &[u8]) -> (Sequence, Ordinal, Option<&[u8]>) {
        let Some((sequence, rest)) = bytes.split_first_chunk::<8>() else { return (0, 0, None) };
        let Some((ordinal, json)) = rest.split_first_chunk::<4>() else { return (0, 0, None) };
        let json = (!json.is_empty()).then_some(json);
        (u64::from_be_bytes(*sequence), u32::from_be_bytes(*ordinal), json)
    }

    fn pack(&self) -> Vec<u8> {
        let json = self.json.as_deref().unwrap_or_default();
        let mut bytes = Vec::with_capacity(12 + json.len());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.ordinal.to_be_bytes());
        bytes.extend_from_slice(json);
        bytes
    }
}

/// All tables open in one write transaction.
pub(crate) struct Tables<'t> {
    /// The latest sequence number given, in this transaction or before.
    pub(crate) sequence: Sequence,
    /// The mark of the last erasure that was carried out.
    pub(crate) erased: u64,
    meta: Table<'t, &'static str, u64>,
    indexes: Table<'t, &'static str, (u64, u64, u64)>,
    settings: Table<'t, (&'static str, u64), &'static [u8]>,
    products: Table<'t, (&'static str, &'static str), &'static [u8]>,
    changes: Table<'t, (&'static str, u64), &'static str>,
    keys: Table<'t, &'static str, &'static [u8]>,
    events: Table<'t, u64, &'static [u8]>,
    events_by_visitor: Table<'t, (&'static str, i64, u64), ()>,
    event_ids: Table<'t, (&'static str, &'static str), u64>,
    sign_ins: Table<'t, (&'static str, &'static str), ()>,
    waiting: Table<'t, u64, ()>,
    preferences: Table<'t, &'static str, &'static [u8]>,
}

impl<'t> Tables<'t> {
    /// Opens every table, making those that are missing.
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self> {
        let meta = transaction.open_table(META)?;
        let sequence = meta.get("sequence")?.map_or(0, |value| value.value());
        let erased = meta.get("erased")?.map_or(0, |value| value.value());
        Ok(Self {
            sequence,
            erased,
            meta,
            indexes: transaction.open_table(INDEXES)?,
            settings: transaction.open_table(SETTINGS)?,
            products: transaction.open_table(PRODUCTS)?,
            changes: transaction.open_table(CHANGES)?,
            keys: transaction.open_table(KEYS)?,
            events: transaction.open_table(EVENTS)?,
            events_by_visitor: transaction.open_table(EVENTS_BY_VISITOR)?,
            event_ids: transaction.open_table(EVENT_IDS)?,
            sign_ins: transaction.open_table(SIGN_INS)?,
            waiting: transaction.open_table(WAITING)?,
            preferences: transaction.open_table(PREFERENCES)?,
        })
    }

    /// Writes the sequence number and the mark, and closes the tables.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.meta.insert("sequence", self.sequence)?;
        self.meta.insert("erased", self.erased)?;
        Ok(())
    }

    /// The next sequence number; the write that takes it must succeed.
    pub(crate) fn next(&mut self) -> Sequence {
        self.sequence += 1;
        self.sequence
    }

    pub(crate) fn index(&self, index: &IndexName) -> Stored<Option<IndexRow>> {
        Ok(self.indexes.get(index.as_str())?.map(|row| {
            let (settings_version, ordinals, created) = row.value();
            IndexRow { settings_version, ordinals, created }
        }))
    }

    pub(crate) fn put_index(&mut self, index: &IndexName, row: IndexRow) -> Stored<()> {
        let value = (row.settings_version, row.ordinals, row.created);
        self.indexes.insert(index.as_str(), value)?;
        Ok(())
    }

    /// Removes the index and all that is in it.
    pub(crate) fn remove_index(&mut self, index: &IndexName) -> Stored<()> {
        let name = index.as_str();
        // No name contains a zero byte, so this is the first key after all of the index.
        let end = format!("{name}\0");
        self.indexes.remove(name)?;
        self.settings.retain_in((name, 0)..(end.as_str(), 0), |_, _| false)?;
        self.products.retain_in((name, "")..(end.as_str(), ""), |_, _| false)?;
        self.changes.retain_in((name, 0)..(end.as_str(), 0), |_, _| false)
    }

    pub(crate) fn put_settings(&mut self, index: &IndexName, settings: &Settings) -> Result<()> {
        let json = super::encode(settings)?;
        self.settings.insert((index.as_str(), settings.version), json.as_slice())?;
        Ok(())
    }

    /// Sequence number, ordinal and whether the product is there, of its latest write.
    pub(crate) fn product(
        &self,
        index: &IndexName,
        id: &ProductId,
    ) -> Stored<Option<(Sequence, Ordinal, bool)>> {
        Ok(self.products.get((index.as_str(), id.as_str()))?.map(|row| {
            let (sequence, ordinal, json) = ProductRow::unpack(row.value());
            (sequence, ordinal, json.is_some())
        }))
    }

    /// Writes the row, and its change in place of the one at `replaced`.
    pub(crate) fn put_product(
        &mut self,
        index: &IndexName,
        id: &ProductId,
        row: &ProductRow,
        replaced: Option<Sequence>,
    ) -> Stored<()> {
        let name = index.as_str();
        self.products.insert((name, id.as_str()), row.pack().as_slice())?;
        if let Some(replaced) = replaced {
            self.changes.remove((name, replaced))?;
        }
        self.changes.insert((name, row.sequence), id.as_str())?;
        Ok(())
    }

    pub(crate) fn put_key(&mut self, id: &str, json: &[u8]) -> Stored<()> {
        self.keys.insert(id, json)?;
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn remove_key(&mut self, id: &str) -> Stored<bool> {
        Ok(self.keys.remove(id)?.is_some())
    }

    /// The sequence number of the visitor's event with this id.
    pub(crate) fn event(&self, visitor: &str, id: &str) -> Stored<Option<Sequence>> {
        Ok(self.event_ids.get((visitor, id))?.map(|sequence| sequence.value()))
    }

    pub(crate) fn put_event(
        &mut self,
        sequence: Sequence,
        event: &RecordedEvent,
        json: &[u8],
    ) -> Result<()> {
        let visitor = event.event.visitor().ok_or_else(refusal::no_visitor)?.key();
        let visitor = visitor.as_str();
        if let Some(id) = &event.event.id {
            self.event_ids.insert((visitor, id.as_str()), sequence)?;
        }
        self.events_by_visitor.insert((visitor, event.at.as_ms(), sequence), ())?;
        self.put_sign_in(event)?;
        if event.choice.unknown_since.is_some() {
            self.waiting.insert(sequence, ())?;
        }
        self.events.insert(sequence, json)?;
        Ok(())
    }

    fn put_sign_in(&mut self, event: &RecordedEvent) -> Stored<()> {
        if let (Some(session), Some(shopper)) = (&event.event.session, &event.event.shopper) {
            let row = (session.as_str(), shopper.as_str());
            if self.sign_ins.get(row)?.is_none() {
                self.sign_ins.insert(row, ())?;
            }
        }
        Ok(())
    }

    /// Finds the sign-ins among all events, for a file of format 1, which did not keep them.
    pub(crate) fn find_sign_ins(&mut self) -> Result<()> {
        let mut after = Some(0);
        while let Some(from) = after {
            let rows = self.events.range(from..)?.take(SIGN_INS_AT_ONCE);
            let mut found = Vec::new();
            for row in rows {
                let (sequence, json) = row?;
                found.push((sequence.value(), super::decode::<RecordedEvent>(json.value())?));
            }
            after = found.last().map(|(sequence, _)| sequence + 1);
            for (_, event) in found {
                self.put_sign_in(&event)?;
            }
        }
        Ok(())
    }

    /// The log as it is inside this transaction.
    pub(super) fn log(&self) -> WriteLog<'_, 't> {
        Log { events: &self.events, places: &self.events_by_visitor, sign_ins: &self.sign_ins }
    }

    /// Whether the event waits for its product.
    pub(crate) fn is_waiting(&self, sequence: Sequence) -> Stored<bool> {
        Ok(self.waiting.get(sequence)?.is_some())
    }

    /// Replaces a waiting event, which waits no longer and keeps its place.
    pub(crate) fn settle_event(&mut self, sequence: Sequence, json: &[u8]) -> Stored<()> {
        self.waiting.remove(sequence)?;
        self.events.insert(sequence, json)?;
        Ok(())
    }

    /// Removes events with all that is kept of them.
    pub(crate) fn remove_events(&mut self, sequences: &[Sequence]) -> Result<()> {
        let mut sign_ins = BTreeSet::new();
        for sequence in sequences {
            let Some(RecordedEvent { event, at, .. }) = self.log().event(*sequence)? else {
                continue;
            };
            let visitor = event.visitor().ok_or_else(refusal::no_visitor)?.key();
            self.events_by_visitor.remove((visitor.as_str(), at.as_ms(), *sequence))?;
            if let Some(id) = &event.id {
                self.event_ids.remove((visitor.as_str(), id.as_str()))?;
            }
            self.waiting.remove(*sequence)?;
            self.events.remove(*sequence)?;
            sign_ins.extend(event.session.zip(event.shopper));
        }
        for (session, shopper) in sign_ins {
            // Another event may tell of it, too.
            if !self.log().has_signed_in(&session, &shopper)? {
                self.sign_ins.remove((session.as_str(), shopper.as_str()))?;
            }
        }
        Ok(())
    }

    /// Everybody with preferences.
    pub(crate) fn with_preferences(&self) -> Result<Vec<ShopperId>> {
        let rows = self.preferences.iter()?;
        rows.map(|row| super::name(ShopperId::parse(row?.0.value()))).collect()
    }

    pub(crate) fn put_preferences(&mut self, shopper: &ShopperId, json: &[u8]) -> Stored<()> {
        self.preferences.insert(shopper.as_str(), json)?;
        Ok(())
    }

    pub(crate) fn remove_preferences(&mut self, shopper: &ShopperId) -> Stored<()> {
        self.preferences.remove(shopper.as_str())?;
        Ok(())
    }
}
