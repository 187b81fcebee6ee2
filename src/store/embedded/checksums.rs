//! What a backup consists of: its files with their lengths and checksums, in a file beside them, so
//! that a restore puts nothing in place that differs from what was copied.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

use super::error::disk;

/// The file's name in a backup.
pub(super) const FILE: &str = "backup.json";

/// Grows when this program could no longer read what it wrote before.
const FORMAT: u32 = 1;

/// Bytes that are read at a time.
const READ_BYTES: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Checksums {
    format: u32,
    files: Vec<Entry>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    bytes: u64,
    sha256: String,
}

/// Writes down all that is in a finished copy.
pub(super) fn write(folder: &Path) -> Result<()> {
    let mut paths = Vec::new();
    collect(folder, Path::new(""), &mut paths).map_err(|error| disk(&error))?;
    paths.sort_unstable();
    let files = paths.into_iter().map(|path| entry(folder, path)).collect::<io::Result<_>>();
    let files = files.map_err(|error| disk(&error))?;
    let json = super::encode(&Checksums { format: FORMAT, files })?;
    let whole = || {
        let mut file = File::create(folder.join(FILE))?;
        file.write_all(&json)?;
        file.sync_all()
    };
    whole().map_err(|error: io::Error| disk(&error))
}

/// The files of a backup, each as it was copied; `None` where nothing was written down, as in
/// backups of earlier versions.
///
/// # Errors
/// Internal when a file is missing or differs, Unavailable when a newer program wrote the backup.
pub(super) fn verified(folder: &Path) -> Result<Option<Vec<PathBuf>>> {
    let json = match fs::read(folder.join(FILE)) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(&error)),
    };
    let checksums: Checksums =
        serde_json::from_slice(&json).map_err(|_| differs(folder, Path::new(FILE)))?;
    if checksums.format > FORMAT {
        let format = checksums.format;
        return Err(Error::unavailable(
            "backup_format_unknown",
            format!("the backup has format {format}, and this program reads up to {FORMAT}"),
            "restore it with the newer Vitrine that wrote it",
        ));
    }
    let stays_inside =
        |path: &Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    for known in &checksums.files {
        let is_as_copied = stays_inside(&known.path)
            && entry(folder, known.path.clone()).is_ok_and(|present| present == *known);
        if !is_as_copied {
            return Err(differs(folder, &known.path));
        }
    }
    Ok(Some(checksums.files.into_iter().map(|file| file.path).collect()))
}

fn differs(folder: &Path, file: &Path) -> Error {
    Error::internal(
        "backup_damaged",
        format!(
            "'{}' of the backup '{}' is not as it was copied",
            file.display(),
            folder.display()
        ),
        format!(
            "restore another backup; if it was opened as a data directory since, delete its {FILE} \
             to restore it as it is now"
        ),
    )
}

fn collect(folder: &Path, below: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(folder, &path, paths)?;
        } else if path != Path::new(FILE) {
            paths.push(path);
        }
    }
    Ok(())
}

fn entry(folder: &Path, path: PathBuf) -> io::Result<Entry> {
    let mut file = File::open(folder.join(&path))?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut part = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            break;
        }
        digest.update(&part[..read]);
        bytes += read as u64;
    }
    let sha256 = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Entry { path, bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_differs_is_named_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(verified(folder.path()).unwrap(), None);
        fs::create_dir(folder.path().join("a")).unwrap();
        for file in ["a/b", "c"] {
            fs::write(folder.path().join(file), file).unwrap();
        }
        write(folder.path()).unwrap();
        assert_eq!(verified(folder.path()).unwrap().unwrap(), ["a/b", "c"].map(PathBuf::from));
        for damaged in ["a/B", "a/", "a/bb"] {
            fs::write(folder.path().join("a/b"), damaged).unwrap();
            let refused = verified(folder.path()).unwrap_err();
            assert_eq!(refused.problem().code, "backup_damaged");
            assert!(refused.problem().message.contains("'a/b'"), "{refused}");
        }
        fs::remove_file(folder.path().join("a/b")).unwrap();
        assert_eq!(verified(folder.path()).unwrap_err().problem().code, "backup_damaged");
        let outside = r#"{"format":1,"files":[{"path":"../a","bytes":0,"sha256":""}]}"#;
        for (json, code) in
            [(outside, "backup_damaged"), (r#"{"format":2,"files":[]}"#, "backup_format_unknown")]
        {
            fs::write(folder.path().join(FILE), json).unwrap();
            assert_eq!(verified(folder.path()).unwrap_err().problem().code, code);
        }
    }
}
