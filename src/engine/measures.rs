//! What is measured of an index while it answers: what parts of a search cost of late, and whether
//! what is kept in memory is found there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// A part of a search that is done or left out as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    /// Reading the shopper's profile and understanding the text.
    Understand,
    /// Running the model.
    Embed,
    /// Finding candidates by word and by meaning.
    RetrieveAll,
    /// Finding candidates by word.
    RetrieveWords,
    /// Ranking with the whole window.
    RankAll,
    /// Ranking with the small window.
    RankFew,
    /// Rules, boosts and the page.
    Finish,
    /// The shop's best products, from beginning to end.
    Popular,
}

/// How many kinds of cost there are.
const COSTS: usize = Cost::Popular as usize + 1;

/// What parts of a search are expected to take, by `Cost`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected([Duration; COSTS]);

impl Expected {
    /// Of several parts together.
    pub(super) fn of(&self, costs: &[Cost]) -> Duration {
        costs.iter().map(|cost| self.0[*cost as usize]).sum()
    }
}

/// A running mean with the mean deviation from it, as TCP estimates round trips (RFC 6298).
#[derive(Clone, Copy, Debug, Default)]
struct Estimate {
    mean_us: f64,
    deviation_us: f64,
}

/// How much of a new time goes into the mean and into the deviation.
const MEAN_GAIN: f64 = 1.0 / 8.0;
const DEVIATION_GAIN: f64 = 1.0 / 4.0;

/// So many mean deviations above the mean a part is expected to take: seldom longer.
const DEVIATIONS: f64 = 2.0;

/// What was left out is expected to take this share of it next time, so that it is tried again: a
/// machine that was slow for a moment would answer by halves for ever otherwise.
const FORGIVEN: f64 = 0.9;

impl Estimate {
    fn learn(&mut self, took: Duration) {
        let took_us = took.as_secs_f64() * 1e6;
        if self.mean_us <= 0.0 {
            self.mean_us = took_us;
            return;
        }
        let error = took_us - self.mean_us;
        self.deviation_us += DEVIATION_GAIN * (error.abs() - self.deviation_us);
        self.mean_us += MEAN_GAIN * error;
    }

    fn expected(&self) -> Duration {
        Duration::from_secs_f64((self.mean_us + DEVIATIONS * self.deviation_us) / 1e6)
    }
}

/// What parts of a search cost of late; what was never done is expected to cost nothing.
#[derive(Default)]
pub(super) struct Costs(Mutex<[Estimate; COSTS]>);

impl Costs {
    pub(super) fn expected(&self) -> Expected {
        Expected(self.0.lock().map(|estimate| estimate.expected()))
    }

    /// Takes in what a part took, and expects less of those that were left out.
    pub(super) fn learn(&self, taken: &[(Cost, Duration)], left_out: &[Cost]) {
        let mut estimates = self.0.lock();
        for (cost, took) in taken {
            estimates[*cost as usize].learn(*took);
        }
        for cost in left_out {
            let estimate = &mut estimates[*cost as usize];
            estimate.mean_us *= FORGIVEN;
            estimate.deviation_us *= FORGIVEN;
        }
    }
}

/// How often something was found in memory, and how often not.
#[derive(Default)]
pub(super) struct Tally {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Tally {
    pub(super) fn count(&self, is_hit: bool) {
        let counter = if is_hit { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn add_to(&self, sum: &mut CacheUse) {
        sum.hits += self.hits.load(Ordering::Relaxed);
        sum.misses += self.misses.load(Ordering::Relaxed);
    }
}

/// How a cache is used, since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheUse {
    /// Its name, in `snake_case`.
    pub cache: &'static str,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
}

impl CacheUse {
    /// The use of a cache by all who have one of it.
    pub(super) fn of<'t>(cache: &'static str, tallies: impl Iterator<Item = &'t Tally>) -> Self {
        let mut sum = Self { cache, hits: 0, misses: 0 };
        tallies.for_each(|tally| tally.add_to(&mut sum));
        sum
    }
}

/// What is measured of one index; outlasts its generations and settings.
#[derive(Default)]
pub(super) struct Measures {
    pub(super) costs: Costs,
    /// Embeddings of queries.
    pub(super) embeddings: Tally,
    /// Judgements of suggestions by a shopper's profile.
    pub(super) judges: Tally,
    /// Whether a suggestion finds something.
    pub(super) finds: Tally,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_was_never_done_is_expected_to_cost_nothing() {
        let costs = Costs::default();
        assert_eq!(costs.expected().of(&[Cost::Embed, Cost::Popular]), Duration::ZERO);
        costs.learn(&[], &[Cost::Embed]);
        assert_eq!(costs.expected().of(&[Cost::Embed]), Duration::ZERO);
    }

    #[test]
    fn steady_times_are_expected_to_stay_and_unsteady_ones_to_be_long() {
        let (steady, unsteady) = (Costs::default(), Costs::default());
        for round in 0..100 {
            steady.learn(&[(Cost::Finish, 10 * MS)], &[]);
            unsteady.learn(&[(Cost::Finish, if round % 2 == 0 { 5 * MS } else { 15 * MS })], &[]);
        }
        let ms = |costs: &Costs| costs.expected().of(&[Cost::Finish]).as_secs_f64() * 1e3;
        assert!((ms(&steady) - 10.0).abs() < 0.01, "{}", ms(&steady));
        assert!((17.0..23.0).contains(&ms(&unsteady)), "{}", ms(&unsteady));
    }

    #[test]
    fn one_hiccup_is_forgiven_after_a_while() {
        let costs = Costs::default();
        costs.learn(&[(Cost::Embed, 2_000 * MS)], &[]);
        let tries = (0..).find(|_| {
            costs.learn(&[], &[Cost::Embed]);
            costs.expected().of(&[Cost::Embed]) < 200 * MS
        });
        assert!(tries.is_some_and(|tries| tries < 30), "{tries:?}");
    }
}
