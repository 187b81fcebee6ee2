//! The fuzz targets, briefly: their corpora and seeded mutations of these. `docs/fuzzing.md` says
//! how they run for hours. `FUZZ_ROUNDS` sets the mutations per target, `FUZZ_SEED` where they begin.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use targets::TARGETS;

/// Mutations per target where nobody asks for more. Those that write files take longer.
const ROUNDS: u64 = 1_000;
const ROUNDS_WITH_FILES: u64 = 60;

/// Changes made to a file of the corpus, at most.
const CHANGES_MAX: u64 = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn asked<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// The files of a target's corpus by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder().join("corpus").join(target)).expect("it has a corpus");
    let mut corpus: Vec<_> = files
        .map(|file| {
            let file = file.expect("readable");
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read(file.path()).expect("readable"))
        })
        .collect();
    corpus.sort();
    corpus
}

/// The pieces of the dictionary, without their quotes and escapes.
fn dictionary() -> Vec<Vec<u8>> {
    let text = fs::read_to_string(folder().join("dictionary.txt")).expect("readable");
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        (rest, _) = match (*first, after) {
            (b'\\', [b'x', digits @ ..]) => {
                let code = std::str::from_utf8(&digits[..2]).expect("two digits");
                (&digits[2..], out.push(u8::from_str_radix(code, 16).expect("two digits")))
            }
            (b'\\', [escaped, after @ ..]) => (after, out.push(*escaped)),
            (plain, after) => (after, out.push(plain)),
        };
    }
    out
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("it is small")
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn mutated(&mut self, corpus: &[(String, Vec<u8>)], words: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.one_of(corpus).1.clone();
        for _ in 0..=self.next() % CHANGES_MAX {
            let at = self.below(bytes.len() + 1);
            match self.next() % 6 {
                0 if at < bytes.len() => bytes[at] ^= 1 << (self.next() % 8),
                1 if at < bytes.len() => {
                    bytes.remove(at);
                }
                2 => {
                    let word = self.one_of(words).clone();
                    bytes.splice(at..at, word);
                }
                3 => bytes.truncate(at),
                4 => {
                    let end = at + self.below(bytes.len() - at + 1).min(40);
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    let other = &self.one_of(corpus).1;
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
            }
        }
        bytes
    }
}

/// A panic names the bytes that caused it.
struct Trace<'a>(&'a str, &'a [u8]);

impl Drop for Trace<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {:?}", self.0, String::from_utf8_lossy(self.1));
            eprintln!("{}: {:?}", self.0, self.1);
        }
    }
}

fn run(name: &str, rounds: u64) {
    let corpus = corpus(name);
    for (_, bytes) in &corpus {
        let _trace = Trace(name, bytes);
        targets::run(name, bytes);
    }
    let words = dictionary();
    let mut chance = Chance(asked("FUZZ_SEED").unwrap_or(1));
    for _ in 0..asked("FUZZ_ROUNDS").unwrap_or(rounds) {
        let bytes = chance.mutated(&corpus, &words);
        let _trace = Trace(name, &bytes);
        targets::run(name, &bytes);
    }
}

macro_rules! targets {
    ($($name:ident: $rounds:expr),* $(,)?) => {
        $(#[test] fn $name() { run(stringify!($name), $rounds); })*

        /// The targets that have a test.
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    query: ROUNDS,
    search: ROUNDS,
    filter: ROUNDS,
    product: ROUNDS,
    csv: ROUNDS,
    mapping: ROUNDS,
    patch: ROUNDS,
    events: ROUNDS,
    rules: ROUNDS,
    config: ROUNDS,
    stored_records: ROUNDS,
    stored_store: ROUNDS_WITH_FILES,
    stored_embeddings: ROUNDS_WITH_FILES,
}

#[test]
fn every_target_has_a_program_and_a_test() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, TESTED);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).expect("readable");
    for name in names {
        let program = folder().join("fuzz_targets").join(format!("{name}.rs"));
        let text = fs::read_to_string(program).expect("it has a program");
        assert!(text.contains(&format!("targets::run(\"{name}\", bytes)")), "{text}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
