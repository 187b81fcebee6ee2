//! What `vitrine train` tells: as a table, as JSON, and as a piece of settings.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::output::column;
use crate::domain::id::IndexName;
use crate::error::Result;
use crate::eval::bootstrap::{Interval, mean_interval, paired_difference};
use crate::eval::train::Learned;

/// Resamples for an interval.
const RESAMPLES: usize = 2_000;

/// The seed of the intervals, which have nothing to do with that of the learning.
const SEED: u64 = 1;

/// What was learned, and how good it is.
#[derive(Serialize)]
pub(super) struct Report {
    /// A patch of an index's settings.
    settings: BTreeMap<&'static str, BTreeMap<&'static str, f32>>,
    weights: Vec<WeightReport>,
    sets: Vec<SetReport>,
    /// The sets together, each counting equally.
    all: SetReport,
}

/// A weight before and after.
#[derive(Serialize)]
struct WeightReport {
    name: &'static str,
    default: f32,
    learned: f32,
    /// Standard deviation over resamples of the queries.
    spread: f32,
}

/// NDCG@10 of a set.
#[derive(Serialize)]
struct SetReport {
    name: String,
    default: Interval,
    in_sample: Interval,
    cross_validated: Interval,
    /// Cross-validated less default, query by query.
    difference: Interval,
    /// In-sample again, by whole searches under the learned weights.
    searched: f64,
}

/// NDCG@10 by query of the sets, query by query: under default weights, in-sample, cross-validated.
type Arms = [Vec<f64>; 3];

impl Report {
    /// A report on weights with their names and defaults; `searched` has what whole searches under
    /// the learned weights measured for each set.
    pub(super) fn new(
        weights: &[(&'static str, f32)],
        learned: &Learned,
        names: &[&IndexName],
        searched: &[f64],
    ) -> Result<Self> {
        let found = learned.weights.iter().zip(&learned.spread);
        let weights = weights.iter().zip(found).map(|((name, default), (learned, spread))| {
            WeightReport { name, default: *default, learned: *learned, spread: *spread }
        });
        let weights: Vec<WeightReport> = weights.collect();
        let arms = |set: usize| -> Arms {
            [&learned.at_start, &learned.in_sample, &learned.cross_validated]
                .map(|queries| queries[set].clone())
        };
        let sets = names.iter().zip(searched).enumerate();
        let sets =
            sets.map(|(set, (name, found))| SetReport::new(name.as_str(), arms(set), *found));
        let mean = searched.iter().sum::<f64>() / searched.len().max(1) as f64;
        let together = [&learned.at_start, &learned.in_sample, &learned.cross_validated];
        Ok(Self {
            settings: [("ranking", weights.iter().map(|one| (one.name, one.learned)).collect())]
                .into(),
            weights,
            sets: sets.collect::<Result<_>>()?,
            all: SetReport::new("all, equally", together.map(|sets| equally(sets)), mean)?,
        })
    }

    /// The report for people.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{:<20}{:>8}{:>9}{:>8}\n", "weight", "default", "learned", "spread");
        for one in &self.weights {
            let WeightReport { name, default, learned, spread } = one;
            let _ = writeln!(text, "{name:<20}{default:>8.3}{learned:>9.3}{spread:>8.3}");
        }
        let _ = writeln!(
            text,
            "\n{:<16}{:>8}  {:<22}{:<22}{:<22}{:<27}{:>8}",
            "NDCG@10",
            "queries",
            "default",
            "in-sample",
            "cross-validated",
            "difference",
            "searched"
        );
        for set in self.sets.iter().chain([&self.all]) {
            let _ = writeln!(
                text,
                "{}{:>8}  {:<22}{:<22}{:<22}{:<27}{:>8.4}",
                column(&set.name, 16),
                set.default.queries,
                share(&set.default),
                share(&set.in_sample),
                share(&set.cross_validated),
                change(&set.difference),
                set.searched
            );
        }
        text
    }

    /// `[ranking]` with the learned weights, and in comments how `command` made them.
    pub(super) fn settings_file(&self, command: &str) -> String {
        let mut text =
            format!("# Weights of relevance, learned from judged queries by\n#   {command}\n");
        text.push_str(
            "# NDCG@10 with 95 % intervals under default weights; under weights learned without the\n\
             # query's fold; and the difference:\n",
        );
        for set in self.sets.iter().chain([&self.all]) {
            let (plain, crossed) = (share(&set.default), share(&set.cross_validated));
            let (name, queries) = (&set.name, set.default.queries);
            let change = change(&set.difference);
            let _ = writeln!(text, "#   {name} ({queries} queries): {plain}; {crossed}; {change}");
        }
        text.push_str("[ranking]\n");
        for one in &self.weights {
            let _ = writeln!(text, "{} = {:?}", one.name, one.learned);
        }
        text
    }
}

impl SetReport {
    fn new(name: &str, [default, in_sample, crossed]: Arms, searched: f64) -> Result<Self> {
        let interval = |values: &[f64]| mean_interval(values, RESAMPLES, SEED);
        Ok(Self {
            name: name.to_owned(),
            difference: paired_difference(&default, &crossed, RESAMPLES, SEED)?,
            default: interval(&default)?,
            in_sample: interval(&in_sample)?,
            cross_validated: interval(&crossed)?,
            searched,
        })
    }
}

/// The values of all sets, scaled so that their mean is the mean of the sets' means.
fn equally(sets: &[Vec<f64>]) -> Vec<f64> {
    let all: usize = sets.iter().map(Vec::len).sum();
    let scaled = sets.iter().flat_map(|set| {
        let scale = all as f64 / (sets.len() * set.len()) as f64;
        set.iter().map(move |value| value * scale)
    });
    scaled.collect()
}

fn share(one: &Interval) -> String {
    format!("{:.4} [{:.3} {:.3}]", one.mean, one.low, one.high)
}

fn change(one: &Interval) -> String {
    format!("{:+.4} [{:+.4} {:+.4}]", one.mean, one.low, one.high)
}
