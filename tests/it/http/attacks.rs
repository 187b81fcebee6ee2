//! Tricks that callers try: odd paths and methods, headers twice, keys in wrong places, and what a
//! page of another origin may do.

use axum::body::Body;
use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::{Client, event};
use super::operations::calls;
use crate::support::TestEngine;

#[test]
fn no_spelling_of_a_path_or_method_opens_a_door() {
    let stranger = Client::guarded().with_key(None);
    let paths = [
        "/v1/keys/",
        "//v1/keys",
        "/v1//keys",
        "/V1/KEYS",
        "/v1/keys/../keys",
        "/./v1/keys",
        "/healthz/../v1/keys",
        "/assets/../v1/keys",
        "/assets/..%2f..%2fv1%2fkeys",
        "/v1%2fkeys",
        "/v1/keys%00",
        "/v1/keys;a=b",
        "/v1/keys%20",
        "/v1/indexes/shop%2fsettings",
        "/v1/indexes/..%2fshop/settings",
        "/admin/../v1/keys",
        "/v1/shoppers/anna%2f..%2fbert",
    ];
    for path in paths {
        for method in ["GET", "POST", "DELETE", "PUT", "PATCH"] {
            let status = stranger.send(method, path, &[], "").status;
            assert!([400, 401, 404, 405].contains(&status), "{method} {path}: {status}");
        }
    }
    for method in ["TRACE", "CONNECT", "PROPFIND", "GETT"] {
        let status = stranger.send(method, "/v1/keys", &[], "").status;
        assert!([401, 405].contains(&status), "{method}: {status}");
    }
}

#[test]
fn asking_for_the_head_alone_needs_the_same_key() {
    let stranger = Client::guarded().with_key(None);
    let mut asked = 0;
    for (method, path, scope) in calls() {
        if method != "get" || scope.is_none() {
            continue;
        }
        let path = path.replace("{index}", "shop").replace("{id}", "anna").replace("{number}", "1");
        assert_eq!(stranger.send("HEAD", &path, &[], "").status, 401, "HEAD {path}");
        asked += 1;
    }
    assert!(asked >= 15, "{asked}");
}

#[test]
fn a_key_counts_only_in_its_header_and_once() {
    let admin = Client::guarded();
    let key = admin.make_key(&[Scope::Admin], &[]);
    let stranger = admin.with_key(None);
    for path in [format!("/v1/keys?key={key}"), format!("/v1/keys?access_token={key}")] {
        stranger.get(&path).refused(401, "missing_key");
    }
    let bearer = format!("Bearer {key}");
    for header in
        ["x-api-key", "cookie", "x-authorization", "proxy-authorization", "x-shopper-token"]
    {
        let headers = [(header, bearer.as_str())];
        stranger.send("GET", "/v1/keys", &headers, "").refused(401, "missing_key");
    }
    let body = json!({ "key": key, "scopes": ["admin"] });
    stranger.post("/v1/keys", &body).refused(401, "missing_key");
    let overridden = [("x-http-method-override", "GET"), ("x-original-url", "/healthz")];
    stranger.send("DELETE", "/v1/indexes/shop", &overridden, "").refused(401, "missing_key");
    // Of two headers the first counts, and another cannot help it.
    let twice = [("authorization", "Bearer no.key"), ("authorization", bearer.as_str())];
    stranger.send("GET", "/v1/keys", &twice, "").refused(401, "unknown_key");
    let long = format!("Bearer {}", "a".repeat(100_000));
    stranger.send("GET", "/v1/keys", &[("authorization", &long)], "").refused(401, "unknown_key");
    for odd in ["Bearer", "Bearer  ", "bearer\ta.b", "Bearer a.b c.d", "Token a.b", "a.b", ","] {
        let reply = stranger.send("GET", "/v1/keys", &[("authorization", odd)], "");
        assert_eq!(reply.status, 401, "{odd:?}: {}", reply.text);
    }
}

#[test]
fn a_limited_key_sees_and_makes_nothing_beyond_its_index() {
    let admin = Client::guarded();
    admin.put("/v1/indexes/other", &json!({})).ok();
    let catalog = admin.scoped(&[Scope::Catalog], &["shop"]);
    let listed = catalog.get("/v1/indexes").ok();
    let names: Vec<&Value> =
        listed["indexes"].as_array().unwrap().iter().map(|index| &index["name"]).collect();
    assert_eq!(names, ["shop"]);
    catalog.put("/v1/indexes/third", &json!({})).refused(403, "forbidden");

    let events = admin.scoped(&[Scope::Events], &["shop"]);
    let mut elsewhere = event("view", "anna", "shoe-1");
    elsewhere["index"] = "other".into();
    let both = json!([event("view", "anna", "shoe-1"), elsewhere]);
    events.post("/v1/events", &both).refused(403, "forbidden");
    assert_eq!(admin.get("/v1/shoppers/anna/events").ok()["events"], json!([]), "none of them");

    // Whoever administers one index cannot make a key for all.
    let own = admin.scoped(&[Scope::Admin], &["shop"]);
    own.post("/v1/keys", &json!({ "scopes": ["admin"] })).refused(403, "forbidden");
    own.get("/v1/audit").refused(403, "forbidden");
    own.post("/v1/backup", &json!({ "name": "a" })).refused(403, "forbidden");
    own.delete("/v1/shoppers/anna").refused(403, "forbidden");
    own.post("/v1/shoppers/anna/token", &json!({})).refused(403, "forbidden");
}

#[test]
fn who_may_change_the_catalogue_may_not_merchandise_by_way_of_it() {
    let admin = Client::guarded();
    let catalog = admin.scoped(&[Scope::Catalog], &[]);
    for part in ["rules", "boosts", "suggestions"] {
        let patch = json!({ part: {} });
        for path in ["/v1/indexes/shop/settings", "/v1/indexes/shop", "/v1/indexes/new"] {
            catalog.put(path, &patch).refused(403, "forbidden");
        }
    }
    admin.get("/v1/indexes/new").refused(404, "unknown_index");
    let merchandise = admin.scoped(&[Scope::Merchandise], &[]);
    merchandise.put("/v1/indexes/shop/settings", &json!({ "rules": {} })).refused(403, "forbidden");
    merchandise.get("/v1/indexes/shop/products/shoe-1").refused(403, "forbidden");
}

#[test]
fn a_refused_caller_learns_nothing_of_what_there_is() {
    let admin = Client::guarded();
    let search = admin.scoped(&[Scope::Search], &["elsewhere"]);
    for (one, other) in [
        ("/v1/indexes/shop/settings", "/v1/indexes/nope/settings"),
        ("/v1/indexes/shop/products/shoe-1", "/v1/indexes/shop/products/nope"),
        ("/v1/shoppers/anna", "/v1/shoppers/nobody"),
    ] {
        let told = |path: &str| {
            let text = search.get(path).refused(403, "forbidden").to_string();
            text.replace("shop", "X").replace("nope", "X")
        };
        assert_eq!(told(one), told(other));
    }
}

#[test]
fn only_listed_origins_are_allowed_by_their_whole_name() {
    let client = Client::configured(TestEngine::shop(), |config| {
        config.cors_origins = vec!["https://shop.example".to_owned()];
    });
    for origin in [
        "null",
        "https://shop.example.evil.example",
        "https://evil-shop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://sub.shop.example",
        "*",
    ] {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let reply = client.send("OPTIONS", "/v1/indexes/shop/search", &headers, "");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        let reply = client.send("GET", "/healthz", &[("origin", origin)], Body::empty());
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
    }
    let listed = [("origin", "https://shop.example")];
    let reply = client.send("GET", "/healthz", &listed, "");
    assert_eq!(reply.header("access-control-allow-credentials"), "", "no cookies are meant");
    assert!(reply.header("vary").contains("origin"), "caches keep origins apart");
}
