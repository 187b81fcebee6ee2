//! Events over HTTP.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::{Client, event};

#[test]
fn events_come_alone_or_in_an_array_and_the_bad_ones_are_named() {
    let client = Client::open();
    let one = client.post("/v1/events", &event("click", "anna", "shoe-1")).ok();
    assert_eq!(one, json!({ "accepted": 1, "ignored": 0, "rejected": [] }));
    let mixed = json!([
        { "type": "dance", "shopper": "anna", "index": "shop", "product_id": "mug-1" },
        event("view", "anna", "mug-1"),
        event("view", "anna", "no-such-product"),
        { "type": "search", "session": "s", "index": "shop", "query": "mug" },
        { "type": "view", "index": "shop", "product_id": "mug-1" },
        { "type": "view", "shopper": "anna", "index": "shop", "product_id": "mug-1", "position": "first" },
    ]);
    let answer = client.post("/v1/events", &mixed).ok();
    assert_eq!(answer["accepted"], 2);
    let rejected = answer["rejected"].as_array().unwrap();
    let lines: Vec<u64> = rejected.iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 3, 5, 6]);
    assert_eq!(rejected[0]["field"], "type");
    assert_eq!(rejected[3]["field"], "position");
    let kept = client.get("/v1/shoppers/anna/events").ok();
    assert_eq!(kept["events"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_is_recorded_without_consent() {
    let client = Client::open();
    client.put("/v1/shoppers/anna/preferences", &json!({ "consent": "none" })).ok();
    let answer = client.post("/v1/events", &event("view", "anna", "mug-1")).ok();
    assert_eq!((&answer["accepted"], &answer["ignored"]), (&json!(0), &json!(1)));
    assert_eq!(client.get("/v1/shoppers/anna/events").ok()["events"], json!([]));
}

#[test]
fn batches_of_faults_are_refused() {
    let client = Client::open();
    let refused = client.post("/v1/events", &json!({})).refused(400, "nothing_accepted");
    assert!(refused["rejected"][0]["reason"].as_str().unwrap().contains("type"));
    client.post("/v1/events", &json!([3, null])).refused(400, "nothing_accepted");
    client.send("POST", "/v1/events", &[], "[{").refused(400, "malformed_json");
    let many = vec![event("view", "anna", "mug-1"); 1_001];
    client.post("/v1/events", &json!(many)).refused(400, "over_limit");
    assert_eq!(client.get("/v1/shoppers/anna/events").ok()["events"], json!([]));
    assert_eq!(client.post("/v1/events", &json!([])).ok()["accepted"], 0);
}

#[test]
fn every_event_needs_a_key_for_its_index() {
    let admin = Client::guarded();
    admin.put("/v1/indexes/other", &json!({})).ok();
    let limited = admin.scoped(&[Scope::Events], &["other"]);
    limited.post("/v1/events", &event("view", "anna", "mug-1")).refused(403, "forbidden");
    let search = json!({ "type": "search", "shopper": "anna", "index": "other", "query": "mug" });
    assert_eq!(limited.post("/v1/events", &search).ok()["accepted"], 1);
    let both = json!([search, event("view", "anna", "mug-1")]);
    limited.post("/v1/events", &both).refused(403, "forbidden");
    assert_eq!(admin.get("/v1/shoppers/anna/events").ok()["events"].as_array().unwrap().len(), 1);
    admin.scoped(&[Scope::Search], &[]).post("/v1/events", &search).refused(403, "forbidden");
    admin.with_key(None).post("/v1/events", &search).refused(401, "missing_key");
}
