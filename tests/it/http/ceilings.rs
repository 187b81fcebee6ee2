//! How much one call may ask for and how much there may be: each limit at its edge and beyond.

use serde_json::{Map, Value, json};
use vitrine::config::Config;
use vitrine::settings::Settings;
use vitrine::settings::rules::Rule;

use super::client::{Client, event};
use crate::support::TestEngine;

const PRODUCTS: &str = "/v1/indexes/shop/products";
const SEARCH: &str = "/v1/indexes/shop/search";

fn open(change: impl FnOnce(&mut Config)) -> Client {
    Client::configured(TestEngine::shop(), |config| {
        config.dev = true;
        change(config);
    })
}

/// Asserts that a refusal names the number that is allowed.
fn refused(reply: super::client::Reply, code: &str, most: &str) {
    let refused = reply.refused(400, code);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains(most), "{message}");
    assert!(!refused["error"]["hint"].as_str().unwrap().is_empty());
}

#[test]
fn pages_are_as_deep_as_configured() {
    let client = open(|config| config.limits.page_depth_max = 40);
    client.search(&json!({ "page": 2, "per_page": 20 }));
    refused(client.post(SEARCH, &json!({ "page": 3, "per_page": 20 })), "over_limit", "40");
    let deepest = open(|_| ());
    deepest.search(&json!({ "page": 100, "per_page": 100 }));
    let deeper = json!({ "page": 101, "per_page": 100 });
    refused(deepest.post(SEARCH, &deeper), "over_limit", "10000");
    refused(deepest.post(SEARCH, &json!({ "per_page": 101 })), "over_limit", "100");
    let huge = json!({ "page": u64::MAX, "per_page": 2 });
    refused(deepest.post(SEARCH, &huge), "over_limit", "10000");
}

#[test]
fn filters_have_as_many_values_as_configured() {
    let client = open(|config| config.limits.filter_values_max = 10);
    let brands = |count: usize| (0..count).map(|n| format!("b{n}")).collect::<Vec<_>>();
    let filters = |count| json!({ "filters": { "brand": brands(5), "color": brands(count) } });
    client.search(&filters(5));
    refused(client.post(SEARCH, &filters(6)), "over_limit", "10");
    let written = json!({ "brand": brands(11) }).to_string();
    let encoded: String = written.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let path = format!("/v1/indexes/shop/suggest?q=s&filters={encoded}");
    refused(client.get(&path), "over_limit", "10");
    let default = open(|_| ());
    default.search(&json!({ "filters": { "brand": brands(1_000) } }));
    let more = json!({ "filters": { "brand": brands(1_001) } });
    refused(default.post(SEARCH, &more), "over_limit", "1000");
}

#[test]
fn requests_have_short_texts_and_lists() {
    let client = open(|_| ());
    let names = |count: usize| (0..count).map(|n| format!("f{n}")).collect::<Vec<_>>();
    let filters: Map<String, Value> = names(101).into_iter().map(|n| (n, json!(1))).collect();
    for (ask, code, most) in [
        (json!({ "q": "a".repeat(513) }), "over_limit", "512"),
        (json!({ "facets": names(101) }), "over_limit", "100"),
        (json!({ "contexts": names(101) }), "over_limit", "100"),
        (json!({ "filters": filters }), "over_limit", "100"),
        (
            json!({ "sort": ["price", "rating", "stock", "popularity", "price"] }),
            "invalid_sort",
            "4",
        ),
        (json!({ "shopper": "s".repeat(129) }), "invalid_request", "128"),
    ] {
        refused(client.post(SEARCH, &ask), code, most);
    }
    client.search(&json!({ "q": "a".repeat(512) }));
    let suggest = |query: &str| client.get(&format!("/v1/indexes/shop/suggest?{query}"));
    refused(suggest(&format!("q={}", "a".repeat(129))), "over_limit", "128");
    refused(suggest("q=a&limit=51"), "over_limit", "50");
}

#[test]
fn one_call_brings_as_many_events_as_configured() {
    let events = |count: usize| Value::from(vec![event("view", "anna", "shoe-1"); count]);
    let client = open(|config| config.limits.events_max = 3);
    client.post("/v1/events", &events(3)).ok();
    refused(client.post("/v1/events", &events(4)), "over_limit", "3");
    let broken = json!([1, 2, 3, 4]);
    refused(client.post("/v1/events", &broken), "over_limit", "3");
    let default = open(|_| ());
    refused(default.post("/v1/events", &events(1_001)), "over_limit", "1000");
}

#[test]
fn there_are_as_many_indexes_as_configured() {
    let client = open(|config| config.limits.indexes_max = 2);
    client.put("/v1/indexes/second", &json!({})).ok();
    refused(client.put("/v1/indexes/third", &json!({})), "over_limit", "2");
    // One that is there can be changed, and one that goes makes room.
    client.put("/v1/indexes/second", &json!({ "language": "de" })).ok();
    client.delete("/v1/indexes/second").ok();
    client.put("/v1/indexes/third", &json!({})).ok();
}

#[test]
fn there_are_as_many_keys_as_configured() {
    let client = open(|config| config.limits.keys_max = 3);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.with_key(None);
            std::thread::spawn(move || {
                client.post("/v1/keys", &json!({ "scopes": ["search"] })).status
            })
        })
        .collect();
    let made = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(made.filter(|status| *status == 201).count(), 3, "two cannot take the last place");
    refused(client.post("/v1/keys", &json!({ "scopes": ["search"] })), "over_limit", "3");
    let id = client.engine.keys()[0].id.clone();
    client.delete(&format!("/v1/keys/{id}")).ok();
    client.post("/v1/keys", &json!({ "scopes": ["search"] })).ok();
}

#[test]
fn a_product_has_as_much_as_fits() {
    let client = open(|_| ());
    let many = |count: usize, value: &dyn Fn(usize) -> Value| -> Vec<Value> {
        (0..count).map(value).collect()
    };
    let fields = |count: usize| -> Value {
        (0..count).map(|n| (format!("f{n}"), json!(n))).collect::<Map<_, _>>().into()
    };
    let product = |mut extra: Value| {
        extra["id"] = "p".into();
        extra["title"] = json!(extra.get("title").and_then(Value::as_str).unwrap_or("Pen"));
        client.post(PRODUCTS, &extra)
    };
    let text = |n: usize| json!(format!("t{n}"));
    let variant = |n: usize| json!({ "sku": format!("v{n}") });
    product(fields(500)).ok();
    product(json!({ "attributes": fields(200), "tags": many(100, &text) })).ok();
    product(json!({ "variants": many(500, &variant), "category": many(12, &text) })).ok();
    for (extra, most) in [
        (fields(501), "500"),
        (json!({ "attributes": fields(201) }), "200"),
        (json!({ "attributes": { "a": many(1_001, &text) } }), "1000"),
        (json!({ "variants": many(501, &variant) }), "500"),
        (json!({ "tags": many(101, &text) }), "100"),
        (json!({ "category": many(13, &text) }), "12"),
        (json!({ "title": "t".repeat(1_001) }), "1000"),
        (json!({ "description": "d".repeat(50_001) }), "50000"),
        (json!({ "brand": "b".repeat(1_001) }), "1000"),
        (json!({ "url": "u".repeat(8_193) }), "8192"),
    ] {
        refused(product(extra), "nothing_accepted", most);
    }
    let huge = format!("{{\"id\":\"h\",\"title\":\"H\",\"x\":\"{}\"}}\n", "x".repeat(1 << 20));
    let lines = [("content-type", "application/x-ndjson")];
    client.send("POST", PRODUCTS, &lines, huge).refused(400, "nothing_accepted");
    assert!(!client.has("h"));
}

#[test]
fn nesting_ends_somewhere() {
    let client = open(|_| ());
    let nested = |depth: usize| {
        format!("{{\"id\":\"d\",\"title\":\"D\",\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    let json = [("content-type", "application/json")];
    assert_eq!(client.send("POST", PRODUCTS, &json, nested(100)).status, 200);
    assert_eq!(client.send("POST", PRODUCTS, &json, nested(200)).status, 400);
    assert_eq!(client.send("PATCH", PRODUCTS, &json, nested(200)).status, 400);
    assert_eq!(client.send("PUT", "/v1/indexes/shop/settings", &json, nested(200)).status, 400);
}

#[test]
fn an_index_has_as_many_rules_synonyms_and_boosts_as_fit() {
    let with = |rules: usize, synonyms: usize, boosts: usize| {
        let mut settings = Settings::defaults().unwrap();
        let rule: Rule =
            serde_json::from_value(json!({ "then": [{ "do": "banner", "content": "" }] })).unwrap();
        settings.rules =
            (0..rules).map(|n| (format!("r{n}").try_into().unwrap(), rule.clone())).collect();
        settings.synonyms = serde_json::from_value(json!(vec![["a", "b"]; synonyms])).unwrap();
        let boost = json!({ "field": "stock", "percent": 1 });
        settings.boosts =
            serde_json::from_value(json!({ "numeric": vec![boost; boosts] })).unwrap();
        settings.check().map_err(|error| error.problem().code)
    };
    assert_eq!(with(10_000, 10_000, 1_000), Ok(()));
    assert_eq!(with(10_001, 0, 0), Err("invalid_settings"));
    assert_eq!(with(0, 10_001, 0), Err("invalid_settings"));
    assert_eq!(with(0, 0, 1_001), Err("invalid_boost"));
}
