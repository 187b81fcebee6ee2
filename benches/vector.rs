//! What: the exact scan for the 100 nearest, all products allowed and every tenth; preparing a
//! query; and a change to a published snapshot.
//! Corpus: 20,000 and 50,000 independent normal vectors of 384 dimensions; a scan costs the same
//! whatever it scans. Seed: 17 of the generator below. Run: `cargo bench --bench vector`.

#![allow(clippy::expect_used, reason = "a benchmark stops where its corpus is wrong")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use fixedbitset::FixedBitSet;
use vitrine::index::vector::{Flat, PreparedQuery, VectorIndex};

const DIMENSIONS: usize = 384;
const NEIGHBOURS: usize = 100;

/// A sum of uniform draws from a 64-bit xorshift generator: near enough to normal.
struct Normals(u64);

impl Normals {
    fn draw(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.uniform()).sum();
        sum - 2.0
    }

    fn uniform(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..DIMENSIONS).map(|_| self.draw()).collect()
    }
}

fn scans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flat");
    for count in [20_000_u32, 50_000] {
        let mut normals = Normals(17);
        let mut index = Flat::new(DIMENSIONS).expect("384 dimensions are allowed");
        for ordinal in 0..count {
            index.upsert(ordinal, &normals.vector()).expect("384 components were promised");
        }
        let vector = normals.vector();
        let query = PreparedQuery::new(&vector);
        let tenth: FixedBitSet = (0..count as usize).step_by(10).collect();
        group.bench_function(BenchmarkId::new("all", count), |bencher| {
            bencher.iter(|| index.nearest(black_box(&query), NEIGHBOURS, None));
        });
        group.bench_function(BenchmarkId::new("tenth", count), |bencher| {
            bencher.iter(|| index.nearest(black_box(&query), NEIGHBOURS, Some(&tenth)));
        });
        group.bench_function(BenchmarkId::new("above", count), |bencher| {
            bencher.iter(|| index.above(black_box(&query), 0.1, None));
        });
        group.bench_function(BenchmarkId::new("upsert_after_clone", count), |bencher| {
            bencher.iter(|| {
                let mut next = index.clone();
                next.upsert(count / 2, black_box(&vector)).expect("384 components were promised");
                next
            });
        });
    }
    group.bench_function("prepare_query", |bencher| {
        let vector = Normals(18).vector();
        bencher.iter(|| PreparedQuery::new(black_box(&vector)));
    });
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
