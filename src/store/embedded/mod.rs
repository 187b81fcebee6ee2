//! The store on disk: one redb file, one writer thread, one process.
//!
//! Why redb: `docs/decisions/0002-store.md`.

mod apply;
pub(super) mod backup;
mod checksums;
mod database;
mod erasures;
mod error;
mod file;
mod log;
mod restore;
pub(super) mod tables;
mod writer;

use std::path::Path;
use std::sync::Arc;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::change::Change;
use crate::domain::event::{RecordedEvent, Visitor};
use crate::domain::id::{IndexName, ProductId, Sequence, SessionId, ShopperId};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::settings::access::Key;
use crate::shopper::Preferences;

use super::{Beside, Store, StoredProduct, Write};
use database::Connection;
use log::{Log, ReadLog};
use tables::{
    CHANGES, EVENTS, EVENTS_BY_VISITOR, INDEXES, KEYS, META, PREFERENCES, PRODUCTS, ProductRow,
    SETTINGS, SIGN_INS, WAITING,
};
use writer::Writer;

/// The store in a data directory; dropping it finishes the writes that were sent.
pub struct Embedded {
    // Dropped first: the thread writes through the connection.
    writer: Writer,
    connection: Arc<Connection>,
}

impl Embedded {
    /// Opens the store in `data_directory`, making both when they are missing.
    ///
    /// # Errors
    /// Unavailable with code `data_directory_in_use` when another process has it open,
    /// `store_format_unknown` when a newer program wrote it, or `disk_full`; Internal when the disk
    /// fails or the file is something else.
    pub fn open(data_directory: &Path) -> Result<Self> {
        Self::on(Connection::in_directory(data_directory)?)
    }

    /// Whether `data_directory` has a store.
    pub fn is_in(data_directory: &Path) -> bool {
        data_directory.join(database::FILE).is_file()
    }

    /// Puts the copy in `source`, which [`Store::back_up`] made, in the place of the store in
    /// `data_directory`, or makes that. Who was erased in either stays erased.
    ///
    /// # Errors
    /// `NotFound` without a copy, Unavailable when another process has either store or the disk is
    /// full, Internal when the copy is damaged or the disk fails; the present store then is as it
    /// was. A present store that is damaged beyond repair is kept under another name.
    pub fn restore(source: &Path, data_directory: &Path) -> Result<()> {
        restore::restore(source, data_directory)
    }

    /// Copies what a backup has below `folder`, as [`Store::back_up`] let others put there, to the
    /// same place of a data directory.
    ///
    /// # Errors
    /// Unavailable when the disk is full, Internal when the backup is damaged or the disk fails.
    pub fn restore_beside(source: &Path, folder: &str, data_directory: &Path) -> Result<()> {
        restore::copy_below(source, folder, data_directory)
    }

    /// Makes sure that nobody has the store in `data_directory` open, if there is one; one that is
    /// damaged nobody can have open.
    ///
    /// # Errors
    /// Unavailable when another process has it.
    pub fn check_unused(data_directory: &Path) -> Result<()> {
        restore::is_damaged(data_directory).map(|_| ())
    }

    /// Whether nothing is in the way of a new store: the folder is missing or empty, or holds only
    /// a list of erasures and what a killed restore left.
    pub fn may_be_made_in(data_directory: &Path) -> bool {
        let Ok(entries) = std::fs::read_dir(data_directory) else {
            return !data_directory.exists();
        };
        let own = [erasures::FILE, restore::UNFINISHED];
        entries.flatten().all(|entry| own.iter().any(|name| entry.file_name() == *name))
    }

    fn on(connection: Connection) -> Result<Self> {
        let connection = Arc::new(connection);
        Ok(Self { writer: Writer::start(Arc::clone(&connection))?, connection })
    }
}

/// JSON, as records are stored.
pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|error| Error::internal("record_not_encodable", error.to_string(), ""))
}

fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    serde_json::from_slice(json).map_err(|failure| error::unreadable(&failure))
}

fn name<T>(parsed: std::result::Result<T, crate::domain::id::InvalidId>) -> Result<T> {
    parsed.map_err(|rule| error::damaged(rule.0))
}

fn changes_from(
    snapshot: &ReadTransaction,
    index: &IndexName,
    from: Sequence,
    limit: usize,
) -> Result<Vec<Change>> {
    let products = snapshot.open_table(PRODUCTS)?;
    let changes = snapshot.open_table(CHANGES)?;
    let all = (index.as_str(), from)..=(index.as_str(), Sequence::MAX);
    let mut found = Vec::new();
    for change in changes.range(all)?.take(limit) {
        let (_, id) = change?;
        let row = products.get((index.as_str(), id.value()))?;
        let row = row.ok_or_else(|| error::damaged("a change without its product"))?;
        let (sequence, ordinal, json) = ProductRow::unpack(row.value());
        let product = json.map(decode).transpose()?;
        found.push(Change { sequence, ordinal, id: name(ProductId::parse(id.value()))?, product });
    }
    Ok(found)
}

/// The tables of the log in a reader's snapshot.
struct SnapshotLog {
    events: ReadOnlyTable<u64, &'static [u8]>,
    places: ReadOnlyTable<(&'static str, i64, u64), ()>,
    sign_ins: ReadOnlyTable<(&'static str, &'static str), ()>,
}

impl SnapshotLog {
    fn open(snapshot: &ReadTransaction) -> Result<Self> {
        Ok(Self {
            events: snapshot.open_table(EVENTS)?,
            places: snapshot.open_table(EVENTS_BY_VISITOR)?,
            sign_ins: snapshot.open_table(SIGN_INS)?,
        })
    }

    fn log(&self) -> ReadLog<'_> {
        Log { events: &self.events, places: &self.places, sign_ins: &self.sign_ins }
    }
}

impl Store for Embedded {
    fn write(&self, writes: Vec<Write>) -> Result<Vec<Result<Sequence>>> {
        self.writer.write(writes)
    }

    fn sequence(&self) -> Result<Sequence> {
        self.connection.read(|snapshot| {
            let meta = snapshot.open_table(META)?;
            Ok(meta.get("sequence")?.map_or(0, |sequence| sequence.value()))
        })
    }

    fn indexes(&self) -> Result<Vec<IndexName>> {
        self.connection.read(|snapshot| {
            let table = snapshot.open_table(INDEXES)?;
            table.iter()?.map(|row| name(IndexName::parse(row?.0.value()))).collect()
        })
    }

    fn created(&self, index: &IndexName) -> Result<Option<Sequence>> {
        self.connection.read(|snapshot| {
            let row = snapshot.open_table(INDEXES)?.get(index.as_str())?;
            Ok(row.map(|row| row.value().2))
        })
    }

    fn settings(&self, index: &IndexName) -> Result<Option<Settings>> {
        self.connection.read(|snapshot| {
            let Some(row) = snapshot.open_table(INDEXES)?.get(index.as_str())? else {
                return Ok(None);
            };
            let json = snapshot.open_table(SETTINGS)?.get((index.as_str(), row.value().0))?;
            json.map(|json| Settings::from_stored(json.value())).transpose()
        })
    }

    fn settings_at(&self, index: &IndexName, version: u64) -> Result<Option<Settings>> {
        self.connection.read(|snapshot| {
            let json = snapshot.open_table(SETTINGS)?.get((index.as_str(), version))?;
            json.map(|json| Settings::from_stored(json.value())).transpose()
        })
    }

    fn product(&self, index: &IndexName, id: &ProductId) -> Result<Option<StoredProduct>> {
        let found = self.products(index, std::slice::from_ref(id))?;
        Ok(found.into_iter().next().flatten())
    }

    fn products(&self, index: &IndexName, ids: &[ProductId]) -> Result<Vec<Option<StoredProduct>>> {
        self.connection.read(|snapshot| {
            let products = snapshot.open_table(PRODUCTS)?;
            let found = ids.iter().map(|id| {
                let row = products.get((index.as_str(), id.as_str()))?;
                let Some(row) = row else { return Ok(None) };
                let (sequence, ordinal, json) = ProductRow::unpack(row.value());
                let Some(json) = json else { return Ok(None) };
                Ok(Some(StoredProduct { sequence, ordinal, product: decode(json)? }))
            });
            found.collect()
        })
    }

    fn changes(&self, index: &IndexName, after: Sequence, limit: usize) -> Result<Vec<Change>> {
        let Some(from) = after.checked_add(1) else { return Ok(Vec::new()) };
        self.connection.read(|snapshot| changes_from(snapshot, index, from, limit))
    }

    fn keys(&self) -> Result<Vec<Key>> {
        self.connection.read(|snapshot| {
            let keys = snapshot.open_table(KEYS)?;
            keys.iter()?.map(|row| decode(row?.1.value())).collect()
        })
    }

    fn events_of(&self, visitor: &Visitor) -> Result<Vec<(Sequence, RecordedEvent)>> {
        self.connection.read(|snapshot| SnapshotLog::open(snapshot)?.log().belonging(visitor))
    }

    fn shoppers_in(&self, session: &SessionId) -> Result<Vec<ShopperId>> {
        self.connection.read(|snapshot| SnapshotLog::open(snapshot)?.log().shoppers_in(session))
    }

    fn waiting(&self) -> Result<Vec<(Sequence, RecordedEvent)>> {
        self.connection.read(|snapshot| {
            let events = snapshot.open_table(EVENTS)?;
            let mut found = Vec::new();
            for row in snapshot.open_table(WAITING)?.iter()? {
                let sequence = row?.0.value();
                let json = events.get(sequence)?;
                let json =
                    json.ok_or_else(|| error::damaged("a waiting event that is not there"))?;
                found.push((sequence, decode(json.value())?));
            }
            Ok(found)
        })
    }

    fn events_after(
        &self,
        after: Sequence,
        limit: usize,
    ) -> Result<Vec<(Sequence, RecordedEvent)>> {
        let Some(from) = after.checked_add(1) else { return Ok(Vec::new()) };
        self.connection.read(|snapshot| {
            let events = snapshot.open_table(EVENTS)?;
            let mut found = Vec::new();
            for event in events.range(from..)?.take(limit) {
                let (sequence, json) = event?;
                found.push((sequence.value(), decode(json.value())?));
            }
            Ok(found)
        })
    }

    fn preferences(&self, shopper: &ShopperId) -> Result<Option<Preferences>> {
        self.connection.read(|snapshot| {
            let json = snapshot.open_table(PREFERENCES)?.get(shopper.as_str())?;
            json.map(|json| decode(json.value())).transpose()
        })
    }

    fn back_up(&self, target: &Path, beside: Beside<'_>) -> Result<()> {
        self.connection.read(|snapshot| {
            let beside = |folder: &Path| {
                // Later than the snapshot, so that the list knows all that the copy knows.
                self.connection.erasures.copy_to(folder)?;
                beside(folder)
            };
            backup::create(target, &beside, |transaction| backup::copy(snapshot, transaction))
        })
    }
}
