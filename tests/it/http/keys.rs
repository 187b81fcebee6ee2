//! Keys over their life: made, limited, rotated without downtime, ended.

use serde_json::{Value, json};
use vitrine::domain::time::Timestamp;
use vitrine::engine::KeyWish;
use vitrine::settings::access::Scope;

use super::client::Client;

const SEARCH: &str = "/v1/indexes/shop/search";

fn made(admin: &Client, wish: &Value) -> (String, String) {
    let made = admin.post("/v1/keys", wish).ok();
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

#[test]
fn a_rotated_key_has_two_secrets_for_a_while() {
    let admin = Client::guarded();
    let (id, old) =
        made(&admin, &json!({ "name": "window", "scopes": ["search"], "per_second": 900 }));
    let path = format!("/v1/keys/{id}/rotate");
    let rotated = admin.post(&path, &json!({ "overlap_s": 600 })).ok();
    assert_eq!((&rotated["id"], &rotated["name"]), (&json!(id), &json!("window")));
    assert_eq!(rotated["per_second"], 900, "a rotation changes nothing but the secret");
    assert!(rotated["previous_until"].is_string());
    let new = rotated["key"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    for secret in [&old, &new] {
        admin.with_key(Some(secret)).post(SEARCH, &json!({})).ok();
    }
    // Another rotation ends the first secret, whatever overlap it had.
    let newest = admin.post(&path, &json!({ "overlap_s": 600 })).ok();
    admin.with_key(Some(&old)).post(SEARCH, &json!({})).refused(401, "unknown_key");
    admin.with_key(Some(&new)).post(SEARCH, &json!({})).ok();
    admin.with_key(newest["key"].as_str()).post(SEARCH, &json!({})).ok();
    let listed = admin.get("/v1/keys");
    for secret in [&old, &new] {
        assert!(!listed.text.contains(secret.split_once('.').unwrap().1));
    }
    // A revoked key has no secret that works.
    admin.delete(&format!("/v1/keys/{id}")).ok();
    for secret in [new.as_str(), newest["key"].as_str().unwrap()] {
        admin.with_key(Some(secret)).post(SEARCH, &json!({})).refused(401, "unknown_key");
    }
    admin.post(&path, &json!({})).refused(404, "key_not_found");
}

#[test]
fn an_overlap_ends_and_may_be_none() {
    let admin = Client::guarded();
    let at = Timestamp::from_ms;
    let wish = KeyWish { scopes: vec![Scope::Search], ..KeyWish::default() };
    let made = admin.engine.create_key(wish, at(0)).unwrap();
    let new = admin.engine.rotate_key(&made.kept.id, 10, at(5_000)).unwrap();
    let known = |token: &str, now| admin.engine.key(token, at(now)).is_some();
    assert!(known(&made.key, 14_999) && !known(&made.key, 15_000));
    assert!(known(&new.key, 14_999) && known(&new.key, 15_000));

    let path = format!("/v1/keys/{}/rotate", made.kept.id);
    let at_once = admin.post(&path, &json!({ "overlap_s": 0 })).ok();
    assert!(at_once.get("previous_until").is_none());
    admin.with_key(Some(&new.key)).post(SEARCH, &json!({})).refused(401, "unknown_key");
    admin.post(&path, &json!({ "overlap_s": 2_592_001 })).refused(400, "over_limit");
    admin.post(&path, &json!({ "overlap_s": -1 })).refused(400, "invalid_request");
    admin.post(&path, &json!({ "overlap": 1 })).refused(400, "invalid_request");
}

#[test]
fn an_admin_can_rotate_the_key_it_calls_with() {
    let admin = Client::guarded();
    let (id, old) = made(&admin, &json!({ "scopes": ["admin"] }));
    let own = admin.with_key(Some(&old));
    let rotated = own.post(&format!("/v1/keys/{id}/rotate"), &json!({ "overlap_s": 0 })).ok();
    own.get("/v1/keys").refused(401, "unknown_key");
    admin.with_key(rotated["key"].as_str()).get("/v1/keys").ok();
}

#[test]
fn every_key_can_ask_what_it_opens() {
    let admin = Client::guarded();
    let wish = json!({
        "name": "window", "scopes": ["search", "events"], "indexes": ["shop"],
        "expires_at": "2126-01-01T00:00:00Z",
    });
    let (id, key) = made(&admin, &wish);
    let own = admin.with_key(Some(&key)).get("/v1/keys/own");
    assert_eq!(own.header("cache-control"), "no-store");
    assert_eq!(
        own.ok(),
        json!({
            "id": id, "name": "window", "scopes": ["search", "events"], "indexes": ["shop"],
            "expires_at": "2126-01-01T00:00:00Z",
        })
    );
    let endless = admin.scoped(&[Scope::Catalog], &[]).get("/v1/keys/own").ok();
    assert_eq!((&endless["expires_at"], &endless["indexes"]), (&Value::Null, &json!([])));
    let open = Client::open().get("/v1/keys/own").ok();
    assert_eq!((&open["scopes"], &open["expires_at"]), (&json!(["admin"]), &Value::Null));
}

#[test]
fn a_wish_for_a_key_is_checked() {
    let admin = Client::guarded();
    let indexes: Vec<String> = (0..101).map(|n| format!("i{n}")).collect();
    for (wish, code) in [
        (json!({ "scopes": ["search"], "name": "a".repeat(101) }), "invalid_key"),
        (json!({ "scopes": ["search"], "name": "two\nlines" }), "invalid_key"),
        (json!({ "scopes": ["search"], "indexes": indexes }), "invalid_key"),
        (json!({ "scopes": ["search"], "indexes": ["a/b"] }), "invalid_request"),
        (json!({ "scopes": ["search"], "per_second": 0 }), "invalid_request"),
        (json!({ "scopes": ["search"], "secret": "mine" }), "invalid_request"),
    ] {
        admin.post("/v1/keys", &wish).refused(400, code);
    }
    assert_eq!(admin.get("/v1/keys").ok()["keys"].as_array().unwrap().len(), 1);
}
