//! Compares embedded transactional engines for the product store.
//!
//! What: bulk load, durable single upserts from 1 and 8 threads through one group-committing
//! writer, random point reads, a scan in sequence order, size on disk, open after a clean close
//! and after `kill -9` in mid-load (with a check of every acknowledged record), online copy,
//! resident memory.
//! Corpus: 20,000 generated product records, 850 bytes of JSON on average (`corpus.rs`).
//! Seed: 42. Both engines get a 64 MiB cache and `fdatasync` on every commit.
//! Baseline: `docs/decisions/0002-store.md`.
//!
//! Run: `cargo run --release -- [DIRECTORY] [ROUNDS]`; rounds alternate between the engines and
//! each runs in a process of its own, so that memory is not shared. The table gives the median
//! of the rounds and, in brackets, the least and the greatest. `kill ENGINE DIRECTORY N` kills a
//! load after N transactions of 500 records: what opening costs when the store is large.

mod corpus;
mod engine;
mod fjall_engine;
mod phases;
mod redb_engine;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Any failure ends the comparison; nothing here recovers.
pub(crate) type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ENGINES: [&str; 3] = ["redb", "redb-quick-repair", "fjall"];

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["phase", "all", engine, directory] => phases::measure(engine, Path::new(directory)),
        ["phase", "load", engine, directory] => {
            phases::load_until_killed(engine, Path::new(directory))
        }
        ["kill", engine, directory, transactions] => {
            let directory = Path::new(directory).join(format!("compare-stores-kill-{engine}"));
            let figures = phases::kill_and_recover(engine, &directory, transactions.parse()?)?;
            fs::remove_dir_all(&directory)?;
            let mut out = std::io::stdout().lock();
            figures.iter().try_for_each(|(name, value)| writeln!(out, "{name}\t{value}"))?;
            Ok(())
        }
        [] => compare(&std::env::temp_dir(), 3),
        [directory] => compare(Path::new(directory), 3),
        [directory, rounds] => compare(Path::new(directory), rounds.parse()?),
        _ => Err("usage: compare-stores [DIRECTORY] [ROUNDS]".into()),
    }
}

/// Runs every engine `rounds` times and prints one table.
fn compare(directory: &Path, rounds: usize) -> Fallible<()> {
    let mut figures: BTreeMap<String, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    let mut order = Vec::new();
    let mut disk_us = Vec::new();
    for round in 0..rounds {
        disk_us.push(fdatasync_us(directory)?);
        for engine in ENGINES {
            let scratch =
                directory.join(format!("compare-stores-{}-{round}-{engine}", std::process::id()));
            fs::create_dir_all(&scratch)?;
            for (name, value) in run_round(engine, &scratch)? {
                if !order.contains(&name) {
                    order.push(name.clone());
                }
                figures.entry(name).or_default().entry(engine).or_default().push(value);
            }
            fs::remove_dir_all(&scratch)?;
        }
    }
    print_table(&order, &mut figures, &mut disk_us)
}

/// One round of one engine: the phases in a child, then the killed load in another.
fn run_round(engine: &str, scratch: &Path) -> Fallible<Vec<(String, f64)>> {
    let child = Command::new(std::env::current_exe()?)
        .args(["phase", "all", engine])
        .arg(scratch.join("phases"))
        .output()?;
    if !child.status.success() {
        return Err(format!("{engine}: {}", String::from_utf8_lossy(&child.stderr)).into());
    }
    let mut figures = Vec::new();
    for line in String::from_utf8(child.stdout)?.lines() {
        let (name, value) = line.split_once('\t').ok_or("a figure without a value")?;
        figures.push((name.to_owned(), value.parse()?));
    }
    figures.extend(phases::kill_and_recover(engine, &scratch.join("killed"), 30)?);
    Ok(figures)
}

/// What one 4 KiB append and `fdatasync` cost on this disk: the floor under every durable write.
fn fdatasync_us(directory: &Path) -> Fallible<f64> {
    let path: PathBuf = directory.join(format!("compare-stores-sync-{}", std::process::id()));
    let mut file = fs::File::create(&path)?;
    let start = Instant::now();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    fs::remove_file(&path)?;
    Ok(start.elapsed().as_secs_f64() * 1e6 / 200.0)
}

fn print_table(
    order: &[String],
    figures: &mut BTreeMap<String, BTreeMap<&str, Vec<f64>>>,
    disk_us: &mut [f64],
) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "4 KiB append + fdatasync: {} µs", summary(disk_us))?;
    writeln!(out, "\n| figure | {} |", ENGINES.join(" | "))?;
    writeln!(out, "| --- |{}", " ---: |".repeat(ENGINES.len()))?;
    for name in order {
        write!(out, "| {name} |")?;
        for engine in ENGINES {
            let values = figures.get_mut(name).and_then(|by_engine| by_engine.get_mut(engine));
            write!(out, " {} |", values.map_or_else(|| "–".to_owned(), |values| summary(values)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Median, and least and greatest in brackets.
fn summary(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    match values {
        [] => "–".to_owned(),
        [only] => short(*only),
        [least, .., greatest] => {
            let (least, greatest) = (short(*least), short(*greatest));
            format!("{} [{least}–{greatest}]", short(values[values.len() / 2]))
        }
    }
}

fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
