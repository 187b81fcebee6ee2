//! The list of erasures: a file beside the store that says who was erased, so that an older copy of
//! the store, restored or laid over the present one, forgets them when it is opened.
//!
//! A line is on disk before its erasure is carried out. Visitors stand in it as salted hashes: it
//! can tell whether a known id was erased, and names nobody. The store remembers the mark of the
//! last line that it carried out; lines after that one, or all where it knows none of them, are
//! carried out on its whole content before the next write, the first being at its opening.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::domain::event::Visitor;
use crate::domain::time::Timestamp;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};

use super::database::sync_directory;
use super::error::disk;

/// The name of the file in the data directory.
pub(super) const FILE: &str = "erasures";

/// The first line, with the format.
const HEAD: &str = "vitrine-erasures 1";

/// How the first line begins whatever the format.
const HEAD_BEFORE_FORMAT: &str = "vitrine-erasures ";

/// The format that this program writes.
const FORMAT: u32 = 1;

type Salt = [u8; 16];
type Hash = [u8; 32];

/// One erased visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Erasure {
    salt: Salt,
    at: Timestamp,
    visitor: Hash,
}

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq)]
struct List {
    erasures: Vec<Erasure>,
    /// What later lines are salted with.
    salt: Option<Salt>,
    /// Bytes of the file that are whole lines.
    bytes: u64,
    /// Tells all of `erasures`; 0 when there is none.
    mark: u64,
    /// The first line that makes no sense, which ends the list.
    damaged: Option<usize>,
    /// Whether further erasures follow the damaged line.
    goes_on: bool,
}

/// The open list. Only the store's writer appends to it.
pub(super) struct Erasures {
    path: PathBuf,
    list: Mutex<List>,
}

/// Lines that a store has not carried out yet.
pub(super) struct Pending {
    salts: Vec<Salt>,
    visitors: HashSet<Hash>,
    /// What the store remembers afterwards.
    pub(super) mark: u64,
}

impl Pending {
    /// Whether this visitor was erased.
    pub(super) fn has(&self, visitor: &Visitor) -> bool {
        let key = visitor.key();
        self.salts.iter().any(|salt| self.visitors.contains(&hashed(salt, &key)))
    }
}

impl Erasures {
    /// Reads the list of a data directory whose store has carried out the erasures up to
    /// `carried_out`. A line that was cut short by a kill is cut off, and so is an end that a torn
    /// write left without sense: the store would know an erasure that was acknowledged.
    ///
    /// # Errors
    /// Internal when the file is damaged or the disk fails.
    pub(super) fn open(directory: &Path, carried_out: u64) -> Result<Self> {
        let path = directory.join(FILE);
        let list = read(&path)?;
        if let Some(number) = list.damaged {
            if list.goes_on || list.mark != carried_out {
                return Err(damaged(&path, number));
            }
            tracing::warn!(number, "a torn end of the list of erasures is cut off");
        }
        Ok(Self { path, list: Mutex::new(list) })
    }

    /// Adds visitors and answers the mark of the list; when this returns, they are on disk.
    ///
    /// # Errors
    /// Unavailable when the disk is full, Internal when it fails; then nothing was added.
    pub(super) fn append(&self, visitors: &[Visitor], at: Timestamp) -> Result<u64> {
        let mut list = self.list.lock();
        let (salt, text) = list.next_lines(visitors, at)?;
        failpoint::write(Point::ErasuresAppend, text.as_bytes(), |text| {
            write_at(&self.path, list.bytes, text)
        })
        .map_err(|error| disk(&error))?;
        if list.bytes == 0
            && let Some(directory) = self.path.parent()
        {
            sync_directory(directory)?;
        }
        list.bytes += text.len() as u64;
        list.salt = Some(salt);
        for visitor in visitors {
            list.push(Erasure { salt, at, visitor: hashed(&salt, &visitor.key()) });
        }
        failpoint::hit(Point::ErasuresAppended).map_err(|error| disk(&error))?;
        Ok(list.mark)
    }

    /// What a store that remembers `mark` has not carried out yet.
    pub(super) fn pending(&self, mark: u64) -> Option<Pending> {
        let list = self.list.lock();
        if list.mark == mark || list.erasures.is_empty() {
            return None;
        }
        let later = list.after(mark);
        let mut salts: Vec<Salt> = later.iter().map(|one| one.salt).collect();
        salts.dedup();
        let visitors = later.iter().map(|one| one.visitor).collect();
        Some(Pending { salts, visitors, mark: list.mark })
    }

    /// Writes a copy into another directory, where there is anything to tell.
    ///
    /// # Errors
    /// Unavailable when the disk is full, Internal when it fails.
    pub(super) fn copy_to(&self, directory: &Path) -> Result<()> {
        let list = self.list.lock();
        if list.erasures.is_empty() {
            return Ok(());
        }
        replace(directory, &list.text())
    }

    /// Writes into `target` what the lists of two directories say: that of `source` first, so that
    /// its store knows how far it has come, then what only `target` knew.
    ///
    /// # Errors
    /// As for `open` and `copy_to`.
    pub(super) fn merge(source: &Path, target: &Path) -> Result<()> {
        let mut merged = whole(&source.join(FILE))?;
        let present = whole(&target.join(FILE))?;
        let known: HashSet<Erasure> = merged.erasures.iter().copied().collect();
        let more = present.erasures.into_iter().filter(|one| !known.contains(one));
        more.for_each(|one| merged.push(one));
        if merged.erasures.is_empty() {
            return Ok(());
        }
        replace(target, &merged.text())
    }
}

impl List {
    /// The lines of further erasures and what they are salted with.
    fn next_lines(&self, visitors: &[Visitor], at: Timestamp) -> Result<(Salt, String)> {
        let mut text = String::new();
        if self.bytes == 0 {
            text.push_str(&format!("{HEAD}\n"));
        }
        let salt = self.salt.map_or_else(random_salt, Ok)?;
        if self.salt.is_none() {
            text.push_str(&format!("salt {}\n", hex(&salt)));
        }
        for visitor in visitors {
            let visitor = hashed(&salt, &visitor.key());
            text.push_str(&format!("erased {} {}\n", at.as_ms(), hex(&visitor)));
        }
        Ok((salt, text))
    }

    fn push(&mut self, one: Erasure) {
        self.mark = one.mark_after(self.mark);
        self.erasures.push(one);
    }

    /// The erasures after those that `mark` tells; all when it tells others.
    fn after(&self, mark: u64) -> &[Erasure] {
        let marks = self.erasures.iter().scan(0, |mark, one| {
            *mark = one.mark_after(*mark);
            Some(*mark)
        });
        let known = (1..).zip(marks).find(|(_, one)| *one == mark).map_or(0, |(known, _)| known);
        &self.erasures[known..]
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        let mut salt = None;
        for one in &self.erasures {
            if salt != Some(one.salt) {
                text.push_str(&format!("salt {}\n", hex(&one.salt)));
                salt = Some(one.salt);
            }
            text.push_str(&format!("erased {} {}\n", one.at.as_ms(), hex(&one.visitor)));
        }
        text
    }
}

impl Erasure {
    /// The mark that tells this and all erasures that `mark` told.
    fn mark_after(&self, mark: u64) -> u64 {
        let hash = Sha256::new()
            .chain_update(mark.to_be_bytes())
            .chain_update(self.salt)
            .chain_update(self.at.as_ms().to_be_bytes())
            .chain_update(self.visitor)
            .finalize();
        hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}

fn read(path: &Path) -> Result<List> {
    let text = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(List::default()),
        Err(error) => return Err(disk(&error)),
    };
    if format_of(&text).is_some_and(|format| format > FORMAT) {
        return Err(newer(path));
    }
    // What comes after the last line's end was cut short.
    let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let mut list = List::default();
    for (number, line) in (1..).zip(text[..end].split_inclusive(|byte| *byte == b'\n')) {
        let parsed = std::str::from_utf8(line).ok().map(|line| line.trim_end_matches('\n'));
        if list.damaged.is_some() {
            list.goes_on |= line.starts_with(b"erased ");
        } else if parsed.and_then(|line| parse(&mut list, number, line)).is_some() {
            list.bytes += line.len() as u64;
        } else {
            list.damaged = Some(number);
        }
    }
    Ok(list)
}

/// The format that a whole first line names.
fn format_of(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    std::str::from_utf8(&text[..end]).ok()?.strip_prefix(HEAD_BEFORE_FORMAT)?.parse().ok()
}

/// The list where no store tells which of its lines count.
fn whole(path: &Path) -> Result<List> {
    let list = read(path)?;
    match list.damaged {
        Some(number) => Err(damaged(path, number)),
        None => Ok(list),
    }
}

fn parse(list: &mut List, number: usize, line: &str) -> Option<()> {
    if number == 1 {
        return (line == HEAD).then_some(());
    }
    match line.split_once(' ')? {
        ("salt", salt) => list.salt = Some(from_hex(salt)?),
        ("erased", rest) => {
            let (at_ms, visitor) = rest.split_once(' ')?;
            let (at, visitor) = (Timestamp::from_ms(at_ms.parse().ok()?), from_hex(visitor)?);
            list.push(Erasure { salt: list.salt?, at, visitor });
        }
        _ => return None,
    }
    Some(())
}

/// Writes behind the whole lines, over what a failed attempt may have left there.
fn write_at(path: &Path, place: u64, text: &[u8]) -> std::io::Result<()> {
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.set_len(place)?;
    file.seek(SeekFrom::Start(place))?;
    file.write_all(text)?;
    file.sync_all()
}

/// Writes the file whole or not at all.
fn replace(directory: &Path, text: &str) -> Result<()> {
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(directory.join(FILE))?;
        Ok(())
    };
    write().map_err(|error: std::io::Error| disk(&error))?;
    sync_directory(directory)
}

fn hashed(salt: &Salt, key: &str) -> Hash {
    Sha256::new().chain_update(salt).chain_update(key).finalize().into()
}

fn random_salt() -> Result<Salt> {
    let mut salt = Salt::default();
    getrandom::fill(&mut salt)
        .map_err(|error| Error::internal("no_randomness", error.to_string(), ""))?;
    Ok(salt)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(place..place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn newer(path: &Path) -> Error {
    Error::unavailable(
        "erasures_format_unknown",
        format!("'{}' has a format that this program does not read", path.display()),
        "use the newer Vitrine that wrote it",
    )
}

fn damaged(path: &Path, number: usize) -> Error {
    Error::internal(
        "erasures_damaged",
        format!("line {number} of '{}' is damaged", path.display()),
        "put the file of a backup in its place: it says who must stay erased",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{SessionId, ShopperId};

    fn shopper(id: &str) -> Visitor {
        Visitor::Shopper(ShopperId::parse(id).unwrap())
    }

    fn erase(list: &Erasures, id: &str) -> u64 {
        list.append(&[shopper(id)], Timestamp::from_ms(7)).unwrap()
    }

    #[test]
    fn a_store_is_told_what_it_has_not_carried_out() {
        let folder = tempfile::tempdir().unwrap();
        let list = Erasures::open(folder.path(), 0).unwrap();
        assert!(list.pending(0).is_none());
        let first = erase(&list, "anna");
        let last = erase(&list, "ben");
        let pending = |mark| Erasures::open(folder.path(), 0).unwrap().pending(mark);
        assert!(pending(last).is_none());
        for (mark, anna) in [(first, false), (0, true), (12_345, true)] {
            let later = pending(mark).unwrap();
            assert_eq!((later.has(&shopper("anna")), later.has(&shopper("ben"))), (anna, true));
            assert!(!later.has(&Visitor::Session(SessionId::parse("ben").unwrap())));
            assert_eq!(later.mark, last);
        }
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!text.contains("anna") && text.lines().count() == 4, "{text}");
    }

    #[test]
    fn a_line_that_was_cut_short_is_cut_off_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let list = Erasures::open(folder.path(), 0).unwrap();
        let first = erase(&list, "anna");
        let whole = fs::read(&path).unwrap();
        erase(&list, "ben");
        let both = fs::read(&path).unwrap();
        for length in whole.len()..both.len() {
            fs::write(&path, &both[..length]).unwrap();
            let again = Erasures::open(folder.path(), 0).unwrap();
            assert!(again.pending(first).is_none());
            let mark = erase(&again, "carl");
            let reread = Erasures::open(folder.path(), 0).unwrap();
            assert!(reread.pending(mark).is_none());
            assert!(reread.pending(0).unwrap().has(&shopper("carl")));
        }
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            erase(&Erasures::open(folder.path(), 0).unwrap(), "carl");
            assert!(
                Erasures::open(folder.path(), 0).unwrap().pending(0).unwrap().has(&shopper("carl"))
            );
        }
        fs::write(&path, [b"vitrine-erasures 1\nerased 7 00\n", &whole[..]].concat()).unwrap();
        let refused = Erasures::open(folder.path(), 0).err().unwrap();
        assert_eq!(refused.problem().code, "erasures_damaged");
        assert!(refused.problem().message.contains("line 2"), "{refused}");
    }

    #[test]
    fn a_torn_end_is_cut_off_where_the_store_never_carried_it_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let list = Erasures::open(folder.path(), 0).unwrap();
        let first = erase(&list, "anna");
        let whole = fs::read(&path).unwrap();
        let last = erase(&list, "ben");
        let mut torn = fs::read(&path).unwrap();
        torn[whole.len() + 12..whole.len() + 40].fill(0);
        fs::write(&path, &torn).unwrap();
        let refused = Erasures::open(folder.path(), last).err().unwrap();
        assert_eq!(refused.problem().code, "erasures_damaged", "it was acknowledged");
        let again = Erasures::open(folder.path(), first).unwrap();
        let mark = erase(&again, "carl");
        let reread = Erasures::open(folder.path(), mark).unwrap();
        assert!(reread.pending(mark).is_none());
        let pending = reread.pending(0).unwrap();
        assert!(pending.has(&shopper("anna")) && pending.has(&shopper("carl")));
        assert!(!pending.has(&shopper("ben")));
    }

    #[test]
    fn lists_are_merged_the_source_s_first() {
        let (source, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let older = Erasures::open(source.path(), 0).unwrap();
        let first = erase(&older, "anna");
        older.copy_to(target.path()).unwrap();
        let newer = Erasures::open(target.path(), 0).unwrap();
        let last = erase(&newer, "ben");
        let before = fs::read(target.path().join(FILE)).unwrap();
        Erasures::merge(source.path(), target.path()).unwrap();
        assert_eq!(fs::read(target.path().join(FILE)).unwrap(), before, "one continues the other");
        let merged = Erasures::open(target.path(), 0).unwrap();
        assert!(merged.pending(last).is_none());
        assert!(!merged.pending(first).unwrap().has(&shopper("anna")));

        let other = tempfile::tempdir().unwrap();
        erase(&Erasures::open(other.path(), 0).unwrap(), "carl");
        Erasures::merge(source.path(), other.path()).unwrap();
        let merged = Erasures::open(other.path(), 0).unwrap();
        let later = merged.pending(first).unwrap();
        assert!(later.has(&shopper("carl")) && !later.has(&shopper("anna")));
        let mark = erase(&merged, "dora");
        let reread = Erasures::open(other.path(), 0).unwrap();
        assert!(reread.pending(mark).is_none() && reread.pending(0).unwrap().has(&shopper("dora")));
    }
}
