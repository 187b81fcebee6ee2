//! Who did what: a line for every administrative call, in the log and in files of bounded size.
//!
//! Calls without a valid key and shoppers' own calls are in the log alone, and refused calls of a key
//! no more often than a person makes them, so that nobody from outside can fill the files or push the
//! lines of others out of them. A shopper's id is kept as a keyed hash: who is erased stays erased.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::config::Audit;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};

/// The file that is written to; older ones have a number before the ending, 1 for the latest.
const FILE: &str = "audit.jsonl";

/// Whose word a call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum By {
    /// A key's.
    Key,
    /// Nobody's: everything is open.
    Development,
    /// The shopper's own, by a token.
    Shopper,
    /// Nobody's: it will be refused.
    Nobody,
}

/// One administrative call.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) request_id: String,
    pub(super) by: By,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<IpAddr>,
    pub(super) method: String,
    /// The route's pattern.
    pub(super) route: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<String>,
    /// The rule, product, key or version; of a shopper a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) status: u16,
}

impl Entry {
    /// The line in the program's log.
    pub(super) fn log(&self) {
        let Self {
            request_id, by, key, key_name, address, method, route, index, id, status, ..
        } = self;
        tracing::info!(
            target: "vitrine::audit",
            request_id, ?by, ?key, ?key_name, ?address, method, route, ?index, ?id, status,
            "administrative call"
        );
    }
}

/// Whether a call is kept: what changes something other than by recording events, and what reads
/// shoppers' data, keys or the audit log itself.
pub(super) fn is_administrative(method: &str, route: &str) -> bool {
    const READING: [&str; 4] = ["/search", "/search/compare", "/rules/preview", "/v1/events"];
    const SENSITIVE: [&str; 3] = ["/v1/shoppers", "/v1/keys", "/v1/audit"];
    let changes = !matches!(method, "GET" | "HEAD" | "OPTIONS")
        && route.starts_with("/v1/")
        && !READING.iter().any(|end| route.ends_with(end));
    let sensitive = SENSITIVE.iter().any(|start| route.starts_with(start));
    changes || (sensitive && route != "/v1/keys/own")
}

/// The files of a data folder.
pub struct AuditLog {
    folder: PathBuf,
    limits: Audit,
    open: Mutex<Option<File>>,
    fails: AtomicBool,
}

impl AuditLog {
    /// The files in `folder`, which is made when it is missing.
    ///
    /// # Errors
    /// Unavailable when they cannot be written.
    pub fn open(folder: &Path, limits: Audit) -> Result<Self> {
        let opened = fs::create_dir_all(folder).and_then(|()| appending(&folder.join(FILE)));
        let file = opened.map_err(|error| {
            let path = folder.join(FILE);
            Error::unavailable(
                "audit_failed",
                format!("'{}' cannot be written: {error}", path.display()),
                "check the disk and the permissions of the data directory",
            )
        })?;
        let open = Mutex::new(Some(file));
        Ok(Self { folder: folder.to_path_buf(), limits, open, fails: AtomicBool::new(false) })
    }

    /// Keeps a call. A disk that fails does not fail the call: it is warned of once, until a line
    /// is on disk again. With `sync` the line outlasts the machine, without it the process.
    pub(super) fn keep(&self, entry: &Entry, sync: bool) {
        match self.append(entry, sync) {
            Ok(()) => self.fails.store(false, Ordering::Relaxed),
            Err(error) if !self.fails.swap(true, Ordering::Relaxed) => {
                tracing::error!(%error, "audit.jsonl cannot be written; calls go on without it");
            }
            Err(_) => {}
        }
    }

    fn append(&self, entry: &Entry, sync: bool) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut open = self.open.lock();
        let mut file = match open.take() {
            Some(file) => file,
            None => appending(&self.folder.join(FILE))?,
        };
        let bytes = file.metadata()?.len();
        if bytes > 0 && bytes + line.len() as u64 > self.limits.file_bytes_max {
            drop(file);
            self.rotate()?;
            file = appending(&self.folder.join(FILE))?;
        }
        if let Err(error) = file.write_all(&line) {
            // Half a line would spoil the next one.
            let _ = file.set_len(bytes);
            return Err(error);
        }
        if sync {
            file.sync_data()?;
        }
        *open = Some(file);
        Ok(())
    }

    fn path(&self, age: usize) -> PathBuf {
        if age == 0 {
            self.folder.join(FILE)
        } else {
            self.folder.join(format!("audit.{age}.jsonl"))
        }
    }

    /// Every file gets one older; the oldest makes room.
    fn rotate(&self) -> io::Result<()> {
        let oldest = self.limits.files_max.saturating_sub(1);
        if oldest == 0 {
            return fs::remove_file(self.path(0));
        }
        for age in (0..oldest).rev() {
            match fs::rename(self.path(age), self.path(age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The latest calls, the latest first.
    ///
    /// # Errors
    /// Internal when the disk fails.
    pub(super) fn latest(&self, most: usize) -> Result<Vec<Value>> {
        let _writer = self.open.lock();
        let mut found = Vec::new();
        for age in 0..self.limits.files_max {
            let text = match fs::read(self.path(age)) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(Error::internal("audit_failed", error.to_string(), "")),
            };
            let lines = text.rsplit(|byte| *byte == b'\n');
            let entries = lines.filter_map(|line| serde_json::from_slice(line).ok());
            found.extend(entries.take(most - found.len()));
            if found.len() == most {
                break;
            }
        }
        Ok(found)
    }
}

/// Opens the file to write behind what it has; a line that was cut off by a crash is ended.
fn appending(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: usize) -> Entry {
        Entry {
            at: Timestamp::from_ms(0),
            request_id: "r".to_owned(),
            by: By::Key,
            key: Some("k".to_owned()),
            key_name: None,
            address: None,
            method: "PUT".to_owned(),
            route: "/v1/x".to_owned(),
            index: None,
            id: Some(id.to_string()),
            status: 200,
        }
    }

    fn ids(log: &AuditLog, most: usize) -> Vec<usize> {
        let entries = log.latest(most).expect("readable");
        entries
            .iter()
            .map(|entry| entry["id"].as_str().expect("an id").parse().expect("n"))
            .collect()
    }

    #[test]
    fn files_are_bounded_in_size_and_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Audit { file_bytes_max: 400, files_max: 3 };
        let log = AuditLog::open(folder.path(), limits).expect("it opens");
        (0..100).for_each(|id| log.keep(&entry(id), false));
        let files: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(files.len(), 3);
        for file in files {
            assert!(file.expect("a file").metadata().expect("its size").len() <= 400);
        }
        assert_eq!(ids(&log, 5), [99, 98, 97, 96, 95]);
        let all = ids(&log, 1_000);
        assert!((6..20).contains(&all.len()) && all.is_sorted_by(|a, b| a > b), "{all:?}");
    }

    #[test]
    fn a_line_cut_off_by_a_crash_spoils_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Audit { file_bytes_max: 1 << 20, files_max: 2 };
        AuditLog::open(folder.path(), limits).expect("it opens").keep(&entry(1), true);
        let path = folder.path().join(FILE);
        let mut cut = fs::read(&path).expect("a file");
        cut.extend_from_slice(b"{\"at\": \"20");
        fs::write(&path, cut).expect("written");
        let log = AuditLog::open(folder.path(), limits).expect("it opens");
        log.keep(&entry(2), true);
        assert_eq!(ids(&log, 10), [2, 1]);
    }

    #[test]
    fn what_is_kept_is_what_changes_things_or_reads_secrets() {
        for (method, route) in [
            ("PUT", "/v1/indexes/{index}/rules/{id}"),
            ("POST", "/v1/indexes/{index}/products"),
            ("POST", "/v1/backup"),
            ("GET", "/v1/shoppers/{id}"),
            ("GET", "/v1/keys"),
            ("POST", "/v1/keys/{id}/rotate"),
        ] {
            assert!(is_administrative(method, route), "{method} {route}");
        }
        for (method, route) in [
            ("POST", "/v1/indexes/{index}/search"),
            ("POST", "/v1/events"),
            ("GET", "/v1/indexes/{index}/settings"),
            ("GET", "/v1/keys/own"),
            ("POST", "none"),
        ] {
            assert!(!is_administrative(method, route), "{method} {route}");
        }
    }
}
