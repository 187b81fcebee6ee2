//! Health, counters, the description of the calls, the pages, and headers on every answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::Client;

/// The file where routes are made.
const ROUTER: &str = include_str!("../../../src/http/mod.rs");
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn openapi() -> Value {
    serde_json::from_str(include_str!("../../../src/http/openapi.json")).expect("valid JSON")
}

/// Method, path and scope of every documented call.
pub(super) fn calls() -> Vec<(String, String, Option<String>)> {
    let document = openapi();
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let scope = call["x-scope"].as_str().map(str::to_owned);
            assert_eq!(scope.is_none(), call["security"] == json!([]), "{method} {path}");
            calls.push((method.clone(), path.clone(), scope));
        }
    }
    calls
}

#[test]
fn the_description_has_every_route_and_method_and_no_other() {
    let routed: BTreeSet<&str> = ROUTER
        .split(".route(")
        .skip(1)
        .map(|rest| rest.split('"').nth(1).expect("a route has a path"))
        .collect();
    let calls = calls();
    let described: BTreeSet<&str> = calls.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(routed, described);
    let client = Client::open();
    for path in described {
        for method in METHODS {
            let named = path.replace("{index}", "x").replace("{id}", "x");
            let named = named.replace("{number}", "1").replace("{file}", "x");
            let reply = client.send(&method.to_uppercase(), &named, &[], "");
            let known = calls.iter().any(|(one, of, _)| one == method && of == path);
            assert_eq!(reply.status != 405, known, "{method} {path}: {}", reply.text);
        }
    }
}

#[test]
fn the_table_of_calls_is_as_agreed() {
    let table: Vec<String> = calls()
        .into_iter()
        .map(|(method, path, scope)| {
            format!("{} {path} [{}]", method.to_uppercase(), scope.unwrap_or("open".to_owned()))
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = openapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 30);
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert_eq!(Client::open().get("/openapi.json").ok(), document);
}

#[test]
fn a_fresh_server_is_healthy_and_counts() {
    let client = Client::open();
    assert_eq!(client.get("/healthz").ok()["status"], "ok");
    assert_eq!(client.get("/readyz").ok()["status"], "ready");
    client.search(&json!({ "q": "shoe" }));
    client.search(&json!({ "q": "", "filters": { "brand": "Nobody" } }));
    client.get("/v1/shoppers/secret-person").ok();
    client.post("/v1/indexes/none/search", &json!({})).refused(404, "unknown_index");
    let metrics = client.get("/metrics");
    assert!(metrics.header("content-type").starts_with("text/plain"));
    for line in [
        "vitrine_requests_total{route=\"/v1/indexes/{index}/search\",method=\"POST\",status=\"200\"} 2\n",
        "vitrine_requests_total{route=\"/v1/indexes/{index}/search\",method=\"POST\",status=\"404\"} 1\n",
        "vitrine_call_seconds_count{call=\"search\"} 2\n",
        "vitrine_searches_without_result_total{index=\"shop\"} 1\n",
        "vitrine_products{index=\"shop\"} 4\n",
        "vitrine_waiting_embeddings{index=\"shop\"} 0\n",
    ] {
        assert!(metrics.text.contains(line), "{line} in\n{}", metrics.text);
    }
    assert!(!metrics.text.contains("secret-person"));
}

#[test]
fn metrics_can_be_opened() {
    let closed = Client::guarded().with_key(None);
    closed.get("/metrics").refused(401, "missing_key");
    let open = Client::configured(crate::support::TestEngine::empty(), |config| {
        config.open_metrics = true;
    });
    assert_eq!(open.get("/metrics").status, 200);
}

#[test]
fn pages_load_only_from_this_server() {
    let client = Client::guarded().with_key(None);
    for (path, media_type) in [
        ("/", "text/html"),
        ("/admin", "text/html"),
        ("/assets/storefront.css", "text/css"),
        ("/assets/storefront.js", "text/javascript"),
        ("/assets/console.css", "text/css"),
        ("/assets/console.js", "text/javascript"),
    ] {
        let page = client.get(path);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").starts_with(media_type), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}");
        for inline in ["<script>", "onclick=", "onload=", "style=", "<style"] {
            assert!(media_type != "text/html" || !page.text.contains(inline), "{path}: {inline}");
        }
    }
    client.get("/assets/mod.rs").refused(404, "unknown_file");
}

#[test]
fn a_file_that_the_browser_has_is_not_sent_again() {
    let client = Client::guarded().with_key(None);
    for path in ["/", "/admin", "/assets/console.js", "/assets/console.css"] {
        let first = client.get(path);
        let tag = first.header("etag");
        let again = client.send("GET", path, &[("if-none-match", tag)], "");
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), tag, "{path}");
        let stale = client.send("GET", path, &[("if-none-match", "W/\"other\"")], "");
        assert_eq!((stale.status, stale.text), (200, first.text), "{path}");
    }
}

#[test]
fn what_the_console_bundles_keeps_its_licence() {
    let script = Client::guarded().with_key(None).get("/assets/console.js").text;
    assert!(script.contains("The MIT License") && script.contains("Jason Miller"));
}

#[test]
fn every_script_that_a_script_imports_is_served() {
    let client = Client::guarded().with_key(None);
    let mut waiting = vec!["storefront.js".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let script = client.get(&format!("/assets/{name}"));
        assert_eq!(script.status, 200, "{name}");
        assert!(script.header("content-type").starts_with("text/javascript"), "{name}");
        let imported = script.text.split("from \"./").skip(1);
        waiting.extend(imported.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
    }
    assert!(seen.len() > 1, "the storefront is made of modules");
}

#[test]
fn every_answer_has_an_id_and_safe_headers() {
    let client = Client::open();
    for path in ["/healthz", "/nowhere", "/", "/v1/indexes/none"] {
        let reply = client.get(path);
        assert!(!reply.header("x-request-id").is_empty(), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(reply.header("strict-transport-security"), "", "{path}: only over HTTPS");
        let kept = if path == "/" { "no-cache" } else { "no-store" };
        assert_eq!(reply.header("cache-control"), kept, "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
    }
    let own = client.send("GET", "/healthz", &[("x-request-id", "abc-1")], "");
    assert_eq!(own.header("x-request-id"), "abc-1");
    let odd = client.send("GET", "/healthz", &[("x-request-id", "a b\tc")], "");
    assert_ne!(odd.header("x-request-id"), "a b\tc");
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    let client = Client::open();
    let packed = client.send("GET", "/openapi.json", &[("accept-encoding", "gzip")], "");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(client.get("/openapi.json").header("content-encoding"), "");
}

#[test]
fn other_origins_may_call_only_when_listed() {
    let preflight = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let path = "/v1/indexes/shop/search";
    let closed = Client::guarded().send("OPTIONS", path, &preflight, "");
    assert_eq!(closed.header("access-control-allow-origin"), "");
    let open = Client::configured(crate::support::TestEngine::shop(), |config| {
        config.cors_origins = vec!["https://shop.example".to_owned()];
    });
    let allowed = open.send("OPTIONS", path, &preflight, "");
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(allowed.header("x-content-type-options"), "nosniff", "preflights, too");
    let asked = [("origin", "https://shop.example")];
    let answer = open.send("GET", "/v1/indexes", &asked, "");
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    assert!(answer.header("access-control-expose-headers").contains("retry-after"));
    let other = [("origin", "https://evil.example"), preflight[1], preflight[2]];
    let other = open.send("OPTIONS", path, &other, "");
    assert_eq!(other.header("access-control-allow-origin"), "");
}
