//! Coordinate ascent on NDCG@10 (Metzler and Croft: *Linear feature-based models for information
//! retrieval*, Information Retrieval 10, 2007): one weight after the other goes where the objective
//! is highest, until no weight gains enough.

use super::Plan;
use super::example::Example;
use crate::eval::random::SplitMix;

/// No weight goes further; the settings' own are between 0 and 1.
pub(super) const WEIGHT_MAX: f32 = 2.0;

/// A change that gains less, in mean NDCG@10, is not made: on some dozens of queries it is chance.
pub(super) const GAIN_MIN: f64 = 0.000_5;

/// The steps that are tried up and down from the present weight.
const STEPS: [f32; 8] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28];

/// Ascents from other places than the start: the objective has more than one summit.
const RESTARTS: usize = 2;

/// Queries to learn from, each with its share of the objective; the shares sum to 1.
pub(super) struct Lesson<'e> {
    /// The queries.
    pub(super) examples: Vec<(&'e Example, f64)>,
    /// The weights to stay near to.
    pub(super) start: &'e [f32],
    /// How to learn.
    pub(super) plan: Plan,
}

impl Lesson<'_> {
    /// The mean of NDCG@10 by the shares.
    pub(super) fn ndcg(&self, weights: &[f32]) -> f64 {
        self.examples.iter().map(|(example, share)| share * example.ndcg(weights)).sum()
    }

    /// The weights of the best ascent: from the start, and from places of chance around it.
    pub(super) fn ascend(&self, random: &mut SplitMix) -> Vec<f32> {
        let mut best = Ascent::from(self, self.start.to_vec());
        best.climb(random);
        for _ in 0..RESTARTS {
            let mut other = Ascent::from(self, self.aside(random));
            other.climb(random);
            if other.objective > best.objective + GAIN_MIN {
                best = other;
            }
        }
        best.return_idle();
        best.weights
    }

    /// The weights with those back at the start that hardly gain anything where they are.
    pub(super) fn without_idle(&self, weights: Vec<f32>) -> Vec<f32> {
        let mut ascent = Ascent::from(self, weights);
        ascent.return_idle();
        ascent.weights
    }

    /// Weights of half to double the start's; one that is 0 there becomes up to ½.
    fn aside(&self, random: &mut SplitMix) -> Vec<f32> {
        let moved = self.start.iter().map(|weight| {
            let share = random.share();
            if *weight > 0.0 { weight * (2.0 * share - 1.0).exp2() } else { 0.5 * share }
        });
        moved.map(|weight| weight.clamp(0.0, WEIGHT_MAX)).collect()
    }

    /// What weights cost for being away from the start.
    fn cost(&self, weights: &[f32]) -> f64 {
        let away = weights.iter().zip(self.start).map(|(weight, start)| (weight - start).abs());
        self.plan.caution * f64::from(away.sum::<f32>())
    }
}

/// Weights on their way up, with what they give.
struct Ascent<'l, 'e> {
    lesson: &'l Lesson<'e>,
    weights: Vec<f32>,
    /// The scores of every example's items under the weights.
    scores: Vec<Vec<f32>>,
    objective: f64,
}

impl<'l, 'e> Ascent<'l, 'e> {
    fn from(lesson: &'l Lesson<'e>, weights: Vec<f32>) -> Self {
        let scores = lesson.examples.iter().map(|(example, _)| example.scores(&weights)).collect();
        let objective = lesson.ndcg(&weights) - lesson.cost(&weights);
        Self { lesson, weights, scores, objective }
    }

    /// Improves one weight after the other, in an order of chance, while a round gains enough.
    fn climb(&mut self, random: &mut SplitMix) {
        for _ in 0..self.lesson.plan.rounds {
            let before = self.objective;
            for signal in random.order(self.weights.len()) {
                self.improve(signal);
            }
            if self.objective < before + GAIN_MIN {
                return;
            }
        }
    }

    /// Moves a weight to the best place on its line, if that gains enough.
    fn improve(&mut self, signal: usize) {
        let now = self.weights[signal];
        let mut best = (self.objective + GAIN_MIN, now);
        for weight in places(now, self.lesson.start[signal]) {
            let objective = self.objective_at(signal, weight);
            if objective > best.0 {
                best = (objective, weight);
            }
        }
        if (best.1 - now).abs() > 0.0 {
            self.set(signal, best);
        }
    }

    /// Takes every weight back to the start, one after the other, that loses too little by it.
    fn return_idle(&mut self) {
        for signal in 0..self.weights.len() {
            let start = self.lesson.start[signal];
            let objective = self.objective_at(signal, start);
            if objective + GAIN_MIN >= self.objective {
                self.set(signal, (objective, start));
            }
        }
    }

    fn objective_at(&mut self, signal: usize, weight: f32) -> f64 {
        let now = std::mem::replace(&mut self.weights[signal], weight);
        let cost = self.lesson.cost(&self.weights);
        self.weights[signal] = now;
        let examples = self.lesson.examples.iter().zip(&self.scores);
        let ndcg = examples.map(|((example, share), scores)| {
            share * example.ndcg_after(scores, signal, weight - now)
        });
        ndcg.sum::<f64>() - cost
    }

    fn set(&mut self, signal: usize, (objective, weight): (f64, f32)) {
        let step = weight - self.weights[signal];
        for ((example, _), scores) in self.lesson.examples.iter().zip(&mut self.scores) {
            example.shift(scores, signal, step);
        }
        self.weights[signal] = weight;
        self.objective = objective;
    }
}

/// Where to look for a better weight: 0, the start, and steps up and down that double.
fn places(now: f32, start: f32) -> impl Iterator<Item = f32> {
    let around = STEPS.into_iter().flat_map(move |step| [now - step, now + step]);
    [0.0, start].into_iter().chain(around.filter(|weight| (0.0..=WEIGHT_MAX).contains(weight)))
}
