//! CSV: where its records end, its header, and a row as a JSON object of texts.

use serde_json::{Map, Value};

use super::source::Cut;
use super::{Fault, Mapping};
use crate::error::{Error, Result};

/// Follows CSV byte by byte to where a record ends: at a line break outside quotes.
///
/// The `csv` crate parses the fields; it is given one record at a time, because by itself it would
/// read the rest of the file into one field when a closing quote is missing.
pub(super) struct RowCutter {
    delimiter: u8,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// After a quote within a quoted field: its end, or the first half of a doubled quote.
    QuoteSeen,
}

impl RowCutter {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::FieldStart }
    }

    /// What `byte` means.
    pub(super) fn cut(&mut self, byte: u8) -> Cut {
        if let State::Quoted = self.state {
            if byte == b'"' {
                self.state = State::QuoteSeen;
            }
            return Cut::Keep;
        }
        if byte == b'\n' {
            self.state = State::FieldStart;
            return Cut::End;
        }
        self.state = match (self.state, byte) {
            (State::FieldStart | State::QuoteSeen, b'"') => State::Quoted,
            (_, delimiter) if delimiter == self.delimiter => State::FieldStart,
            (State::FieldStart | State::Bare | State::Quoted | State::QuoteSeen, _) => State::Bare,
        };
        Cut::Keep
    }
}

/// Comma, semicolon or tab: the most frequent one outside quotes in the first line.
pub(super) fn delimiter_of(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for &byte in head {
        quoted ^= byte == b'"';
        if byte == b'\n' && !quoted {
            break;
        }
        for (delimiter, count) in &mut counts {
            *count += usize::from(byte == *delimiter && !quoted);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(delimiter, _)| *delimiter)
}

/// The names of the columns.
pub(super) struct Header {
    columns: Vec<String>,
    delimiter: u8,
}

impl Header {
    /// Reads the header line and checks that it can give products.
    pub(super) fn parse(line: &[u8], delimiter: u8, mapping: &Mapping) -> Result<Self> {
        let unreadable = |message: String| {
            Error::bad_request(
                "unreadable_catalog",
                message,
                "a catalogue is JSON lines, a JSON array, or CSV with a header line; \
                 a mapping names columns that are called otherwise",
            )
        };
        let fields = split(line, delimiter).map_err(|fault| unreadable(fault.reason))?;
        let columns: Vec<String> = fields.iter().map(|name| name.trim().to_owned()).collect();
        for (position, name) in columns.iter().enumerate() {
            if !name.is_empty() && columns[..position].contains(name) {
                return Err(unreadable(format!("the CSV header names '{name}' twice")));
            }
        }
        for required in ["id", "title"] {
            let theirs = mapping.source_of(required);
            if !columns.iter().any(|name| name == theirs || name == required) {
                return Err(unreadable(format!("the CSV header has no column '{theirs}'")));
            }
        }
        Ok(Self { columns, delimiter })
    }

    /// A row as an object of texts; empty cells are left out.
    pub(super) fn row(&self, line: &[u8]) -> std::result::Result<Map<String, Value>, Fault> {
        let cells = split(line, self.delimiter)?;
        if cells.len() != self.columns.len() {
            return Err(Fault::record(format!(
                "expected {} columns as in the header, found {}",
                self.columns.len(),
                cells.len()
            )));
        }
        let named = self.columns.iter().zip(cells);
        Ok(named
            .filter(|(name, cell)| !name.is_empty() && !cell.trim().is_empty())
            .map(|(name, cell)| (name.clone(), Value::String(cell)))
            .collect())
    }
}

fn split(line: &[u8], delimiter: u8) -> std::result::Result<Vec<String>, Fault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .terminator(::csv::Terminator::Any(b'\n'))
        .buffer_capacity(line.len().clamp(64, 8192))
        .from_reader(line);
    let mut record = ::csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(_) => Ok(record.iter().map(str::to_owned).collect()),
        Err(error) if matches!(error.kind(), ::csv::ErrorKind::Utf8 { .. }) => {
            Err(Fault::record("expected UTF-8 text, found other bytes"))
        }
        Err(error) => Err(Fault::record(format!("not valid CSV: {error}"))),
    }
}
