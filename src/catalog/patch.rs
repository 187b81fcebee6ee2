//! Partial updates of a product.

use serde_json::{Map, Value};

use super::check::{self, PRICE};
use super::fields::{Origin, flatten, into_object, product_of};
use super::{Fault, Mapping};
use crate::domain::product::Product;

type Checked<T> = std::result::Result<T, Fault>;

/// `product` with `patch` laid over it by RFC 7396 (objects merge, `null` removes, everything else
/// replaces), checked as a whole.
///
/// One difference: when every item of a patch's `variants` has a `sku`, the items are merged into
/// the variants with those SKUs, new SKUs are added, and the others stay as they are.
///
/// # Errors
/// The first field that is wrong; `id` when the patch names another product.
pub fn patched(product: &Product, patch: &Map<String, Value>) -> Checked<Product> {
    if let Some(patched) = with_numbers(product, patch) {
        return patched;
    }
    let whole = serde_json::to_value(product)
        .map_err(|error| Fault::record(format!("cannot be changed: {error}")))?;
    let mut whole = into_object(whole)?;
    let mapping = Mapping::default();
    let mut patch = patch.clone();
    mapping.apply(&mut patch);
    if let Some(id) = patch.remove("id") {
        let same = check::code("id", &id)?.is_some_and(|id| id == product.id.as_str());
        if !same {
            return Err(check::expected("id", &format!("'{}' or no id", product.id), &id));
        }
    }
    if let Some(attributes) = patch.get("attributes").and_then(Value::as_object).cloned() {
        patch.remove("attributes");
        merge_attributes(&mut whole, &attributes);
    }
    if let Some(items) = patch.get("variants").and_then(with_skus) {
        patch.remove("variants");
        merge_variants(&mut whole, items);
    }
    merge(&mut whole, patch);
    product_of(whole, &mapping, Origin::Json)
}

/// The usual patch, of price and stock, without a detour through the whole product as JSON; `None`
/// for any other.
fn with_numbers(product: &Product, patch: &Map<String, Value>) -> Option<Checked<Product>> {
    let is_usual = patch.iter().all(|(name, value)| match name.as_str() {
        "id" => value.as_str() == Some(product.id.as_str()),
        "price" | "stock" => value.is_number(),
        _ => false,
    });
    let numbers = || {
        let mut patched = product.clone();
        if let Some(price) = patch.get("price") {
            patched.price = Some(check::number("price", price, &PRICE)?);
        }
        if let Some(stock) = patch.get("stock") {
            patched.stock = Some(check::integer("stock", stock)?);
        }
        Ok(patched)
    };
    is_usual.then(numbers)
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(inner) => {
                let mut object = object_at(target, &name);
                merge(&mut object, inner);
                target.insert(name, Value::Object(object));
            }
            other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                target.insert(name, other);
            }
        }
    }
}

/// The object called `name`, taken out; empty when there is none.
fn object_at(target: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    target.remove(name).and_then(|value| into_object(value).ok()).unwrap_or_default()
}

/// Attributes are kept flat, with dotted names for what was nested: a value for `size` replaces
/// `size`, or all of `size.…` where there is no plain `size`.
fn merge_attributes(whole: &mut Map<String, Value>, patch: &Map<String, Value>) {
    let mut attributes = object_at(whole, "attributes");
    let mut leaves = Vec::new();
    flatten("", patch, &mut leaves);
    for (name, value) in leaves {
        if attributes.remove(&name).is_none() {
            let inner = format!("{name}.");
            attributes.retain(|known, _| !known.starts_with(&inner));
        }
        if !value.is_null() {
            attributes.insert(name, value.clone());
        }
    }
    whole.insert("attributes".to_owned(), Value::Object(attributes));
}

/// The items with their SKUs, when there are some and all have one.
fn with_skus(variants: &Value) -> Option<Vec<(String, Map<String, Value>)>> {
    let items = variants.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(|item| Some((sku_of(item)?, item.as_object()?.clone()))).collect()
}

fn sku_of(variant: &Value) -> Option<String> {
    check::code("sku", variant.get("sku")?).ok()?
}

fn merge_variants(whole: &mut Map<String, Value>, items: Vec<(String, Map<String, Value>)>) {
    let slot = whole.entry("variants").or_insert_with(|| Value::Array(Vec::new()));
    let Some(variants) = slot.as_array_mut() else { return };
    for (sku, item) in items {
        let known = variants
            .iter_mut()
            .find(|variant| sku_of(variant).as_deref() == Some(sku.as_str()))
            .and_then(Value::as_object_mut);
        match known {
            Some(variant) => merge(variant, item),
            None => {
                let mut variant = Map::new();
                merge(&mut variant, item);
                variants.push(Value::Object(variant));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_of_numbers_is_as_one_by_way_of_the_whole_product() {
        let product = json!({"id": "a", "title": "Shoe", "price": 5.0, "stock": 1, "shelf": "C"});
        let product: Product = serde_json::from_value(product).unwrap();
        for numbers in [
            json!({"price": 9.95}),
            json!({"stock": 3}),
            json!({"id": "a", "price": 0, "stock": -2}),
            json!({"stock": 3.0, "price": 7}),
            json!({"price": -1}),
            json!({"stock": 1.5}),
            json!({"price": -1, "stock": 1.5}),
            json!({}),
        ] {
            let short = into_object(numbers.clone()).unwrap();
            assert!(with_numbers(&product, &short).is_some(), "{numbers}");
            let mut long = short.clone();
            long.insert("title".to_owned(), json!("Shoe"));
            assert!(with_numbers(&product, &long).is_none());
            let outcome = |patch| patched(&product, patch).map_err(|fault| fault.to_string());
            assert_eq!(outcome(&short), outcome(&long), "{numbers}");
        }
    }
}
