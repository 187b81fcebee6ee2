//! A consistent copy of the store, made while others read and write.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use redb::backends::FileBackend;
use redb::{
    Database, Key, ReadTransaction, ReadableTable, TableDefinition, Value, WriteTransaction,
};

use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::store::Beside;

use super::checksums;
use super::database::{FILE, mark_format, sync_directory};
use super::error::disk;
use super::file::private;
use super::tables;

/// Copies are made one after the other: what lies under an unfinished name is of one that was
/// killed.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Makes the new data directory `target` with what `fill` writes and what `beside` puts there. The
/// folder gets its name only when it is whole; after a failure nothing is left.
pub(crate) fn create(
    target: &Path,
    beside: Beside<'_>,
    fill: impl FnOnce(&WriteTransaction) -> Result<()>,
) -> Result<()> {
    let _guard = ONE_AT_A_TIME.lock();
    if target.exists() {
        return Err(Error::conflict(
            "backup_target_exists",
            format!("'{}' exists already", target.display()),
            "name a folder that does not exist yet",
        ));
    }
    let unfinished = unfinished_name(target);
    remove_folder(&unfinished)?;
    fs::create_dir(&unfinished).map_err(|error| disk(&error))?;
    let outcome = fill_file(&unfinished, fill)
        .and_then(|()| beside(&unfinished))
        .and_then(|()| finish(&unfinished, target));
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&unfinished);
    }
    outcome
}

/// Beside the target, since only there a folder can be renamed.
fn unfinished_name(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.unfinished"))
}

pub(super) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn fill_file(folder: &Path, fill: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
    let file = FileBackend::new(private(&folder.join(FILE), true)?)?;
    let database = Database::builder().create_with_backend(file)?;
    let transaction = database.begin_write()?;
    mark_format(&transaction)?;
    fill(&transaction)?;
    Ok(transaction.commit()?)
}

fn finish(unfinished: &Path, target: &Path) -> Result<()> {
    checksums::write(unfinished)?;
    sync_directory(unfinished)?;
    failpoint::hit(Point::BackupFinish)
        .and_then(|()| fs::rename(unfinished, target))
        .map_err(|error| disk(&error))?;
    match target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => sync_directory(parent),
        None => sync_directory(Path::new(".")),
    }
}

/// Copies every table of one snapshot.
pub(super) fn copy(from: &ReadTransaction, to: &WriteTransaction) -> Result<()> {
    copy_table(from, to, tables::META)?;
    copy_table(from, to, tables::INDEXES)?;
    copy_table(from, to, tables::SETTINGS)?;
    copy_table(from, to, tables::PRODUCTS)?;
    copy_table(from, to, tables::CHANGES)?;
    copy_table(from, to, tables::KEYS)?;
    copy_table(from, to, tables::EVENTS)?;
    copy_table(from, to, tables::EVENTS_BY_VISITOR)?;
    copy_table(from, to, tables::EVENT_IDS)?;
    copy_table(from, to, tables::SIGN_INS)?;
    copy_table(from, to, tables::WAITING)?;
    copy_table(from, to, tables::PREFERENCES)
}

fn copy_table<K: Key + 'static, V: Value + 'static>(
    from: &ReadTransaction,
    to: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<()> {
    failpoint::hit(Point::BackupCopy).map_err(|error| disk(&error))?;
    let source = from.open_table(table)?;
    let mut target = to.open_table(table)?;
    for entry in source.iter()? {
        let (key, value) = entry?;
        target.insert(key.value(), value.value())?;
    }
    Ok(())
}
