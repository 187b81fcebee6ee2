//! What an index folder holds, so that a folder of another format or language is rebuilt, not read.

use std::fs::DirEntry;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::embeddings::EMBEDDINGS_FILE;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};

/// Grows when files written before can no longer be read.
const FORMAT: u32 = 2;

/// What determines the content of an index folder besides the products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    language: String,
}

impl Manifest {
    /// The manifest of an index made now.
    pub fn new(language: &str) -> Self {
        Self { format: FORMAT, language: language.to_owned() }
    }

    /// Makes `folder` ready for this manifest: what another one left there is deleted, but for the
    /// embeddings, which are kept by model and text and cost most to make.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub fn claim(&self, folder: &Path) -> Result<()> {
        let file = folder.join("manifest.json");
        let present: Option<Self> =
            std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if present.as_ref() == Some(self) {
            return Ok(());
        }
        std::fs::create_dir_all(folder).map_err(disk_error)?;
        for entry in std::fs::read_dir(folder).map_err(disk_error)? {
            remove(&entry.map_err(disk_error)?)?;
        }
        let bytes = serde_json::to_vec_pretty(self).map_err(disk_error)?;
        failpoint::write(Point::IndexClaim, &bytes, |bytes| std::fs::write(&file, bytes))
            .map_err(disk_error)
    }
}

fn remove(entry: &DirEntry) -> Result<()> {
    if entry.file_name() == EMBEDDINGS_FILE {
        return Ok(());
    }
    let is_folder = entry.file_type().map_err(disk_error)?.is_dir();
    let removed = if is_folder {
        std::fs::remove_dir_all(entry.path())
    } else {
        std::fs::remove_file(entry.path())
    };
    removed.map_err(disk_error)
}

fn disk_error(error: impl std::fmt::Display) -> Error {
    Error::internal(
        "index_folder",
        format!("the index folder could not be made ready: {error}"),
        "check the disk and the permissions of the data folder",
    )
}
