//! Events over HTTP.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::{Client, event};

#[test]
fn events_come_alone_or_in_an_array_and_the_bad_ones_are_named() {
    let client = Client::open();
    let one = client.post("/v1/events", &event("click", "anna", "shoe-1")).ok();
    assert_eq!(one, json!({ "accepted": 1, "waiting": 0, "ignored": 0, "rejected": [] }));
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
    assert_eq!(lines, [1, 5, 6]);
    assert_eq!(answer["waiting"], 1, "a product that may come yet");
    assert_eq!(rejected[0]["field"], "type");
    assert_eq!(rejected[2]["field"], "position");
    let kept = client.get("/v1/shoppers/anna/events").ok();
    assert_eq!(kept["events"].as_array().unwrap().len(), 3);
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

fn ms_from_now(ms: i64) -> i64 {
    vitrine::startup::now().as_ms() + ms
}

#[test]
fn of_a_thousand_events_the_good_ones_are_kept_and_the_bad_ones_named() {
    let client = Client::open();
    let mut batch = vec![event("view", "anna", "mug-1"); 1_000];
    for (place, bad) in [
        (0, json!(null)),
        (99, json!({ "type": "view", "shopper": "anna", "index": "shop" })),
        (500, json!({ "type": "view", "shopper": "anna", "index": "none", "product_id": "mug-1" })),
        (
            999,
            json!({ "type": "view", "shopper": "anna\n", "index": "shop", "product_id": "mug-1" }),
        ),
    ] {
        batch[place] = bad;
    }
    let answer = client.post("/v1/events", &json!(batch)).ok();
    assert_eq!(answer["accepted"], 996);
    let rejected = answer["rejected"].as_array().unwrap();
    let lines: Vec<u64> = rejected.iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 100, 501, 1_000]);
    assert!(rejected.iter().all(|one| !one["reason"].as_str().unwrap().is_empty()));
}

#[test]
fn times_and_texts_have_limits() {
    let client = Client::open();
    let mut fine = event("search", "anna", "mug-1");
    fine["query"] = json!("ä".repeat(512));
    fine["id"] = json!("i".repeat(256));
    assert_eq!(client.post("/v1/events", &fine).ok()["accepted"], 1);
    for (field, value, named) in [
        ("query", json!("ä".repeat(513)), "query"),
        ("id", json!("i".repeat(257)), "id"),
        ("variant_sku", json!("i".repeat(257)), "variant_sku"),
        ("query_id", json!("i".repeat(257)), "query_id"),
        ("product_id", json!("i".repeat(257)), "product id"),
        ("session", json!("i".repeat(129)), "session id"),
        ("price", json!(-1.0), "price"),
        ("timestamp", json!(ms_from_now(11 * 60_000)), "future"),
        ("timestamp", json!(i64::MAX), "future"),
        ("timestamp", json!(i64::MIN), "30 days"),
        ("timestamp", json!(ms_from_now(-31 * 86_400_000)), "30 days"),
    ] {
        let mut bad = event("view", "anna", "mug-1");
        bad[field] = value;
        let refused = client.post("/v1/events", &bad).refused(400, "nothing_accepted");
        let reason = refused["rejected"][0]["reason"].as_str().unwrap();
        assert!(reason.contains(named), "{field}: {reason}");
    }
}

#[test]
fn a_clock_that_is_a_little_ahead_counts_as_now() {
    let client = Client::open();
    let mut early = event("view", "anna", "mug-1");
    early["timestamp"] = json!(ms_from_now(9 * 60_000));
    assert_eq!(client.post("/v1/events", &early).ok()["accepted"], 1);
    let kept = client.get("/v1/shoppers/anna/events").ok();
    let at = kept["events"][0]["at"].as_str().unwrap().parse::<String>().unwrap();
    let at = vitrine::domain::time::Timestamp::parse(&at).unwrap();
    assert!(at.as_ms() <= ms_from_now(0), "{at:?}");
}

#[test]
fn an_event_waits_for_its_product() {
    let client = Client::open();
    let bought = event("purchase", "anna", "late-1");
    let answer = client.post("/v1/events", &bought).ok();
    assert_eq!((&answer["accepted"], &answer["waiting"]), (&json!(0), &json!(1)));
    let metrics = client.get("/metrics").text;
    assert!(metrics.contains("vitrine_events_waiting_total 1\n"), "{metrics}");
    let kept = client.get("/v1/shoppers/anna/events").ok();
    assert!(kept["events"][0]["choice"]["unknown_since"].is_string(), "{kept}");
    assert_eq!(client.get("/v1/shoppers/anna?index=shop").ok()["profile"]["events"], 0);
    let product = json!([{ "id": "late-1", "title": "Late lamp", "brand": "Lumen" }]);
    client.post("/v1/indexes/shop/products", &product).ok();
    let profile = client.get("/v1/shoppers/anna?index=shop").ok()["profile"].clone();
    assert_eq!((&profile["events"], &profile["brands"][0]["name"]), (&json!(1), &json!("Lumen")));
    let kept = client.get("/v1/shoppers/anna/events").ok();
    assert_eq!(kept["events"][0]["choice"], json!({ "brand": "Lumen", "title": "Late lamp" }));
}
