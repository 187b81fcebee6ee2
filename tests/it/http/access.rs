//! Who may call what.

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::Client;

#[test]
fn refusals_say_what_to_do() {
    let admin = Client::guarded();
    let missing = admin.with_key(None).get("/v1/keys");
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    let missing = missing.refused(401, "missing_key");
    assert!(missing["error"]["hint"].as_str().unwrap().contains("Authorization"));
    let basic = [("authorization", "Basic abc")];
    let wrong = admin.with_key(None).send("GET", "/v1/keys", &basic, "");
    wrong.refused(401, "invalid_authorization");
    let limited = admin.scoped(&[Scope::Search], &["other"]);
    let closed = limited.post("/v1/indexes/shop/search", &json!({})).refused(403, "forbidden");
    let message = closed["error"]["message"].as_str().unwrap();
    assert!(message.contains("'search'") && message.contains("'shop'"), "{message}");
}

#[test]
fn keys_are_made_listed_used_and_revoked() {
    let admin = Client::guarded();
    let wish = json!({ "name": "shop window", "scopes": ["search"], "indexes": ["shop"] });
    let made = admin.post("/v1/keys", &wish);
    assert_eq!(made.status, 201);
    let made = made.json();
    let secret = made["key"].as_str().unwrap();
    let window = admin.with_key(Some(secret));
    window.post("/v1/indexes/shop/search", &json!({})).ok();
    window.get("/v1/keys").refused(403, "forbidden");

    let listed = admin.get("/v1/keys");
    assert!(!listed.text.contains(secret.split_once('.').unwrap().1), "no secrets in lists");
    assert!(!listed.text.contains("sha256"));
    assert_eq!(listed.json()["keys"].as_array().unwrap().len(), 2);

    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    admin.delete(&path).ok();
    window.post("/v1/indexes/shop/search", &json!({})).refused(401, "unknown_key");
    assert_eq!(admin.delete(&path).status, 404);
    let wrong = admin.post("/v1/keys", &json!({ "scopes": ["everything"] }));
    let wrong = wrong.refused(400, "invalid_request");
    assert!(wrong["error"]["message"].as_str().unwrap().contains("scopes[0]"), "{wrong}");
    admin.post("/v1/keys", &json!({ "scopes": [] })).refused(400, "invalid_key");
    let ended = json!({ "scopes": ["search"], "expires_at": "2020-01-01T00:00:00Z" });
    let ended = admin.post("/v1/keys", &ended).ok();
    let ended = admin.with_key(ended["key"].as_str());
    ended.post("/v1/indexes/shop/search", &json!({})).refused(401, "expired_key");
}

#[test]
fn a_wrong_secret_is_unknown() {
    let admin = Client::guarded();
    let key = admin.make_key(&[Scope::Admin], &[]);
    let (id, _) = key.split_once('.').unwrap();
    for wrong in [format!("{id}.wrong"), format!("{id}."), id.to_owned(), String::new()] {
        admin.with_key(Some(&wrong)).get("/v1/keys").refused(
            401,
            if wrong.is_empty() {
                // "Bearer " without anything is no key either.
                "invalid_authorization"
            } else {
                "unknown_key"
            },
        );
    }
}

#[test]
fn development_mode_answers_no_foreign_page() {
    let client = Client::open();
    let with = |headers: &[(&str, &str)]| client.send("GET", "/v1/indexes", headers, "");
    with(&[("host", "localhost:7700")]).ok();
    with(&[("host", "127.0.0.1:7700"), ("origin", "http://localhost:3000")]).ok();
    with(&[("host", "evil.example")]).refused(403, "foreign_page");
    with(&[("host", "localhost:7700"), ("origin", "https://evil.example")])
        .refused(403, "foreign_page");
}

#[test]
fn a_body_is_not_read_before_the_key_is_known() {
    let stranger = Client::guarded().with_key(None);
    let refused = stranger.send("POST", "/v1/indexes/shop/products", &[], "[{\"id\": ");
    refused.refused(401, "missing_key");
}

#[test]
fn naming_a_shopper_can_be_made_to_need_that_shoppers_token() {
    let admin = Client::configured(crate::support::TestEngine::shop(), |config| {
        config.require_shopper_token = true;
    });
    let key = admin.make_key(&[Scope::Search], &[]);
    let public = admin.with_key(Some(&key));
    let path = "/v1/indexes/shop/search";
    let personal: Value = json!({ "q": "shoe", "shopper": "anna" });
    public.post(path, &json!({ "q": "shoe" })).ok();
    public.post(path, &personal).refused(403, "shopper_token_required");
    public.get("/v1/indexes/shop/suggest?q=s&shopper=anna").refused(403, "shopper_token_required");
    let admin = admin.scoped(&[Scope::Admin], &[]);
    let signed = admin.post("/v1/shoppers/anna/token", &json!({})).ok();
    let headers = [("x-shopper-token", signed["token"].as_str().unwrap())];
    public.send("POST", path, &headers, personal.to_string()).ok();
    public.send("GET", "/v1/indexes/shop/suggest?q=s&shopper=anna", &headers, "").ok();
}
