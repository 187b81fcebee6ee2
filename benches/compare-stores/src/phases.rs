//! The measured phases; each prints `figure⇥value` for the parent process to collect.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use crate::Fallible;
use crate::corpus::{PRODUCTS, Random, id, record};
use crate::engine::{Engine, Upsert, open};

const BATCH: u64 = 500;
const SINGLES: u64 = 1_000;
const READS: u64 = 50_000;

fn upsert(n: u64, revision: u64) -> Upsert {
    Upsert { id: id(n), sequence: 1 + n + revision * PRODUCTS, json: record(n, revision) }
}

fn figure(name: &str, value: f64) -> Fallible<()> {
    writeln!(std::io::stdout().lock(), "{name}\t{value}")?;
    Ok(())
}

/// All phases on one database; run in a process of its own.
pub(crate) fn measure(name: &str, directory: &Path) -> Fallible<()> {
    let engine = open(name, directory)?;
    let idle_mib = resident_mib("VmRSS:")?;
    figure("bulk load, records/s", PRODUCTS as f64 / write_all(&*engine, 0)?)?;
    figure("size after load, MiB", disk_mib(directory)?)?;
    drop(engine);
    let start = Instant::now();
    let engine = open(name, directory)?;
    engine.get(&id(1))?.ok_or("product 1 is missing")?;
    figure("open + first read after clean close, ms", start.elapsed().as_secs_f64() * 1e3)?;
    reads(&*engine)?;
    for threads in [1, 8] {
        let (per_second, p99_ms) = singles(&engine, threads)?;
        figure(&format!("durable upserts/s, {threads} threads"), per_second)?;
        figure(&format!("durable upsert p99 ms, {threads} threads"), p99_ms)?;
    }
    for revision in 1..=3 {
        write_all(&*engine, 10 + revision)?;
    }
    figure("size after 3 overwrites, MiB", disk_mib(directory)?)?;
    let start = Instant::now();
    engine.copy_online(&directory.with_extension("copy"))?;
    figure("copy of the open database, ms", start.elapsed().as_secs_f64() * 1e3)?;
    figure("peak memory above start, MiB", resident_mib("VmHWM:")? - idle_mib)?;
    let start = Instant::now();
    engine.compact()?;
    figure("compaction, ms", start.elapsed().as_secs_f64() * 1e3)?;
    drop(open(name, directory)?);
    figure("size after compaction and close, MiB", disk_mib(directory)?)
}

/// Writes every product once in transactions of `BATCH`; seconds, without making the records.
fn write_all(engine: &dyn Engine, revision: u64) -> Fallible<f64> {
    let mut seconds = 0.0;
    for first in (0..PRODUCTS).step_by(BATCH as usize) {
        let batch: Vec<Upsert> = (first..first + BATCH).map(|n| upsert(n, revision)).collect();
        let start = Instant::now();
        engine.commit(&batch)?;
        seconds += start.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

fn reads(engine: &dyn Engine) -> Fallible<()> {
    let mut random = Random(42);
    let ids: Vec<String> = (0..READS).map(|_| id(random.below(PRODUCTS))).collect();
    let start = Instant::now();
    for id in &ids {
        engine.get(id)?.ok_or("a product is missing")?;
    }
    figure("random point read, µs", start.elapsed().as_secs_f64() * 1e6 / READS as f64)?;
    let start = Instant::now();
    let (records, bytes) = engine.scan()?;
    if records != PRODUCTS {
        return Err(format!("the scan saw {records} products").into());
    }
    figure("scan of all in sequence order, ms", start.elapsed().as_secs_f64() * 1e3)?;
    figure("JSON of all records, MiB", bytes as f64 / 1048576.0)
}

/// A request to the writer: what to write, and where to say that it is durable.
type Request = (Upsert, mpsc::SyncSender<()>);

/// Single upserts from `threads` threads through one writer that syncs once per group.
fn singles(engine: &Arc<dyn Engine>, threads: u64) -> Fallible<(f64, f64)> {
    let (sender, receiver) = mpsc::channel::<Request>();
    let writer = std::thread::spawn({
        let engine = Arc::clone(engine);
        move || group_commits(&*engine, &receiver)
    });
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (sender, next) = (sender.clone(), Arc::clone(&next));
            std::thread::spawn(move || upsert_until_done(&sender, &next, threads))
        })
        .collect();
    let mut latencies_ms = Vec::new();
    for worker in workers {
        latencies_ms.extend(worker.join().map_err(|_| "a worker died")??);
    }
    let seconds = start.elapsed().as_secs_f64();
    drop(sender);
    writer.join().map_err(|_| "the writer died")??;
    latencies_ms.sort_by(f64::total_cmp);
    Ok((SINGLES as f64 / seconds, latencies_ms[latencies_ms.len() * 99 / 100]))
}

fn upsert_until_done(
    sender: &mpsc::Sender<Request>,
    next: &AtomicU64,
    revision: u64,
) -> Fallible<Vec<f64>> {
    let mut latencies_ms = Vec::new();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= SINGLES {
            return Ok(latencies_ms);
        }
        let (done, durable) = mpsc::sync_channel(1);
        let start = Instant::now();
        sender.send((upsert(n, revision), done)).map_err(|_| "the writer is gone")?;
        durable.recv()?;
        latencies_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
}

fn group_commits(engine: &dyn Engine, receiver: &mpsc::Receiver<Request>) -> Fallible<()> {
    while let Ok(first) = receiver.recv() {
        let (batch, waiting): (Vec<_>, Vec<_>) =
            std::iter::once(first).chain(receiver.try_iter().take(BATCH as usize)).unzip();
        engine.commit(&batch)?;
        for done in waiting {
            done.send(())?;
        }
    }
    Ok(())
}

/// Loads and names each acknowledged transaction on standard output until it is killed.
pub(crate) fn load_until_killed(name: &str, directory: &Path) -> Fallible<()> {
    let engine = open(name, directory)?;
    for first in (0..).step_by(BATCH as usize) {
        let batch: Vec<Upsert> = (first..first + BATCH).map(|n| upsert(n, 0)).collect();
        engine.commit(&batch)?;
        writeln!(std::io::stdout().lock(), "{first}")?;
    }
    Ok(())
}

/// Kills a load once `transactions` are acknowledged, opens what it left, and reads every
/// acknowledged record back.
pub(crate) fn kill_and_recover(
    name: &str,
    directory: &Path,
    transactions: usize,
) -> Fallible<Vec<(String, f64)>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["phase", "load", name])
        .arg(directory)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the child has no output")?;
    let mut acknowledged = Vec::new();
    for line in BufReader::new(output).lines() {
        acknowledged.push(line?.parse::<u64>()?);
        if acknowledged.len() == transactions {
            child.kill()?;
        }
    }
    child.wait()?;
    let start = Instant::now();
    let engine = open(name, directory)?;
    engine.get(&id(0))?.ok_or("product 0 is missing")?;
    let open_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut lost = 0;
    for n in acknowledged.iter().flat_map(|first| *first..first + BATCH) {
        lost += u64::from(engine.get(&id(n))? != Some(record(n, 0).into_bytes()));
    }
    Ok(vec![
        ("open + first read after kill -9, ms".to_owned(), open_ms),
        ("acknowledged before the kill".to_owned(), acknowledged.len() as f64 * BATCH as f64),
        ("acknowledged and lost".to_owned(), lost as f64),
    ])
}

/// Disk blocks used under `path`, which may be a file or a folder.
fn disk_mib(path: &Path) -> Fallible<f64> {
    fn blocks(path: &Path) -> std::io::Result<u64> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_file() {
            return Ok(metadata.blocks());
        }
        std::fs::read_dir(path)?.map(|entry| blocks(&entry?.path())).sum()
    }
    Ok(blocks(path)? as f64 * 512.0 / 1048576.0)
}

fn resident_mib(field: &str) -> Fallible<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no such field")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
    Ok(kib / 1024.0)
}
