//! Checks of single values: what was expected, what was found.

use serde_json::Value;

use super::Fault;
use crate::domain::time::Timestamp;

type Checked<T> = std::result::Result<T, Fault>;

/// A text of at most so many characters.
#[derive(Clone, Copy)]
pub(super) struct Length(pub usize);

/// Names and labels: brand, colour, tags, levels of a category.
pub(super) const LABEL: Length = Length(1_000);

/// A range of numbers, and how it is called in words.
pub(super) struct Range {
    min: f64,
    max: f64,
    words: &'static str,
}

pub(super) const PRICE: Range =
    Range { min: 0.0, max: 1e12_f64.next_down(), words: "a number from 0 to below 1e12" };
pub(super) const RATING: Range = Range { min: 0.0, max: 5.0, words: "a number from 0 to 5" };
pub(super) const MARGIN: Range = Range { min: -1.0, max: 1.0, words: "a number from -1 to 1" };
pub(super) const POPULARITY: Range =
    Range { min: 0.0, max: f64::MAX, words: "a number that is not negative" };

/// Whole numbers up to here are exact in a 64-bit float.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A value in words, shortened.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text '{}'", shortened(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The fault of finding `value` where `what` was expected.
pub(super) fn expected(field: &str, what: &str, value: &Value) -> Fault {
    Fault::new(field, format!("expected {what}, found {}", found(value)))
}

/// A trimmed text; `None` when nothing is left of it.
pub(super) fn text(field: &str, value: &Value, length: Length) -> Checked<Option<String>> {
    let text = value.as_str().ok_or_else(|| expected(field, "a text", value))?.trim();
    if text.chars().nth(length.0).is_some() {
        let characters = text.chars().count();
        let reason = format!("expected at most {} characters, found {characters}", length.0);
        return Err(Fault::new(field, reason));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A text, or a number taken as its digits: for identifiers and sizes, which shops often write
/// without quotes.
pub(super) fn code(field: &str, value: &Value) -> Checked<Option<String>> {
    match value {
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::String(_) => text(field, value, LABEL),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(expected(field, "a text", value))
        }
    }
}

/// A number, or a text that is one, within `range`.
pub(super) fn number(field: &str, value: &Value, range: &Range) -> Checked<f64> {
    plain_number(value)
        .filter(|number| (range.min..=range.max).contains(number))
        .ok_or_else(|| expected(field, range.words, value))
}

fn plain_number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number, or a text that is one; `12.0` is whole.
pub(super) fn integer(field: &str, value: &Value) -> Checked<i64> {
    let exact = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let whole = || {
        let number = plain_number(value)?;
        (number.abs() <= EXACT_MAX && number.fract().abs() < f64::MIN_POSITIVE)
            .then_some(number as i64)
    };
    exact.or_else(whole).ok_or_else(|| expected(field, "a whole number", value))
}

/// A whole number that is not negative.
pub(super) fn count(field: &str, value: &Value) -> Checked<u64> {
    let number = integer(field, value)?;
    u64::try_from(number).map_err(|_| expected(field, "a whole number that is not negative", value))
}

/// An ISO 4217 code, in capitals.
pub(super) fn currency(field: &str, value: &Value) -> Checked<Option<String>> {
    let Some(code) = text(field, value, LABEL)? else { return Ok(None) };
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(Some(code.to_ascii_uppercase()));
    }
    Err(expected(field, "a currency code of three letters such as EUR", value))
}

/// RFC 3339, a plain date, or milliseconds since 1970.
pub(super) fn time(field: &str, value: &Value) -> Checked<Timestamp> {
    let time = match value {
        Value::String(text) => Timestamp::parse(text.trim()),
        Value::Number(number) => number.as_i64().map(Timestamp::from_ms),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    // A number may lie beyond the calendar; such a time could be written but not be read again.
    time.filter(|time| Timestamp::parse(&time.to_text()) == Some(*time)).ok_or_else(|| {
        expected(field, "a time such as 2026-10-01T00:00:00Z or a date such as 2026-10-01", value)
    })
}

/// A list of texts, or one text that `separator` splits; empty items are left out.
pub(super) fn texts(
    field: &str,
    value: &Value,
    separator: &str,
    items_max: usize,
) -> Checked<Vec<String>> {
    let mut items = Vec::new();
    match value {
        Value::String(joined) => {
            for item in joined.split(separator) {
                items.extend(text(field, &Value::String(item.to_owned()), LABEL)?);
            }
        }
        Value::Array(list) => {
            for (position, item) in list.iter().enumerate() {
                items.extend(text(&format!("{field}[{position}]"), item, LABEL)?);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return Err(expected(field, "a list of texts", value));
        }
    }
    at_most(field, items.len(), items_max)?;
    Ok(items)
}

/// That a list is not too long.
pub(super) fn at_most(field: &str, items: usize, items_max: usize) -> Checked<()> {
    if items <= items_max {
        return Ok(());
    }
    Err(Fault::new(field, format!("expected at most {items_max} entries, found {items}")))
}
