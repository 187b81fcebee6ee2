//! How soon a saved rule acts, over HTTP while others search.
//!
//! What: the time from the answer to `PUT …/rules/{id}` to the answer of the first search that shows
//! the rule, ten times a second, beside 40 other searches a second over kept connections, on an index
//! with 1,000 rules; and how many calls fail. Each saved rule makes a version in the store on disk.
//! Callers and server share the machine.
//! Corpus: `data/`, all products, without embeddings. Seed: 7 (SplitMix64). Baseline: none kept.
//!
//! `cargo bench --bench rules_live` prints p50, p99 and the slowest.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use vitrine::config::Config;
use vitrine::domain::id::IndexName;
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Engine, Format, Mapping, Parts};
use vitrine::error::{Error, Result};
use vitrine::http::{AppState, serve};
use vitrine::store::embedded::Embedded;

const RULES: usize = 1_000;
const SAVED: usize = 200;
const SAVE_EVERY: Duration = Duration::from_millis(100);
const SEARCHES_PER_SECOND: usize = 40;
/// Connections of those who only search, each with a thread of its own.
const CALLERS: usize = 4;
/// A rule that does not act by then is taken for lost.
const PATIENCE: Duration = Duration::from_secs(10);

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("bench", error.to_string(), "")
}

fn data(name: &str) -> Result<String> {
    std::fs::read_to_string(format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))).map_err(failed)
}

fn rule(text: &str, url: &str) -> Value {
    json!({"when": {"query": {"contains": text}}, "then": [{"do": "redirect", "url": url}]})
}

fn shop(folder: &std::path::Path) -> Result<Engine> {
    let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
    let (store, embedders) = (Arc::new(Embedded::open(folder)?), Arc::new(embedders));
    let engine = Engine::open(Parts { store, embedders, folder: Some(folder.join("indexes")) })?;
    let index = IndexName::parse("shop").map_err(failed)?;
    let rules: serde_json::Map<String, Value> = (0..RULES)
        .map(|number| (format!("rule-{number}"), rule(&format!("word{number} more"), "/")))
        .collect();
    engine.create_index(&index, &json!({"semantic": {"enabled": false}, "rules": rules}))?;
    let products = data("products.jsonl")?;
    let form = (Format::Auto, &Mapping::default());
    engine.put_products(&index, products.as_bytes(), form, &|_| ())?;
    engine.wait_settled(&index, Duration::from_secs(120), &|_| ())?;
    Ok(engine)
}

/// A kept connection.
struct Caller(BufReader<TcpStream>);

impl Caller {
    fn new(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The body of an answer with 200.
    fn call(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes()).map_err(failed)?;
        let mut line = String::new();
        self.0.read_line(&mut line).map_err(failed)?;
        let is_good = line.starts_with("HTTP/1.1 200");
        let mut length = 0;
        while !line.trim().is_empty() {
            line.clear();
            self.0.read_line(&mut line).map_err(failed)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).map_err(failed)?;
        match is_good {
            true => serde_json::from_slice(&body).map_err(failed),
            false => Err(failed(String::from_utf8_lossy(&body))),
        }
    }

    fn search(&mut self, q: &str) -> Result<Value> {
        self.call("POST", "/v1/indexes/shop/search", &json!({ "q": q }))
    }
}

/// Searches at a fixed rate until told to stop: milliseconds from when each was due, and failures.
fn others(address: SocketAddr, stop: &AtomicBool, caller: usize) -> Result<(Vec<f64>, usize)> {
    let queries = data("queries.tsv")?;
    let texts: Vec<&str> = queries.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let mut connection = Caller::new(address)?;
    let (start, mut times, mut failures) = (Instant::now(), Vec::new(), 0);
    for number in (caller..).step_by(CALLERS) {
        let due = start + Duration::from_secs_f64(number as f64 / SEARCHES_PER_SECOND as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            break;
        }
        failures += usize::from(connection.search(texts[number % texts.len()]).is_err());
        times.push(due.elapsed().as_secs_f64() * 1e3);
    }
    Ok((times, failures))
}

/// Milliseconds that each save took and until each rule acted, and what failed.
struct Saved {
    saves_ms: Vec<f64>,
    live_ms: Vec<f64>,
    failures: usize,
}

fn save_rules(address: SocketAddr) -> Result<Saved> {
    let mut connection = Caller::new(address)?;
    let mut saved = Saved { saves_ms: Vec::new(), live_ms: Vec::new(), failures: 0 };
    let start = Instant::now();
    for number in 0..SAVED {
        let due = start + SAVE_EVERY * number as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let (text, url) = (format!("campaign{number}"), format!("/{number}"));
        let begun = Instant::now();
        let path = format!("/v1/indexes/shop/rules/live-{}", number % 10);
        saved.failures += usize::from(connection.call("PUT", &path, &rule(&text, &url)).is_err());
        saved.saves_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        let answered = Instant::now();
        loop {
            let page = connection.search(&text);
            saved.failures += usize::from(page.is_err());
            let is_live = page.is_ok_and(|page| page["redirect"] == *url);
            if is_live || answered.elapsed() > PATIENCE {
                saved.failures += usize::from(!is_live);
                break;
            }
        }
        saved.live_ms.push(answered.elapsed().as_secs_f64() * 1e3);
    }
    Ok(saved)
}

fn spread(mut times_ms: Vec<f64>) -> String {
    times_ms.sort_by(f64::total_cmp);
    let last = times_ms.len().saturating_sub(1) as f64;
    let at = |share: f64| times_ms.get((last * share) as usize).copied().unwrap_or(f64::NAN);
    format!("p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms", at(0.5), at(0.99), at(1.0))
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let engine = Arc::new(shop(folder.path())?);
    let config = Config { dev: true, ..Config::defaults()? };
    let state = AppState::new(engine, config, [7; 32]);
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    runtime.spawn(serve(state, listener, std::future::pending()));
    let stop = AtomicBool::new(false);
    let (saved, others) = std::thread::scope(|scope| {
        let stop = &stop;
        let callers: Vec<_> =
            (0..CALLERS).map(|number| scope.spawn(move || others(address, stop, number))).collect();
        let saved = save_rules(address);
        stop.store(true, Ordering::Relaxed);
        let others: Vec<_> = callers.into_iter().filter_map(|caller| caller.join().ok()).collect();
        (saved, others)
    });
    let (saved, mut times_ms, mut failures) = (saved?, Vec::new(), 0);
    for caller in others {
        let (times, failed) = caller?;
        times_ms.extend(times);
        failures += failed;
    }
    let mut out = std::io::stdout().lock();
    let count = times_ms.len();
    writeln!(out, "{SAVED} rules saved beside {RULES}: {}", spread(saved.saves_ms))
        .map_err(failed)?;
    writeln!(out, "from the answer to the first search that shows it: {}", spread(saved.live_ms))
        .map_err(failed)?;
    writeln!(out, "{count} other searches: {}", spread(times_ms)).map_err(failed)?;
    writeln!(out, "failed: {} of those who save, {failures} of the others", saved.failures)
        .map_err(failed)
}
