//! Compares crates for approximate vector search on what Vitrine asks of one.
//!
//! `cargo run --release -- <candidate> <count> [seed]`, candidate: flat, graph, usearch, hnsw_rs, hannoy.
//! Times are CPU times, so that other work on the machine disturbs them little; a search and a
//! change run on one thread, hannoy's writes on all.

use std::io::{Result, Write};
use std::path::Path;
use std::time::Duration;

use cpu_time::ProcessTime;
use fixedbitset::FixedBitSet;

mod candidates;
mod corpus;
#[path = "../../../src/index/vector/dot.rs"]
#[expect(dead_code, reason = "hnsw_rs needs one function of it")]
mod dot;

// The index as Vitrine compiles it, without the rest of Vitrine.
mod domain {
    pub mod id {
        pub type Ordinal = u32;
    }
}
#[path = "../../../src/error.rs"]
#[expect(dead_code, reason = "the index makes few of the errors")]
mod error;
#[path = "../../../src/index/vector/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the comparison needs part of the interface")]
mod vector;

use candidates::{Candidate, Hannoy, HnswRs, Usearch};
use corpus::{Corpus, DIMENSIONS};
use vector::{Flat, Graph};

const QUERIES: usize = 100;
const K: usize = 100;
const CHANGES: usize = 50;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(7);
    let corpus = Corpus::new(count, QUERIES, seed);
    say(&format!("{name}: {count} vectors, {DIMENSIONS} dimensions, seed {seed}"))?;
    match name.as_str() {
        "flat" => compare::<Flat>(&corpus, &[0]),
        "graph" => compare::<Graph>(&corpus, &[0, 300]),
        "usearch" => compare::<Usearch>(&corpus, &[128, 256]),
        "hnsw_rs" => compare::<HnswRs>(&corpus, &[128, 256]),
        "hannoy" => compare::<Hannoy>(&corpus, &[128, 256]),
        _ => say("unknown candidate"),
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

fn compare<C: Candidate>(corpus: &Corpus, efs: &[usize]) -> Result<()> {
    let dir = std::env::temp_dir().join(format!("compare-vectors-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let start = ProcessTime::now();
    let mut index = C::build(&corpus.vectors, &dir);
    say(&format!("build {:.1} s", start.elapsed().as_secs_f64()))?;
    for share in [1, 10, 100] {
        let allowed: FixedBitSet =
            (0..corpus.vectors.len()).filter(|place| scattered(*place) % share == 0).collect();
        let allowed = (share > 1).then_some(&allowed);
        let exact: Vec<Vec<u32>> =
            corpus.queries.iter().map(|query| corpus.exact(query, K, allowed)).collect();
        for ef in efs {
            let line = searched(&index, corpus, *ef, allowed, &exact);
            say(&format!("1/{share} allowed, ef {ef}: {line}"))?;
        }
    }
    persistence::<C>(&index, corpus, &dir)?;
    changes(&mut index, corpus)?;
    std::fs::remove_dir_all(&dir)
}

/// A filter that knows nothing of clusters.
fn scattered(place: usize) -> usize {
    (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31) as usize >> 8
}

fn searched<C: Candidate>(
    index: &C,
    corpus: &Corpus,
    ef: usize,
    allowed: Option<&FixedBitSet>,
    exact: &[Vec<u32>],
) -> String {
    let mut times = Vec::new();
    let (mut at_10, mut at_100) = (0.0, 0.0);
    for (query, exact) in corpus.queries.iter().zip(exact) {
        let start = ProcessTime::now();
        let found = index.search(query, K, ef, allowed);
        times.push(start.elapsed());
        at_10 += shared(&found, exact, 10);
        at_100 += shared(&found, exact, K);
    }
    let queries = exact.len() as f64;
    let (at_10, at_100) = (at_10 / queries, at_100 / queries);
    format!("recall@10 {at_10:.3}, recall@100 {at_100:.3}, median {:.2} ms", median_ms(times))
}

fn shared(found: &[u32], exact: &[u32], k: usize) -> f64 {
    let exact = &exact[..k.min(exact.len())];
    let found = &found[..k.min(found.len())];
    found.iter().filter(|ordinal| exact.contains(ordinal)).count() as f64 / exact.len() as f64
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn persistence<C: Candidate>(index: &C, corpus: &Corpus, dir: &Path) -> Result<()> {
    let start = ProcessTime::now();
    index.save(dir);
    let save = start.elapsed().as_secs_f64();
    let files = std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len()));
    let bytes: u64 = files.sum::<Result<u64>>()?;
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    let start = ProcessTime::now();
    let Some(loaded) = C::load(dir) else {
        return say(&format!("always saved, {mebibytes:.0} MiB"));
    };
    let load = start.elapsed().as_secs_f64();
    let same = loaded.search(&corpus.queries[0], 10, 256, None)
        == index.search(&corpus.queries[0], 10, 256, None);
    say(&format!("save {save:.2} s, load {load:.2} s, {mebibytes:.0} MiB, same answer: {same}"))
}

/// Every changed product takes a query's vector, and must then be its nearest.
fn changes<C: Candidate>(index: &mut C, corpus: &Corpus) -> Result<()> {
    let mut times = Vec::new();
    let mut nearest = 0;
    for (ordinal, query) in (0..CHANGES as u32).zip(&corpus.queries) {
        let start = ProcessTime::now();
        if !index.replace(ordinal, query) {
            return say("no live replacement or removal");
        }
        times.push(start.elapsed());
        nearest += usize::from(index.search(query, 10, 128, None).contains(&ordinal));
    }
    let replaced = median_ms(times);
    let mut times = Vec::new();
    let mut gone = 0;
    for (ordinal, query) in (0..CHANGES as u32).zip(&corpus.queries) {
        let start = ProcessTime::now();
        index.remove(ordinal);
        times.push(start.elapsed());
        gone += usize::from(!index.search(query, 10, 128, None).contains(&ordinal));
    }
    let removed = median_ms(times);
    say(&format!(
        "replace {replaced:.3} ms ({nearest}/{CHANGES} found), remove {removed:.3} ms ({gone}/{CHANGES} gone)"
    ))
}
