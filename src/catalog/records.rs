//! From a byte stream to products and rejects, one by one.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::array::{ArrayCutter, State};
use super::csv::{Header, RowCutter, delimiter_of};
use super::fields::{Origin, id_of, into_object, product_of};
use super::source::{Cut, Raw, Source};
use super::{Fault, Format, Mapping, RECORD_BYTES_MAX, Record, Reject};
use crate::error::{Error, Result};

/// The records of one catalogue file in its order.
///
/// An `Err` means that the rest of the file cannot be read, and ends the iteration; records given
/// before it stand. An `Ok(Err(_))` is one rejected record, and the next one follows.
pub struct Records<'r> {
    source: Source<'r>,
    layout: Layout,
    mapping: Mapping,
    done: bool,
}

enum Layout {
    Lines,
    Array(ArrayCutter),
    Csv { cutter: RowCutter, header: Option<Header>, delimiter: u8 },
}

/// Begins to read a catalogue. `mapping` says what its fields are called; `Mapping::default()`
/// takes them as they are.
///
/// # Errors
/// `BadRequest` when the content is compressed otherwise than by gzip, is broken gzip or is not
/// UTF-8 at its very beginning; Unavailable when `reader` fails. Later failures are items.
pub fn read<'r>(
    reader: impl BufRead + Send + 'r,
    format: Format,
    mapping: &Mapping,
) -> Result<Records<'r>> {
    let source = Source::open(reader)?;
    let first = source.head().iter().find(|byte| !byte.is_ascii_whitespace());
    let layout = match (format, first) {
        (Format::JsonLines, _) | (Format::Auto, Some(b'{') | None) => Layout::Lines,
        (Format::JsonArray, _) | (Format::Auto, Some(b'[')) => {
            Layout::Array(ArrayCutter::default())
        }
        (Format::Csv | Format::Auto, _) => {
            let delimiter = delimiter_of(source.head());
            Layout::Csv { cutter: RowCutter::new(delimiter), header: None, delimiter }
        }
    };
    Ok(Records { source, layout, mapping: mapping.clone(), done: false })
}

impl Iterator for Records<'_> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.advance().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

impl Records<'_> {
    fn advance(&mut self) -> Result<Option<Record>> {
        while let Some(raw) = self.next_raw()? {
            if raw.is_blank() {
                continue;
            }
            if let Layout::Csv { header: header @ None, delimiter, .. } = &mut self.layout {
                *header = Some(Header::parse(&raw.bytes, *delimiter, &self.mapping)?);
                continue;
            }
            return Ok(Some(self.record(&raw)));
        }
        Ok(None)
    }

    fn next_raw(&mut self) -> Result<Option<Raw>> {
        match &mut self.layout {
            Layout::Lines => {
                self.source.next(|byte| if byte == b'\n' { Cut::End } else { Cut::Keep })
            }
            Layout::Csv { cutter, .. } => self.source.next(|byte| cutter.cut(byte)),
            Layout::Array(cutter) => {
                let before = cutter.state();
                let raw = self.source.next(|byte| cutter.cut(byte))?;
                checked_element(raw, before, cutter.state())
            }
        }
    }

    fn record(&self, raw: &Raw) -> Record {
        let reject = |id, fault: Fault| Reject {
            line: raw.line,
            id,
            field: fault.field,
            reason: fault.reason,
        };
        if raw.too_long {
            let reason = format!("longer than {RECORD_BYTES_MAX} bytes (is a quote not closed?)");
            return Err(reject(None, Fault::record(reason)));
        }
        let (parsed, origin) = match &self.layout {
            Layout::Lines | Layout::Array(_) => (object(&raw.bytes), Origin::Json),
            Layout::Csv { header: Some(header), .. } => (header.row(&raw.bytes), Origin::Text),
            Layout::Csv { header: None, .. } => {
                (Err(Fault::record("stands before the header")), Origin::Text)
            }
        };
        let mut map = parsed.map_err(|fault| reject(None, fault))?;
        self.mapping.apply(&mut map);
        let id = id_of(&map);
        product_of(map, &self.mapping, origin).map_err(|fault| reject(id, fault))
    }
}

/// An element of the array, or why the array is broken. A blank one is right only in `[]`.
fn checked_element(raw: Option<Raw>, before: State, after: State) -> Result<Option<Raw>> {
    let broken = |why: &str| {
        Err(Error::bad_request(
            "broken_json_array",
            format!("the JSON array is broken: {why}"),
            "what stands before the break was read; the file is perhaps cut short",
        ))
    };
    match (after, raw) {
        (State::Broken(why), _) => broken(why),
        (State::Closed, None) => Ok(None),
        (_, None) => broken("it ends without a closing ']'"),
        (_, Some(raw)) if !raw.ended => {
            broken(&format!("it ends within the element that begins on line {}", raw.line))
        }
        (State::Closed, Some(raw)) if raw.is_blank() && before != State::Later => Ok(Some(raw)),
        (_, Some(raw)) if raw.is_blank() => broken("an element is missing beside a comma"),
        (_, Some(raw)) => Ok(Some(raw)),
    }
}

fn object(bytes: &[u8]) -> std::result::Result<Map<String, Value>, Fault> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        Fault::record(format!("not valid JSON: {what} (at byte {})", error.column()))
    })?;
    into_object(value)
}
