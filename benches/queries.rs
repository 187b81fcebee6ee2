//! What it costs to count searches, and to try drafts on the most frequent ones and the whole index.
//!
//! What: the time to count one served search, over texts with a Zipf-like spread, and in a flood of
//! texts that all differ; how long a draft takes on 50 texts of the sample shop, without and with a
//! boost that changes most of them, and its longest piece; and the effect of so many boosts on the sample
//! shop that nearly all products × boosts are worked out that ever are.
//! Corpus: `data/`, all products and queries, without embeddings. Seed: 7 (SplitMix64). Baseline: none
//! kept.
//!
//! `cargo bench --bench queries` prints the figures.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vitrine::domain::deadline::Deadline;
use vitrine::domain::id::IndexName;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{
    Caller, Engine, Format, Mapping, Parts, QueryCounts, QueryPreviewRequest, Served, machine_clock,
};
use vitrine::error::{Error, Result};
use vitrine::settings::boosts::Boosts;
use vitrine::store::memory::Memory;

const COUNTED: usize = 1_000_000;
const TEXTS: usize = 3_000;
const BOOSTS: usize = 800;
const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("bench", error.to_string(), "")
}

fn data(name: &str) -> Result<String> {
    std::fs::read_to_string(format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))).map_err(failed)
}

fn shop() -> Result<Engine> {
    let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
    let store = Arc::new(Memory::default());
    let engine = Engine::open(Parts { store, embedders: Arc::new(embedders), folder: None })?;
    let index = IndexName::parse("shop").map_err(failed)?;
    engine.create_index(&index, &json!({ "semantic": { "enabled": false } }))?;
    let products = data("products.jsonl")?;
    let form = (Format::Auto, &Mapping::default());
    engine.put_products(&index, products.as_bytes(), form, &|_| ())?;
    engine.wait_settled(&index, Duration::from_secs(120), &|_| ())?;
    Ok(engine)
}

/// Nanoseconds for each search.
fn count(texts: &[String]) -> f64 {
    let counts = QueryCounts::open(None);
    let visitors: Vec<String> = (0..1_000).map(|number| format!("visitor-{number}")).collect();
    let started = Instant::now();
    for (text, visitor) in texts.iter().zip(visitors.iter().cycle()) {
        let visitor = Some(visitor.as_str());
        counts.count(&Served { q: text, visitor, without_result: false, at: NOW });
    }
    started.elapsed().as_secs_f64() * 1e9 / texts.len() as f64
}

/// Milliseconds of the whole trial and of its longest piece, and how many texts change.
fn preview(engine: &Engine, draft: &Value) -> Result<(f64, f64, usize)> {
    let index = IndexName::parse("shop").map_err(failed)?;
    let draft: QueryPreviewRequest = serde_json::from_value(draft.clone()).map_err(failed)?;
    let caller = Caller { now: NOW, sees_private: true };
    let started = Instant::now();
    let mut run = engine.preview_queries(&index, draft, caller)?;
    let mut longest = started.elapsed();
    while !run.is_done() {
        let piece = Instant::now();
        run = run.go_on(engine)?;
        longest = longest.max(piece.elapsed());
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let found = run.found();
    if found.tried != 50 {
        return Err(failed(format!("only {} of 50 texts were tried", found.tried)));
    }
    Ok((ms(started.elapsed()), ms(longest), found.changed))
}

/// Milliseconds for so many boosts, and how many products were looked at.
fn effect(engine: &Engine, boosts: usize) -> Result<(f64, usize)> {
    let index = IndexName::parse("shop").map_err(failed)?;
    let boost = json!({ "field": "price", "percent": 1, "shape": { "kind": "log" } });
    let boosts = json!({ "numeric": vec![boost; boosts] });
    let boosts: Boosts = serde_json::from_value(boosts).map_err(failed)?;
    let started = Instant::now();
    let caller = Caller { now: NOW, sees_private: true };
    let effect = engine.boost_effect(&index, &boosts, caller)?;
    Ok((started.elapsed().as_secs_f64() * 1e3, effect.looked_at))
}

fn main() -> Result<()> {
    let mut random = Random(7);
    let usual: Vec<String> = (0..COUNTED)
        .map(|_| format!("running shoes {}", (TEXTS as f64).powf(random.unit()) as usize))
        .collect();
    let flood: Vec<String> = (0..COUNTED).map(|number| format!("running shoes {number}")).collect();
    let (usual_ns, flood_ns) = (count(&usual), count(&flood));
    let engine = shop()?;
    let index = IndexName::parse("shop").map_err(failed)?;
    let queries = data("queries.tsv")?;
    for text in queries.lines().filter_map(|line| line.split('\t').nth(1)) {
        for _ in 0..3 {
            let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
            let caller = Caller { now: NOW, sees_private: true };
            engine.serve(&index, &request, caller, &Deadline::none(machine_clock()))?;
        }
    }
    let (same_ms, same_longest_ms, _) = preview(&engine, &json!({}))?;
    let boosts = json!({ "numeric": [{ "field": "popularity", "percent": 50 }] });
    let (other_ms, other_longest_ms, changed) = preview(&engine, &json!({ "boosts": boosts }))?;
    let (effect_ms, looked_at) = effect(&engine, BOOSTS)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "one search counted: {usual_ns:.0} ns among {TEXTS} texts, {flood_ns:.0} ns where all differ\n\
         50 texts tried: {same_ms:.0} ms in pieces of at most {same_longest_ms:.0} ms; with a boost \
         that changes {changed}: {other_ms:.0} ms, at most {other_longest_ms:.0} ms\n\
         effect of {BOOSTS} boosts on {looked_at} products: {effect_ms:.0} ms"
    )
    .map_err(failed)
}
