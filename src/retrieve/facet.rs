//! Counts over all matching products: by value for words, by interval for numbers.

use std::collections::{BTreeMap, HashMap};

use super::filter::unknown_field;
use crate::domain::id::Ordinal;
use crate::domain::page::{Facet, FacetBucket, FacetRange, FacetValue};
use crate::error::Result;
use crate::index::columns::Columns;
use crate::index::columns::dictionary::{FieldId, ValueId};
use crate::index::columns::row::Row;

/// At most so many values are listed for one field.
const VALUES_MAX: usize = 100;

/// A numeric field is counted in so many intervals.
const BUCKETS: usize = 10;

type NumberOf = Box<dyn Fn(&Row) -> Option<f64>>;

enum Counted {
    Values(FieldId),
    Numbers(NumberOf),
}

/// Counts each field over the products.
///
/// # Errors
/// `BadRequest` for a field that no product has.
pub fn count(
    fields: &[String],
    products: &[Ordinal],
    columns: &Columns,
) -> Result<BTreeMap<String, Facet>> {
    fields
        .iter()
        .map(|name| {
            let facet = match counted(name, columns)? {
                Counted::Values(field) => Facet::Values(by_value(field, products, columns)),
                Counted::Numbers(number) => by_interval(&number, products, columns),
            };
            Ok((name.clone(), facet))
        })
        .collect()
}

fn counted(name: &str, columns: &Columns) -> Result<Counted> {
    let number = |number: fn(&Row) -> Option<f64>| Ok(Counted::Numbers(Box::new(number)));
    match name {
        "price" => number(|row| row.numbers.price),
        "rating" => number(|row| row.numbers.rating),
        "rating_count" => number(|row| row.numbers.rating_count.map(|count| count as f64)),
        "popularity" => number(|row| row.numbers.popularity),
        "stock" => number(|row| row.numbers.stock.map(|pieces| pieces as f64)),
        "margin" => number(|row| row.numbers.margin),
        _ => attribute(name, columns),
    }
}

fn attribute(name: &str, columns: &Columns) -> Result<Counted> {
    let bare = name.strip_prefix("attributes.").unwrap_or(name);
    let field = columns.dictionary().field(bare).ok_or_else(|| unknown_field(name, columns))?;
    if !columns.dictionary().is_numeric(field) {
        return Ok(Counted::Values(field));
    }
    Ok(Counted::Numbers(Box::new(move |row| {
        let measure = row.measures.iter().find(|(id, _)| *id == field);
        measure.map(|(_, value)| *value)
    })))
}

fn by_value(field: FieldId, products: &[Ordinal], columns: &Columns) -> Vec<FacetValue> {
    let mut counts: HashMap<ValueId, usize> = HashMap::new();
    for row in products.iter().filter_map(|ordinal| columns.row(*ordinal)) {
        let first = row.values.partition_point(|(id, _)| *id < field);
        for (_, value) in row.values[first..].iter().take_while(|(id, _)| *id == field) {
            *counts.entry(*value).or_insert(0) += 1;
        }
    }
    let mut values: Vec<FacetValue> = counts
        .into_iter()
        .map(|(value, count)| FacetValue { value: columns.text(value).to_owned(), count })
        .collect();
    values.sort_unstable_by(|one, other| {
        other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value))
    });
    values.truncate(VALUES_MAX);
    values
}

fn by_interval(number: &NumberOf, products: &[Ordinal], columns: &Columns) -> Facet {
    let rows = products.iter().filter_map(|ordinal| columns.row(*ordinal));
    let numbers: Vec<f64> = rows.filter_map(number).collect();
    let Some(min) = numbers.iter().copied().reduce(f64::min) else {
        return Facet::None;
    };
    let max = numbers.iter().copied().fold(min, f64::max);
    let width = (max - min) / BUCKETS as f64;
    let count = if width > 0.0 { BUCKETS } else { 1 };
    let end = |place: usize| min + width * place as f64;
    let mut buckets: Vec<FacetBucket> = (0..count)
        .map(|place| FacetBucket {
            from: end(place),
            to: if place + 1 == count { max } else { end(place + 1) },
            count: 0,
        })
        .collect();
    for value in &numbers {
        let place = if width > 0.0 { ((value - min) / width) as usize } else { 0 };
        buckets[place.min(count - 1)].count += 1;
    }
    Facet::Range(FacetRange {
        min,
        max,
        mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
        count: numbers.len(),
        buckets,
    })
}
