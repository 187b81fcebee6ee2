//! A consistent copy of the store, made while others read and write.

use std::fs;
use std::io;
use std::path::Path;

use redb::{
    Database, Key, ReadTransaction, ReadableTable, TableDefinition, Value, WriteTransaction,
};

use crate::error::{Error, Result};

use super::database::{FILE, mark_format, sync_directory};
use super::error::disk;
use super::tables;

/// Makes the new data directory `target` with what `fill` writes. The file gets its name only when
/// it is whole; after a failure nothing is left.
pub(crate) fn create(
    target: &Path,
    fill: impl FnOnce(&WriteTransaction) -> Result<()>,
) -> Result<()> {
    fs::create_dir(target).map_err(|error| match error.kind() == io::ErrorKind::AlreadyExists {
        true => Error::conflict(
            "backup_target_exists",
            format!("'{}' exists already", target.display()),
            "name a folder that does not exist yet",
        ),
        false => disk(&error),
    })?;
    let outcome = fill_file(target, fill);
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(target);
    }
    outcome
}

fn fill_file(target: &Path, fill: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
    let unfinished = target.join("unfinished");
    let database = Database::create(&unfinished)?;
    let transaction = database.begin_write()?;
    mark_format(&transaction)?;
    fill(&transaction)?;
    transaction.commit()?;
    drop(database);
    fs::rename(&unfinished, target.join(FILE)).map_err(|error| disk(&error))?;
    sync_directory(target)
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
    let source = from.open_table(table)?;
    let mut target = to.open_table(table)?;
    for entry in source.iter()? {
        let (key, value) = entry?;
        target.insert(key.value(), value.value())?;
    }
    Ok(())
}
