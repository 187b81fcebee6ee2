//! Rules, boosts and previews over HTTP.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::{Client, ids};

const RULES: &str = "/v1/indexes/shop/rules";

#[test]
fn a_rule_is_written_read_sent_back_listed_and_deleted() {
    let client = Client::guarded();
    let merchandiser = client.scoped(&[Scope::Merchandise, Scope::Search], &[]);
    let path = format!("{RULES}/mugs-first");
    let rule = json!({
        "description": "Mugs", "when": { "query": { "contains": "shoe" } },
        "then": [{ "do": "pin", "product_id": "mug-1", "position": 1 }],
    });
    let written = merchandiser.put(&path, &rule).ok();
    assert_eq!((&written["id"], &written["enabled"]), (&json!("mugs-first"), &json!(true)));
    assert_eq!(merchandiser.get(&path).ok(), written);
    assert_eq!(merchandiser.put(&path, &written).ok(), written, "what was read can be sent back");
    let listed = merchandiser.get(RULES).ok();
    assert_eq!(listed["rules"], json!([written]));
    assert_eq!(ids(&merchandiser.search(&json!({ "q": "shoe" })))[0], "mug-1");
    merchandiser.delete(&path).ok();
    merchandiser.get(&path).refused(404, "unknown_rule");
    merchandiser.delete(&path).refused(404, "unknown_rule");
    assert_ne!(ids(&merchandiser.search(&json!({ "q": "shoe" })))[0], "mug-1");
}

#[test]
fn a_broken_rule_changes_nothing() {
    let client = Client::open();
    let path = format!("{RULES}/broken");
    for (rule, named) in [
        (json!({}), "then"),
        (json!({ "then": [] }), "then"),
        (json!({ "then": [{ "do": "dance" }] }), "dance"),
        (json!({ "then": [{ "do": "pin", "product_id": "mug-1", "position": 0 }] }), "position"),
        (json!({ "id": "other", "then": [{ "do": "redirect", "url": "/" }] }), "broken"),
        (
            json!({ "when": { "weather": "rain" }, "then": [{ "do": "redirect", "url": "/" }] }),
            "weather",
        ),
    ] {
        let refused = client.put(&path, &rule).refused(400, "invalid_rule");
        assert!(refused["error"]["message"].as_str().unwrap().contains(named), "{refused}");
    }
    client.put(&format!("{RULES}/a%20b"), &json!({})).refused(400, "invalid_name");
    assert_eq!(client.get(RULES).ok()["rules"], json!([]));
}

#[test]
fn a_preview_shows_before_and_after_and_writes_nothing() {
    let client = Client::open();
    let draft = json!({
        "rules": { "draft": { "then": [{ "do": "pin", "product_id": "mug-1", "position": 1 }] } },
        "search": { "q": "shoe" },
    });
    let preview = client.post(&format!("{RULES}/preview"), &draft).ok();
    assert_ne!(ids(&preview["before"]).first(), ids(&preview["after"]).first());
    assert_eq!(ids(&preview["after"])[0], "mug-1");
    let moves = preview["moves"].as_array().unwrap();
    assert!(moves.iter().any(|one| one["id"] == "mug-1" && one["after"] == 1));
    assert_eq!(client.get(RULES).ok()["rules"], json!([]));
    client.post(&format!("{RULES}/preview"), &json!({})).refused(400, "invalid_request");
}

#[test]
fn boosts_are_replaced_and_checked() {
    let client = Client::open();
    let path = "/v1/indexes/shop/boosts";
    assert_eq!(client.get(path).ok()["percent_max"], 30.0);
    let boosts = json!({
        "attributes": [{ "filter": { "brand": ["Alba"] }, "percent": 20.0 }],
        "numeric": [{ "field": "margin", "percent": 10.0 }], "percent_max": 25.0,
    });
    assert_eq!(client.put(path, &boosts).ok(), boosts);
    assert_eq!(client.get(path).ok(), boosts);
    let wild = json!({ "numeric": [{ "field": "margin", "percent": 1000.0 }] });
    client.put(path, &wild).refused(400, "invalid_boost");
    let unknown = json!({ "numeric": [{ "field": "colour", "percent": 1.0 }] });
    client.put(path, &unknown).refused(400, "invalid_request");
    assert_eq!(client.get(path).ok(), boosts);
}
