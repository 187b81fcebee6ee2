//! `vitrine eval`: relevance and latency on judged queries, also under other settings, with typing
//! errors and for shoppers of chance; how well misspelt queries are put right; and whether shoppers'
//! histories help.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::cases::CasesArguments;
use super::data::IndexArguments;
use super::judged::{JudgedSet, of_file, open, unusable};
use super::output::{print, print_json};
use super::parse;
use crate::domain::search::{Mode, SearchRequest};
use crate::engine::Trial;
use crate::error::{Error, Result};
use crate::eval::Report;
use crate::eval::corrections::{Corrector, evaluate_corrections, read_pairs};
use crate::eval::judgments;
use crate::eval::misspell::Misspeller;

/// Queries whose embeddings are kept where latency is not measured.
const QUERIES_KEPT: usize = 10_000;

/// The arguments of `vitrine eval`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: IndexArguments,
    #[command(flatten)]
    judged: Option<Judged>,
    /// Measure corrections instead, on pairs of queries, a line each: typed⇥meant
    #[arg(long, value_name = "TSV", conflicts_with = "Judged")]
    corrections: Option<PathBuf>,
    #[command(flatten)]
    cases: CasesArguments,
    /// Write what was found, a line per hit: query⇥product⇥rank⇥score
    #[arg(long, value_name = "TSV")]
    run: Option<PathBuf>,
    /// Which candidates to consider
    #[arg(long, value_enum, default_value = "hybrid")]
    mode: Modes,
    /// What every search asks for besides its text, as JSON, such as {"typo": false}
    #[arg(long, value_name = "JSON", value_parser = parse::request)]
    request: Option<SearchRequest>,
    /// A setting for this evaluation only, such as ranking.lexical=0.8
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse::setting)]
    settings: Vec<(String, Value)>,
    /// Write the report as JSON, with the score of every query
    #[arg(long)]
    json: bool,
}

/// The files of judged queries.
#[derive(Args)]
struct Judged {
    /// The queries, a line each: query⇥text
    #[arg(long, value_name = "TSV", required = false)]
    queries: PathBuf,
    /// The judgments, a line each: query⇥product⇥grade
    #[arg(long, value_name = "TSV", required = false)]
    qrels: PathBuf,
    /// Put one random typing error into the longest word of each query; the seed says which
    #[arg(long, value_name = "SEED")]
    misspell: Option<u64>,
    /// Search as shoppers who bought products of chance, which must not spoil what is relevant;
    /// the seed says which
    #[arg(long, value_name = "SEED")]
    random_history: Option<u64>,
}

impl Judged {
    fn read(&self) -> Result<JudgedSet> {
        let mut set = JudgedSet::read(&self.queries, &self.qrels)?;
        if let Some(mut misspeller) = self.misspell.map(Misspeller::new) {
            for query in &mut set.queries {
                query.text = misspeller.misspell(&query.text);
            }
        }
        Ok(set)
    }
}

/// One way to search, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Modes {
    /// Words and meaning
    Hybrid,
    /// Words only
    Lexical,
    /// Meaning only
    Semantic,
    /// Each of these
    All,
}

impl Modes {
    fn list(self) -> Vec<(&'static str, Mode)> {
        let all =
            [("lexical", Mode::Lexical), ("semantic", Mode::Semantic), ("hybrid", Mode::Hybrid)];
        match self {
            Self::All => all.to_vec(),
            Self::Lexical => all[..1].to_vec(),
            Self::Semantic => all[1..2].to_vec(),
            Self::Hybrid => all[2..].to_vec(),
        }
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.mode == Modes::All && arguments.run.is_some() {
        return Ok(usage("--run needs one mode: --mode lexical, semantic or hybrid"));
    }
    let Some(judged) = &arguments.judged else {
        return if arguments.cases.is_given() { cases(arguments) } else { corrections(arguments) };
    };
    let set = judged.read()?;
    // No query's embedding is kept: a repeated one would come out faster than it is.
    let engine = arguments.target.open(0)?;
    let trial = engine.trial(&arguments.target.index, &parse::patch(&arguments.settings))?;
    let mut reports = Vec::new();
    for (name, mode) in arguments.mode.list() {
        let request = arguments.request.clone().unwrap_or_default();
        let request = SearchRequest { mode, ..request };
        reports.push((name, set.measure(&trial, (&request, judged.random_history))?));
    }
    if let (Some(path), Some((_, report))) = (&arguments.run, reports.first()) {
        let file = File::create(path).map_err(|error| unusable(path, &error))?;
        judgments::write_run(&mut BufWriter::new(file), &report.run)?;
    }
    if arguments.json {
        let reports: serde_json::Map<String, Value> = reports
            .iter()
            .map(|(name, report)| Ok(((*name).to_owned(), serde_json::to_value(report)?)))
            .collect::<serde_json::Result<_>>()
            .map_err(|error| Error::internal("output_failed", error.to_string(), ""))?;
        print_json(&reports)?;
    } else {
        print(&table(&reports))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn corrections(arguments: &Arguments) -> Result<ExitCode> {
    let Some(path) = &arguments.corrections else {
        return Ok(usage("--queries and --qrels, or --corrections, or --cases"));
    };
    let pairs = read_pairs(open(path)?).map_err(|error| of_file(path, &error))?;
    let engine = arguments.target.open(0)?;
    let trial = engine.trial(&arguments.target.index, &parse::patch(&arguments.settings))?;
    let report = evaluate_corrections(&pairs, &trial)?;
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cases(arguments: &Arguments) -> Result<ExitCode> {
    let engine = arguments.target.open(QUERIES_KEPT)?;
    let trial = engine.trial(&arguments.target.index, &parse::patch(&arguments.settings))?;
    let report = arguments.cases.measure(&trial, &arguments.request.clone().unwrap_or_default())?;
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Corrector for Trial<'_> {
    fn corrected(&self, text: &str) -> Option<String> {
        Trial::corrected(self, text)
    }

    fn knows(&self, word: &str) -> bool {
        Trial::knows(self, word)
    }
}

fn table(reports: &[(&str, Report)]) -> String {
    let row = |label: &str, cell: &dyn Fn(&Report) -> String| {
        let cells: String = reports.iter().map(|(_, one)| format!("{:>11}", cell(one))).collect();
        format!("{label:<16}{cells}\n")
    };
    let heads: String = reports.iter().map(|(name, _)| format!("{name:>11}")).collect();
    [
        format!("{:<16}{heads}\n", ""),
        row("queries", &|one| one.scores.queries.to_string()),
        row("NDCG@10", &|one| format!("{:.4}", one.scores.ndcg)),
        row("MRR@10", &|one| format!("{:.4}", one.scores.mrr)),
        row("recall@100", &|one| format!("{:.4}", one.scores.recall)),
        row("empty queries", &|one| one.scores.empty.to_string()),
        row("latency p50 ms", &|one| format!("{:.2}", one.latency.p50_ms)),
        row("latency p95 ms", &|one| format!("{:.2}", one.latency.p95_ms)),
        row("latency p99 ms", &|one| format!("{:.2}", one.latency.p99_ms)),
    ]
    .concat()
}

/// Arguments that are right one by one and wrong together.
fn usage(message: &str) -> ExitCode {
    super::output::say(&format!("error: {message}"));
    ExitCode::from(super::WRONG_USAGE)
}
