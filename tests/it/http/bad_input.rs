//! Bad input: each a clear 4xx with a code and a hint, and nothing half-written.

use super::client::Client;

const PRODUCTS: &str = "/v1/indexes/shop/products";
const SEARCH: &str = "/v1/indexes/shop/search";

/// Method, path, body, status, code, and what the message must name.
type Row = (&'static str, &'static str, &'static str, u16, &'static str, &'static str);

const TABLE: [Row; 34] = [
    ("POST", SEARCH, "{\"q\": \"a\",\n  \"page\": }", 400, "malformed_json", "line 2 column 11"),
    ("POST", SEARCH, "{} {}", 400, "malformed_json", "trailing"),
    ("POST", SEARCH, "{\"q\": \"\u{1}\"}", 400, "malformed_json", "control character"),
    ("POST", SEARCH, "{\"q\": 3}", 400, "invalid_request", "'q'"),
    ("POST", SEARCH, "{\"page\": \"two\"}", 400, "invalid_request", "'page'"),
    ("POST", SEARCH, "{\"page\": -1}", 400, "invalid_request", "'page'"),
    ("POST", SEARCH, "{\"page\": 0}", 400, "over_limit", "page"),
    ("POST", SEARCH, "{\"per_page\": 1000}", 400, "over_limit", "per_page"),
    ("POST", SEARCH, "{\"page\": 101, \"per_page\": 100}", 400, "over_limit", "page"),
    ("POST", SEARCH, "{\"query\": \"shoes\"}", 400, "invalid_request", "query"),
    ("POST", SEARCH, "{\"mode\": \"magic\"}", 400, "invalid_request", "'mode'"),
    ("POST", SEARCH, "{\"personalize\": 2}", 400, "over_limit", "personalize"),
    ("POST", SEARCH, "{\"shopper\": \"\"}", 400, "invalid_request", "'shopper'"),
    ("POST", SEARCH, "{\"filters\": {\"price\": {\"below\": 3}}}", 400, "invalid_request", "price"),
    ("POST", SEARCH, "{\"filters\": {\"brand\": {}}}", 400, "", "brand"),
    ("POST", SEARCH, "{\"filters\": {\"colour\": [\"red\"]}}", 400, "", "colour"),
    ("POST", SEARCH, "{\"facets\": [\"colour\"]}", 400, "", "colour"),
    ("POST", SEARCH, "{\"sort\": [\"colour:asc\"]}", 400, "", "colour"),
    ("POST", SEARCH, "{\"sort\": [\"price:up\"]}", 400, "invalid_sort", "'up'"),
    ("POST", SEARCH, "[]", 400, "invalid_request", "array"),
    ("POST", SEARCH, "[\"shoes\"]", 400, "invalid_request", "array"),
    ("POST", SEARCH, "3", 400, "invalid_request", "expected an object"),
    ("POST", "/v1/indexes/none/search", "{}", 404, "unknown_index", "none"),
    ("POST", "/v1/indexes/a.b/search", "{}", 400, "invalid_name", "index name"),
    ("POST", "/v1/indexes/%ff/search", "{}", 400, "invalid_path", ""),
    (
        "POST",
        "/v1/indexes/none/products",
        "[{\"id\":\"n\",\"title\":\"N\"}]",
        404,
        "unknown_index",
        "none",
    ),
    ("POST", PRODUCTS, "", 400, "empty_body", ""),
    (
        "POST",
        PRODUCTS,
        "[{\"id\":\"n\",\"title\":\"N\"},\n {\"id\":\"m\"",
        400,
        "malformed_json",
        "line 2",
    ),
    ("POST", PRODUCTS, "[{\"id\":\"n\",\"title\":\"N\"}] tail", 400, "malformed_json", "trailing"),
    ("POST", PRODUCTS, "[{\"title\":\"N\"}]", 400, "nothing_accepted", "id"),
    ("POST", PRODUCTS, "[{\"id\":\"n\",\"title\":7}]", 400, "nothing_accepted", "title"),
    ("PATCH", PRODUCTS, "[{\"id\":\"mug-1\",\"price\":1},", 400, "malformed_json", ""),
    ("GET", "/v1/nothing", "", 404, "unknown_route", ""),
    ("PATCH", SEARCH, "{}", 405, "wrong_method", ""),
];

#[test]
fn each_fault_is_named() {
    let client = Client::open();
    for (method, path, body, status, code, named) in TABLE {
        let json = [("content-type", "application/json")];
        let reply = client.send(method, path, &json, body);
        let case = format!("{method} {path} {body}: {}", reply.text);
        assert_eq!(reply.status, status, "{case}");
        let error = &reply.json()["error"];
        assert!(code.is_empty() || error["code"] == code, "{case}");
        assert!(!error["code"].as_str().unwrap().is_empty(), "{case}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{case}");
        assert!(error["message"].as_str().unwrap().contains(named), "{case}");
    }
    assert!(!client.has("n") && !client.has("m"), "nothing is half-written");
    let mug = client.get(&format!("{PRODUCTS}/mug-1")).ok();
    assert_eq!(mug["price"], 9.5);
}

#[test]
fn text_that_is_not_utf_8_and_deep_nesting_are_refused() {
    let client = Client::open();
    let json = [("content-type", "application/json")];
    client
        .send("POST", SEARCH, &json, b"{\"q\": \"\xff\xfe\"}".to_vec())
        .refused(400, "malformed_json");
    let deep = format!("{{\"filters\": {}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(client.send("POST", SEARCH, &json, deep).status, 400);
    let deep = format!(
        "[{{\"id\":\"d\",\"title\":\"D\",\"x\":{}{}}}]",
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(client.send("POST", PRODUCTS, &json, deep).status, 400);
    assert!(!client.has("d"));
    client
        .send("POST", SEARCH, &[("content-encoding", "br")], "{}")
        .refused(415, "unsupported_encoding");
    client.send("POST", SEARCH, &[("content-encoding", "gzip")], "{}").refused(400, "broken_gzip");
}

#[test]
fn a_body_over_the_limit_is_refused_by_its_declared_or_real_length() {
    let client = Client::open();
    let declared = [("content-length", "104857600")];
    let refused = client.send("POST", PRODUCTS, &declared, "[]").refused(413, "body_too_large");
    assert!(refused["error"]["message"].as_str().unwrap().contains("33554432"));
    client.send("POST", PRODUCTS, &[], vec![b' '; 100 << 20]).refused(413, "body_too_large");
    let refused = client.send("POST", SEARCH, &[], vec![b' '; (1 << 20) + 1]);
    let refused = refused.refused(413, "body_too_large");
    assert!(refused["error"]["message"].as_str().unwrap().contains("1048576"));
}
