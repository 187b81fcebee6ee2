//! `vitrine train`: learns the weights of relevance from judged queries.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::data::DataArguments;
use super::judged::{JudgedArgument, JudgedSet, unusable};
use super::learned::Report;
use super::output::{print, print_json};
use crate::domain::id::IndexName;
use crate::domain::search::SearchRequest;
use crate::engine::{Engine, Sample, Trial};
use crate::error::Result;
use crate::eval::train::{Example, Item, Plan, Problem, learn};

/// What puts an exact product before all others: more than learned weights can sum up to.
const EXACT: f32 = 100.0;

/// Weights by their names in `[ranking]`.
type Weights = BTreeMap<&'static str, f32>;

/// The arguments of `vitrine train`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Judged queries of an index, in the files of `vitrine eval`; several sets count equally
    #[arg(long, required = true, value_name = "INDEX=QUERIES.tsv,QRELS.tsv",
          value_parser = JudgedArgument::parse)]
    judged: Vec<JudgedArgument>,
    /// Parts of each set, each kept aside once to measure what learning gains on new queries
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    folds: u16,
    /// Passes over the weights at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// What a weight must gain, in NDCG@10, for each 1 that it moves away from its default
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    caution: f64,
    /// The same seed gives the same weights
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the weights as a piece of settings, with how they were made
    #[arg(long, value_name = "TOML")]
    out: Option<PathBuf>,
    /// Write the report as JSON; its "settings" can be put over HTTP
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn plan(&self) -> Plan {
        let (folds, rounds) = (usize::from(self.folds), usize::from(self.rounds));
        Plan { folds, rounds, caution: self.caution, seed: self.seed }
    }

    /// The command without what does not change the weights.
    fn command(&self) -> String {
        let judged: String = self.judged.iter().map(|one| format!(" --judged {one}")).collect();
        let Self { folds, rounds, caution, seed, .. } = self;
        let how = format!("--folds {folds} --rounds {rounds} --caution {caution} --seed {seed}");
        format!("vitrine train{judged} {how}")
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let sets = arguments.judged.iter().map(JudgedArgument::read).collect::<Result<Vec<_>>>()?;
    let indexes: Vec<_> = arguments.judged.iter().map(|one| &one.index).collect();
    let engine = arguments.data.open(&indexes, 0)?;
    let default = json!({"ranking": null});
    let trials = indexes.iter().map(|index| engine.trial(index, &default));
    let trials = trials.collect::<Result<Vec<_>>>()?;
    let weights = trials.first().map(Trial::weights).unwrap_or_default();
    let problem = Problem {
        sets: trials.iter().zip(&sets).map(examples).collect::<Result<_>>()?,
        start: weights.iter().map(|(_, weight)| *weight).collect(),
    };
    let learned = learn(&problem, &arguments.plan())?;
    let names = weights.iter().map(|(name, _)| *name);
    let ranking: Weights = names.zip(learned.weights.iter().copied()).collect();
    let searched = indexes.iter().zip(&sets);
    let searched = searched.map(|(index, set)| searched_under(&engine, index, set, &ranking));
    let searched = searched.collect::<Result<Vec<_>>>()?;
    let report = Report::new(&weights, &learned, &indexes, &searched)?;
    if arguments.json {
        print_json(&report)?
    } else {
        print(&report.table())?
    }
    if let Some(path) = &arguments.out {
        let fragment = report.settings_file(&arguments.command());
        fs::write(path, fragment).map_err(|error| unusable(path, &error))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The judged queries of a set with what the index has for them.
fn examples((trial, set): (&Trial<'_>, &JudgedSet)) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for (text, grades) in set.judgments.with_texts(&set.queries)? {
        let grade = |sample: &Sample| grades.get(&sample.id).copied().unwrap_or(0.0);
        let item = |sample: Sample| Item {
            grade: grade(&sample),
            offset: sample.fixed + if sample.exact { EXACT } else { 0.0 },
            values: sample.values,
        };
        let items: Vec<Item> = trial.samples(text)?.into_iter().map(item).collect();
        examples.extend(Example::new(&items, grades.values()));
    }
    Ok(examples)
}

/// NDCG@10 of whole searches under the learned weights.
fn searched_under(
    engine: &Engine,
    index: &IndexName,
    set: &JudgedSet,
    ranking: &Weights,
) -> Result<f64> {
    let trial = engine.trial(index, &json!({"ranking": ranking}))?;
    Ok(set.measure(&trial, (&SearchRequest::default(), None))?.scores.ndcg)
}
