//! A backup put in the place of a store.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::Store;

use super::Embedded;
use super::backup::remove_folder;
use super::checksums;
use super::database::{FILE, sync_directory};
use super::erasures::{self, Erasures};
use super::error::disk;

/// Where the copy lies until it is whole; what a killed restore left there the next one removes.
pub(super) const UNFINISHED: &str = "restoring";

/// What a damaged store is called that gave way to a backup.
const DAMAGED: &str = "store.redb.damaged";

/// See [`Embedded::restore`].
pub(super) fn restore(source: &Path, data_directory: &Path) -> Result<()> {
    fs::create_dir_all(data_directory).map_err(|error| disk(&error))?;
    let unfinished = data_directory.join(UNFINISHED);
    remove_folder(&unfinished)?;
    let outcome = copied(source, &unfinished)
        // Brings an older format up to date and compares all of it with the engine's checksums.
        .and_then(|()| Embedded::open(&unfinished).map(drop))
        .and_then(|()| put_in_place(&unfinished, data_directory));
    // What is left of it matters to nobody; the first error is the one to tell.
    let _ = remove_folder(&unfinished);
    outcome
}

/// Copies a backup's files, each as it was when the backup was made. Where nothing tells what they
/// were, the source is read as a store.
fn copied(source: &Path, unfinished: &Path) -> Result<()> {
    let Some(files) = checksums::verified(source)? else {
        return Embedded::open(source)?.back_up(unfinished, &|_| Ok(()));
    };
    fs::create_dir(unfinished).map_err(|error| disk(&error))?;
    let own = [FILE, erasures::FILE].map(Path::new);
    for file in files.iter().filter(|file| own.contains(&file.as_path())) {
        copy_file(&source.join(file), &unfinished.join(file))?;
    }
    sync_directory(unfinished)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let copy = || {
        fs::copy(from, to)?;
        File::options().write(true).open(to)?.sync_all()
    };
    copy().map_err(|error: std::io::Error| disk(&error))
}

/// Copies the files of a backup that are below `folder` in it to the same places of a data
/// directory.
pub(super) fn copy_below(source: &Path, folder: &str, data_directory: &Path) -> Result<()> {
    let files: Vec<PathBuf> = checksums::verified(source)?.unwrap_or_default();
    for file in files.iter().filter(|file| file.starts_with(folder)) {
        let to = data_directory.join(file);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(|error| disk(&error))?;
        }
        copy_file(&source.join(file), &to)?;
    }
    Ok(())
}

fn put_in_place(unfinished: &Path, data_directory: &Path) -> Result<()> {
    let file = data_directory.join(FILE);
    let is_damaged = is_damaged(data_directory)?;
    // First the list: should it end here, the present store knows some erasures more.
    Erasures::merge(unfinished, data_directory)?;
    if is_damaged {
        keep_beside(&file, &data_directory.join(DAMAGED)).map_err(|error| disk(&error))?;
    }
    fs::rename(unfinished.join(FILE), &file).map_err(|error| disk(&error))?;
    sync_directory(data_directory)?;
    // Carries out what the backup did not know.
    Embedded::open(data_directory).map(drop)
}

/// Gives a file that is about to be replaced a second name, so that there is one under its own at
/// every moment; only where the file system has no such names it gives up its own.
fn keep_beside(file: &Path, other: &Path) -> io::Result<()> {
    match fs::remove_file(other) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::hard_link(file, other).or_else(|_| fs::rename(file, other))
}

/// Whether there is a store that does not open; a good one is refused while a server has it.
pub(super) fn is_damaged(data_directory: &Path) -> Result<bool> {
    if !Embedded::is_in(data_directory) {
        return Ok(false);
    }
    match Embedded::open(data_directory) {
        Ok(_) => Ok(false),
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "the present store gives way to the backup as it is");
            Ok(true)
        }
    }
}
