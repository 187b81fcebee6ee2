//! From a JSON object with our field names to a checked product.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::check::{self, LABEL, Length, MARGIN, POPULARITY, PRICE, RATING, expected};
use super::{Fault, Mapping};
use crate::domain::id::ProductId;
use crate::domain::product::{Product, Variant};
use crate::domain::value::{Scalar, Value};

type Checked<T> = std::result::Result<T, Fault>;

const TITLE: Length = Length(1_000);
const DESCRIPTION: Length = Length(50_000);
const ADDRESS: Length = Length(8_192);
const ATTRIBUTE_TEXT: Length = Length(50_000);
const CATEGORY_LEVELS_MAX: usize = 12;
const TAGS_MAX: usize = 100;
const ATTRIBUTES_MAX: usize = 200;
const ATTRIBUTE_VALUES_MAX: usize = 1_000;
const VARIANTS_MAX: usize = 500;
const OTHER_FIELDS_MAX: usize = 500;

/// How the values of a record are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// With types.
    Json,
    /// All as texts: attributes that look like numbers or lists are.
    Text,
}

/// A product from one JSON value, checked.
///
/// Texts are trimmed, and empty ones count as absent; numbers may be written as texts; objects
/// within `attributes` become attributes with dotted names; unknown fields are kept in `extra`.
///
/// # Errors
/// The first field that is wrong, with what was expected and what was found.
pub fn product_from_json(value: Json, mapping: &Mapping) -> Checked<Product> {
    let mut map = into_object(value)?;
    mapping.apply(&mut map);
    product_of(map, mapping, Origin::Json)
}

pub(super) fn into_object(value: Json) -> Checked<Map<String, Json>> {
    match value {
        Json::Object(map) => Ok(map),
        other @ (Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::String(_)
        | Json::Array(_)) => Err(expected("record", "an object", &other)),
    }
}

/// The id of a record that may be wrong in every respect, to name it in a reject.
pub(super) fn id_of(map: &Map<String, Json>) -> Option<String> {
    let id = check::code("id", map.get("id")?).ok()??;
    Some(id.chars().take(256).collect())
}

pub(super) fn product_of(
    map: Map<String, Json>,
    mapping: &Mapping,
    origin: Origin,
) -> Checked<Product> {
    let mut fields = Fields { map, prefix: String::new() };
    let id = fields.with("id", id)?.ok_or_else(|| missing("id"))?;
    let title = fields.text("title", TITLE)?.ok_or_else(|| missing("title"))?;
    let separator = &mapping.category_separator;
    Ok(Product {
        id,
        title,
        description: fields.text("description", DESCRIPTION)?,
        brand: fields.text("brand", LABEL)?,
        category: fields
            .with("category", |name, value| {
                check::texts(name, value, separator, CATEGORY_LEVELS_MAX)
            })?
            .unwrap_or_default(),
        price: fields.with("price", |name, value| check::number(name, value, &PRICE))?,
        currency: fields.with("currency", check::currency)?.flatten(),
        color: fields.text("color", LABEL)?,
        rating: fields.with("rating", |name, value| check::number(name, value, &RATING))?,
        rating_count: fields.with("rating_count", check::count)?,
        popularity: fields
            .with("popularity", |name, value| check::number(name, value, &POPULARITY))?,
        sku: fields.with("sku", check::code)?.flatten(),
        gtin: fields.with("gtin", check::code)?.flatten(),
        image_url: fields.text("image_url", ADDRESS)?,
        url: fields.text("url", ADDRESS)?,
        created_at: fields.with("created_at", check::time)?,
        stock: fields.with("stock", check::integer)?,
        margin: fields.with("margin", |name, value| check::number(name, value, &MARGIN))?,
        tags: fields
            .with("tags", |name, value| {
                check::texts(name, value, &mapping.list_separator, TAGS_MAX)
            })?
            .unwrap_or_default(),
        attributes: fields
            .with("attributes", |_, value| attributes(value, mapping, origin))?
            .unwrap_or_default(),
        variants: fields.with("variants", variants)?.unwrap_or_default(),
        extra: fields.rest()?,
    })
}

/// The fields of an object that are still to be read.
struct Fields {
    map: Map<String, Json>,
    prefix: String,
}

impl Fields {
    /// Reads a field, unless it is absent, null or an empty text.
    fn with<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str, &Json) -> Checked<T>,
    ) -> Checked<Option<T>> {
        let Some(value) = self.map.remove(name) else { return Ok(None) };
        if is_absent(&value) {
            return Ok(None);
        }
        read(&format!("{}{name}", self.prefix), &value).map(Some)
    }

    fn text(&mut self, name: &str, length: Length) -> Checked<Option<String>> {
        Ok(self.with(name, |name, value| check::text(name, value, length))?.flatten())
    }

    fn rest(self) -> Checked<BTreeMap<String, Json>> {
        let rest: BTreeMap<String, Json> =
            self.map.into_iter().filter(|(_, value)| !value.is_null()).collect();
        if rest.len() > OTHER_FIELDS_MAX {
            let count = rest.len();
            return Err(Fault::record(format!(
                "expected at most {OTHER_FIELDS_MAX} fields of the shop's own, found {count}"
            )));
        }
        Ok(rest)
    }
}

fn is_absent(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn missing(field: &str) -> Fault {
    Fault::new(field, "expected a text that is not empty, found nothing")
}

fn id(field: &str, value: &Json) -> Checked<ProductId> {
    let whole = value.is_i64() || value.is_u64();
    let text = match value.as_str() {
        Some(text) => text.trim().to_owned(),
        None if whole => value.to_string(),
        None => return Err(expected(field, "a text or a whole number", value)),
    };
    ProductId::parse(&text)
        .map_err(|rule| Fault::new(field, format!("{rule}; found {}", check::found(value))))
}

fn variants(field: &str, value: &Json) -> Checked<Vec<Variant>> {
    let list = value.as_array().ok_or_else(|| expected(field, "a list of variants", value))?;
    check::at_most(field, list.len(), VARIANTS_MAX)?;
    list.iter()
        .enumerate()
        .map(|(position, item)| variant(&format!("{field}[{position}]"), item))
        .collect()
}

fn variant(field: &str, value: &Json) -> Checked<Variant> {
    let object = value.as_object().ok_or_else(|| expected(field, "an object", value))?;
    let mut fields = Fields { map: object.clone(), prefix: format!("{field}.") };
    Ok(Variant {
        sku: fields.with("sku", check::code)?.flatten(),
        size: fields.with("size", check::code)?.flatten(),
        color: fields.text("color", LABEL)?,
        price: fields.with("price", |name, value| check::number(name, value, &PRICE))?,
        stock: fields.with("stock", check::integer)?,
        extra: fields.rest()?,
    })
}

fn attributes(value: &Json, mapping: &Mapping, origin: Origin) -> Checked<BTreeMap<String, Value>> {
    let object = value.as_object().ok_or_else(|| expected("attributes", "an object", value))?;
    let mut flat = Vec::new();
    flatten("", object, &mut flat);
    let mut attributes = BTreeMap::new();
    for (name, value) in flat {
        let field = format!("attributes.{name}");
        check::text(&field, &Json::String(name.clone()), LABEL)?
            .ok_or_else(|| Fault::new("attributes", "expected a name that is not empty"))?;
        let read = match (origin, value.as_str()) {
            (Origin::Text, Some(text)) => Some(written(text, &mapping.list_separator)),
            (Origin::Text | Origin::Json, _) => attribute(&field, value)?,
        };
        if let Some(value) = read {
            attributes.insert(name, value);
        }
    }
    check::at_most("attributes", attributes.len(), ATTRIBUTES_MAX)?;
    Ok(attributes)
}

/// Leaves of nested objects with their dotted names.
pub(super) fn flatten<'v>(
    prefix: &str,
    object: &'v Map<String, Json>,
    leaves: &mut Vec<(String, &'v Json)>,
) {
    for (name, value) in object {
        let path = if prefix.is_empty() {
            name.trim().to_owned()
        } else {
            format!("{prefix}.{}", name.trim())
        };
        match value.as_object() {
            Some(inner) => flatten(&path, inner, leaves),
            None => leaves.push((path, value)),
        }
    }
}

fn attribute(field: &str, value: &Json) -> Checked<Option<Value>> {
    let Some(list) = value.as_array() else {
        return Ok(scalar(field, value)?.map(Value::One));
    };
    check::at_most(field, list.len(), ATTRIBUTE_VALUES_MAX)?;
    let mut scalars = Vec::with_capacity(list.len());
    for (position, item) in list.iter().enumerate() {
        scalars.extend(scalar(&format!("{field}[{position}]"), item)?);
    }
    Ok((!scalars.is_empty()).then_some(Value::Many(scalars)))
}

fn scalar(field: &str, value: &Json) -> Checked<Option<Scalar>> {
    match value {
        Json::Null => Ok(None),
        Json::Bool(flag) => Ok(Some(Scalar::Bool(*flag))),
        Json::Number(number) => Ok(number.as_f64().map(Scalar::Number)),
        Json::String(_) => Ok(check::text(field, value, ATTRIBUTE_TEXT)?.map(Scalar::Text)),
        Json::Array(_) | Json::Object(_) => {
            Err(expected(field, "a text, a number, true or false", value))
        }
    }
}

/// An attribute as a table of texts writes it: `cotton|linen` is a list, `8.5` a number.
fn written(text: &str, separator: &str) -> Value {
    let items = text.split(separator).map(str::trim).filter(|item| !item.is_empty());
    let mut scalars: Vec<Scalar> = items.map(written_scalar).collect();
    match scalars.pop() {
        Some(only) if scalars.is_empty() => Value::One(only),
        Some(last) => {
            scalars.push(last);
            Value::Many(scalars)
        }
        None => Value::Many(scalars),
    }
}

/// Only plain decimal numbers count as numbers: `007`, `1E5` and long digit strings are codes.
fn written_scalar(text: &str) -> Scalar {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = digits.len() > 15 || (whole.len() > 1 && whole.starts_with('0'));
    if all_digits(whole) && all_digits(fraction) && !is_code {
        return text.parse().map_or_else(|_| Scalar::Text(text.to_owned()), Scalar::Number);
    }
    match text {
        "true" | "TRUE" | "True" => Scalar::Bool(true),
        "false" | "FALSE" | "False" => Scalar::Bool(false),
        _ => Scalar::Text(text.to_owned()),
    }
}
