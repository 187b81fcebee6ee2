//! Filters resolved against an index: names and values become numbers once, rows are cheap to test.

use crate::domain::filter::{Bounds, Condition, Filter};
use crate::domain::time::Timestamp;
use crate::domain::value::Scalar;
use crate::error::{Error, Result};
use crate::index::columns::dictionary::{FieldId, ValueId};
use crate::index::columns::row::{Row, VariantRow};
use crate::index::columns::{Columns, RESERVED_FIELDS};
use crate::query::{Attribute, PriceWish, Query};
use crate::text::values::ValueKind;

/// A filter ready to test rows of one snapshot.
#[derive(Clone, Debug, Default)]
pub struct CompiledFilter {
    product: Vec<ProductTest>,
    variant: Vec<VariantTest>,
}

#[derive(Clone, Debug)]
enum ProductTest {
    Id(Vec<String>, bool),
    Value(FieldId, Vec<ValueId>, bool),
    Measure(FieldId, Range),
    NoMeasure(FieldId, Vec<f64>),
    Number(NumberField, Range),
}

#[derive(Clone, Debug)]
enum VariantTest {
    Size(Vec<ValueId>, bool),
    Color(Vec<ValueId>, bool),
    Price(Range),
    Stock(Range),
    InStock(bool),
}

#[derive(Clone, Copy, Debug)]
enum NumberField {
    Rating,
    RatingCount,
    Popularity,
    CreatedAt,
    Margin,
}

#[derive(Clone, Debug)]
struct Range {
    bounds: Bounds,
    any_of: Vec<f64>,
}

impl Range {
    fn of_price(wish: &PriceWish) -> Self {
        let bounds =
            Bounds { gte: Some(wish.at_least), lte: Some(wish.at_most), ..Bounds::default() };
        Self { bounds, any_of: Vec::new() }
    }

    fn contains(&self, value: f64) -> bool {
        let bounds = &self.bounds;
        bounds.gte.is_none_or(|least| value >= least)
            && bounds.gt.is_none_or(|least| value > least)
            && bounds.lte.is_none_or(|most| value <= most)
            && bounds.lt.is_none_or(|most| value < most)
            && (self.any_of.is_empty() || self.any_of.iter().any(|other| same(*other, value)))
            && !bounds.not.iter().any(|other| number(other).is_some_and(|other| same(other, value)))
    }

    fn holds(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| self.contains(value))
    }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

fn number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::Number(number) => Some(*number),
        Scalar::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        Scalar::Bool(_) => None,
    }
}

impl CompiledFilter {
    /// Resolves names and values. A known field with an unknown value matches nothing.
    ///
    /// # Errors
    /// `BadRequest` for a field that no product has, or a condition that its field cannot have.
    pub fn new(filter: &Filter, columns: &Columns) -> Result<Self> {
        let mut compiled = Self::default();
        for (name, condition) in &filter.0 {
            compiled.add(name, condition, columns)?;
        }
        Ok(compiled)
    }

    /// This filter with what the query's words are to be taken as filters for.
    pub fn and_query(mut self, query: &Query) -> Self {
        for attribute in query.attributes.iter().filter(|one| one.is_filter) {
            self.require(attribute);
        }
        if let Some(wish) = query.price.filter(|wish| wish.is_filter) {
            self.variant.push(VariantTest::Price(Range::of_price(&wish)));
        }
        self
    }

    /// What the query's words wish of a product and its variants.
    pub fn of_wishes(query: &Query) -> Self {
        let mut wishes = Self::default();
        query.attributes.iter().for_each(|attribute| wishes.require(attribute));
        wishes
    }

    fn require(&mut self, attribute: &Attribute) {
        let values = attribute.values.to_vec();
        match attribute.kind {
            ValueKind::Size => self.variant.push(VariantTest::Size(values, false)),
            ValueKind::Color => self.variant.push(VariantTest::Color(values, false)),
            ValueKind::Brand | ValueKind::Category | ValueKind::Attribute => {
                self.product.push(ProductTest::Value(attribute.field_number, values, false));
            }
        }
    }

    /// Whether every row passes.
    pub fn is_empty(&self) -> bool {
        self.product.is_empty() && self.variant.is_empty()
    }

    /// Whether a product passes; conditions on variants must hold for one and the same variant.
    pub fn matches(&self, row: &Row) -> bool {
        self.product.iter().all(|test| test.holds(row))
            && (self.variant.is_empty() || self.matching_variant(row))
    }

    fn matching_variant(&self, row: &Row) -> bool {
        if row.variants.is_empty() {
            return self.variant.iter().all(|test| test.holds_for_product(row));
        }
        row.variants.iter().any(|variant| self.matches_variant(row, variant))
    }

    /// Whether there are conditions on variants.
    pub fn describes_variants(&self) -> bool {
        !self.variant.is_empty()
    }

    /// Whether one variant of a product passes the conditions on variants.
    pub fn matches_variant(&self, row: &Row, variant: &VariantRow) -> bool {
        self.variant.iter().all(|test| test.holds(row, variant))
    }

    fn add(&mut self, name: &str, condition: &Condition, columns: &Columns) -> Result<()> {
        match name {
            "id" => {
                let (values, negated) = listed(name, condition)?;
                let ids = values.iter().map(|value| value.to_string()).collect();
                self.product.push(ProductTest::Id(ids, negated));
            }
            "size" | "color" => {
                let (field, size) = match name {
                    "size" => (columns.known().size, true),
                    _ => (columns.known().color, false),
                };
                let (ids, negated) = value_ids(name, condition, field, columns)?;
                self.variant.push(if size {
                    VariantTest::Size(ids, negated)
                } else {
                    VariantTest::Color(ids, negated)
                });
            }
            "price" => self.variant.push(VariantTest::Price(range(name, condition)?)),
            "stock" => self.variant.push(VariantTest::Stock(range(name, condition)?)),
            "in_stock" => self.variant.push(VariantTest::InStock(truth(name, condition)?)),
            "rating" => self.number(NumberField::Rating, name, condition)?,
            "rating_count" => self.number(NumberField::RatingCount, name, condition)?,
            "popularity" => self.number(NumberField::Popularity, name, condition)?,
            "created_at" => self.number(NumberField::CreatedAt, name, condition)?,
            "margin" => self.number(NumberField::Margin, name, condition)?,
            _ => self.product.push(attribute(name, condition, columns)?),
        }
        Ok(())
    }

    fn number(&mut self, field: NumberField, name: &str, condition: &Condition) -> Result<()> {
        self.product.push(ProductTest::Number(field, range(name, condition)?));
        Ok(())
    }
}

impl ProductTest {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Id(ids, negated) => ids.iter().any(|id| id == row.id.as_str()) != *negated,
            Self::Value(field, ids, negated) => {
                let has = |id: &ValueId| row.values.binary_search(&(*field, *id)).is_ok();
                ids.iter().any(has) != *negated
            }
            Self::Measure(field, range) => {
                row.measures.iter().any(|(id, value)| id == field && range.contains(*value))
            }
            Self::NoMeasure(field, numbers) => !row.measures.iter().any(|(id, value)| {
                id == field && numbers.iter().any(|number| same(*number, *value))
            }),
            Self::Number(field, range) => range.holds(field.of(row)),
        }
    }
}

impl NumberField {
    fn of(self, row: &Row) -> Option<f64> {
        let numbers = &row.numbers;
        match self {
            Self::Rating => numbers.rating,
            Self::RatingCount => numbers.rating_count.map(|count| count as f64),
            Self::Popularity => numbers.popularity,
            Self::CreatedAt => numbers.created_at.map(|time| time.as_ms() as f64),
            Self::Margin => numbers.margin,
        }
    }
}

impl VariantTest {
    fn holds(&self, row: &Row, variant: &VariantRow) -> bool {
        match self {
            Self::Size(ids, negated) => one_of(variant.size, ids) != *negated,
            Self::Color(ids, negated) => one_of(variant.color, ids) != *negated,
            Self::Price(range) => range.holds(variant.price.or(row.numbers.price)),
            Self::Stock(range) => range.holds(variant.stock.map(|pieces| pieces as f64)),
            Self::InStock(wanted) => variant.in_stock() == *wanted,
        }
    }

    fn holds_for_product(&self, row: &Row) -> bool {
        match self {
            Self::Size(_, negated) => *negated,
            Self::Color(ids, negated) => {
                row.colors.iter().any(|color| ids.contains(color)) != *negated
            }
            Self::Price(range) => range.holds(row.numbers.price),
            Self::Stock(range) => range.holds(row.numbers.stock.map(|pieces| pieces as f64)),
            Self::InStock(wanted) => row.in_stock() == *wanted,
        }
    }
}

fn one_of(value: Option<ValueId>, ids: &[ValueId]) -> bool {
    value.is_some_and(|value| ids.contains(&value))
}

fn attribute(name: &str, condition: &Condition, columns: &Columns) -> Result<ProductTest> {
    let bare = name.strip_prefix("attributes.").unwrap_or(name);
    let Some(field) = columns.dictionary().field(bare) else {
        return Err(unknown_field(name, columns));
    };
    if columns.dictionary().is_numeric(field)
        && let Ok((values, true)) = listed(name, condition)
        && let Some(numbers) = values.iter().map(number).collect()
    {
        return Ok(ProductTest::NoMeasure(field, numbers));
    }
    let is_range = matches!(condition, Condition::Bounds(bounds) if bounds.not.is_empty());
    let is_number = matches!(condition, Condition::Is(Scalar::Number(_)))
        || matches!(condition, Condition::AnyOf(values)
            if values.iter().all(|value| matches!(value, Scalar::Number(_))));
    if columns.dictionary().is_numeric(field) && (is_range || is_number) {
        return Ok(ProductTest::Measure(field, range(name, condition)?));
    }
    let (ids, negated) = value_ids(name, condition, field, columns)?;
    Ok(ProductTest::Value(field, ids, negated))
}

/// The error for a field that no product has; it lists those that can be used.
pub fn unknown_field(name: &str, columns: &Columns) -> Error {
    let mut known: Vec<&str> = RESERVED_FIELDS.to_vec();
    known.extend(columns.dictionary().fields().map(|(_, name)| name));
    known.sort_unstable();
    known.dedup();
    known.truncate(40);
    Error::bad_request(
        "unknown_field",
        format!("no product has a field '{name}' that can be filtered, counted or sorted by"),
        format!("use one of: {}", known.join(", ")),
    )
}

fn wrong(name: &str, expected: &str) -> Error {
    Error::bad_request(
        "invalid_filter",
        format!("the condition on '{name}' must be {expected}"),
        r#"for example {"brand": ["Nike"], "price": {"lte": 100}}"#,
    )
}

/// Listed values and whether they are excluded.
fn listed<'c>(name: &str, condition: &'c Condition) -> Result<(&'c [Scalar], bool)> {
    match condition {
        Condition::AnyOf(values) if values.is_empty() => {
            Err(wrong(name, "a list that is not empty"))
        }
        Condition::AnyOf(values) => Ok((values, false)),
        Condition::Is(value) => Ok((std::slice::from_ref(value), false)),
        Condition::Bounds(Bounds { gte: None, gt: None, lte: None, lt: None, not })
            if !not.is_empty() =>
        {
            Ok((not, true))
        }
        Condition::Bounds(_) => Err(wrong(name, r#"a value, a list of values or {"not": [...]}"#)),
    }
}

fn value_ids(
    name: &str,
    condition: &Condition,
    field: FieldId,
    columns: &Columns,
) -> Result<(Vec<ValueId>, bool)> {
    let (values, negated) = listed(name, condition)?;
    let known = values
        .iter()
        .filter_map(|value| columns.dictionary().value(field, &value.to_string()))
        .collect();
    Ok((known, negated))
}

fn range(name: &str, condition: &Condition) -> Result<Range> {
    let expected = r#"a number, a list of numbers or bounds such as {"gte": 10, "lt": 20}"#;
    let date = |scalar: &Scalar| match scalar {
        Scalar::Text(text) if name == "created_at" => {
            Timestamp::parse(text).map(|time| time.as_ms() as f64)
        }
        Scalar::Text(_) | Scalar::Number(_) | Scalar::Bool(_) => number(scalar),
    };
    match condition {
        Condition::Bounds(bounds) if *bounds == Bounds::default() => Err(wrong(name, expected)),
        Condition::Bounds(bounds) => Ok(Range { bounds: bounds.clone(), any_of: Vec::new() }),
        Condition::Is(_) | Condition::AnyOf(_) => {
            let (values, _) = listed(name, condition)?;
            let any_of: Option<Vec<f64>> = values.iter().map(date).collect();
            let any_of = any_of.ok_or_else(|| wrong(name, expected))?;
            Ok(Range { bounds: Bounds::default(), any_of })
        }
    }
}

fn truth(name: &str, condition: &Condition) -> Result<bool> {
    match condition {
        Condition::Is(Scalar::Bool(wanted)) => Ok(*wanted),
        Condition::AnyOf(values) => match values.as_slice() {
            [Scalar::Bool(wanted)] => Ok(*wanted),
            _ => Err(wrong(name, "true or false")),
        },
        Condition::Is(_) | Condition::Bounds(_) => Err(wrong(name, "true or false")),
    }
}
