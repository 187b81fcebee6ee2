//! Shoppers' own data and their tokens.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::{Client, event};

const ANNA: &str = "/v1/shoppers/anna";

#[test]
fn a_profile_has_its_evidence_and_can_be_exported_and_erased() {
    let client = Client::open();
    let history = json!([event("purchase", "anna", "shoe-1"), event("view", "anna", "shoe-2")]);
    client.post("/v1/events", &history).ok();
    let word =
        json!({ "consent": "full", "sizes": { "shoe_eu": ["42"] }, "liked_brands": ["Alba"] });
    let said = client.put(&format!("{ANNA}/preferences"), &word).ok();
    assert_eq!(said["blocked_brands"], json!([]));

    let read = client.get(&format!("{ANNA}?index=shop")).ok();
    assert_eq!(read["index"], client.get(ANNA).ok()["index"], "the only index may be left out");
    assert_eq!((&read["shopper"], &read["index"]), (&json!("anna"), &json!("shop")));
    assert_eq!(read["preferences"], said);
    assert_eq!(read["profile"]["events"], 2);
    assert_eq!(read["profile"]["brands"][0]["name"], "Nordvik");
    assert_eq!(read["profile"]["stated"]["liked_brands"], json!(["Alba"]));

    let export = client.get(&format!("{ANNA}/events")).ok();
    assert_eq!(export["events"][0]["event"]["type"], "purchase");
    assert_eq!(export["events"][0]["choice"]["brand"], "Nordvik");

    assert_eq!(client.delete(ANNA).ok(), json!({ "erased": "anna" }));
    let after = client.get(ANNA).ok();
    assert_eq!(after["profile"]["events"], 0);
    assert_eq!(after["preferences"]["liked_brands"], json!([]));
    assert_eq!(client.get(&format!("{ANNA}/events")).ok()["events"], json!([]));
}

#[test]
fn one_event_can_be_removed_by_its_number() {
    let admin = Client::guarded();
    let events = [("purchase", "shoe-1"), ("purchase", "mug-1"), ("view", "shoe-2")];
    let events: Vec<_> = events.iter().map(|(kind, id)| event(kind, "anna", id)).collect();
    admin.post("/v1/events", &json!(events)).ok();
    admin.post("/v1/events", &event("view", "bert", "mug-1")).ok();
    let token = admin.post(&format!("{ANNA}/token"), &json!({})).ok()["token"].clone();
    let anna = admin.with_key(token.as_str());
    let export = anna.get(&format!("{ANNA}/events")).ok();
    let number = |export: &serde_json::Value, product: &str| {
        let events = export["events"].as_array().unwrap();
        let one = events.iter().find(|one| one["event"]["product_id"] == product);
        one.unwrap()["number"].as_u64().unwrap()
    };
    let mug = format!("{ANNA}/events/{}", number(&export, "mug-1"));
    // Kept in memory by a search.
    admin.search(&json!({ "q": "mug", "shopper": "anna" }));
    assert_eq!(anna.delete(&mug).ok()["removed"], number(&export, "mug-1"));
    anna.delete(&mug).refused(404, "event_not_found");
    let profile = anna.get(&format!("{ANNA}?index=shop")).ok()["profile"].clone();
    assert_eq!(profile["events"], 2);
    assert!(!profile.to_string().contains("Kettle"), "{profile}");
    let explained = admin.search(&json!({ "q": "mug", "shopper": "anna", "explain": true }));
    assert!(!explained.to_string().contains("repeat"), "{explained}");
    let others = admin.get("/v1/shoppers/bert/events").ok();
    let others = number(&others, "mug-1");
    anna.delete(&format!("{ANNA}/events/{others}")).refused(404, "event_not_found");
    anna.delete(&format!("/v1/shoppers/bert/events/{others}"))
        .refused(401, "invalid_shopper_token");
    anna.delete(&format!("{ANNA}/events/first")).refused(400, "invalid_number");
    let stranger = admin.scoped(&[Scope::Events, Scope::Search], &[]);
    stranger.delete(&mug).refused(403, "forbidden");
    assert_eq!(admin.get("/v1/shoppers/bert/events").ok()["events"].as_array().unwrap().len(), 1);
}

#[test]
fn a_profile_needs_an_index_where_there_are_several() {
    let client = Client::open();
    client.put("/v1/indexes/other", &json!({})).ok();
    client.get(ANNA).refused(400, "missing_index");
    client.get(&format!("{ANNA}?index=none")).refused(404, "unknown_index");
    client.get(&format!("{ANNA}?index=a%20b")).refused(400, "invalid_parameter");
    client.get(&format!("{ANNA}?index=other")).ok();
}

#[test]
fn only_admins_and_the_shopper_read_and_change_a_shoppers_data() {
    let admin = Client::guarded();
    let signed = admin.post(&format!("{ANNA}/token"), &json!({ "ttl_s": 60 })).ok();
    assert!(signed["expires_at"].is_string());
    let token = signed["token"].as_str().unwrap();
    let anna = admin.with_key(Some(token));
    let others = [Scope::Search, Scope::Events, Scope::Catalog, Scope::Merchandise];
    let stranger = admin.scoped(&others, &[]);
    let consent = json!({ "consent": "session_only" });
    for path in [ANNA.to_owned(), format!("{ANNA}/events")] {
        anna.get(&path).ok();
        admin.get(&path).ok();
        stranger.get(&path).refused(403, "forbidden");
        admin.with_key(None).get(&path).refused(401, "missing_key");
    }
    stranger.put(&format!("{ANNA}/preferences"), &consent).refused(403, "forbidden");
    stranger.delete(ANNA).refused(403, "forbidden");
    anna.put(&format!("{ANNA}/preferences"), &consent).ok();
    anna.get("/v1/shoppers/bert").refused(401, "invalid_shopper_token");
    anna.post(&format!("{ANNA}/token"), &json!({})).refused(401, "invalid_shopper_token");
    anna.post("/v1/indexes/shop/search", &json!({})).refused(401, "invalid_shopper_token");
    stranger.post(&format!("{ANNA}/token"), &json!({})).refused(403, "forbidden");
    anna.delete(ANNA).ok();
}

#[test]
fn forged_and_overlong_tokens_are_refused() {
    let admin = Client::guarded();
    let path = format!("{ANNA}/token");
    admin.post(&path, &json!({ "ttl_s": 0 })).refused(400, "over_limit");
    admin.post(&path, &json!({ "ttl_s": 2_592_001 })).refused(400, "over_limit");
    admin.post(&path, &json!({ "ttl": 5 })).refused(400, "invalid_request");
    let token = admin.post(&path, &json!({})).ok()["token"].as_str().unwrap().to_owned();
    let forged = token.replacen("YW5uYQ", "YmVydA", 1);
    assert_ne!(forged, token);
    admin.with_key(Some(&forged)).get("/v1/shoppers/bert").refused(401, "invalid_shopper_token");
}

#[test]
fn preferences_name_what_is_wrong() {
    let client = Client::open();
    let path = format!("{ANNA}/preferences");
    let unknown = client.put(&path, &json!({ "color": "red" })).refused(400, "invalid_request");
    assert!(unknown["error"]["message"].as_str().unwrap().contains("color"));
    let wrong = client.put(&path, &json!({ "liked_brands": [1] })).refused(400, "invalid_request");
    assert!(wrong["error"]["message"].as_str().unwrap().contains("liked_brands[0]"));
}

#[test]
fn preferences_have_limits() {
    let client = Client::open();
    let path = format!("{ANNA}/preferences");
    let brands = |count: usize| (0..count).map(|n| format!("b{n}")).collect::<Vec<_>>();
    let systems = |count: usize| -> std::collections::BTreeMap<String, Vec<&str>> {
        (0..count).map(|n| (format!("s{n}"), vec!["42"])).collect()
    };
    client.put(&path, &json!({ "liked_brands": brands(100), "sizes": systems(50) })).ok();
    for (word, named) in [
        (json!({ "liked_brands": brands(101) }), "liked_brands"),
        (json!({ "blocked_brands": brands(101) }), "blocked_brands"),
        (json!({ "sizes": systems(51) }), "sizes"),
        (json!({ "sizes": { "shoe_eu": brands(51) } }), "sizes"),
        (json!({ "sizes": { "shoe_eu": ["4".repeat(201)] } }), "sizes"),
        (json!({ "sizes": { "s".repeat(201): [] } }), "sizes"),
        (json!({ "liked_brands": ["b".repeat(201)] }), "liked_brands"),
        (json!({ "blocked_brands": ["b".repeat(201)] }), "blocked_brands"),
    ] {
        let refused = client.put(&path, &word).refused(400, "over_limit");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains(named), "{named}: {message}");
    }
    let kept = client.get(&format!("{ANNA}?index=shop")).ok();
    assert_eq!(kept["preferences"]["liked_brands"].as_array().unwrap().len(), 100);
}
