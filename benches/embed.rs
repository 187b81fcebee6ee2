//! Embedding speed of the shipped model, one thread, for each runtime: the median and 95th
//! percentile of one query's time, and texts a second when a catalogue is embedded.
//!
//! Corpus: the titles of `tests/cases/titles.txt` repeated to 640 texts, and eight queries of one to
//! six words, 50 times each; no randomness. Memory is what the process has gained since it started.
//!
//! ```text
//! ORT_DYLIB_PATH=$(scripts/onnxruntime.sh) cargo bench --bench embed
//! ```
//!
//! Without `ORT_DYLIB_PATH` only the built-in runtime is measured. Baseline: `index/model/README.md`.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use vitrine::embed::Embedder;
use vitrine::embed::builtin::BuiltinEmbedder;
use vitrine::embed::fast::FastEmbedder;
use vitrine::error::Result;

const TITLES: &str = include_str!("../tests/cases/titles.txt");
const QUERIES: [&str; 8] = [
    "shoes",
    "running shoes",
    "usb c charger",
    "waterproof jacket for kids",
    "laptop 16gb ram",
    "coffee",
    "gift for a gardener under 50",
    "noise cancelling headphones",
];

fn main() -> Result<()> {
    let start = Instant::now();
    let before_mib = resident_mib();
    let builtin = BuiltinEmbedder::new(1)?;
    report("rten (built in)", &builtin, start, before_mib)?;
    drop(builtin);
    if let Some(library) = std::env::var_os("ORT_DYLIB_PATH") {
        let start = Instant::now();
        let before_mib = resident_mib();
        let fast = FastEmbedder::shipped(Path::new(&library), 1)?;
        report("ONNX Runtime", &fast, start, before_mib)?;
    }
    Ok(())
}

fn report(name: &str, embedder: &dyn Embedder, start: Instant, before_mib: f64) -> Result<()> {
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut times_ms = Vec::new();
    for _ in 0..50 {
        for query in QUERIES {
            let start = Instant::now();
            embedder.embed(&[query])?;
            times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times_ms.sort_by(f64::total_cmp);
    let texts: Vec<&str> = TITLES.lines().cycle().take(640).collect();
    let start = Instant::now();
    embedder.embed(&texts)?;
    let per_second = texts.len() as f64 / start.elapsed().as_secs_f64();
    let (p50, p95) = (times_ms[times_ms.len() / 2], times_ms[times_ms.len() * 95 / 100]);
    let memory_mib = resident_mib() - before_mib;
    // Standard output that is closed early is no reason to fail a measurement.
    let _ = writeln!(
        std::io::stdout(),
        "{name}: load {load_ms:.0} ms, query p50 {p50:.2} ms p95 {p95:.2} ms, \
         {per_second:.0} texts/s, {memory_mib:.0} MiB"
    );
    Ok(())
}

/// Resident memory of this process; not a number where the system does not say.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
