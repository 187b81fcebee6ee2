//! `vitrine eval`: relevance and latency on judged queries, also under other settings and with
//! typing errors; and how well misspelt queries are put right.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::data::{IndexArguments, operator};
use super::output::{print, print_json};
use super::parse;
use super::tune::Dump;
use crate::domain::search::{Mode, SearchRequest};
use crate::engine::Trial;
use crate::error::{Error, Result};
use crate::eval::corrections::{Corrector, evaluate_corrections, read_pairs};
use crate::eval::judgments::{self, JudgedQuery, Judgments};
use crate::eval::misspell::Misspeller;
use crate::eval::{Report, evaluate};

/// Hits that are asked for: as many as recall looks at.
const HITS: usize = 100;

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
    /// Write what was found, a line per hit: query⇥product⇥rank⇥score
    #[arg(long, value_name = "TSV")]
    run: Option<PathBuf>,
    /// Which candidates to consider
    #[arg(long, value_enum, default_value = "hybrid")]
    mode: Modes,
    /// A setting for this evaluation only, such as ranking.lexical=0.8
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse::setting)]
    settings: Vec<(String, Value)>,
    /// Write each hit with its grade and the parts of its score, a JSON object per line
    #[arg(long, value_name = "JSONL")]
    dump: Option<PathBuf>,
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
}

impl Judged {
    fn read(&self) -> Result<(Vec<JudgedQuery>, Judgments)> {
        let mut queries = judgments::read_queries(open(&self.queries)?)
            .map_err(|error| of_file(&self.queries, &error))?;
        let judgments =
            Judgments::read(open(&self.qrels)?).map_err(|error| of_file(&self.qrels, &error))?;
        if let Some(mut misspeller) = self.misspell.map(Misspeller::new) {
            for query in &mut queries {
                query.text = misspeller.misspell(&query.text);
            }
        }
        Ok((queries, judgments))
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
    if arguments.mode == Modes::All && (arguments.run.is_some() || arguments.dump.is_some()) {
        return Ok(usage("--run and --dump need one mode: --mode lexical, semantic or hybrid"));
    }
    let Some(judged) = &arguments.judged else {
        return corrections(arguments);
    };
    let (queries, judgments) = judged.read()?;
    // No query's embedding is kept: a repeated one would come out faster than it is.
    let engine = arguments.target.open(0)?;
    let trial = engine.trial(&arguments.target.index, &parse::patch(&arguments.settings))?;
    let mut dump = arguments.dump.as_deref().map(Dump::create).transpose()?;
    let mut reports = Vec::new();
    for (name, mode) in arguments.mode.list() {
        let report = measure(&trial, mode, (&queries, &judgments), dump.as_mut())?;
        reports.push((name, report));
    }
    dump.map_or(Ok(()), Dump::finish)?;
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
        return Ok(usage("--queries and --qrels, or --corrections"));
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

impl Corrector for Trial<'_> {
    fn corrected(&self, text: &str) -> Option<String> {
        Trial::corrected(self, text)
    }

    fn knows(&self, word: &str) -> bool {
        Trial::knows(self, word)
    }
}

fn measure(
    trial: &Trial<'_>,
    mode: Mode,
    set: (&[JudgedQuery], &Judgments),
    mut dump: Option<&mut Dump>,
) -> Result<Report> {
    let mut asked = set.0.iter();
    let mut search = |text: &str| {
        let request = SearchRequest {
            q: text.to_owned(),
            per_page: HITS,
            mode,
            explain: dump.is_some(),
            ..SearchRequest::default()
        };
        let page = trial.search(&request, operator())?;
        if let (Some(dump), Some(query)) = (&mut dump, asked.next()) {
            dump.add(&query.id, &page.hits, set.1)?;
        }
        Ok(page.hits.into_iter().map(|hit| (hit.id, hit.score)).collect())
    };
    evaluate(set.0, set.1, &mut search)
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

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| unusable(path, &error))
}

fn of_file(path: &Path, error: &Error) -> Error {
    let problem = error.problem();
    let message = format!("{}: {}", path.display(), problem.message);
    Error::bad_request(problem.code, message, problem.hint.clone())
}

/// A file that cannot be opened or made.
pub(super) fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable(
        "unusable_file",
        format!("'{}' cannot be opened: {error}", path.display()),
        "check the path and its permissions",
    )
}
