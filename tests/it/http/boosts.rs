//! Boosts by numbers of all kinds, and what they would do over the index.

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::{Client, ids};

const BOOSTS: &str = "/v1/indexes/shop/boosts";
const EFFECT: &str = "/v1/indexes/shop/boosts/effect";

fn numeric(field: &str, shape: &Value) -> Value {
    json!({ "numeric": [{ "field": field, "percent": 50.0, "shape": shape }], "percent_max": 50.0 })
}

fn put_products(client: &Client, products: &Value) {
    client.post("/v1/indexes/shop/products?wait=true", products).ok();
}

/// Four products that differ in what a shop knows of its sales.
fn sales(client: &Client) {
    let now = vitrine::startup::now().as_ms();
    let day = 86_400_000;
    put_products(
        client,
        &json!([
            { "id": "slow", "title": "Slow lamp", "price": 50, "list_price": 100, "stock": 90,
              "sales_per_day": 1, "conversion_rate": 0.01, "created_at": now - 300 * day,
              "season_from": now - 10 * day, "season_until": now - day, "attributes": { "lumen": 100 } },
            { "id": "fast", "title": "Fast lamp", "price": 90, "list_price": "100", "stock": 90,
              "sales_per_day": 30, "conversion_rate": 0.08, "created_at": now - day,
              "season_from": now - 10 * day, "attributes": { "lumen": 900 } },
            { "id": "plain", "title": "Plain lamp", "price": 90, "sales_per_day": -1 },
        ]),
    );
}

fn boosted_first(client: &Client, boosts: &Value) -> String {
    client.put(BOOSTS, boosts).ok();
    let page = client.search(&json!({ "q": "lamp", "mode": "lexical", "explain": true }));
    let factors = page["hits"][0]["explain"]["factors"].as_array().unwrap().clone();
    let boost = factors.iter().find(|one| one["name"].as_str().unwrap().starts_with("boost:"));
    assert!(!boost.expect("it is boosted")["evidence"].as_str().unwrap().is_empty());
    ids(&page)[0].clone()
}

#[test]
fn numbers_of_the_shops_sales_lift_products() {
    let client = Client::open();
    sales(&client);
    for (field, shape, first) in [
        ("stock_cover_days", json!({ "kind": "linear" }), "slow"),
        ("sales_per_day", json!({ "kind": "log" }), "fast"),
        ("conversion_rate", json!({ "kind": "share" }), "fast"),
        ("discount", json!({ "kind": "linear" }), "slow"),
        ("discount", json!({ "kind": "step", "from": 0.3 }), "slow"),
        ("created_at", json!({ "kind": "recency", "half_life_days": 30 }), "fast"),
        ("season", json!({ "kind": "share" }), "fast"),
        ("attributes.lumen", json!({ "kind": "linear" }), "fast"),
    ] {
        let found = boosted_first(&client, &numeric(field, &shape));
        assert_eq!(found, first, "{field} {shape}");
    }
    let unknown = numeric("attributes.nowhere", &json!({ "kind": "linear" }));
    client.put(BOOSTS, &unknown).ok();
    client.search(&json!({ "q": "lamp" }));
}

#[test]
fn a_changed_number_is_shown_and_acts_at_once() {
    let client = Client::open();
    sales(&client);
    let boosts = numeric("sales_per_day", &json!({ "kind": "log" }));
    assert_eq!(boosted_first(&client, &boosts), "fast");
    let patch =
        json!([{ "id": "slow", "sales_per_day": 500 }, { "id": "fast", "sales_per_day": 2 }]);
    client.call("PATCH", "/v1/indexes/shop/products?wait=true", &patch).ok();
    assert_eq!(boosted_first(&client, &boosts), "slow");
    let page = client.search(&json!({ "q": "slow lamp" }));
    assert_eq!(page["hits"][0]["product"]["sales_per_day"], 500.0);
    assert_eq!(page["hits"][0]["product"]["list_price"], 100.0);
}

#[test]
fn a_shape_is_kept_and_one_that_means_nothing_is_refused() {
    let client = Client::open();
    for shape in [
        json!({ "kind": "linear" }),
        json!({ "kind": "log" }),
        json!({ "kind": "step", "from": 2.5 }),
    ] {
        let boosts = numeric("stock", &shape);
        assert_eq!(client.put(BOOSTS, &boosts).ok()["numeric"], boosts["numeric"]);
    }
    let kept = client.get(BOOSTS).ok();
    for (field, shape, code) in [
        ("price", json!({ "kind": "recency", "half_life_days": 30 }), "invalid_boost"),
        ("created_at", json!({ "kind": "recency", "half_life_days": 0 }), "invalid_boost"),
        ("season", json!({ "kind": "linear" }), "invalid_boost"),
        ("created_at", json!({ "kind": "recency" }), "invalid_request"),
        ("stock", json!({ "kind": "linear", "from": 3 }), "invalid_request"),
        ("stock", json!({ "kind": "curve" }), "invalid_request"),
        ("stock", json!({}), "invalid_request"),
        ("attributes.", json!({ "kind": "linear" }), "invalid_request"),
        ("colour", json!({ "kind": "linear" }), "invalid_request"),
    ] {
        client.put(BOOSTS, &numeric(field, &shape)).refused(400, code);
        client.post(EFFECT, &numeric(field, &shape)).refused(400, code);
    }
    assert_eq!(client.get(BOOSTS).ok(), kept);
}

#[test]
fn the_effect_over_the_index_is_told_and_nothing_is_written() {
    let client = Client::open();
    let before = client.get(BOOSTS).ok();
    let boosts = json!({
        "attributes": [{ "filter": { "brand": "Nordvik" }, "percent": 20 },
                       { "filter": { "colour": "red" }, "percent": 20 }],
        "numeric": [{ "field": "margin", "percent": 20, "shape": { "kind": "linear" } },
                    { "field": "discount", "percent": 5 }, { "field": "created_at", "percent": 5 }],
        "percent_max": 30,
    });
    let effect = client.post(EFFECT, &boosts).ok();
    assert_eq!((&effect["products"], &effect["looked_at"]), (&json!(4), &json!(4)));
    let attributes = effect["attributes"].as_array().unwrap();
    assert_eq!((&attributes[0]["products"], attributes[0].get("problem")), (&json!(2), None));
    assert_eq!(attributes[1]["products"], 0);
    assert!(attributes[1]["problem"].as_str().unwrap().contains("colour"));
    let margin = &effect["numeric"][0];
    assert_eq!((&margin["known"], &margin["shape"]), (&json!(4), &json!({ "kind": "linear" })));
    let quantiles = margin["quantiles"].as_array().unwrap();
    assert_eq!(quantiles.len(), 7);
    assert_eq!(quantiles[0], json!({ "share": 0.0, "value": 0.2, "percent": 0.0 }));
    assert_eq!(quantiles[6], json!({ "share": 1.0, "value": 0.5, "percent": 20.0 }));
    assert_eq!(
        (&effect["numeric"][1]["known"], &effect["numeric"][1]["quantiles"]),
        (&json!(0), &json!([]))
    );
    // Rain jacket: 20 for its brand and 13.3 for its margin of 0.4.
    assert_eq!(effect["total"]["capped"], 1);
    let total = effect["total"]["quantiles"].as_array().unwrap();
    assert_eq!((&total[0]["percent"], &total[6]["percent"]), (&json!(0.0), &json!(30.0)));
    assert_eq!(client.get(BOOSTS).ok(), before);
    let guarded = Client::guarded();
    guarded.scoped(&[Scope::Merchandise], &[]).post(EFFECT, &boosts).ok();
    guarded.scoped(&[Scope::Catalog], &[]).post(EFFECT, &boosts).refused(403, "forbidden");
    client.post("/v1/indexes/none/boosts/effect", &json!({})).refused(404, "unknown_index");
}
