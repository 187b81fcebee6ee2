//! A byte stream, decompressed when it is gzip, cut into records of bounded length.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::RECORD_BYTES_MAX;
use crate::error::{Error, Result};

/// Enough of a file to see its compression, its format and its CSV header.
const HEAD_BYTES: u64 = 64 * 1024;

/// Beginnings of files that are not text, with what they are.
const FOREIGN: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"\x1f\x8b", "gzip within gzip"),
];

/// What a byte means to the one who cuts the stream into records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It belongs to the record.
    Keep,
    /// It belongs to no record.
    Skip,
    /// The record ended before it.
    End,
}

/// One record as it stands in the file.
pub(super) struct Raw {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its bytes; not all of them when it is too long.
    pub bytes: Vec<u8>,
    /// Whether it is longer than a record may be.
    pub too_long: bool,
    /// Whether it was ended by `Cut::End` rather than by the end of the file.
    pub ended: bool,
}

/// The decompressed stream.
pub(super) struct Source<'r> {
    reader: Box<dyn BufRead + Send + 'r>,
    head: Vec<u8>,
    line: u64,
    gzip: bool,
}

impl<'r> Source<'r> {
    /// Looks at the beginning and sets up decompression; a byte-order mark is skipped.
    pub(super) fn open(mut reader: impl BufRead + Send + 'r) -> Result<Self> {
        let mut head = Vec::new();
        let gzip = {
            reader
                .by_ref()
                .take(2)
                .read_to_end(&mut head)
                .map_err(|error| broken(&error, false))?;
            head == b"\x1f\x8b"
        };
        let whole = Cursor::new(head).chain(reader);
        let mut plain: Box<dyn BufRead + Send + 'r> = if gzip {
            Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(whole)))
        } else {
            Box::new(whole)
        };
        let mut head = Vec::new();
        plain
            .by_ref()
            .take(HEAD_BYTES)
            .read_to_end(&mut head)
            .map_err(|error| broken(&error, gzip))?;
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(Error::bad_request(
                "unreadable_catalog",
                format!("the catalogue is {what}"),
                "give it as UTF-8 text, plain or gzip",
            ));
        }
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let reader = Box::new(Cursor::new(head.clone()).chain(plain));
        Ok(Self { reader, head, line: 1, gzip })
    }

    /// The first bytes of the decompressed stream, at most 64 KiB.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The next record that is not blank, as `cut` divides the stream; `None` at its end.
    pub(super) fn next(&mut self, mut cut: impl FnMut(u8) -> Cut) -> Result<Option<Raw>> {
        let mut raw = Raw { line: self.line, bytes: Vec::new(), too_long: false, ended: false };
        let mut blank = true;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(&error, self.gzip)),
            };
            if chunk.is_empty() {
                return Ok((!blank).then_some(raw));
            }
            let mut used = 0;
            for &byte in chunk {
                used += 1;
                let end = match cut(byte) {
                    Cut::End => true,
                    Cut::Skip => false,
                    Cut::Keep => {
                        if blank && !byte.is_ascii_whitespace() {
                            blank = false;
                            raw.line = self.line;
                        }
                        raw.push(byte, blank);
                        false
                    }
                };
                self.line += u64::from(byte == b'\n');
                if end {
                    raw.ended = true;
                    break;
                }
            }
            self.reader.consume(used);
            if raw.ended {
                return Ok(Some(raw));
            }
        }
    }
}

impl Raw {
    fn push(&mut self, byte: u8, blank: bool) {
        if blank || self.too_long {
            return;
        }
        if self.bytes.len() < RECORD_BYTES_MAX {
            self.bytes.push(byte);
        } else {
            self.too_long = true;
            self.bytes = Vec::new();
        }
    }

    /// Whether there is nothing between this record's separators.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.is_empty() && !self.too_long
    }
}

fn broken(error: &io::Error, gzip: bool) -> Error {
    let of_content = matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    );
    if gzip && of_content {
        return Error::bad_request(
            "broken_gzip",
            format!("the gzip data is broken: {error}"),
            "the file is perhaps cut short; make or send it again",
        );
    }
    Error::unavailable("unreadable_catalog", format!("the catalogue cannot be read: {error}"), "")
}
