//! What the fields of a product are called in somebody else's catalogue.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The product's own fields.
pub(super) const FIELDS: [&str; 20] = [
    "id",
    "title",
    "description",
    "brand",
    "category",
    "price",
    "currency",
    "color",
    "rating",
    "rating_count",
    "popularity",
    "sku",
    "gtin",
    "image_url",
    "url",
    "created_at",
    "stock",
    "margin",
    "tags",
    "attributes",
];
const VARIANT_FIELDS: [&str; 5] = ["sku", "size", "color", "price", "stock"];

/// Our field ← the name of theirs, and how lists are written.
///
/// ```toml
/// category_separator = " > "
/// list_separator = "|"
///
/// [fields]
/// title = "product_name"
/// price = "offer.amount"
/// attributes.material = "fabric"
/// variants.size = "taille"
/// ```
///
/// Theirs is a name or a path of names joined by dots; within `variants` it is looked up in each
/// variant. A field whose mapped name is absent from a record is taken under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    fields: BTreeMap<String, String>,
    variant_fields: BTreeMap<String, String>,
    /// Between the levels of a category written as one text.
    pub category_separator: String,
    /// Between the items of a list written as one text.
    pub list_separator: String,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            fields: BTreeMap::new(),
            variant_fields: BTreeMap::new(),
            category_separator: " > ".to_owned(),
            list_separator: "|".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    category_separator: Option<String>,
    list_separator: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
}

impl Mapping {
    /// Reads a mapping written in TOML, or in JSON when the text begins with `{`.
    ///
    /// # Errors
    /// `BadRequest` when the text does not parse, maps a field that no product has, or has an
    /// empty separator.
    pub fn parse(text: &str) -> Result<Self> {
        let written: Written = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| invalid(error.to_string()))?
        };
        let mut names = BTreeMap::new();
        flatten("", &written.fields, &mut names)?;
        let mut mapping = Self::default();
        for (ours, theirs) in names {
            match ours.strip_prefix("variants.") {
                Some(field) if VARIANT_FIELDS.contains(&field) => {
                    mapping.variant_fields.insert(field.to_owned(), theirs);
                }
                None if is_field(&ours) => {
                    mapping.fields.insert(ours, theirs);
                }
                Some(_) | None => return Err(invalid(format!("a product has no field '{ours}'"))),
            }
        }
        for (to, from) in [
            (&mut mapping.category_separator, written.category_separator),
            (&mut mapping.list_separator, written.list_separator),
        ] {
            *to = from.unwrap_or_else(|| to.clone());
            if to.is_empty() {
                return Err(invalid("a separator is empty".to_owned()));
            }
        }
        Ok(mapping)
    }

    /// What our field is called in their catalogue.
    pub(super) fn source_of<'m>(&'m self, ours: &'m str) -> &'m str {
        self.fields.get(ours).map_or(ours, String::as_str)
    }

    /// Renames the fields of a record, and gathers `attributes.x` fields into `attributes`.
    pub(super) fn apply(&self, record: &mut Map<String, Value>) {
        rename(&self.fields, record);
        for name in ["variants", "attributes"] {
            parse_nested(record, name);
        }
        if let Some(Value::Array(variants)) = record.get_mut("variants") {
            let objects = variants.iter_mut().filter_map(Value::as_object_mut);
            objects.for_each(|variant| rename(&self.variant_fields, variant));
        }
        gather_attributes(record);
    }
}

fn invalid(message: String) -> Error {
    Error::bad_request("invalid_mapping", message, "a mapping is [fields] with ours = \"theirs\"")
}

fn is_field(name: &str) -> bool {
    let attribute = name.strip_prefix("attributes.").is_some_and(|rest| !rest.is_empty());
    attribute || name == "variants" || FIELDS.contains(&name)
}

fn flatten(
    prefix: &str,
    table: &Map<String, Value>,
    names: &mut BTreeMap<String, String>,
) -> Result<()> {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Some(inner) = value.as_object() {
            flatten(&path, inner, names)?;
            continue;
        }
        let theirs = value.as_str().map(str::trim).filter(|text| !text.is_empty());
        let theirs = theirs.ok_or_else(|| invalid(format!("'{path}' must name a field")))?;
        names.insert(path, theirs.to_owned());
    }
    Ok(())
}

/// All values are looked up before any is removed, so that one of theirs can feed two of ours.
fn rename(fields: &BTreeMap<String, String>, record: &mut Map<String, Value>) {
    let found: Vec<(&String, &String, Value)> = fields
        .iter()
        .filter_map(|(ours, theirs)| Some((ours, theirs, lookup(record, theirs)?.clone())))
        .collect();
    for (_, theirs, _) in &found {
        remove(record, theirs);
    }
    for (ours, _, value) in found {
        record.insert(ours.clone(), value);
    }
}

fn lookup<'v>(record: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    if let Some(value) = record.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    lookup(record.get(first)?.as_object()?, rest)
}

fn remove(record: &mut Map<String, Value>, path: &str) {
    if record.remove(path).is_some() {
        return;
    }
    let Some((first, rest)) = path.split_once('.') else { return };
    let Some(inner) = record.get_mut(first).and_then(Value::as_object_mut) else { return };
    remove(inner, rest);
    if inner.is_empty() {
        record.remove(first);
    }
}

/// CSV holds nested values as JSON texts; what does not parse is left for the checks to name.
fn parse_nested(record: &mut Map<String, Value>, name: &str) {
    let Some(text) = record.get(name).and_then(Value::as_str) else { return };
    if let Ok(value @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text) {
        record.insert(name.to_owned(), value);
    }
}

fn gather_attributes(record: &mut Map<String, Value>) {
    let dotted: Vec<String> =
        record.keys().filter(|name| name.starts_with("attributes.")).cloned().collect();
    for name in dotted {
        let Some(value) = record.remove(&name) else { continue };
        let key = name.strip_prefix("attributes.").unwrap_or(&name).to_owned();
        let attributes = record.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
        if attributes.is_null() {
            *attributes = Value::Object(Map::new());
        }
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.insert(key, value);
        }
    }
}
