//! Standard output and standard error; a reader that went away counts as served.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::error::{Error, Result};

/// Writes `text` to standard output.
///
/// # Errors
/// Unavailable when standard output cannot be written, other than because nobody reads it.
pub(super) fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::unavailable(
            "output_failed",
            format!("standard output cannot be written: {error}"),
            "",
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes `value` as indented JSON to standard output.
///
/// # Errors
/// As [`print`]; Internal when the value has no JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::internal("output_failed", error.to_string(), ""))?;
    text.push('\n');
    print(&text)
}

/// Says something on standard error that is not the command's result.
pub(super) fn say(text: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says on standard error why the command failed.
pub(super) fn complain(error: &Error) {
    say(&format!("error: {error}"));
}

/// `count` things: `1 product`, `2 products`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// The first characters of a text, filled up to `width`.
pub(super) fn column(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text:<width$}");
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_their_width_whatever_the_text() {
        assert_eq!(column("ab", 4), "ab  ");
        assert_eq!(column("abcd", 4), "abcd");
        assert_eq!(column("äöüßé", 4), "äöü…");
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!(counted(1, "product"), "1 product");
        assert_eq!(counted(0, "product"), "0 products");
    }
}
