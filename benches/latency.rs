//! Latency of one thread inside the process, import rate and memory on a whole catalogue.
//!
//! Measures, in this order: products imported a second without embeddings, until searchable; the
//! time to embed them; 50th, 95th and 99th percentile of searches by words with reranking, of
//! searches by words and meaning whose query was never embedded before, and of suggestions for
//! every prefix of the queries; resident memory afterwards, everything loaded.
//!
//! Corpus: a catalogue and its queries (`qid⇥text`), by default the sample shop. No randomness: each
//! round asks every query once, in order; hybrid queries get one round, because a second one would
//! find nothing new to embed.
//!
//! ```text
//! cargo bench --bench latency [-- PRODUCTS QUERIES]
//! ORT_DYLIB_PATH=$(scripts/onnxruntime.sh) cargo bench --bench latency
//! ```

use std::fs::File;
use std::io::{BufReader, Write};
use std::time::{Duration, Instant};

use serde_json::json;
use vitrine::catalog::{Format, Mapping};
use vitrine::config::Config;
use vitrine::domain::id::IndexName;
use vitrine::domain::search::{Mode, SearchRequest, SuggestRequest};
use vitrine::engine::{Caller, Engine};
use vitrine::error::{Error, Result};
use vitrine::eval::judgments::{JudgedQuery, read_queries};
use vitrine::eval::latency::Percentiles;
use vitrine::startup;

/// How often every query is asked.
const ROUNDS: usize = 10;

/// An import or an embedding that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

fn main() -> Result<()> {
    // Cargo passes options of its own, such as --bench.
    let mut paths = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let products = paths.next().unwrap_or_else(|| "data/products.jsonl".to_owned());
    let queries = paths.next().unwrap_or_else(|| "data/queries.tsv".to_owned());
    let queries = read_queries(open(&queries)?)?;
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let config = Config { data_dir: folder.path().to_path_buf(), ..Config::defaults()? };
    let engine = startup::engine(&config, 0)?;
    let index = name()?;
    import(&engine, &index, &products)?;
    embed(&engine, &index)?;
    searches(&engine, &index, &queries)?;
    suggestions(&engine, &index, &queries)?;
    say(&format!("resident memory {:.0} MiB", resident_mib()));
    Ok(())
}

fn import(engine: &Engine, index: &IndexName, products: &str) -> Result<()> {
    engine.create_index(index, &json!({"semantic": {"enabled": false}}))?;
    let start = Instant::now();
    let form = (Format::Auto, &Mapping::default());
    let accepted = engine.put_products(index, open(products)?, form, &|_| {})?;
    engine.wait_searchable(index, accepted.sequence, PATIENCE)?;
    let seconds = start.elapsed().as_secs_f64();
    let rate = accepted.accepted as f64 / seconds;
    say(&format!("imported {} products in {seconds:.2} s, {rate:.0} a second", accepted.accepted));
    Ok(())
}

fn embed(engine: &Engine, index: &IndexName) -> Result<()> {
    let start = Instant::now();
    engine.patch_settings(index, &json!({"semantic": {"enabled": true}}))?;
    // The generation with meaning is built beside the present one, which has no embedder.
    while engine.index_summary(index)?.embedder.is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    engine.wait_settled(index, PATIENCE, &|_| {})?;
    say(&format!("embedded them in {:.2} s", start.elapsed().as_secs_f64()));
    Ok(())
}

fn searches(engine: &Engine, index: &IndexName, queries: &[JudgedQuery]) -> Result<()> {
    for (label, mode, rounds) in
        [("words + rerank", Mode::Lexical, ROUNDS), ("hybrid, new query", Mode::Hybrid, 1)]
    {
        let mut times_ms = Vec::with_capacity(rounds * queries.len());
        for query in (0..rounds).flat_map(|_| queries) {
            let request = SearchRequest { q: query.text.clone(), mode, ..SearchRequest::default() };
            let start = Instant::now();
            engine.search(index, &request, caller())?;
            times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        }
        report(label, &times_ms);
    }
    Ok(())
}

fn suggestions(engine: &Engine, index: &IndexName, queries: &[JudgedQuery]) -> Result<()> {
    while engine.index_summary(index)?.suggestions == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut times_ms = Vec::new();
    for query in queries {
        for (end, letter) in query.text.char_indices() {
            let q = query.text[..end + letter.len_utf8()].to_owned();
            let request = SuggestRequest { q, limit: 10, ..SuggestRequest::default() };
            let start = Instant::now();
            engine.suggest(index, &request, caller())?;
            times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    report("suggest, each key", &times_ms);
    Ok(())
}

fn caller() -> Caller {
    Caller { now: startup::now(), sees_private: false }
}

fn report(label: &str, times_ms: &[f64]) {
    let Percentiles { samples, p50_ms, p95_ms, p99_ms, .. } = Percentiles::of(times_ms);
    say(&format!(
        "{label:<18} p50 {p50_ms:7.3} ms  p95 {p95_ms:7.3} ms  p99 {p99_ms:7.3} ms  ({samples} calls)"
    ));
}

fn say(line: &str) {
    // Standard output that is closed early is no reason to fail a measurement.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn name() -> Result<IndexName> {
    IndexName::parse("bench").map_err(|rule| Error::internal("bench", rule.to_string(), ""))
}

fn open(path: &str) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| {
        Error::unavailable("bench", format!("'{path}' cannot be read: {error}"), "")
    })
}

fn failed(error: &std::io::Error) -> Error {
    Error::unavailable("bench", error.to_string(), "")
}

/// Resident memory of this process; not a number where the system does not say.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
