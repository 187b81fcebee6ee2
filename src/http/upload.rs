//! A body of products, looked at as a whole before the first product is stored: a body that is
//! broken or too large changes nothing.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use axum::body::Bytes;
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;

use super::body::{broken_gzip, malformed, too_large};
use super::failure::Failure;
use crate::engine::Format;

/// Bytes that begin gzip data.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a media type says of the format; `None` says nothing.
fn declared(media_type: &str) -> Option<Format> {
    match media_type {
        "application/json" | "text/json" => Some(Format::JsonArray),
        "text/csv" | "application/csv" | "text/tab-separated-values" => Some(Format::Csv),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/jsonlines" => Some(Format::JsonLines),
        _ => None,
    }
}

/// A body that can be read as products.
pub(super) struct Upload {
    bytes: Bytes,
    single: bool,
    /// How the products are written.
    pub(super) format: Format,
}

impl Upload {
    /// Checks what can be checked before any product is stored: that the compression is whole,
    /// the size within `unpacked_bytes_max`, and JSON valid where one value holds all products.
    pub(super) fn check(
        bytes: Bytes,
        media_type: &str,
        unpacked_bytes_max: u64,
    ) -> Result<Self, Failure> {
        let gzip = bytes.starts_with(&GZIP);
        let mut plain = plain(&bytes, unpacked_bytes_max);
        let first =
            first_byte(&mut plain).map_err(|error| unreadable(&error, unpacked_bytes_max))?;
        let (format, single) = match (declared(media_type), first) {
            (_, None) => return Err(empty()),
            (Some(Format::Csv), _) => (Format::Csv, false),
            (Some(Format::JsonLines), _) => (Format::JsonLines, false),
            (_, Some(b'[')) => (Format::JsonArray, false),
            (_, Some(b'{')) => {
                let single = is_single(&mut plain, unpacked_bytes_max)?;
                (if single { Format::JsonArray } else { Format::JsonLines }, single)
            }
            (Some(_), Some(_)) => (Format::JsonArray, false),
            (None, Some(_)) => (Format::Csv, false),
        };
        if format == Format::JsonArray && !single {
            let array: Result<IgnoredAny, _> = serde_json::from_reader(&mut plain);
            array.map_err(|error| broken_json(error, unpacked_bytes_max))?;
        }
        if gzip {
            let rest = io::copy(&mut plain, &mut io::sink());
            rest.map_err(|error| unreadable(&error, unpacked_bytes_max))?;
        }
        drop(plain);
        Ok(Self { bytes, single, format })
    }

    /// The products as they are written; a single object becomes an array of one.
    pub(super) fn reader(&self) -> Box<dyn BufRead + Send + '_> {
        if !self.single {
            return Box::new(Cursor::new(&self.bytes));
        }
        let object = plain(&self.bytes, u64::MAX);
        Box::new(Cursor::new(b"[").chain(object).chain(Cursor::new(b"]")))
    }
}

type Plain<'a> = BufReader<Bounded<Box<dyn Read + Send + 'a>>>;

fn plain(bytes: &[u8], bytes_max: u64) -> Plain<'_> {
    let inner: Box<dyn Read + Send + '_> = if bytes.starts_with(&GZIP) {
        Box::new(MultiGzDecoder::new(bytes))
    } else {
        Box::new(bytes)
    };
    BufReader::with_capacity(64 * 1024, Bounded { inner, left: bytes_max })
}

/// The first byte that is not blank, left unread; a byte-order mark is skipped.
fn first_byte(reader: &mut Plain<'_>) -> io::Result<Option<u8>> {
    loop {
        let chunk = reader.fill_buf()?;
        let Some(byte) = chunk.first() else {
            return Ok(None);
        };
        match byte {
            0xef if chunk.starts_with(b"\xef\xbb\xbf") => reader.consume(3),
            byte if byte.is_ascii_whitespace() => reader.consume(1),
            byte => return Ok(Some(*byte)),
        }
    }
}

/// Whether the text is one JSON object and nothing else, rather than one object per line.
fn is_single(reader: &mut Plain<'_>, bytes_max: u64) -> Result<bool, Failure> {
    let mut values = serde_json::Deserializer::from_reader(reader).into_iter::<IgnoredAny>();
    let mut read = 0;
    while read < 2 {
        match values.next() {
            None => break,
            Some(Ok(_)) => read += 1,
            Some(Err(error)) if error.is_io() => return Err(broken_json(error, bytes_max)),
            // Broken lines are rejected one by one.
            Some(Err(_)) => return Ok(false),
        }
    }
    Ok(read == 1)
}

/// Gives up when more comes than may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
        Ok(read)
    }
}

fn unreadable(error: &io::Error, bytes_max: u64) -> Failure {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return too_large(bytes_max);
    }
    broken_gzip(error)
}

fn broken_json(error: serde_json::Error, bytes_max: u64) -> Failure {
    if error.is_io() { unreadable(&error.into(), bytes_max) } else { malformed(&error, "") }
}

fn empty() -> Failure {
    Failure::bad_request(
        "empty_body",
        "the body is empty",
        "send a JSON array, one JSON object per line, or CSV",
    )
}
