//! Embeddings on disk by the hash of what was embedded: a text is embedded once, whichever product
//! has it, and again only when the model changes.

use std::panic::catch_unwind;
use std::path::Path;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, TableDefinition,
};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::failpoint::{self, Point};

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("int8_rows");

/// The file's name in the folder of an index.
pub const EMBEDDINGS_FILE: &str = "embeddings";

/// Pages kept in memory, in bytes. Only indexing reads rows, each seldom; opening reads all.
const CACHE_BYTES: usize = 8 << 20;

/// Identifies a text under a model.
pub type EmbeddingKey = [u8; 16];

/// Quantised embeddings by key. Derived data: losing the last entries costs only their computing.
pub struct EmbeddingCache {
    database: Option<Database>,
}

fn disk_error(error: impl std::fmt::Display) -> Error {
    Error::internal(
        "embedding_cache",
        format!("the embeddings could not be read or written: {error}"),
        "check the disk; the file 'embeddings' is derived data and can be deleted",
    )
}

/// The key of a text under the model with this id.
pub fn embedding_key(model: &str, text: &str) -> EmbeddingKey {
    let mut hasher = Sha256::new();
    hasher.update(model.as_bytes());
    hasher.update([0]);
    hasher.update(text.as_bytes());
    let digest = hasher.finalize();
    let mut key = EmbeddingKey::default();
    key.copy_from_slice(&digest[..16]);
    key
}

impl EmbeddingCache {
    /// Opens or makes the file; without one nothing is kept. A damaged file is thrown away: all of
    /// it is compared with its checksums, since a wrong vector would be found by nobody.
    ///
    /// # Errors
    /// Internal when the file can neither be opened nor made.
    pub fn open(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(Self { database: None }) };
        let database = match verified(file) {
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(disk_error(DatabaseError::DatabaseAlreadyOpen));
            }
            Err(error) if file.exists() => {
                tracing::warn!(%error, "damaged embeddings are thrown away and made anew");
                std::fs::remove_file(file).map_err(disk_error)?;
                verified(file)
            }
            opened => opened,
        };
        Ok(Self { database: Some(database.map_err(disk_error)?) })
    }

    /// The rows of the keys, `None` for unknown ones.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn get(&self, keys: &[EmbeddingKey]) -> Result<Vec<Option<Vec<i8>>>> {
        let Some(database) = &self.database else {
            return Ok(vec![None; keys.len()]);
        };
        let reading = database.begin_read().map_err(disk_error)?;
        let table = match reading.open_table(ROWS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(vec![None; keys.len()]),
            Err(error) => return Err(disk_error(error)),
        };
        keys.iter()
            .map(|key| {
                let row = table.get(key.as_slice()).map_err(disk_error)?;
                Ok(row.map(|row| row.value().iter().map(|byte| byte.cast_signed()).collect()))
            })
            .collect()
    }

    /// Keeps rows.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn put(&self, rows: &[(EmbeddingKey, Vec<i8>)]) -> Result<()> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        failpoint::hit(Point::EmbeddingsWrite).map_err(disk_error)?;
        let mut writing = database.begin_write().map_err(disk_error)?;
        writing.set_durability(Durability::Immediate).map_err(disk_error)?;
        let mut table = writing.open_table(ROWS).map_err(disk_error)?;
        for (key, row) in rows {
            let bytes: Vec<u8> = row.iter().map(|value| value.cast_unsigned()).collect();
            table.insert(key.as_slice(), bytes.as_slice()).map_err(disk_error)?;
        }
        drop(table);
        writing.commit().map_err(disk_error)?;
        failpoint::hit(Point::EmbeddingsWritten).map_err(disk_error)
    }

    /// Writes what is kept at this moment into the new file `target`.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn copy_to(&self, target: &Path) -> Result<()> {
        let Some(database) = &self.database else { return Ok(()) };
        let reading = database.begin_read().map_err(disk_error)?;
        let source = match reading.open_table(ROWS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(disk_error(error)),
        };
        let copy = open(target).map_err(disk_error)?;
        let writing = copy.begin_write().map_err(disk_error)?;
        let mut rows = writing.open_table(ROWS).map_err(disk_error)?;
        for entry in source.iter().map_err(disk_error)? {
            let (key, row) = entry.map_err(disk_error)?;
            rows.insert(key.value(), row.value()).map_err(disk_error)?;
        }
        drop(rows);
        writing.commit().map_err(disk_error)
    }
}

fn open(file: &Path) -> std::result::Result<Database, DatabaseError> {
    Builder::new().set_cache_size(CACHE_BYTES).create(file)
}

/// Opens or makes a file and compares it with its checksums. The library trusts what it reads, and
/// may panic over what makes no sense.
fn verified(file: &Path) -> std::result::Result<Database, DatabaseError> {
    let opened = catch_unwind(|| {
        let mut database = open(file)?;
        database.check_integrity()?;
        Ok(database)
    });
    opened.unwrap_or_else(|_| Err(std::io::Error::other("its pages contradict one another").into()))
}
