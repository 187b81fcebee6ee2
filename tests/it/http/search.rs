//! Search over HTTP, with what each key may see.

use serde_json::{Value, json};
use vitrine::engine::PERSONAL;
use vitrine::settings::access::Scope;

use super::client::{Client, event, ids};

const SEARCH: &str = "/v1/indexes/shop/search";

#[test]
fn a_search_answers_with_the_documented_fields() {
    let client = Client::open();
    let page = client.search(&json!({
        "q": "running shoe", "facets": ["brand", "price"], "per_page": 1, "page": 2,
        "filters": { "category": "Shoes" }, "sort": ["price:asc"], "explain": true,
    }));
    assert_eq!(ids(&page), ["shoe-2"]);
    assert_eq!(
        (&page["total"], &page["page"], &page["per_page"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(page["facets"]["brand"].as_array().unwrap().len(), 2);
    assert_eq!(page["facets"]["price"]["max"], 119.0);
    assert!(page["hits"][0]["highlights"]["title"].as_str().unwrap().contains("<mark>"));
    assert!(page["hits"][0]["explain"]["factors"].is_array());
    assert!(!page["query_id"].as_str().unwrap().is_empty());
    assert!(page["took_ms"].is_number() && page["banners"].is_array());
}

#[test]
fn an_empty_body_lists_the_shop() {
    let reply = Client::open().send("POST", SEARCH, &[], "");
    assert_eq!(reply.ok()["total"], 4);
}

#[test]
fn a_search_key_sees_no_private_field() {
    let admin = Client::guarded();
    let public = admin.scoped(&[Scope::Search], &["shop"]);
    let ask = json!({ "q": "jacket" });
    assert!(admin.search(&ask)["hits"][0]["product"]["margin"].is_number());
    let catalog = admin.scoped(&[Scope::Search, Scope::Catalog], &[]);
    assert!(catalog.search(&ask)["hits"][0]["product"]["margin"].is_number());
    let hit = &public.search(&ask)["hits"][0];
    assert!(hit["product"]["title"].is_string());
    assert!(hit["product"].get("margin").is_none());
    for leak in [
        json!({ "sort": ["margin:desc"] }),
        json!({ "facets": ["margin"] }),
        json!({ "filters": { "margin": { "gte": 0.3 } } }),
    ] {
        public.post(SEARCH, &leak).refused(400, "private_field");
    }
}

/// The evidence of all personal factors of a page.
fn personal_evidence(page: &Value) -> Vec<String> {
    let hits = page["hits"].as_array().unwrap();
    let factors = hits.iter().flat_map(|hit| hit["explain"]["factors"].as_array().unwrap());
    let personal = factors.filter(|factor| {
        let name = factor["name"].as_str().unwrap();
        name.ends_with("_affinity") || ["repeat", "dismissed"].contains(&name)
    });
    personal.filter_map(|factor| factor["evidence"].as_str().map(str::to_owned)).collect()
}

#[test]
fn evidence_of_a_shopper_is_told_only_to_those_who_may_read_it() {
    let admin = Client::guarded();
    let history: Vec<Value> = (0..6).map(|_| event("purchase", "anna", "shoe-1")).collect();
    assert_eq!(admin.post("/v1/events", &json!(history)).ok()["accepted"], 6);
    let ask = json!({ "q": "shoe", "shopper": "anna", "explain": true });
    assert!(!personal_evidence(&admin.search(&ask)).is_empty());

    let public = admin.scoped(&[Scope::Search], &[]);
    let page = public.search(&ask);
    assert_eq!(personal_evidence(&page), Vec::<String>::new());
    assert_eq!(ids(&page), ids(&admin.search(&ask)), "only the reasons are withheld");
    for hit in page["hits"].as_array().unwrap() {
        let factors = hit["explain"]["factors"].as_array().unwrap();
        let names: Vec<&str> = factors.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert!(!names.iter().any(|name| PERSONAL.contains(name)), "{names:?}");
        let sum: f64 = factors.iter().map(|one| one["contribution"].as_f64().unwrap()).sum();
        assert!((sum - hit["score"].as_f64().unwrap()).abs() < 1e-4, "{names:?}");
    }

    let with_token = |shopper: &str| {
        let answer = admin.post(&format!("/v1/shoppers/{shopper}/token"), &json!({})).ok();
        let token = answer["token"].as_str().unwrap().to_owned();
        let headers = [("x-shopper-token", token.as_str())];
        public.send("POST", SEARCH, &headers, ask.to_string()).ok()
    };
    assert!(!personal_evidence(&with_token("anna")).is_empty());
    assert!(personal_evidence(&with_token("bert")).is_empty());
}
