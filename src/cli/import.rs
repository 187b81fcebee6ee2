//! `vitrine import`: catalogue files into an index, with a count of what became of them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::data::{IndexArguments, PATIENCE, quiet_logging};
use super::output::{complain, counted, print, print_json};
use super::progress::{bytes_bar, settle};
use crate::catalog::{Format, Mapping};
use crate::domain::id::Sequence;
use crate::engine::{Accepted, Engine, Rejected};
use crate::error::{Error, Result};
use crate::startup;

/// Rejected records that are listed; the others are counted.
const REJECTS_LISTED: usize = 20;

/// The arguments of `vitrine import`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: IndexArguments,
    /// Which of your fields is which of ours, as TOML or JSON
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Turn meaning off for this index: nothing is embedded, searches go by words
    #[arg(long)]
    no_embeddings: bool,
    /// Write the report as JSON
    #[arg(long)]
    json: bool,
    /// Catalogue files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What became of an import.
#[derive(Default, Serialize)]
struct Report {
    imported: usize,
    rejected: usize,
    /// The first rejected records.
    rejects: Vec<FileReject>,
    failed_files: usize,
    /// From the start until everything was searchable by word.
    searchable_seconds: f64,
    products_per_second: f64,
    embedded: usize,
    embedding_seconds: f64,
    #[serde(skip)]
    sequence: Sequence,
}

/// A rejected record with its file.
#[derive(Serialize)]
struct FileReject {
    file: String,
    #[serde(flatten)]
    reject: Rejected,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mapping = mapping(arguments.mapping.as_deref())?;
    quiet_logging()?;
    let engine = startup::engine(&arguments.target.data.config()?, 0)?;
    prepare_index(&engine, arguments)?;
    let mut report = Report::default();
    let start = Instant::now();
    for file in &arguments.files {
        match import_file(&engine, arguments, file, &mapping) {
            Ok(accepted) => report.add(file, accepted),
            Err(error) => {
                complain(&in_file(file, &error));
                report.failed_files += 1;
            }
        }
    }
    engine.wait_searchable(&arguments.target.index, report.sequence, PATIENCE)?;
    report.took(start.elapsed());
    let start = Instant::now();
    report.embedded = settle(&engine, &arguments.target.index)?;
    report.embedding_seconds = start.elapsed().as_secs_f64();
    if arguments.json {
        print_json(&report)?
    } else {
        print(&report.to_text())?
    }
    Ok(ExitCode::from(if report.failed_files > 0 { super::FAILED } else { 0 }))
}

/// The mapping of a file; ours names are theirs without one.
fn mapping(path: Option<&Path>) -> Result<Mapping> {
    let Some(path) = path else {
        return Ok(Mapping::default());
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    Mapping::parse(&text)
}

fn prepare_index(engine: &Engine, arguments: &Arguments) -> Result<()> {
    let index = &arguments.target.index;
    let known = engine.indexes().iter().any(|summary| summary.name == *index);
    let off = json!({"semantic": {"enabled": false}});
    match (known, arguments.no_embeddings) {
        (true, true) => engine.patch_settings(index, &off).map(drop),
        (true, false) => Ok(()),
        (false, without) => {
            let patch = if without { off } else { json!({}) };
            engine.create_index(index, &patch).map(drop)
        }
    }
}

fn import_file(
    engine: &Engine,
    arguments: &Arguments,
    path: &Path,
    mapping: &Mapping,
) -> Result<Accepted> {
    let index = &arguments.target.index;
    let put = |reader: Box<dyn BufRead + Send>| {
        engine.put_products(index, reader, (Format::Auto, mapping), &|_| {})
    };
    if path == Path::new("-") {
        return put(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let bar = bytes_bar(&name.unwrap_or_default(), bytes);
    let accepted = put(Box::new(bar.wrap_read(BufReader::new(file))));
    bar.finish_and_clear();
    accepted
}

impl Report {
    fn add(&mut self, file: &Path, accepted: Accepted) {
        self.imported += accepted.accepted;
        self.rejected += accepted.rejected_count;
        self.sequence = self.sequence.max(accepted.sequence);
        let room = REJECTS_LISTED.saturating_sub(self.rejects.len());
        let file = file.display().to_string();
        let listed = accepted.rejected.into_iter().take(room);
        self.rejects.extend(listed.map(|reject| FileReject { file: file.clone(), reject }));
    }

    fn took(&mut self, time: Duration) {
        self.searchable_seconds = time.as_secs_f64();
        if self.searchable_seconds > 0.0 {
            self.products_per_second = self.imported as f64 / self.searchable_seconds;
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "imported {} in {:.2} s ({:.0} products/s until searchable), rejected {}\n",
            counted(self.imported, "product"),
            self.searchable_seconds,
            self.products_per_second,
            counted(self.rejected, "record"),
        );
        if self.embedded > 0 {
            let rate = self.embedded as f64 / self.embedding_seconds.max(1e-3);
            text.push_str(&format!(
                "embedded {} in {:.2} s more ({rate:.0} products/s)\n",
                counted(self.embedded, "product"),
                self.embedding_seconds,
            ));
        }
        for FileReject { file, reject } in &self.rejects {
            let id = reject.id.as_deref().map(|id| format!(" [{id}]")).unwrap_or_default();
            let Rejected { line, field, reason, .. } = reject;
            text.push_str(&format!("{file}:{line}{id} {field}: {reason}\n"));
        }
        if self.rejected > self.rejects.len() {
            text.push_str(&format!("and {} more\n", self.rejected - self.rejects.len()));
        }
        if self.failed_files > 0 {
            text.push_str(&format!(
                "{} could not be read to the end; records before the fault stay\n",
                counted(self.failed_files, "file")
            ));
        }
        text
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::unavailable(
        "unreadable_file",
        format!("'{}' cannot be read: {error}", path.display()),
        "check the path and its permissions",
    )
}

fn in_file(path: &Path, error: &Error) -> Error {
    let problem = error.problem();
    if problem.code == "unreadable_file" {
        return error.clone();
    }
    let message = format!("{}: {}", path.display(), problem.message);
    Error::bad_request(problem.code, message, problem.hint.clone())
}
