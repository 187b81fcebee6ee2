//! Folding changes: which of them touch texts, which only numbers, and what is then made anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use vitrine::domain::change::Change;
use vitrine::domain::id::ProductId;
use vitrine::domain::product::Product;
use vitrine::index::build::{Builder, Changed, Recipe};
use vitrine::index::document::content_hash;
use vitrine::text::analyse::Analyser;

/// The name of a field and two values for it.
type Field = (&'static str, Value, Value);

/// Every field that a product may have, each with another value of the same kind; the numbers are
/// those that change without touching a text.
fn fields() -> [Vec<Field>; 2] {
    let texts = vec![
        ("title", json!("Shoe"), json!("Boot")),
        ("description", json!("of leather"), json!("of felt")),
        ("brand", json!("Asics"), json!("Bata")),
        ("category", json!(["Shoes", "Run"]), json!(["ShoesRun"])),
        ("currency", json!("EUR"), json!("USD")),
        ("color", json!("red"), json!("blue")),
        ("sku", json!("S-1"), json!("S-2")),
        ("gtin", json!("4006381333931"), json!("4006381333932")),
        ("image_url", json!("https://a.example/1"), json!("https://a.example/2")),
        ("url", json!("https://a.example/3"), json!("https://a.example/4")),
        ("tags", json!(["a", "b"]), json!(["ab"])),
        ("attributes", json!({"weight": 1.5}), json!({"weight": "1.5"})),
        ("attributes", json!({"sizes": ["a", true]}), json!({"sizes": ["a", false]})),
        ("shelf", json!("C"), json!("D")),
        ("list_price", json!("cheap"), json!("dear")),
        ("variants", json!([{"sku": "V"}]), json!([{"sku": "V"}, {"sku": "W"}])),
        ("variants", json!([{"size": "42"}]), json!([{"size": "43"}])),
        ("variants", json!([{"color": "red"}]), json!([{"color": "blue"}])),
        ("variants", json!([{"shelf": 1}]), json!([{"shelf": 2}])),
    ];
    let numbers = vec![
        ("price", json!(1.5), json!(2)),
        ("stock", json!(3), json!(4)),
        ("rating", json!(3.5), json!(4)),
        ("rating_count", json!(10), json!(11)),
        ("popularity", json!(0.5), json!(0.6)),
        ("margin", json!(0.5), json!(0.25)),
        ("created_at", json!("2026-01-01T00:00:00Z"), json!("2026-02-01T00:00:00Z")),
        ("list_price", json!(10), json!(12.5)),
        ("sales_per_day", json!(1), json!(2)),
        ("conversion_rate", json!(0.1), json!(0.2)),
        ("variants", json!([{"price": 5}]), json!([{"price": 6}])),
        ("variants", json!([{"stock": 5}]), json!([{"stock": 6}])),
    ];
    [texts, numbers]
}

fn product(name: &str, value: &Value) -> Product {
    let mut product = json!({"id": "a", "title": "Shoe"});
    product[name] = value.clone();
    serde_json::from_value(product).unwrap()
}

#[test]
fn the_hash_of_the_content_changes_with_every_field_but_the_numbers() {
    let [texts, numbers] = fields();
    for (name, one, other) in &texts {
        let hashes = [one, other].map(|value| content_hash(&product(name, value)));
        assert_ne!(hashes[0], hashes[1], "{name}: {one} and {other}");
    }
    for (name, one, other) in &numbers {
        let hashes = [one, other].map(|value| content_hash(&product(name, value)));
        assert_eq!(hashes[0], hashes[1], "{name}: {one} and {other}");
        let without = content_hash(&product("title", &json!("Shoe")));
        assert_ne!(hashes[0], without, "whether there is a {name} counts");
    }
}

fn builder() -> Builder {
    Builder::open(Recipe {
        analyser: Arc::new(Analyser::new("en")),
        embedder: None,
        private: Arc::new(BTreeSet::new()),
        folder: None,
    })
    .unwrap()
}

/// Applies the next state of the one product and tells what it came to.
fn next(builder: &mut Builder, fields: Option<&Value>) -> Changed {
    let mut product = json!({"id": "a", "title": "Shoe"});
    let others = fields.and_then(Value::as_object).into_iter().flatten();
    others.for_each(|(name, value)| product[name] = value.clone());
    let id = ProductId::parse("a").unwrap();
    let product = fields.map(|_| serde_json::from_value(product).unwrap());
    let sequence = builder.sequence() + 1;
    builder.apply(&[Change { sequence, ordinal: 0, id, product }]).unwrap();
    builder.take_changed()
}

#[test]
fn only_what_suggestions_are_made_of_makes_them_stale() {
    let mut builder = builder();
    let mut next = |fields| next(&mut builder, Some(&fields));
    assert_eq!(next(json!({"price": 5, "stock": 3, "popularity": 1})), Changed::Texts);
    assert_eq!(next(json!({"price": 6, "stock": 3, "popularity": 1})), Changed::Little);
    assert_eq!(next(json!({"price": 6, "stock": 1, "popularity": 1})), Changed::Little);
    assert_eq!(next(json!({"price": 6, "stock": 0, "popularity": 1})), Changed::Sales, "sold out");
    assert_eq!(next(json!({"price": 6, "stock": 0, "popularity": 2})), Changed::Sales);
    let red = json!({"price": 6, "stock": 0, "popularity": 2, "color": "red"});
    assert_eq!(next(red), Changed::Texts);
}

#[test]
fn what_came_or_went_is_searched_for_at_once_and_numbers_leave_the_words_as_they_are() {
    let mut builder = builder();
    let published = |builder: &mut Builder| builder.publish().unwrap();
    next(&mut builder, Some(&json!({"price": 5})));
    let first = published(&mut builder);
    assert_eq!(first.lexical.products(), 1);
    next(&mut builder, Some(&json!({"price": 6})));
    let second = published(&mut builder);
    assert!(Arc::ptr_eq(&first.lexical, &second.lexical), "words were read again for a price");
    assert_eq!(second.columns.row(0).unwrap().numbers.price, Some(6.0));
    assert_eq!(next(&mut builder, None), Changed::Texts);
    let third = published(&mut builder);
    assert_eq!((third.lexical.products(), third.columns.len()), (0, 0));
}
