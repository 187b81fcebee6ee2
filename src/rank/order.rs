//! An order of the shopper's own: by price, rating and the like.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::index::columns::Columns;
use crate::index::columns::row::Row;

/// At most so many fields decide an order.
const KEYS_MAX: usize = 4;

type NumberOf = Box<dyn Fn(&Row) -> Option<f64>>;

/// One field of an order; products without it come last either way.
pub struct SortKey {
    number: NumberOf,
    descending: bool,
}

/// Reads `field:asc` and `field:desc`.
///
/// # Errors
/// `BadRequest` for another form or a field that cannot be sorted by.
pub fn sort_keys(texts: &[String], columns: &Columns) -> Result<Vec<SortKey>> {
    if texts.len() > KEYS_MAX {
        return Err(invalid(&format!("at most {KEYS_MAX} fields decide an order")));
    }
    texts.iter().map(|text| sort_key(text, columns)).collect()
}

fn invalid(message: &str) -> Error {
    Error::bad_request(
        "invalid_sort",
        message,
        r#"for example "sort": ["price:asc"]; by price, rating, rating_count, popularity, stock, created_at or a numeric attribute"#,
    )
}

fn sort_key(text: &str, columns: &Columns) -> Result<SortKey> {
    let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
    let descending = match direction {
        "asc" => false,
        "desc" => true,
        _ => return Err(invalid(&format!("'{direction}' is neither 'asc' nor 'desc'"))),
    };
    let number: NumberOf = match name {
        "price" => Box::new(|row| row.numbers.price),
        "rating" => Box::new(|row| row.numbers.rating),
        "rating_count" => Box::new(|row| row.numbers.rating_count.map(|count| count as f64)),
        "popularity" => Box::new(|row| row.numbers.popularity),
        "stock" => Box::new(|row| row.numbers.stock.map(|pieces| pieces as f64)),
        "margin" => Box::new(|row| row.numbers.margin),
        "created_at" => Box::new(|row| row.numbers.created_at.map(|time| time.as_ms() as f64)),
        _ => attribute(name, columns)?,
    };
    Ok(SortKey { number, descending })
}

fn attribute(name: &str, columns: &Columns) -> Result<NumberOf> {
    let bare = name.strip_prefix("attributes.").unwrap_or(name);
    let field = columns.dictionary().field(bare);
    let field = field
        .filter(|field| columns.dictionary().is_numeric(*field))
        .ok_or_else(|| invalid(&format!("no product has a number '{name}' to sort by")))?;
    Ok(Box::new(move |row| {
        row.measures.iter().find(|(id, _)| *id == field).map(|(_, value)| *value)
    }))
}

/// Which of two products comes first under the keys.
pub(super) fn compare(keys: &[SortKey], one: &Row, other: &Row) -> Ordering {
    keys.iter()
        .map(|key| match ((key.number)(one), (key.number)(other)) {
            (Some(one), Some(other)) if key.descending => other.total_cmp(&one),
            (Some(one), Some(other)) => one.total_cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
