//! Copies of the shop: the store, and the embeddings where they are asked for, since they take
//! longest to make anew.

use std::path::Path;
use std::sync::Arc;

use super::Engine;
use super::indexing::Index;
use crate::error::{Error, Result};
use crate::index::embeddings::EMBEDDINGS_FILE;

/// The folder of the indexes in a data directory and in a backup of it.
pub const INDEXES_FOLDER: &str = "indexes";

impl Engine {
    /// Copies the store to the new folder `target`, consistently, while others read and write; with
    /// `embeddings` also those of the indexes, as far as they are made.
    ///
    /// # Errors
    /// Conflict when `target` exists, Unavailable or Internal when the disk fails.
    pub fn back_up(&self, target: &Path, embeddings: bool) -> Result<()> {
        self.store.back_up(target, &|folder| {
            let indexes: Vec<Arc<Index>> = self.indexes.read().values().cloned().collect();
            match &self.folder {
                Some(own) if embeddings => indexes
                    .iter()
                    .try_for_each(|index| index.copy_embeddings(own, &folder.join(INDEXES_FOLDER))),
                Some(_) | None => Ok(()),
            }
        })
    }
}

/// Copies the embeddings of indexes that nobody has open from the folder `indexes` to `target`.
///
/// # Errors
/// Internal when the disk fails.
pub fn copy_closed_embeddings(indexes: &Path, target: &Path) -> Result<()> {
    let copy = || -> std::io::Result<()> {
        for index in folders(indexes)? {
            for generation in folders(&index)? {
                let file = generation.join(EMBEDDINGS_FILE);
                let Ok(below) = generation.strip_prefix(indexes) else { continue };
                if file.is_file() {
                    let to = target.join(below).join(EMBEDDINGS_FILE);
                    std::fs::create_dir_all(target.join(below))?;
                    std::fs::copy(&file, &to)?;
                    std::fs::File::options().write(true).open(&to)?.sync_all()?;
                }
            }
        }
        Ok(())
    };
    copy().map_err(|error| {
        let message = format!("the embeddings cannot be copied: {error}");
        Error::internal("disk_failed", message, "check the disk")
    })
}

fn folders(folder: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    Ok(entries.iter().map(std::fs::DirEntry::path).filter(|path| path.is_dir()).collect())
}
