//! What is searched for of late, and what a draft would change of it.

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::Client;

const QUERIES: &str = "/v1/indexes/shop/queries";
const PREVIEW: &str = "/v1/indexes/shop/rules/preview/queries";

/// Searches by so many visitors.
fn search(client: &Client, q: &str, visitors: usize) {
    for visitor in 0..visitors {
        client.search(&json!({ "q": q, "session": format!("visitor-{visitor}") }));
    }
}

/// Texts with their searches and those in vain.
fn counted(client: &Client, parameters: &str) -> Vec<(String, u64, u64)> {
    let answer = client.get(&format!("{QUERIES}{parameters}")).ok();
    let queries = answer["queries"].as_array().unwrap().iter();
    let number = |value: &Value| value.as_u64().unwrap();
    queries
        .map(|one| {
            let q = one["q"].as_str().unwrap().to_owned();
            (q, number(&one["searches"]), number(&one["without_result"]))
        })
        .collect()
}

#[test]
fn served_searches_are_counted_by_text() {
    let client = Client::open();
    assert_eq!(client.get(QUERIES).ok(), json!({ "queries": [] }));
    search(&client, "  Running   SHOE ", 12);
    search(&client, "running shoe", 12);
    search(&client, "zzgarblezz", 9);
    search(&client, "", 9);
    let all = [("running shoe".to_owned(), 24, 0), ("zzgarblezz".to_owned(), 9, 9)];
    assert_eq!(counted(&client, ""), all);
    assert_eq!(counted(&client, "?limit=1"), all[..1]);
    assert_eq!(counted(&client, "?order=without_result"), all[1..]);
    let answer = client.get(QUERIES).ok();
    for time in [&answer["since"], &answer["queries"][0]["last_at"]] {
        let time = vitrine::domain::time::Timestamp::parse(time.as_str().unwrap()).unwrap();
        assert!((vitrine::startup::now().as_ms() - time.as_ms()).abs() < 600_000);
    }
}

#[test]
fn only_first_pages_that_are_served_are_counted() {
    let client = Client::open();
    for visitor in 0..9 {
        let session = format!("visitor-{visitor}");
        client.search(&json!({ "q": "shoe", "session": session, "page": 2 }));
        client.search(&json!({ "q": "shoe", "session": session, "per_page": 0 }));
        let draft = json!({ "search": { "q": "shoe", "session": session } });
        client.post("/v1/indexes/shop/rules/preview", &draft).ok();
        let two = json!({ "search": { "q": "shoe" }, "after": { "session": session } });
        client.post("/v1/indexes/shop/search/compare", &two).ok();
    }
    assert_eq!(counted(&client, ""), []);
}

#[test]
fn what_few_searched_for_or_looks_private_is_not_told() {
    let client = Client::open();
    for _ in 0..30 {
        client.search(&json!({ "q": "my own name", "session": "one" }));
    }
    search(&client, "anna@example.com", 12);
    search(&client, "+49 30 1234567", 12);
    search(&client, "4111 1111 1111 1111", 12);
    assert_eq!(counted(&client, ""), []);
    for _ in 0..3 {
        client.search(&json!({ "q": "mug" }));
    }
    assert_eq!(counted(&client, ""), [("mug".to_owned(), 3, 0)], "who names nobody is another one");
}

#[test]
fn the_list_is_for_merchandisers_and_has_limits() {
    let client = Client::guarded();
    client.scoped(&[Scope::Merchandise], &[]).get(QUERIES).ok();
    client.scoped(&[Scope::Catalog], &[]).get(QUERIES).refused(403, "forbidden");
    for wrong in ["?limit=0", "?limit=1001", "?order=best", "?since=1"] {
        client.get(&format!("{QUERIES}{wrong}")).refused(400, "invalid_parameter");
    }
    client.get("/v1/indexes/none/queries").refused(404, "unknown_index");
}

fn pin(product: &str) -> Value {
    json!([{ "do": "pin", "product_id": product, "position": 1 }])
}

#[test]
fn a_draft_is_tried_on_what_is_searched_for() {
    let client = Client::open();
    search(&client, "running shoe", 9);
    search(&client, "shoe", 12);
    search(&client, "mug", 20);
    let shoes = json!({ "when": { "query": { "contains": "shoe" } }, "then": pin("mug-1") });
    let found = client.post(PREVIEW, &json!({ "rules": { "draft": shoes } })).ok();
    assert_eq!((&found["tried"], &found["changed"]), (&json!(3), &json!(2)), "{found}");
    let queries = found["queries"].as_array().unwrap();
    let texts: Vec<&str> = queries.iter().map(|one| one["q"].as_str().unwrap()).collect();
    assert_eq!(texts, ["shoe", "running shoe"], "the more searched for first");
    let [first, ..] = &queries[..] else { panic!("{found}") };
    assert_eq!((&first["entered"], &first["left"]), (&json!(1), &json!(0)), "{first}");
    assert_eq!(first["first_changed"], 1);
    let (before, after) = (first["total_before"].as_u64(), first["total_after"].as_u64());
    assert_eq!(after, before.map(|total| total + 1));
    assert_eq!(first["moves"].as_u64(), before, "all others move down by one");
    assert_eq!(client.get("/v1/indexes/shop/rules").ok()["rules"], json!([]), "nothing is written");
    let tried = client.post(PREVIEW, &json!({ "rules": {}, "limit": 2 })).ok();
    assert_eq!(tried, json!({ "queries": [], "tried": 2, "changed": 0 }));
}

#[test]
fn a_draft_may_send_elsewhere_and_depend_on_the_context() {
    let client = Client::open();
    search(&client, "mug", 9);
    let then = json!([{ "do": "redirect", "url": "/mugs" }, { "do": "banner", "content": 1 }]);
    let rules = json!({ "draft": { "when": { "contexts": ["app"] }, "then": then } });
    let found = client.post(PREVIEW, &json!({ "rules": rules, "contexts": ["app"] })).ok();
    let one = &found["queries"][0];
    assert_eq!((&one["redirect_changed"], &one["banners_changed"]), (&json!(true), &json!(true)));
    assert!(one.get("first_changed").is_none(), "{one}");
    assert_eq!(client.post(PREVIEW, &json!({ "rules": rules })).ok()["changed"], 0);
    let boosts = json!({ "attributes": [{ "filter": { "brand": "Alba" }, "percent": 100 }] });
    client.post(PREVIEW, &json!({ "boosts": boosts })).ok();
}

#[test]
fn a_wrong_draft_is_refused() {
    let client = Client::guarded();
    for (body, code) in [
        (json!({ "limit": 0 }), "over_limit"),
        (json!({ "limit": 51 }), "over_limit"),
        (json!({ "search": {} }), "invalid_request"),
        (json!({ "rules": { "a": { "then": [] } } }), "invalid_rule"),
        (json!({ "boosts": { "percent_max": 200 } }), "invalid_boost"),
    ] {
        client.post(PREVIEW, &body).refused(400, code);
    }
    client.scoped(&[Scope::Catalog], &[]).post(PREVIEW, &json!({})).refused(403, "forbidden");
}
