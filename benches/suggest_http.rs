//! Autocomplete over HTTP at a fixed rate.
//!
//! What: the time from when a call is due to its whole answer, at 500 calls a second over kept
//! connections, each a keystroke of a shopper of the sample shop; open loop, so that a slow answer
//! delays no later call and is not forgotten. Callers and server share the machine.
//! Corpus: `data/`, all of it, without embeddings. Seed: 7 (SplitMix64). Baseline: none kept.
//!
//! `cargo bench --bench suggest_http` prints p50, p99 and the slowest, and the calls that failed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use vitrine::config::Config;
use vitrine::domain::event::Event;
use vitrine::domain::id::IndexName;
use vitrine::domain::time::{DAY_MS, Timestamp};
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Engine, Format, Mapping, Parts};
use vitrine::error::{Error, Result};
use vitrine::http::{AppState, serve};
use vitrine::store::memory::Memory;

const CALLS_PER_SECOND: usize = 500;
const SECONDS: usize = 20;
/// Connections, each with a thread of its own.
const CALLERS: usize = 16;
const SEED: u64 = 7;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ (mixed >> 31)) * end as u128) >> 64) as usize
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("bench", error.to_string(), "")
}

fn data(name: &str) -> Result<String> {
    std::fs::read_to_string(format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))).map_err(failed)
}

fn shop() -> Result<Arc<Engine>> {
    let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
    let store = Arc::new(Memory::default());
    let parts = Parts { store, embedders: Arc::new(embedders), folder: None };
    let engine = Engine::open(parts)?;
    let index = IndexName::parse("shop").map_err(failed)?;
    engine.create_index(&index, &serde_json::json!({ "semantic": { "enabled": false } }))?;
    let products = data("products.jsonl")?;
    let form = (Format::Auto, &Mapping::default());
    engine.put_products(&index, products.as_bytes(), form, &|_| ())?;
    engine.wait_settled(&index, Duration::from_secs(120), &|_| ())?;
    let mut events: Vec<Event> = Vec::new();
    for line in data("events.jsonl")?.lines() {
        events.push(serde_json::from_str(line).map_err(failed)?);
    }
    let latest = events.iter().filter_map(|event| event.timestamp).max().unwrap_or_default();
    engine.import_events(events, Timestamp::from_ms(latest.as_ms() + DAY_MS))?;
    while !engine.suggestions_follow(&index)? {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(Arc::new(engine))
}

/// Keystrokes: the beginnings of the sample shop's queries, each by some shopper.
fn paths() -> Result<Vec<String>> {
    let mut random = Random(SEED);
    let queries = data("queries.tsv")?;
    let texts: Vec<&str> = queries.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let path = |_| {
        let text: Vec<char> = texts[random.below(texts.len())].chars().collect();
        let typed: String = text[..1 + random.below(text.len().min(12))].iter().collect();
        let typed = typed.replace('%', "%25").replace(' ', "%20").replace(['"', '½'], "");
        let shopper = 1 + random.below(200);
        format!("/v1/indexes/shop/suggest?q={typed}&shopper=s{shopper:03}")
    };
    Ok((0..CALLS_PER_SECOND * SECONDS).map(path).collect())
}

/// One call over a kept connection: whether it was answered with 200.
fn call(stream: &mut BufReader<TcpStream>, path: &str) -> std::io::Result<bool> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut line, mut length, mut is_good) = (String::new(), 0, false);
    stream.read_line(&mut line)?;
    is_good |= line.starts_with("HTTP/1.1 200");
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(is_good && body.len() > 2)
}

/// Milliseconds from when each call was due to its answer, and how many failed.
fn drive(address: SocketAddr, paths: &[String]) -> (Vec<f64>, usize) {
    let start = Instant::now() + Duration::from_millis(200);
    let caller = |caller: usize| {
        let mut times = Vec::new();
        let mut failed = 0;
        let Ok(stream) = TcpStream::connect(address) else { return (times, paths.len()) };
        let _ = stream.set_nodelay(true);
        let mut stream = BufReader::new(stream);
        for number in (caller..paths.len()).step_by(CALLERS) {
            let due = start + Duration::from_secs_f64(number as f64 / CALLS_PER_SECOND as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let is_good = call(&mut stream, &paths[number]).unwrap_or(false);
            times.push(due.elapsed().as_secs_f64() * 1e3);
            failed += usize::from(!is_good);
        }
        (times, failed)
    };
    std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..CALLERS).map(|place| scope.spawn(move || caller(place))).collect();
        let mut all = (Vec::new(), 0);
        for (times, failed) in callers.into_iter().filter_map(|caller| caller.join().ok()) {
            all.0.extend(times);
            all.1 += failed;
        }
        all
    })
}

fn main() -> Result<()> {
    let engine = shop()?;
    let config = Config { dev: true, ..Config::defaults()? };
    let state = AppState::new(engine, config, [7; 32]);
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    runtime.spawn(serve(state, listener, std::future::pending()));
    let paths = paths()?;
    // The first second warms profiles and caches.
    drive(address, &paths[..CALLS_PER_SECOND]);
    let (mut times, failed_calls) = drive(address, &paths);
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} calls at {CALLS_PER_SECOND}/s: p50 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms, failed {failed_calls}",
        times.len(), at(0.5), at(0.99), at(1.0)
    )
    .map_err(failed)
}
