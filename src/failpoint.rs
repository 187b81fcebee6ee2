//! Named places at which a test makes the process end or the disk fail.
//!
//! A server in development mode reads what to do from the environment, once, at its start; any
//! other process never does, so that its variables can harm nobody. Where nothing was read, a point
//! costs one look at an atomic. `tests/it/crasher.rs` drives them.

use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// The environment variable: `POINT=ACTION` with semicolons between, perhaps empty, which only
/// counts. ACTION is `kill@N` (the process ends at the N-th hit), `torn@N` (so, after half of what
/// was to be written), `full:PATH` or `broken:PATH` (the disk is full, or broken, while there is a
/// file of this path).
pub const VARIABLE: &str = "VITRINE_FAILPOINTS";

macro_rules! points {
    ($($point:ident = $name:literal, $what:literal;)*) => {
        /// A place. The names of those that are hit before something end in a verb, of those that
        /// are hit after it in a participle.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $(#[doc = $what] $point,)*
        }

        /// Every point with its name.
        pub const POINTS: &[(Point, &str)] = &[$((Point::$point, $name),)*];
    };
}

points! {
    StoreSpace = "store.space", "The store asks whether the disk has room for a transaction.";
    StoreGrow = "store.grow", "The store's file gets another length.";
    StoreWrite = "store.write", "Some pages of the store's file are written.";
    StoreSync = "store.sync", "The store's file is synced.";
    StoreSynced = "store.synced", "The store's file was synced.";
    StoreAnswer = "store.answer", "A transaction is durable, and its writers do not know it yet.";
    ErasuresAppend = "erasures.append", "Lines are written to the list of erasures.";
    ErasuresAppended = "erasures.appended", "The list knows an erasure, and the store does not.";
    IndexClaim = "index.claim", "An index folder gets its manifest.";
    IndexCommit = "index.commit", "The words of an index are committed.";
    IndexCommitted = "index.committed", "The words of an index were committed.";
    EmbeddingsWrite = "embeddings.write", "Embeddings are written.";
    EmbeddingsWritten = "embeddings.written", "Embeddings were written.";
    GenerationSwap = "generation.swap", "A new generation serves, and the folder of the old is there.";
    IndexRemove = "index.remove", "An index is deleted in the store, and its folder is there.";
    BackupCopy = "backup.copy", "A table is copied into a backup.";
    BackupFinish = "backup.finish", "A backup is complete and does not have its name yet.";
    Search = "search", "A search begins.";
}

static HITS: [AtomicU64; POINTS.len()] = [const { AtomicU64::new(0) }; POINTS.len()];

static PLAN: OnceLock<Vec<(Point, Action)>> = OnceLock::new();

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Kill { at: u64 },
    Tear { at: u64 },
    Full { while_there: PathBuf },
    Broken { while_there: PathBuf },
}

/// What becomes of a write.
enum Fate {
    Proceeds,
    IsTorn,
}

/// Takes a plan, as [`VARIABLE`] has it, for the rest of the process.
///
/// # Errors
/// `BadRequest` when it is not understood, Conflict when there is one already.
pub fn arm(plan: &str) -> Result<()> {
    let entries = plan.split(';').map(str::trim).filter(|entry| !entry.is_empty());
    let plan = entries.map(entry).collect::<Result<Vec<_>>>()?;
    PLAN.set(plan).map_err(|_| Error::conflict("failpoints_armed", "failpoints are armed", ""))
}

/// Passes a point.
///
/// # Errors
/// What the plan says; without one there is none.
#[inline]
pub fn hit(point: Point) -> io::Result<()> {
    let Some(plan) = PLAN.get() else { return Ok(()) };
    match fate(plan, point)? {
        Fate::Proceeds => Ok(()),
        Fate::IsTorn => end(point),
    }
}

/// Passes a point where nothing can fail: a plan can only end the process there.
#[inline]
pub fn pass(point: Point) {
    if let Err(error) = hit(point) {
        tracing::warn!(%error, ?point, "this failpoint cannot fail");
    }
}

/// Passes a point at which `bytes` are written by `write`.
///
/// # Errors
/// What the plan says, and those of `write`.
#[inline]
pub fn write(
    point: Point,
    bytes: &[u8],
    write: impl FnOnce(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let Some(plan) = PLAN.get() else { return write(bytes) };
    match fate(plan, point)? {
        Fate::Proceeds => write(bytes),
        Fate::IsTorn => {
            // Whatever comes of it, the process ends.
            let _ = write(&bytes[..bytes.len() / 2]);
            end(point)
        }
    }
}

/// How often each point was hit, in Prometheus' text format; nothing where no plan was taken.
pub fn report() -> String {
    let mut lines = String::new();
    if PLAN.get().is_some() {
        for ((_, name), hits) in POINTS.iter().zip(&HITS) {
            let hits = hits.load(Ordering::Relaxed);
            lines.push_str(&format!("vitrine_failpoint_hits_total{{point=\"{name}\"}} {hits}\n"));
        }
    }
    lines
}

fn fate(plan: &[(Point, Action)], point: Point) -> io::Result<Fate> {
    let hits = HITS[point as usize].fetch_add(1, Ordering::Relaxed) + 1;
    for (_, action) in plan.iter().filter(|(planned, _)| *planned == point) {
        match action {
            Action::Kill { at } if *at == hits => end(point)?,
            Action::Tear { at } if *at == hits => return Ok(Fate::IsTorn),
            Action::Kill { .. } | Action::Tear { .. } => {}
            Action::Full { while_there } if while_there.exists() => {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Action::Broken { while_there } if while_there.exists() => {
                return Err(io::Error::other("a failpoint broke the disk"));
            }
            Action::Full { .. } | Action::Broken { .. } => {}
        }
    }
    Ok(Fate::Proceeds)
}

/// Ends the process without tidying up, as a kill does.
fn end(point: Point) -> io::Result<()> {
    eprintln!("the failpoint {point:?} ends the process\n{}", report());
    std::process::abort()
}

fn entry(text: &str) -> Result<(Point, Action)> {
    let parsed = || {
        let (name, action) = text.split_once('=')?;
        let (point, _) = POINTS.iter().find(|(_, known)| *known == name)?;
        let at = |number: &str| number.parse().ok().filter(|at| *at > 0);
        let action = match action.split_once(['@', ':'])? {
            ("kill", number) => Action::Kill { at: at(number)? },
            ("torn", number) => Action::Tear { at: at(number)? },
            ("full", path) => Action::Full { while_there: path.into() },
            ("broken", path) => Action::Broken { while_there: path.into() },
            _ => return None,
        };
        Some((*point, action))
    };
    parsed().ok_or_else(|| {
        Error::bad_request(
            "invalid_failpoints",
            format!("'{text}' in {VARIABLE} is not understood"),
            "src/failpoint.rs has the names and the actions",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_and_mistakes_are_named() {
        assert_eq!(entry("store.sync=kill@3").unwrap(), (Point::StoreSync, Action::Kill { at: 3 }));
        let while_there = PathBuf::from("/a:b@c");
        let full = entry("store.write=full:/a:b@c").unwrap();
        assert_eq!(full, (Point::StoreWrite, Action::Full { while_there }));
        for wrong in ["store.sync", "no=kill@1", "store.sync=kill@0", "store.sync=stop@1", "="] {
            assert_eq!(entry(wrong).unwrap_err().problem().code, "invalid_failpoints", "{wrong}");
        }
    }

    #[test]
    fn points_are_in_the_order_of_their_counters_and_nothing_happens_without_a_plan() {
        for (place, (point, _)) in POINTS.iter().enumerate() {
            assert_eq!(*point as usize, place);
            hit(*point).unwrap();
        }
        assert_eq!(report(), "");
    }
}
