//! Indexes and their settings.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::Client;
use crate::support::TestEngine;

#[test]
fn an_index_is_made_listed_read_and_deleted() {
    let client = Client::configured(TestEngine::empty(), |config| config.dev = true);
    assert_eq!(client.get("/v1/indexes").ok(), json!({ "indexes": [] }));
    let made = client.put("/v1/indexes/books", &json!({ "language": "de" }));
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["name"], "books");
    assert_eq!(client.get("/v1/indexes/books").ok()["products"], 0);
    assert_eq!(client.get("/v1/indexes").ok()["indexes"][0]["name"], "books");
    assert_eq!(client.get("/v1/indexes/books/settings").ok()["language"], "de");
    assert_eq!(client.delete("/v1/indexes/books").ok(), json!({ "deleted": "books" }));
    client.get("/v1/indexes/books").refused(404, "unknown_index");
    client.delete("/v1/indexes/books").refused(404, "unknown_index");
}

#[test]
fn a_second_put_changes_only_what_it_names() {
    let client = Client::open();
    let empty = client.send("PUT", "/v1/indexes/shop", &[], "");
    assert_eq!((empty.status, &empty.json()["settings_version"]), (200, &json!(1)));
    let changed = client.put("/v1/indexes/shop", &json!({ "stop_words": ["the"] }));
    assert_eq!(changed.status, 200);
    let settings = client.get("/v1/indexes/shop/settings").ok();
    assert_eq!(settings["stop_words"], json!(["the"]));
    assert_eq!(settings["version"], 2);
    assert_eq!(client.get("/v1/indexes/shop").ok()["products"], 4);
}

#[test]
fn settings_are_patched_checked_and_versioned() {
    let client = Client::open();
    let path = "/v1/indexes/shop/settings";
    let before = client.get(path).ok();
    let after = client.put(path, &json!({ "personalisation": { "strength": 0.5 } })).ok();
    assert_eq!(after["personalisation"]["strength"], 0.5);
    assert_eq!(after["personalisation"]["brand"], before["personalisation"]["brand"]);
    client.put(path, &json!({ "speed": 3 })).refused(400, "invalid_settings");
    client.put(path, &json!({ "language": "xx" })).refused(400, "invalid_settings");
    client.put(path, &json!({ "ranking": { "lexical": "much" } })).refused(400, "invalid_settings");
    client.put(path, &json!([])).refused(400, "invalid_settings");
    client.put(path, &json!({ "version": 1, "language": "de" })).refused(409, "settings_changed");
    assert_eq!(client.get(path).ok(), after);
}

#[test]
fn a_catalog_key_does_not_write_rules_through_the_settings() {
    let client = Client::guarded().scoped(&[Scope::Catalog], &[]);
    let patch = json!({ "boosts": { "percent_max": 5 } });
    client.put("/v1/indexes/shop/settings", &patch).refused(403, "forbidden");
    client.put("/v1/indexes/shop", &patch).refused(403, "forbidden");
    client.put("/v1/indexes/shop/settings", &json!({ "stop_words": ["a"] })).ok();
}

#[test]
fn a_limited_key_lists_only_its_indexes() {
    let admin = Client::guarded();
    admin.put("/v1/indexes/other", &json!({})).ok();
    let limited = admin.scoped(&[Scope::Catalog], &["other"]);
    let listed = limited.get("/v1/indexes").ok();
    assert_eq!(listed["indexes"].as_array().unwrap().len(), 1);
    assert_eq!(listed["indexes"][0]["name"], "other");
    admin.scoped(&[Scope::Search], &[]).get("/v1/indexes").refused(403, "forbidden");
}
