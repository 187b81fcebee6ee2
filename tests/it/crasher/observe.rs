//! What a server has, thing by thing, and whether its searches find it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::load::{PRODUCTS, SHOPPERS};
use super::model::State;
use crate::process::{Server, call};

fn number(value: &Value) -> Value {
    value.as_f64().map_or(Value::Null, Value::from)
}

/// The things of a client, as the server has them.
pub(super) fn observe(server: &Server, client: u64) -> State {
    let mut found = State::new();
    products(server, client, &mut found);
    shoppers(server, client, &mut found);
    let mine = format!("c{client}");
    let rules = server.ok("GET", "/v1/indexes/shop/rules", &Value::Null);
    for rule in rules["rules"].as_array().expect("rules") {
        let id = rule["id"].as_str().expect("an id");
        if id.starts_with(&mine) {
            found.insert(format!("rule {id}"), number(&rule["then"][0]["percent"]));
        }
    }
    let keys = server.ok("GET", "/v1/keys", &Value::Null);
    for key in keys["keys"].as_array().expect("keys") {
        let name = key["name"].as_str().expect("a name");
        if name.starts_with(&mine) {
            found.insert(format!("key {name}"), json!(true));
        }
    }
    own(server, client, &mut found);
    found
}

fn products(server: &Server, client: u64, found: &mut State) {
    for place in 0..PRODUCTS {
        let id = format!("c{client}p{place}");
        let path = format!("/v1/indexes/shop/products/{id}");
        match call(server.address, "GET", &path, &Value::Null) {
            Some((200, product)) => {
                let value = json!({"title": product["title"], "stock": product["stock"],
                    "price": number(&product["price"])});
                found.insert(format!("product {id}"), value);
            }
            Some((404, _)) => {}
            other => panic!("{path}: {other:?}"),
        }
    }
}

fn shoppers(server: &Server, client: u64, found: &mut State) {
    for place in 0..SHOPPERS {
        let shopper = format!("c{client}s{place}");
        let log = server.ok("GET", &format!("/v1/shoppers/{shopper}/events"), &Value::Null);
        for event in log["events"].as_array().expect("events") {
            let id = event["event"]["id"].as_str().expect("an id");
            found.insert(format!("event {shopper} {id}"), json!(true));
        }
        let known = server.ok("GET", &format!("/v1/shoppers/{shopper}?index=shop"), &Value::Null);
        let brand = &known["preferences"]["liked_brands"][0];
        if !brand.is_null() {
            found.insert(format!("preferences {shopper}"), brand.clone());
        }
    }
}

fn own(server: &Server, client: u64, found: &mut State) {
    let settings = server.ok("GET", "/v1/indexes/shop/settings", &Value::Null);
    match client {
        0 => {
            found.insert("language".to_owned(), settings["language"].clone());
            let strength = number(&settings["personalisation"]["strength"]);
            found.insert("strength".to_owned(), strength);
        }
        1 => {
            let indexes = server.ok("GET", "/v1/indexes", &Value::Null);
            let mut indexes = indexes["indexes"].as_array().expect("indexes").iter();
            if indexes.any(|index| index["name"] == "extra") {
                found.insert("extra".to_owned(), json!(true));
            }
        }
        2 => {
            let boosts = server.ok("GET", "/v1/indexes/shop/boosts", &Value::Null);
            let percent = number(&boosts["numeric"][0]["percent"]);
            if !percent.is_null() {
                found.insert("boosts".to_owned(), percent);
            }
        }
        _ => {}
    }
}

/// Once caught up, searches list exactly the products of these states, and find each by its id with
/// the price that is stored.
pub(super) fn check_searches(server: &Server, states: &[State]) -> Result<(), String> {
    server.caught_up();
    let products = states.iter().flatten();
    let products = products.filter_map(|(thing, value)| {
        Some((thing.strip_prefix("product ")?.to_owned(), value.clone()))
    });
    let products: Vec<(String, Value)> = products.collect();
    let mut expected: BTreeSet<&str> = products.iter().map(|(id, _)| id.as_str()).collect();
    expected.insert("base");
    let mut listed = BTreeSet::new();
    for page in 1.. {
        let body = json!({"q": "", "page": page, "per_page": 100});
        let answer = server.ok("POST", "/v1/indexes/shop/search", &body);
        if answer["total"] != expected.len() {
            return Err(format!("total {} instead of {}", answer["total"], expected.len()));
        }
        let hits = answer["hits"].as_array().expect("hits");
        listed.extend(hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()));
        if hits.len() < 100 {
            break;
        }
    }
    if !listed.iter().map(String::as_str).eq(expected.iter().copied()) {
        return Err(format!("listed {listed:?} instead of {expected:?}"));
    }
    for (id, value) in &products {
        let body = json!({"q": id, "mode": "lexical", "typo": false, "per_page": 5});
        let answer = server.ok("POST", "/v1/indexes/shop/search", &body);
        let mut hits = answer["hits"].as_array().expect("hits").iter();
        let hit = hits.find(|hit| hit["id"] == **id);
        let hit = hit.ok_or_else(|| format!("{id} is not found: {answer}"))?;
        if number(&hit["product"]["price"]) != value["price"]
            || hit["product"]["title"] != value["title"]
        {
            return Err(format!("{id} is found as {} instead of {value}", hit["product"]));
        }
    }
    Ok(())
}
