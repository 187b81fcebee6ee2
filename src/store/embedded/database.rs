//! The open file: who may open it, which format it has, and what happens after a disk error.

use std::fs;
use std::path::Path;

use parking_lot::RwLock;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, TableError};

use crate::error::{Error, Result};

use super::apply::catch_up;
use super::erasures::Erasures;
use super::error::{closes_file, disk, reopening};
use super::tables::{META, Tables};

/// The format that this program writes. It reads every earlier one: in format 1 there were no
/// sign-ins, which are found among its events, no waiting events and no erasures.
pub(super) const FORMAT: u64 = 2;

/// The name of the store's one file inside the data directory.
pub(super) const FILE: &str = "store.redb";

/// Pages kept in memory, in bytes; the rest is left to the operating system's cache.
const CACHE_BYTES: usize = 128 << 20;

/// How the file is opened, at first and again after a disk error.
type Opener = Box<dyn Fn() -> Result<Database> + Send + Sync>;

/// The file, which the engine closes for good at the first disk error: it is then opened again.
pub(super) struct Connection {
    /// Who was erased, whatever the file says.
    pub(super) erasures: Erasures,
    opener: Opener,
    state: RwLock<State>,
}

struct State {
    /// `None` only when opening again did not succeed either; the next use tries it.
    database: Option<Database>,
    /// How often the file was opened again: those who failed together open it once.
    reopened: u64,
}

impl Connection {
    /// Opens or makes the store in `directory`.
    pub(super) fn in_directory(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|error| disk(&error))?;
        let path = directory.join(FILE);
        let erasures = Erasures::open(directory)?;
        let opener = move || Ok(Builder::new().set_cache_size(CACHE_BYTES).create(&path)?);
        let connection = Self::with_opener(Box::new(opener), erasures)?;
        sync_directory(directory)?;
        Ok(connection)
    }

    fn with_opener(opener: Opener, erasures: Erasures) -> Result<Self> {
        let database = opener()?;
        check_format(&database)?;
        let state = State { database: Some(database), reopened: 0 };
        let connection = Self { erasures, opener, state: RwLock::new(state) };
        // Carries out erasures that the file does not know, before anything is read.
        connection.write(|_| Ok(()))?;
        Ok(connection)
    }

    /// Runs `work` on one snapshot.
    pub(super) fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.with_database(|database| work(&database.begin_read()?))
    }

    /// Runs `work` in one transaction, durable on return; when it fails, nothing was written.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T>) -> Result<T> {
        self.with_database(|database| commit(database, &self.erasures, work))
    }

    /// Runs `work`, and opens the file again when that met a disk error.
    fn with_database<T>(&self, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let state = self.state.read();
        let reopened = state.reopened;
        let outcome = state.database.as_ref().ok_or_else(reopening).and_then(work);
        drop(state);
        if outcome.as_ref().is_err_and(closes_file) {
            self.reopen(reopened);
        }
        outcome
    }

    fn reopen(&self, seen: u64) {
        let mut state = self.state.write();
        if state.reopened != seen {
            return;
        }
        state.reopened += 1;
        // The old one holds the lock on the file.
        drop(state.database.take());
        // Should this not succeed, whoever comes next is told to try again, which does this again.
        state.database = (self.opener)().ok();
    }
}

fn commit<T>(
    database: &Database,
    erasures: &Erasures,
    work: impl FnOnce(&mut Tables<'_>) -> Result<T>,
) -> Result<T> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    let before = tables.sequence;
    catch_up(&mut tables, erasures)?;
    let done = work(&mut tables)?;
    if tables.sequence == before {
        // Everything was refused: no reason to wait for the disk.
        drop(tables);
        transaction.abort()?;
        return Ok(done);
    }
    tables.finish()?;
    transaction.commit()?;
    Ok(done)
}

/// Marks a new file with its format, and refuses a newer one.
fn check_format(database: &Database) -> Result<()> {
    let reading = database.begin_read()?;
    if reading.list_tables()?.next().is_none() {
        drop(reading);
        let transaction = database.begin_write()?;
        mark_format(&transaction)?;
        Tables::open(&transaction)?.finish()?;
        return Ok(transaction.commit()?);
    }
    let format = match reading.open_table(META) {
        Ok(meta) => meta.get("format")?.map_or(0, |format| format.value()),
        Err(TableError::TableDoesNotExist(_)) => 0,
        Err(error) => return Err(error.into()),
    };
    match format {
        FORMAT => Ok(()),
        1 => {
            drop(reading);
            let transaction = database.begin_write()?;
            mark_format(&transaction)?;
            let mut tables = Tables::open(&transaction)?;
            tables.find_sign_ins()?;
            tables.finish()?;
            Ok(transaction.commit()?)
        }
        0 => Err(Error::internal(
            "not_a_store",
            format!("the file '{FILE}' in the data directory is not a Vitrine store"),
            "choose another data directory",
        )),
        newer => Err(Error::unavailable(
            "store_format_unknown",
            format!("the store has format {newer}, and this program reads formats up to {FORMAT}"),
            "use the newer Vitrine that wrote it, or restore a backup",
        )),
    }
}

/// Writes the format into a new file.
pub(super) fn mark_format(transaction: &redb::WriteTransaction) -> Result<()> {
    transaction.open_table(META)?.insert("format", FORMAT)?;
    Ok(())
}

/// Makes the names of new files in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> Result<()> {
    if cfg!(not(unix)) {
        // Elsewhere a directory cannot be opened as a file.
        return Ok(());
    }
    fs::File::open(directory).and_then(|file| file.sync_all()).map_err(|error| disk(&error))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use redb::StorageBackend;
    use redb::backends::FileBackend;

    use super::*;
    use crate::domain::event::Visitor;
    use crate::domain::id::ShopperId;
    use crate::shopper::Preferences;
    use crate::store::embedded::Embedded;
    use crate::store::embedded::tables::{EVENTS, EVENTS_BY_VISITOR, SIGN_INS, WAITING};
    use crate::store::{Store, Write};

    /// A file on a disk that can be full.
    #[derive(Debug)]
    struct Disk {
        file: FileBackend,
        full: Arc<AtomicBool>,
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.file.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.file.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.file.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.file.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            if self.full.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.file.write(offset, data)
        }
    }

    fn on_disk(path: PathBuf, full: &Arc<AtomicBool>) -> Connection {
        let full = Arc::clone(full);
        let erasures = Erasures::open(path.parent().unwrap()).unwrap();
        let opener = move || {
            let mut options = fs::File::options();
            options.read(true).write(true).create(true).truncate(false);
            let file = FileBackend::new(options.open(&path).unwrap())?;
            Ok(Builder::new().create_with_backend(Disk { file, full: Arc::clone(&full) })?)
        };
        Connection::with_opener(Box::new(opener), erasures).unwrap()
    }

    fn preferences(shopper: &str) -> Vec<Write> {
        vec![Write::PutPreferences(ShopperId::parse(shopper).unwrap(), Box::default())]
    }

    #[test]
    fn a_full_disk_is_named_and_left_behind_once_there_is_space() {
        let folder = tempfile::tempdir().unwrap();
        let full = Arc::new(AtomicBool::new(false));
        let store = Embedded::on(on_disk(folder.path().join(FILE), &full)).unwrap();
        assert_eq!(store.write(preferences("before")).unwrap(), [Ok(1)]);

        full.store(true, Ordering::SeqCst);
        let refused = store.write(preferences("during")).unwrap_err();
        assert!(matches!(&refused, Error::Unavailable(problem) if problem.code == "disk_full"));
        let again = store.write(preferences("during")).unwrap_err();
        assert!(matches!(again, Error::Unavailable(_)), "{again:?}");

        full.store(false, Ordering::SeqCst);
        let mut tries = (0..3).map(|_| store.write(preferences("after")));
        let written = tries.find_map(Result::ok).expect("the store did not open again");
        assert_eq!(written, [Ok(2)]);
        let found = |shopper| store.preferences(&ShopperId::parse(shopper).unwrap()).unwrap();
        assert_eq!(found("before"), Some(Preferences::default()));
        assert_eq!(found("during"), None);
        assert_eq!(found("after"), Some(Preferences::default()));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Connection::in_directory(folder.path()).unwrap());
        let file = Database::open(folder.path().join(FILE)).unwrap();
        let transaction = file.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert("format", FORMAT + 1).unwrap();
        transaction.commit().unwrap();
        drop(file);
        let refused = Connection::in_directory(folder.path()).err().unwrap();
        assert_eq!(refused.problem().code, "store_format_unknown");
        assert!(refused.problem().message.contains("format 3"), "{refused}");
    }

    #[test]
    fn another_program_s_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = Database::create(folder.path().join(FILE)).unwrap();
        let transaction = file.begin_write().unwrap();
        let other = redb::TableDefinition::<u64, u64>::new("other");
        transaction.open_table(other).unwrap();
        transaction.commit().unwrap();
        drop(file);
        let refused = Connection::in_directory(folder.path()).err().unwrap();
        assert_eq!(refused.problem().code, "not_a_store");
    }

    #[test]
    fn a_file_of_format_1_opens_with_its_sign_ins_and_without_its_vectors() {
        let folder = tempfile::tempdir().unwrap();
        drop(Connection::in_directory(folder.path()).unwrap());
        let file = Database::open(folder.path().join(FILE)).unwrap();
        let transaction = file.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert("format", 1).unwrap();
        transaction.open_table(META).unwrap().insert("sequence", 2).unwrap();
        transaction.delete_table(SIGN_INS).unwrap();
        transaction.delete_table(WAITING).unwrap();
        let mut events = transaction.open_table(EVENTS).unwrap();
        let anonymous = r#"{"event":{"type":"view","session":"s","index":"shop","product_id":"a"},
            "at":"2026-06-01T00:00:00Z","choice":{"taste":[-128,0,127]}}"#;
        let signed_in = r#"{"event":{"type":"view","shopper":"anna","session":"s","index":"shop",
            "product_id":"b"},"at":"2026-06-01T00:01:00Z","choice":{}}"#;
        events.insert(1, anonymous.as_bytes()).unwrap();
        events.insert(2, signed_in.as_bytes()).unwrap();
        drop(events);
        let mut places = transaction.open_table(EVENTS_BY_VISITOR).unwrap();
        places.insert(("session:s", 1_780_272_000_000, 1), ()).unwrap();
        places.insert(("shopper:anna", 1_780_272_060_000, 2), ()).unwrap();
        drop(places);
        transaction.commit().unwrap();
        drop(file);
        for _ in 0..2 {
            let store = Embedded::open(folder.path()).unwrap();
            let anna = Visitor::Shopper(ShopperId::parse("anna").unwrap());
            let events = store.events_of(&anna).unwrap();
            let places: Vec<u64> = events.iter().map(|(sequence, _)| *sequence).collect();
            assert_eq!(places, [1, 2]);
            assert_eq!(store.waiting().unwrap(), []);
        }
    }
}
