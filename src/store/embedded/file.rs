//! The store's file as the engine sees it: with the points at which tests let it fail, and with the
//! question of whether the disk has room.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{BackendError, Builder, Database, StorageBackend};

use crate::error::Result;
use crate::failpoint::{self, Point};

use super::error::{disk, disk_full};

/// Pages kept in memory, in bytes; the rest is left to the operating system's cache.
const CACHE_BYTES: usize = 32 << 20;

/// With less room on the disk nothing is written: the engine closes the file when it meets a full
/// disk in the middle of a transaction, and the indexes, which follow, need some room as well.
pub(super) const RESERVE_BYTES: u64 = 32 << 20;

/// Opens a file; an empty one becomes a new database.
pub(super) fn open(path: &Path, make: bool) -> Result<Database> {
    let file = PointedFile(FileBackend::new(private(path, make)?)?);
    Ok(Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(file)?)
}

/// Opens a file for reading and writing. A new one is its owner's alone: it tells what shoppers did.
pub(super) fn private(path: &Path, make: bool) -> Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(make).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| disk(&error))
}

/// Refuses when the disk of a folder has less room than [`RESERVE_BYTES`].
///
/// # Errors
/// Unavailable with the code `disk_full`.
pub(super) fn check_room(folder: &Path) -> Result<()> {
    failpoint::hit(Point::StoreSpace).map_err(|error| disk(&error))?;
    match free_bytes(folder) {
        Some(free) if free < RESERVE_BYTES => Err(disk_full()),
        // A file system that does not tell says it when it is written to.
        Some(_) | None => Ok(()),
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(folder).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

type Locked<T> = std::result::Result<T, BackendError>;

#[derive(Debug)]
struct PointedFile(FileBackend);

impl StorageBackend for PointedFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        failpoint::hit(Point::StoreGrow)?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        failpoint::hit(Point::StoreSync)?;
        self.0.sync_data()?;
        failpoint::hit(Point::StoreSynced)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        failpoint::write(Point::StoreWrite, data, |data| self.0.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.0.query_lock_range(start, end)
    }
}
