//! The open file: who may open it, which format it has, and what happens after a disk error.

use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parking_lot::{RwLock, RwLockReadGuard};
use redb::{Database, ReadTransaction, ReadableDatabase, TableError};

use crate::error::{Error, Result};
use crate::failpoint::{self, Point};

use super::apply::catch_up;
use super::erasures::Erasures;
use super::error::{beyond_repair, closes_file, disk, reopening, unsure};
use super::file::{self, check_room};
use super::tables::{META, Tables};

/// The format that this program writes. It reads every earlier one: in format 1 there were no
/// sign-ins, which are found among its events, no waiting events and no erasures.
pub(super) const FORMAT: u64 = 2;

/// The name of the store's one file inside the data directory.
pub(super) const FILE: &str = "store.redb";

/// A new store has this name until it is whole: a file called [`FILE`] is never an empty one.
const UNFINISHED: &str = "store.redb.new";

/// How the file is opened, at first and again after a disk error.
type Opener = Box<dyn Fn() -> Result<Database> + Send + Sync>;

/// The file, which the engine closes for good at the first disk error: it is then opened again.
pub(super) struct Connection {
    /// Who was erased, whatever the file says.
    pub(super) erasures: Erasures,
    /// Where the file lies, which decides how much room it has.
    directory: PathBuf,
    opener: Opener,
    state: RwLock<State>,
}

struct State {
    /// Why there is none, only while opening again does not succeed either; the next use tries it.
    database: Result<Database>,
    /// How often the file was opened again: those who failed together open it once.
    reopened: u64,
}

impl Connection {
    /// Opens or makes the store in `directory`.
    pub(super) fn in_directory(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|error| disk(&error))?;
        let path = directory.join(FILE);
        if !path.exists() {
            make(directory)?;
        }
        let database = verified(&path)?;
        Self::with_opener(database, Box::new(move || file::open(&path, false)), directory)
    }

    fn with_opener(database: Database, opener: Opener, directory: &Path) -> Result<Self> {
        check_format(&database)?;
        let erasures = Erasures::open(directory, erased(&database)?)?;
        let state = State { database: Ok(database), reopened: 0 };
        let directory = directory.to_path_buf();
        let connection = Self { erasures, directory, opener, state: RwLock::new(state) };
        // Carries out erasures that the file does not know, before anything is read.
        connection.with_database(|database| commit(database, &connection.erasures, |_| Ok(())))?;
        Ok(connection)
    }

    /// Runs `work` on one snapshot.
    pub(super) fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.with_database(|database| work(&database.begin_read()?))
    }

    /// Runs `work` in one transaction, durable on return. When that fails it is there whole or not
    /// at all, and the error says where nobody knows which: a disk that refused a sync may have all
    /// that was to be synced.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T>) -> Result<T> {
        check_room(&self.directory)?;
        self.with_database(|database| commit(database, &self.erasures, work))
    }

    /// Runs `work`, and opens the file again when that met a disk error.
    fn with_database<T>(&self, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let state = self.opened();
        let reopened = state.reopened;
        let outcome = state.database.as_ref().map_err(Error::clone).and_then(work);
        drop(state);
        if outcome.as_ref().is_err_and(closes_file) {
            self.reopen(reopened);
        }
        outcome
    }

    /// The file, which is opened once more where that did not succeed before.
    fn opened(&self) -> RwLockReadGuard<'_, State> {
        let state = self.state.read();
        if state.database.is_ok() {
            return state;
        }
        let seen = state.reopened;
        drop(state);
        self.reopen(seen);
        self.state.read()
    }

    /// Opens the file again, whatever the engine's state in memory is.
    pub(super) fn leave_behind(&self) {
        let seen = self.state.read().reopened;
        self.reopen(seen);
    }

    fn reopen(&self, seen: u64) {
        let mut state = self.state.write();
        if state.reopened != seen {
            return;
        }
        state.reopened += 1;
        // The old one holds the lock on the file; after a panic, closing it may panic as well.
        let old = std::mem::replace(&mut state.database, Err(reopening()));
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        state.database = (self.opener)();
    }
}

/// Makes a new store. It gets its name when it is whole, so that a kill leaves none or all of it.
fn make(directory: &Path) -> Result<()> {
    check_room(directory)?;
    let unfinished = directory.join(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(disk(&error)),
        Ok(()) | Err(_) => {}
    }
    let database = file::open(&unfinished, true)?;
    let transaction = database.begin_write()?;
    mark_format(&transaction)?;
    Tables::open(&transaction)?.finish()?;
    transaction.commit()?;
    drop(database);
    fs::rename(&unfinished, directory.join(FILE)).map_err(|error| disk(&error))?;
    sync_directory(directory)
}

/// Opens the file, after a kill as its last transaction left it, and compares all of it with its
/// checksums. The engine trusts what it reads, and may panic over what makes no sense.
fn verified(path: &Path) -> Result<Database> {
    let length = fs::metadata(path).map_err(|error| disk(&error))?.len();
    if length == 0 {
        return Err(beyond_repair(path, "it is empty"));
    }
    let checked = catch_unwind(AssertUnwindSafe(|| -> Result<Database> {
        let mut database = file::open(path, false)?;
        // What can be put right is.
        database.check_integrity()?;
        Ok(database)
    }));
    match checked {
        Ok(Err(error)) if error.problem().code == "store_damaged" => {
            Err(beyond_repair(path, &error.problem().message))
        }
        Ok(checked) => checked,
        Err(_) => Err(beyond_repair(path, "its pages contradict one another")),
    }
}

/// The mark of the last erasure that the file carried out.
fn erased(database: &Database) -> Result<u64> {
    let meta = database.begin_read()?.open_table(META)?;
    Ok(meta.get("erased")?.map_or(0, |mark| mark.value()))
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
    transaction.commit().map_err(|error| unsure(error.into()))?;
    failpoint::pass(Point::StoreAnswer);
    Ok(done)
}

/// Refuses a newer format than this program's, and brings an older one up to it.
fn check_format(database: &Database) -> Result<()> {
    let reading = database.begin_read()?;
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

    /// A file on a disk that can be full, or over which the engine can panic.
    #[derive(Debug)]
    struct Disk {
        file: FileBackend,
        full: Arc<AtomicBool>,
        panics: Arc<AtomicBool>,
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
            assert!(!self.panics.swap(false, Ordering::SeqCst), "as the test wants");
            if self.full.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.file.write(offset, data)
        }
    }

    fn on_disk(path: PathBuf, full: &Arc<AtomicBool>, panics: &Arc<AtomicBool>) -> Connection {
        let (full, panics) = (Arc::clone(full), Arc::clone(panics));
        let directory = path.parent().unwrap().to_path_buf();
        drop(Connection::in_directory(&directory).unwrap());
        let opener = move || -> Result<Database> {
            let mut options = fs::File::options();
            options.read(true).write(true).create(true).truncate(false);
            let file = FileBackend::new(options.open(&path).unwrap())?;
            let disk = Disk { file, full: Arc::clone(&full), panics: Arc::clone(&panics) };
            Ok(redb::Builder::new().create_with_backend(disk)?)
        };
        Connection::with_opener(opener().unwrap(), Box::new(opener), &directory).unwrap()
    }

    fn preferences(shopper: &str) -> Vec<Write> {
        vec![Write::PutPreferences(ShopperId::parse(shopper).unwrap(), Box::default())]
    }

    #[test]
    fn a_full_disk_is_named_and_left_behind_once_there_is_space() {
        let folder = tempfile::tempdir().unwrap();
        let full = Arc::new(AtomicBool::new(false));
        let connection = on_disk(folder.path().join(FILE), &full, &Arc::default());
        let store = Embedded::on(connection).unwrap();
        assert_eq!(store.write(preferences("before")).unwrap(), [Ok(1)]);

        full.store(true, Ordering::SeqCst);
        let refused = store.write(preferences("during")).unwrap_err();
        assert!(matches!(&refused, Error::Unavailable(problem) if problem.code == "disk_full"));
        let again = store.write(preferences("during")).unwrap_err();
        assert_eq!(again.problem().code, "disk_full", "{again:?}");

        full.store(false, Ordering::SeqCst);
        assert_eq!(store.write(preferences("after")).unwrap(), [Ok(2)]);
        let found = |shopper| store.preferences(&ShopperId::parse(shopper).unwrap()).unwrap();
        assert_eq!(found("before"), Some(Preferences::default()));
        assert_eq!(found("during"), None);
        assert_eq!(found("after"), Some(Preferences::default()));
    }

    #[test]
    fn a_panic_of_the_engine_ends_one_write_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let panics = Arc::new(AtomicBool::new(false));
        let connection = on_disk(folder.path().join(FILE), &Arc::default(), &panics);
        let store = Embedded::on(connection).unwrap();
        assert_eq!(store.write(preferences("before")).unwrap(), [Ok(1)]);
        panics.store(true, Ordering::SeqCst);
        let failed = store.write(preferences("during")).unwrap_err();
        assert_eq!(failed.problem().code, "store_failed");
        assert_eq!(store.write(preferences("after")).unwrap(), [Ok(2)]);
        let found = store.preferences(&ShopperId::parse("before").unwrap()).unwrap();
        assert_eq!(found, Some(Preferences::default()));
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
