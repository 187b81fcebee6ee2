//! `vitrine import-events`: what shoppers did before the shop used this engine.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use flate2::bufread::MultiGzDecoder;

use super::data::DataArguments;
use super::judged::unusable;
use super::output::{counted, print};
use super::progress::{bytes_bar, settle};
use crate::domain::event::Event;
use crate::domain::time::Timestamp;
use crate::engine::{Engine, Recorded, Rejected};
use crate::error::{Error, Result};
use crate::startup;

/// Events of one transaction.
const RECORDED_AT_ONCE: usize = 2_000;

/// Rejected events that are listed; the others are counted.
const REJECTS_LISTED: usize = 20;

/// The first bytes of gzip data.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The arguments of `vitrine import-events`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Files with one event as JSON per line, plain or gzip
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let engine = startup::engine(&arguments.data.existing()?, 0)?;
    // What a shopper chose is kept with its meaning, so meaning comes first.
    for summary in engine.indexes() {
        settle(&engine, &summary.name)?;
    }
    for path in &arguments.files {
        let file = File::open(path).map_err(|error| unusable(path, &error))?;
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        let bar = bytes_bar(&path.display().to_string(), bytes);
        let recorded = record(&engine, bar.wrap_read(BufReader::new(file)), &|event| event);
        bar.finish_and_clear();
        print(&report(path, &recorded?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Records the events of a file, each changed by `change`.
pub(super) fn record(
    engine: &Engine,
    mut reader: impl BufRead,
    change: &dyn Fn(Event) -> Event,
) -> Result<Recorded> {
    let gzip = reader.fill_buf().map_err(|error| broken(&error))?.starts_with(&GZIP);
    if gzip {
        record_lines(engine, BufReader::new(MultiGzDecoder::new(reader)), change)
    } else {
        record_lines(engine, reader, change)
    }
}

fn record_lines(
    engine: &Engine,
    reader: impl BufRead,
    change: &dyn Fn(Event) -> Event,
) -> Result<Recorded> {
    let now = startup::now();
    let mut total = Recorded::default();
    let mut batch = Batch::default();
    for (number, line) in (1..).zip(reader.lines()) {
        let line = line.map_err(|error| broken(&error))?;
        match serde_json::from_str(&line) {
            Ok(event) => batch.add(number, change(event)),
            Err(_) if line.trim().is_empty() => {}
            Err(error) => total.rejected.push(Rejected {
                line: number,
                id: None,
                field: "event".to_owned(),
                reason: error.to_string(),
            }),
        }
        if batch.events.len() == RECORDED_AT_ONCE {
            batch.record(engine, now, &mut total)?;
        }
    }
    batch.record(engine, now, &mut total)?;
    Ok(total)
}

/// Events that are recorded together, with their lines in the file.
#[derive(Default)]
struct Batch {
    lines: Vec<u64>,
    events: Vec<Event>,
}

impl Batch {
    fn add(&mut self, line: u64, event: Event) {
        self.lines.push(line);
        self.events.push(event);
    }

    fn record(&mut self, engine: &Engine, now: Timestamp, total: &mut Recorded) -> Result<()> {
        let lines = std::mem::take(&mut self.lines);
        let recorded = engine.import_events(std::mem::take(&mut self.events), now)?;
        total.accepted += recorded.accepted;
        total.ignored += recorded.ignored;
        for mut reject in recorded.rejected {
            let place = usize::try_from(reject.line - 1).unwrap_or(usize::MAX);
            reject.line = lines.get(place).copied().unwrap_or(reject.line);
            total.rejected.push(reject);
        }
        Ok(())
    }
}

fn report(path: &Path, recorded: &Recorded) -> String {
    let file = path.display();
    let mut text = format!(
        "{file}: recorded {}, ignored {} without consent, rejected {}\n",
        counted(recorded.accepted, "event"),
        recorded.ignored,
        recorded.rejected.len()
    );
    for reject in recorded.rejected.iter().take(REJECTS_LISTED) {
        text.push_str(&format!("{file}:{} {}: {}\n", reject.line, reject.field, reject.reason));
    }
    if recorded.rejected.len() > REJECTS_LISTED {
        text.push_str(&format!("and {} more\n", recorded.rejected.len() - REJECTS_LISTED));
    }
    text
}

fn broken(error: &std::io::Error) -> Error {
    Error::bad_request("unreadable_events", format!("the events cannot be read: {error}"), "")
}
