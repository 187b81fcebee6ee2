//! What the engine's errors mean to those who run Vitrine.

use std::io;
use std::path::Path;

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

use crate::error::Error;

macro_rules! explained {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Error {
            fn from(error: $kind) -> Self {
                explain(&error.into())
            }
        })*
    };
}

explained!(StorageError, TableError, TransactionError, CommitError, DatabaseError);

fn explain(error: &redb::Error) -> Error {
    if let redb::Error::Io(error) = error {
        // So the engine calls a file that is too short, or none of its own.
        let damaged = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
        return if damaged.contains(&error.kind()) {
            self::damaged(&error.to_string())
        } else {
            disk(error)
        };
    }
    if let redb::Error::Corrupted(what) = error {
        return damaged(what);
    }
    if matches!(error, redb::Error::PreviousIo | redb::Error::DatabaseClosed) {
        return reopening();
    }
    if matches!(error, redb::Error::DatabaseAlreadyOpen) {
        return Error::unavailable(
            "data_directory_in_use",
            "the data directory is in use by another Vitrine process",
            "stop that process, or send it the request over HTTP",
        );
    }
    if let redb::Error::UpgradeRequired(version) = error {
        return Error::unavailable(
            "store_format_unknown",
            format!("the store's file layout {version} is not one that this program reads"),
            "open it with the version of Vitrine that wrote it",
        );
    }
    if let redb::Error::ValueTooLarge(bytes) = error {
        return Error::bad_request(
            "record_too_large",
            format!("a record of {bytes} bytes is too large to be stored"),
            "",
        );
    }
    Error::internal("store_failed", error.to_string(), "restore the latest backup if this persists")
}

/// An error of the file system, with a full disk told from a broken one.
pub(super) fn disk(error: &io::Error) -> Error {
    let full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    );
    if full {
        return disk_full();
    }
    Error::internal("disk_failed", format!("the disk failed: {error}"), "look at the system's log")
}

pub(super) fn disk_full() -> Error {
    Error::unavailable(
        "disk_full",
        "the disk that holds the data directory is full; nothing was written",
        "free some space and send the request again",
    )
}

/// An error of a commit, which may have come to the disk all the same.
pub(super) fn unsure(error: Error) -> Error {
    if error.problem().code != "disk_full" {
        return error;
    }
    Error::unavailable(
        "disk_full",
        "the disk that holds the data directory became full; whether the write is kept is not known",
        "free some space and send the request again, which does no harm",
    )
}

/// A file that does not open and must not be taken for a new one.
pub(super) fn beyond_repair(path: &Path, why: &str) -> Error {
    Error::internal(
        "store_beyond_repair",
        format!("the store '{}' is damaged beyond repair: {why}", path.display()),
        "put a backup in its place: vitrine restore --replace --data-dir DIRECTORY BACKUP",
    )
}

/// Whether the engine refuses all further work after this error, until the file is opened again.
pub(super) fn closes_file(error: &Error) -> bool {
    matches!(error.problem().code, "disk_full" | "disk_failed" | "store_reopening")
}

pub(super) fn reopening() -> Error {
    Error::unavailable(
        "store_reopening",
        "the store is being reopened after a disk error",
        "send the request again",
    )
}

/// A record whose JSON does not read as what it should be.
pub(super) fn unreadable(error: &serde_json::Error) -> Error {
    damaged(&format!("a record that does not parse ({error})"))
}

/// Rows that contradict one another.
pub(super) fn damaged(what: &str) -> Error {
    Error::internal(
        "store_damaged",
        format!("the store is damaged: {what}"),
        "restore the latest backup",
    )
}
