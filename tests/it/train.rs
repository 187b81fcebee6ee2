//! Learning of weights, on queries that are made from known weights by a fixed sequence:
//! 1. Weights that order the queries are found again, and a signal of chance stays at 0.
//! 2. On the queries given, the weights are never worse than at the start; caution keeps them near.
//! 3. The folds part the queries, and no query's result depends on its own judgments.
//! 4. The same seed gives the same weights.
//! 5. NDCG@10 inside is that of `src/eval/metrics.rs`.
//! 6. What cannot be learned from is refused with what is wrong.
//! 7. From an index, the default weights score as its searches do.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;

use serde_json::json;
use vitrine::domain::id::IndexName;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::Caller;
use vitrine::eval::judgments::{Judgments, RankedList};
use vitrine::eval::metrics::score_each;
use vitrine::eval::train::{Example, Item, Learned, Plan, Problem, folds, learn};
use vitrine::rank::signal::WEIGHED;
use vitrine::settings::Settings;

use crate::support::TestEngine;

const PLAN: Plan = Plan { folds: 3, rounds: 4, caution: 0.01, seed: 1 };

/// Numbers from 0 to below 1 in a fixed sequence.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 40) as f32 / (1_u32 << 24) as f32
    }
}

/// Items with values of chance; the grade, 0–3, says how high an item is under `truth`.
fn items(sequence: &mut Sequence, truth: &[f32]) -> Vec<Item> {
    let most: f32 = truth.iter().sum();
    let mut item = || {
        let values: Vec<f32> = truth.iter().map(|_| sequence.next()).collect();
        let score: f32 = values.iter().zip(truth).map(|(value, weight)| value * weight).sum();
        let grade = f64::from((score / most * 8.0 - 3.0).clamp(0.0, 3.0)).floor();
        Item { grade, offset: 0.0, values }
    };
    (0..30).map(|_| item()).collect()
}

fn example(items: &[Item]) -> Option<Example> {
    let grades: Vec<f64> = items.iter().map(|item| item.grade).collect();
    Example::new(items, grades.iter())
}

fn set(queries: usize, truth: &[f32], seed: u64) -> Vec<Example> {
    let mut sequence = Sequence(seed);
    let made = std::iter::repeat_with(|| example(&items(&mut sequence, truth)));
    made.flatten().take(queries).collect()
}

fn mean(sets: &[Vec<f64>]) -> f64 {
    let of_set = |set: &Vec<f64>| set.iter().sum::<f64>() / set.len() as f64;
    sets.iter().map(of_set).sum::<f64>() / sets.len() as f64
}

/// The truth is 1, 0.2 and 0; learning starts from 1, 1 and 0.
fn known() -> Problem {
    Problem { sets: vec![set(24, &[1.0, 0.2, 0.0], 7)], start: vec![1.0, 1.0, 0.0] }
}

fn learned(problem: &Problem) -> Learned {
    learn(problem, &PLAN).unwrap()
}

#[test]
fn known_weights_are_found_and_chance_gets_none() {
    let found = learned(&known());
    let ratio = found.weights[1] / found.weights[0];
    assert!((0.1..0.35).contains(&ratio), "{found:?}");
    assert!(found.weights[2] <= 0.05, "{found:?}");
    assert!(mean(&found.in_sample) > mean(&found.at_start) + 0.02, "{found:?}");
    assert!(mean(&found.cross_validated) > mean(&found.at_start) + 0.02, "{found:?}");
    assert_eq!(found.spread.len(), 3);
}

#[test]
fn nothing_to_gain_keeps_every_weight() {
    let truth = [1.0, 0.2, 0.0];
    let problem = Problem { sets: vec![set(12, &truth, 3)], start: truth.to_vec() };
    let found = learned(&problem);
    assert_eq!(found.weights, truth);
    assert_eq!(found.cross_validated, found.at_start);
}

#[test]
fn caution_keeps_weights_nearer_to_the_start() {
    let moved = |caution| {
        let found = learn(&known(), &Plan { caution, ..PLAN }).unwrap();
        found
            .weights
            .iter()
            .zip([1.0, 1.0, 0.0])
            .map(|(one, start)| (one - start).abs())
            .sum::<f32>()
    };
    let (free, cautious) = (moved(0.0), moved(0.05));
    assert!(cautious < free, "{cautious} and {free}");
    assert!(moved(10.0).abs() < 1e-9, "nothing is worth it");
}

#[test]
fn in_sample_is_never_worse_than_the_start() {
    for seed in 1..6 {
        let mut sequence = Sequence(seed);
        // The grades have nothing to do with the values.
        let mut one = || {
            let mut items = items(&mut sequence, &[1.0, 1.0, 1.0]);
            items.iter_mut().for_each(|item| {
                item.grade = f64::from((item.values[0] * 97.0).fract() * 4.0).floor()
            });
            example(&items)
        };
        let queries = std::iter::repeat_with(&mut one).flatten().take(6).collect();
        let problem = Problem { sets: vec![queries], start: vec![0.5, 0.5, 0.5] };
        let found = learned(&problem);
        assert!(mean(&found.in_sample) >= mean(&found.at_start), "{seed}: {found:?}");
    }
}

#[test]
fn sets_count_equally_whatever_their_size() {
    // The small set wants the second signal, the large one does not mind it.
    let small = set(4, &[0.2, 1.0], 5);
    let large = set(16, &[1.0, 1.0], 6);
    let problem = Problem { sets: vec![large, small], start: vec![1.0, 1.0] };
    let found = learned(&problem);
    assert!(found.weights[1] > found.weights[0], "{found:?}");
    assert_eq!(found.in_sample.iter().map(Vec::len).collect::<Vec<_>>(), [16, 4]);
}

#[test]
fn folds_part_each_set_evenly() {
    let sizes = [10, 7, 3];
    for seed in 0..20 {
        let assigned = folds(&sizes, 3, seed);
        assert_eq!(assigned, folds(&sizes, 3, seed));
        for (set, size) in assigned.iter().zip(sizes) {
            assert_eq!(set.len(), size);
            let count = |fold| set.iter().filter(|one| **one == fold).count();
            let counts: Vec<usize> = (0..3).map(count).collect();
            assert_eq!(counts.iter().sum::<usize>(), size, "each query is in one fold");
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }
    assert_ne!(folds(&sizes, 3, 1), folds(&sizes, 3, 2));
}

#[test]
fn a_fold_is_measured_by_weights_that_never_saw_it() {
    let problem = known();
    let plain = learned(&problem);
    let assigned = folds(&[24], PLAN.folds, PLAN.seed);
    let kept_aside = |query: &usize| assigned[0][*query] == 0;
    // Other judgments for one query of the fold: nobody else in the fold is measured differently.
    let changed = (0..24).find(kept_aside).unwrap();
    let mut other = problem.clone();
    other.sets[0][changed] = set(1, &[0.0, 0.0, 1.0], 9).pop().unwrap();
    let found = learned(&other);
    for query in (0..24).filter(kept_aside).filter(|query| *query != changed) {
        let (one, two) = (plain.cross_validated[0][query], found.cross_validated[0][query]);
        assert!((one - two).abs() < 1e-12, "query {query}: {one} and {two}");
    }
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let problem = known();
    assert_eq!(learned(&problem), learned(&problem));
    let other = learn(&problem, &Plan { seed: 2, ..PLAN }).unwrap();
    assert_ne!(learned(&problem).spread, other.spread);
}

#[test]
fn ndcg_is_that_of_the_evaluation() {
    let mut sequence = Sequence(11);
    for round in 0..40 {
        let mut items = items(&mut sequence, &[1.0, 0.5, 0.2]);
        items.truncate(round);
        for item in items.iter_mut().step_by(3) {
            // Few values, so that scores are equal.
            item.values = item.values.iter().map(|value| (value * 2.0).round()).collect();
            item.offset = item.values[0] - 1.0;
        }
        let weights = [0.5, 0.25, sequence.next()];
        let score = |item: &Item| {
            item.values
                .iter()
                .zip(weights)
                .fold(item.offset, |sum, (value, weight)| sum + weight * value)
        };
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by(|one, other| score(&items[*other]).total_cmp(&score(&items[*one])));
        let hits = order.iter().map(|item| (format!("p{item}"), 1.0)).collect();
        // A product that is judged and not among the items.
        let mut lines = "q\tmissing\t2\n".to_owned();
        for (place, item) in items.iter().enumerate() {
            lines.push_str(&format!("q\tp{place}\t{}\n", item.grade));
        }
        let judgments = Judgments::read(lines.as_bytes()).unwrap();
        let slow = score_each(&judgments, &[RankedList { query: "q".to_owned(), hits }])[0].ndcg;
        let grades = judgments.iter().next().unwrap().1;
        let fast = Example::new(&items, grades.values()).unwrap().ndcg(&weights);
        assert!((fast - slow).abs() < 1e-12, "{round}: {fast} and {slow}");
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    assert_eq!(example(&items(&mut Sequence(1), &[0.0])), None, "nothing is relevant");
    let problem = known();
    let with = |sets: Vec<Vec<Example>>| Problem { sets, ..problem.clone() };
    for (problem, plan, message) in [
        (with(vec![]), PLAN, "no set"),
        (with(vec![set(5, &[1.0], 1), vec![]]), PLAN, "set 2 has 0 queries"),
        (with(vec![set(2, &[1.0], 1)]), PLAN, "set 1 has 2 queries"),
        (problem.clone(), Plan { folds: 1, ..PLAN }, "two folds"),
        (problem.clone(), Plan { rounds: 0, ..PLAN }, "one round"),
        (problem.clone(), Plan { caution: f64::NAN, ..PLAN }, "the caution is NaN"),
        (Problem { start: vec![3.0], ..problem.clone() }, PLAN, "a weight is 3"),
    ] {
        let error = learn(&problem, &plan).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn every_weight_of_the_settings_is_learned() {
    let ranking = Settings::defaults().unwrap().ranking;
    let named = serde_json::to_value(&ranking).unwrap();
    let mut named: Vec<&str> = named.as_object().unwrap().keys().map(String::as_str).collect();
    let mut weighed: Vec<&str> = WEIGHED.iter().map(|(_, name, _)| *name).collect();
    named.sort_unstable();
    weighed.sort_unstable();
    assert_eq!(named, weighed);
    for (place, (_, name, weight)) in (1_u8..).zip(WEIGHED) {
        let mut changed = ranking.clone();
        *weight(&mut changed) = f32::from(place) * 2.0;
        let value = serde_json::to_value(&changed).unwrap();
        assert_eq!(value[name], f32::from(place) * 2.0, "{name}");
    }
}

#[test]
fn samples_score_as_searches_do() {
    let shop = TestEngine::shop();
    let index = IndexName::parse("shop").unwrap();
    let now = Timestamp::parse("2026-11-01T12:00:00Z").unwrap();
    for patch in [json!({}), json!({"ranking": {"lexical": 0.2, "proximity": 0.9, "rating": 2}})] {
        let trial = shop.engine.trial(&index, &patch).unwrap();
        let weights: Vec<f32> = trial.weights().iter().map(|(_, weight)| *weight).collect();
        for q in ["running shoe", "S1-42", "rain jacket", "mug under 5", ""] {
            let request = SearchRequest { q: q.to_owned(), ..SearchRequest::default() };
            let page = trial.search(&request, Caller { now, sees_private: true }).unwrap();
            let samples = trial.samples(q).unwrap();
            assert_eq!(samples.len(), page.total, "{q}");
            let scores: BTreeMap<&str, f32> =
                page.hits.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
            for sample in &samples {
                let parts = sample.values.iter().zip(&weights);
                let score = parts.fold(sample.fixed, |sum, (value, weight)| sum + value * weight);
                let found = scores[sample.id.as_str()];
                assert!((score - found).abs() < 1e-5, "{q}: {sample:?} has {found}");
            }
            let exact = samples.iter().filter(|sample| sample.exact).count();
            assert_eq!(exact, usize::from(matches!(q, "S1-42" | "rain jacket")), "{q}");
        }
    }
}
