//! The vector index against a slow obvious scan in float arithmetic.

use fixedbitset::FixedBitSet;
use proptest::prelude::*;
use vitrine::index::vector::{
    Flat, Graph, Method, Neighbour, PreparedQuery, SCANNED_MAX, VectorIndex, Vectors, method,
    quantise,
};

const DIMENSIONS: usize = 16;

/// Rounding to int8 moves a component by at most 1/254 of the largest, and so a cosine of 16
/// dimensions by at most about 4/254.
const ROUNDING_MAX: f32 = 0.02;

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(one, one) * dot(other, other)).sqrt();
    if lengths > 0.0 { dot(one, other) / lengths } else { 0.0 }
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.0_f32..1.0, DIMENSIONS)
        .prop_filter("a direction", |vector| vector.iter().any(|value| value.abs() > 0.1))
}

fn flat_of(vectors: &[Vec<f32>]) -> Flat {
    let mut flat = Flat::new(DIMENSIONS).unwrap();
    for (ordinal, vector) in (0..).zip(vectors) {
        flat.upsert(ordinal, vector).unwrap();
    }
    flat
}

/// Clusters of vectors around random centres, from a stated seed.
fn clustered(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut state = seed;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let mut draw = |scale: f32| (0..DIMENSIONS).map(|_| scale * uniform()).collect::<Vec<f32>>();
    let centres: Vec<Vec<f32>> = (0..count / 25).map(|_| draw(1.0)).collect();
    let near = |place: usize| {
        let centre = &centres[place % centres.len()];
        centre.iter().zip(draw(0.4)).map(|(centre, noise)| centre + noise).collect()
    };
    (0..count).map(near).collect()
}

fn shared(found: &[Neighbour], exact: &[Neighbour]) -> usize {
    found.iter().filter(|one| exact.iter().any(|other| other.ordinal == one.ordinal)).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_scan_agrees_with_float_arithmetic(
        vectors in prop::collection::vec(vector(), 1..60),
        query in vector(),
        removed in prop::collection::vec(0_u32..60, 0..20),
        allowed in prop::option::of(prop::collection::vec(0_usize..70, 0..60)),
        k in 0_usize..70,
    ) {
        let mut flat = flat_of(&vectors);
        for ordinal in &removed {
            flat.remove(*ordinal);
        }
        let allowed: Option<FixedBitSet> = allowed.map(|places| places.into_iter().collect());
        let open = |ordinal: u32| {
            !removed.contains(&ordinal)
                && allowed.as_ref().is_none_or(|set| set.contains(ordinal as usize))
        };
        let mut expected: Vec<f32> = (0..).zip(&vectors).filter(|(ordinal, _)| open(*ordinal))
            .map(|(_, vector)| cosine(&query, vector)).collect();
        expected.sort_by(|one, other| other.total_cmp(one));

        let prepared = PreparedQuery::new(&query);
        let found = flat.nearest(&prepared, k, allowed.as_ref());
        prop_assert_eq!(found.len(), k.min(expected.len()));
        prop_assert_eq!(flat.count(allowed.as_ref()), expected.len());
        for (neighbour, expected) in found.iter().zip(&expected) {
            let own = cosine(&query, &vectors[neighbour.ordinal as usize]);
            prop_assert!(open(neighbour.ordinal));
            prop_assert!((neighbour.similarity - own).abs() < ROUNDING_MAX);
            prop_assert!((neighbour.similarity - expected).abs() < ROUNDING_MAX);
            prop_assert_eq!(flat.similarity(&prepared, neighbour.ordinal), Some(neighbour.similarity));
        }
        for pair in found.windows(2) {
            let [better, worse] = pair else { continue };
            prop_assert!((better.similarity, worse.ordinal) > (worse.similarity, better.ordinal));
        }
    }

    #[test]
    fn above_returns_what_the_nearest_of_all_return_above(
        vectors in prop::collection::vec(vector(), 1..40),
        query in vector(),
        similarity_min in -1.0_f32..1.0,
    ) {
        let flat = flat_of(&vectors);
        let prepared = PreparedQuery::new(&query);
        let mut expected = flat.nearest(&prepared, usize::MAX, None);
        expected.retain(|neighbour| neighbour.similarity >= similarity_min);
        expected.sort_by_key(|neighbour| neighbour.ordinal);
        prop_assert_eq!(flat.above(&prepared, similarity_min, None), expected);
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let vectors = clustered(2_100, 3);
    let mut flat = flat_of(&vectors);
    let query = PreparedQuery::new(&vectors[7]);
    let snapshot = flat.clone();
    let before = snapshot.nearest(&query, 20, None);
    flat.remove(before[0].ordinal);
    flat.upsert(2_000, &vectors[7]).unwrap();
    flat.upsert(5_000, &vectors[7]).unwrap();
    assert_eq!(snapshot.nearest(&query, 20, None), before);
    assert_eq!((snapshot.len(), flat.len()), (2_100, 2_100));
    let after: Vec<u32> = flat.nearest(&query, 2, None).iter().map(|one| one.ordinal).collect();
    assert_eq!(after, [2_000, 5_000]);
}

#[test]
fn a_row_taken_out_and_put_back_is_the_same() {
    let vectors = clustered(50, 5);
    let flat = flat_of(&vectors);
    let mut copy = Flat::new(DIMENSIONS).unwrap();
    for (ordinal, row) in flat.rows() {
        assert_eq!(row, quantise(&vectors[ordinal as usize]));
        copy.upsert_row(ordinal, row).unwrap();
    }
    let query = PreparedQuery::new(&vectors[3]);
    assert_eq!(copy.nearest(&query, 50, None), flat.nearest(&query, 50, None));
}

#[test]
fn vectors_of_another_model_are_refused() {
    let mut flat = flat_of(&clustered(50, 5));
    assert!(flat.upsert(0, &[1.0; DIMENSIONS + 1]).is_err());
    assert!(flat.upsert_row(0, &[1; DIMENSIONS - 1]).is_err());
    assert!(Flat::new(0).is_err());
    let query = PreparedQuery::new(&[1.0; DIMENSIONS + 1]);
    assert!(flat.nearest(&query, 5, None).is_empty());
    assert_eq!(flat.similarity(&query, 0), None);
}

#[test]
fn few_allowed_products_are_scanned_and_many_walked() {
    assert_eq!(method(1_000_000, 1_000_000, 100), Method::Graph);
    assert_eq!(method(1_000_000, 10_000, 100), Method::Scan);
    assert_eq!(method(5_000, 5_000, 100), Method::Scan);
    const { assert!(SCANNED_MAX >= 50_000) };
}

#[test]
fn the_graph_finds_what_the_scan_finds_also_after_changes() {
    let vectors = clustered(2_500, 11);
    let flat = flat_of(&vectors);
    let graph = Graph::build(flat.clone());
    let queries: Vec<PreparedQuery> =
        vectors.iter().step_by(50).map(|vector| PreparedQuery::new(vector)).collect();
    let recall = |graph: &Graph, allowed: Option<&FixedBitSet>| {
        let shared_with_scan = |query| {
            let found = graph.nearest_by_links(query, 10, allowed);
            shared(&found, &graph.flat().nearest(query, 10, allowed))
        };
        let count: usize = queries.iter().map(shared_with_scan).sum();
        count as f64 / (10 * queries.len()) as f64
    };
    assert!(recall(&graph, None) >= 0.9, "recall@10 {}", recall(&graph, None));
    let fifth: FixedBitSet = (0..2_500).step_by(5).collect();
    assert!(recall(&graph, Some(&fifth)) >= 0.9, "of a fifth {}", recall(&graph, Some(&fifth)));
    let few = graph.nearest_by_links(&queries[0], 10, Some(&fifth));
    assert!(few.iter().all(|one| one.ordinal % 5 == 0));

    // A builder edits a clone; the published one keeps its answers.
    let before = graph.nearest_by_links(&queries[0], 10, None);
    let mut next = graph.clone();
    for ordinal in 0..100 {
        next.upsert(ordinal, &vectors[ordinal as usize + 1_000]).unwrap();
        next.remove(ordinal + 500);
    }
    let gone = before[0].ordinal;
    next.remove(gone);
    assert_eq!(graph.nearest_by_links(&queries[0], 10, None), before);
    let after = next.nearest_by_links(&queries[0], 10, None);
    assert!(after.iter().all(|one| one.ordinal != gone));
    assert!(recall(&next, None) >= 0.9, "recall@10 after changes {}", recall(&next, None));
    assert_eq!(next.nearest(&queries[1], 10, None), next.flat().nearest(&queries[1], 10, None));

    // Links finished late are laid over the vectors as they are by then.
    let mut late = Vectors::Flat(next.flat().clone());
    late.adopt(&graph);
    let Vectors::Graph(late) = late else { panic!("links of an earlier state were not adopted") };
    assert!(!late.is_stale());
    let mut newest = late.as_ref().clone();
    newest.upsert(9_999, &vectors[0]).unwrap();
    for query in &queries {
        let found = late.nearest_by_links(query, 10, None);
        assert_eq!(found, next.nearest_by_links(query, 10, None));
    }
    let found = newest.nearest_by_links(&PreparedQuery::new(&vectors[0]), 3, None);
    assert!(found.iter().any(|one| one.ordinal == 9_999));
}

#[test]
fn links_of_other_vectors_are_not_adopted() {
    let graph = Graph::build(flat_of(&clustered(1_200, 2)));
    let mut fewer = Vectors::Flat(flat_of(&clustered(100, 2)));
    fewer.adopt(&graph);
    assert!(matches!(fewer, Vectors::Flat(_)));
    assert!(!fewer.wants_graph());
}
