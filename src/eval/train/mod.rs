//! Learns the weights of a linear model from judged queries, and tells honestly how good they are:
//! `docs/ranking.md` has the method in words.
//!
//! Nothing here knows what the signals mean; a query is a list of items with grades and values.

mod ascent;
mod example;
mod folds;

use rayon::prelude::*;

use super::random::SplitMix;
use crate::error::{Error, Result};

use ascent::Lesson;
pub use example::{Example, Item};
pub use folds::folds;

/// The weights are the mean over so many resamples of the queries: what only some queries want
/// moves them little.
const BAGS: usize = 16;

/// What is learned from, and where from.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Sets of judged queries, each counting equally.
    pub sets: Vec<Vec<Example>>,
    /// The weight of each signal that learning starts from and stays near to, 0–2.
    pub start: Vec<f32>,
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Parts of each set, each kept aside once; at least 2.
    pub folds: usize,
    /// Passes over the weights at most, at least 1.
    pub rounds: usize,
    /// What a weight must gain, in mean NDCG@10, for each 1 that it moves away from its start; at
    /// least 0. Of weights that order the queries equally well, the nearest to the start win.
    pub caution: f64,
    /// The same seed gives the same weights.
    pub seed: u64,
}

/// Weights, and NDCG@10 of every query by set under three kinds of weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// The weight of each signal, 0–2, in thousandths.
    pub weights: Vec<f32>,
    /// How far each weight varied (standard deviation) over resamples of the queries.
    pub spread: Vec<f32>,
    /// Under the weights at the start.
    pub at_start: Vec<Vec<f64>>,
    /// Under the learned weights, from queries that they were learned from.
    pub in_sample: Vec<Vec<f64>>,
    /// Under weights that were learned without the query's fold.
    pub cross_validated: Vec<Vec<f64>>,
}

/// Learns weights that raise the mean over sets of the mean NDCG@10 over queries, and
/// cross-validates the learning itself. On the queries given, the weights are never worse than the
/// start.
///
/// # Errors
/// `BadRequest` when there is no set, a set has fewer queries than folds, the plan has fewer than
/// two folds, no round or a caution below 0, or a weight at the start is not from 0 to 2.
pub fn learn(problem: &Problem, plan: &Plan) -> Result<Learned> {
    check(problem, plan)?;
    let (weights, spread) = problem.fit(plan, &|_, _| true);
    let mut cross_validated: Vec<Vec<f64>> =
        problem.sets.iter().map(|set| vec![0.0; set.len()]).collect();
    let sizes: Vec<usize> = problem.sets.iter().map(Vec::len).collect();
    let folds = folds(&sizes, plan.folds, plan.seed);
    for fold in 0..plan.folds {
        let (without, _) = problem.fit(plan, &|set, query| folds[set][query] != fold);
        for (set, query) in problem.queries().filter(|(set, query)| folds[*set][*query] == fold) {
            cross_validated[set][query] = problem.sets[set][query].ndcg(&without);
        }
    }
    Ok(Learned {
        at_start: problem.ndcg(&problem.start),
        in_sample: problem.ndcg(&weights),
        cross_validated,
        weights,
        spread,
    })
}

fn check(problem: &Problem, plan: &Plan) -> Result<()> {
    let invalid = |message: String| Err(Error::bad_request("invalid_training", message, ""));
    if plan.folds < 2 || plan.rounds < 1 {
        return invalid("at least two folds and one round are needed".to_owned());
    }
    if !(plan.caution.is_finite() && plan.caution >= 0.0) {
        return invalid(format!("the caution is {}, and must be at least 0", plan.caution));
    }
    if problem.sets.is_empty() {
        return invalid("there is no set of judged queries".to_owned());
    }
    let sizes = (1..).zip(problem.sets.iter().map(Vec::len));
    if let Some((set, size)) = sizes.into_iter().find(|(_, size)| *size < plan.folds) {
        return invalid(format!(
            "set {set} has {size} queries with a product of a grade above 0, fewer than the {} folds",
            plan.folds
        ));
    }
    match problem.start.iter().find(|weight| !(0.0..=ascent::WEIGHT_MAX).contains(*weight)) {
        Some(weight) => invalid(format!("a weight is {weight}, and learning keeps within 0 and 2")),
        None => Ok(()),
    }
}

impl Problem {
    /// The places of all queries.
    fn queries(&self) -> impl Iterator<Item = (usize, usize)> {
        let sets = self.sets.iter().enumerate();
        sets.flat_map(|(set, queries)| (0..queries.len()).map(move |query| (set, query)))
    }

    fn ndcg(&self, weights: &[f32]) -> Vec<Vec<f64>> {
        let of_set = |set: &Vec<Example>| set.iter().map(|query| query.ndcg(weights)).collect();
        self.sets.iter().map(of_set).collect()
    }

    /// The weights learned from some of the queries, and their spread.
    fn fit(&self, plan: &Plan, takes_part: &dyn Fn(usize, usize) -> bool) -> (Vec<f32>, Vec<f32>) {
        let chosen: Vec<Vec<&Example>> = self
            .sets
            .iter()
            .enumerate()
            .map(|(set, queries)| {
                let queries = queries.iter().enumerate();
                queries.filter(|(query, _)| takes_part(set, *query)).map(|(_, one)| one).collect()
            })
            .collect();
        let mut random = SplitMix(plan.seed);
        let seeds: Vec<u64> = (0..BAGS).map(|_| random.next()).collect();
        let bags: Vec<Vec<f32>> = seeds
            .into_par_iter()
            .map(|seed| {
                let mut random = SplitMix(seed);
                let counts = chosen.iter().map(|set| resampled(set.len(), &mut random)).collect();
                self.lesson(&chosen, counts, plan).ascend(&mut random)
            })
            .collect();
        let (mean, spread) = mean_and_spread(&bags, self.start.len());
        let counts = chosen.iter().map(|set| vec![1; set.len()]).collect();
        (self.finished(mean, &self.lesson(&chosen, counts, plan)), spread)
    }

    /// A lesson in which each query counts so often, and each set as much as the others.
    fn lesson<'e>(
        &'e self,
        sets: &[Vec<&'e Example>],
        counts: Vec<Vec<usize>>,
        plan: &Plan,
    ) -> Lesson<'e> {
        let shares = sets.iter().zip(counts).flat_map(|(set, counts)| {
            let whole = (counts.iter().sum::<usize>() * sets.len()) as f64;
            let counted = set.iter().zip(counts).filter(|(_, count)| *count > 0);
            counted.map(move |(example, count)| (*example, count as f64 / whole))
        });
        Lesson { examples: shares.collect(), start: &self.start, plan: *plan }
    }

    /// Weights without idle changes, in thousandths; the start where they are no better.
    fn finished(&self, weights: Vec<f32>, lesson: &Lesson<'_>) -> Vec<f32> {
        let weights = lesson.without_idle(weights);
        let rounded: Vec<f32> =
            weights.iter().map(|weight| (weight * 1_000.0).round() / 1_000.0).collect();
        let better = lesson.ndcg(&rounded) > lesson.ndcg(&self.start);
        if better { rounded } else { self.start.clone() }
    }
}

/// How often each of so many queries is in a resample of them.
fn resampled(queries: usize, random: &mut SplitMix) -> Vec<usize> {
    let mut counts = vec![0; queries];
    for _ in 0..queries {
        counts[random.below(queries)] += 1;
    }
    counts
}

fn mean_and_spread(bags: &[Vec<f32>], signals: usize) -> (Vec<f32>, Vec<f32>) {
    let count = bags.len() as f32;
    let of_signal = |signal: usize| {
        let mean = bags.iter().map(|weights| weights[signal]).sum::<f32>() / count;
        let squares = bags.iter().map(|weights| (weights[signal] - mean).powi(2)).sum::<f32>();
        (mean, (squares / count).sqrt())
    };
    (0..signals).map(of_signal).unzip()
}
