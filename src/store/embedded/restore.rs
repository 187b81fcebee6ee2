//! A backup put in the place of a store.

use std::fs;
use std::path::Path;

use crate::error::Result;
use crate::store::Store;

use super::Embedded;
use super::database::{FILE, sync_directory};
use super::erasures::Erasures;
use super::error::disk;

/// Where the copy lies until it is whole.
const UNFINISHED: &str = "restoring";

/// See [`Embedded::restore`].
pub(super) fn restore(source: &Path, data_directory: &Path) -> Result<()> {
    fs::create_dir_all(data_directory).map_err(|error| disk(&error))?;
    let unfinished = data_directory.join(UNFINISHED);
    remove(&unfinished)?;
    let outcome = Embedded::open(source)
        .and_then(|backup| backup.back_up(&unfinished))
        .and_then(|()| put_in_place(&unfinished, data_directory));
    // What is left of it matters to nobody; the first error is the one to tell.
    let _ = remove(&unfinished);
    outcome
}

fn put_in_place(unfinished: &Path, data_directory: &Path) -> Result<()> {
    if Embedded::is_in(data_directory) {
        // Refused while a server has it.
        drop(Embedded::open(data_directory)?);
    }
    // First the list: should it end here, the present store knows some erasures more.
    Erasures::merge(unfinished, data_directory)?;
    let file = data_directory.join(FILE);
    fs::rename(unfinished.join(FILE), &file).map_err(|error| disk(&error))?;
    sync_directory(data_directory)?;
    // Carries out what the backup did not know.
    Embedded::open(data_directory).map(drop)
}

fn remove(folder: &Path) -> Result<()> {
    match folder.exists() {
        true => fs::remove_dir_all(folder).map_err(|error| disk(&error)),
        false => Ok(()),
    }
}
