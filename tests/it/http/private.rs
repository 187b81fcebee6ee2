//! Attacks with a search key on what is private: values must not leave by any door, nor show in
//! what they order, filter, count, explain or suggest.

use std::time::Duration;

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::{Client, ids};

const SEARCH: &str = "/v1/indexes/shop/search";

/// Fields that are private here, each of another kind.
const PRIVATE: [&str; 6] =
    ["margin", "attributes.supplier", "attributes.cost", "warehouse", "stock", "popularity"];

/// Values that only the private fields have.
const VALUES: [&str; 4] = ["Zyxwholesale", "8.675309", "Quuxdepot", "0.77"];

/// An admin, and somebody with a search key.
fn shop() -> (Client, Client) {
    let admin = Client::guarded();
    admin.put("/v1/indexes/shop/settings", &json!({ "private_fields": PRIVATE })).ok();
    let product = |id: &str, margin: f64, stock: u64| {
        json!({
            "id": id, "title": "Copper kettle", "brand": "Kettle", "price": 20, "margin": margin,
            "stock": stock, "popularity": 4711, "warehouse": "Quuxdepot",
            "attributes": { "supplier": "Zyxwholesale", "cost": 8.675309, "lid": "glass" },
            "variants": [{ "sku": format!("{id}-1"), "size": "1", "stock": stock }],
        })
    };
    let products = json!([product("rich", 0.77, 5), product("poor", 0.01, 0)]);
    admin.post("/v1/indexes/shop/products?wait=true", &products).ok();
    // Their words are gone once the index is built without them.
    let index = "shop".to_owned().try_into().unwrap();
    admin.engine.wait_settled(&index, Duration::from_secs(20), &|_| ()).unwrap();
    let public = admin.scoped(&[Scope::Search, Scope::Events], &[]);
    (admin, public)
}

fn tells_nothing(text: &str, case: &str) {
    for value in VALUES {
        assert!(!text.contains(value), "{case}: {value} in {text}");
    }
    for field in ["margin", "supplier", "warehouse", "\"cost\"", "popularity", "\"stock\""] {
        assert!(!text.contains(field), "{case}: {field} in {text}");
    }
}

#[test]
fn answers_to_a_search_key_have_no_private_value() {
    let (admin, public) = shop();
    for ask in [
        json!({ "q": "copper kettle" }),
        json!({ "q": "copper kettle", "explain": true }),
        json!({ "q": "", "explain": true, "facets": ["brand", "lid", "price"] }),
        json!({ "q": "kettle", "session": "s", "mode": "lexical", "explain": true }),
    ] {
        let page = public.search(&ask);
        assert!(page["total"].as_u64().unwrap() >= 2);
        tells_nothing(&page.to_string(), &ask.to_string());
        let open = admin.search(&ask).to_string();
        assert!(open.contains("Zyxwholesale") && open.contains("0.77"), "admins see it: {ask}");
    }
    for path in ["suggest?q=cop&explain=true", "suggest?q=", "suggest?q=kettle&kinds=product"] {
        let reply = public.get(&format!("/v1/indexes/shop/{path}"));
        tells_nothing(&reply.ok().to_string(), path);
    }
}

#[test]
fn private_values_are_found_and_suggested_by_nobody() {
    let (_, public) = shop();
    for word in VALUES.into_iter().chain(["zyxwholesal", "quuxdepo", "zyxwholesale kettle"]) {
        let page = public.search(&json!({ "q": word, "mode": "lexical", "explain": true }));
        let own = ids(&page).iter().filter(|id| ["rich", "poor"].contains(&id.as_str())).count();
        assert!(own == 0 || word.contains("kettle"), "{word}: {page}");
        let understood = page["query"].to_string();
        assert!(!understood.contains("\"supplier\""), "{word}: {understood}");
        assert!(!understood.contains("Zyxwholesale"), "{word}: {understood}");
        let suggested = public.get(&format!("/v1/indexes/shop/suggest?q={}", &word[..3])).ok();
        assert!(!suggested.to_string().to_lowercase().contains("zyxwh"), "{word}: {suggested}");
    }
}

#[test]
fn private_fields_neither_filter_nor_order_nor_count() {
    let (_, public) = shop();
    let mut refused = 0;
    let mut demand = |ask: Value| {
        let reply = public.post(SEARCH, &ask);
        assert_eq!(reply.status, 400, "{ask}: {}", reply.text);
        for value in VALUES {
            assert!(!reply.text.contains(value), "{ask}: {}", reply.text);
        }
        refused += 1;
    };
    for field in [
        "margin",
        "attributes.margin",
        "supplier",
        "attributes.supplier",
        "cost",
        "attributes.cost",
        "warehouse",
        "stock",
        "in_stock",
        "popularity",
        "Margin",
        " margin",
    ] {
        demand(json!({ "filters": { field: [1] } }));
        demand(json!({ "filters": { field: { "gte": 0 } } }));
        demand(json!({ "filters": { field: { "not": ["Zyxwholesale"] } } }));
        demand(json!({ "facets": [field] }));
        for order in [field.to_owned(), format!("{field}:asc"), format!("{field}:desc")] {
            demand(json!({ "sort": [order] }));
        }
        demand(json!({ "sort": ["price:asc", format!("{field}:desc")] }));
    }
    assert!(refused >= 90, "{refused}");
    for filter in [r#"{"margin":{"gte":0.3}}"#, r#"{"in_stock":true}"#, r#"{"supplier":["Z"]}"#] {
        let filter: String = filter.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/v1/indexes/shop/suggest?q=k&filters={filter}");
        public.get(&path).refused(400, "private_field");
    }
}

#[test]
fn a_refusal_says_the_same_whether_a_product_has_the_value_or_not() {
    let (_, public) = shop();
    let refusal =
        |value: &str| public.post(SEARCH, &json!({ "filters": { "supplier": [value] } })).text;
    assert_eq!(refusal("Zyxwholesale"), refusal("nobody"));
}

#[test]
fn explanations_do_not_tell_what_private_fields_moved() {
    let (admin, public) = shop();
    let ask = json!({ "q": "copper kettle", "explain": true });
    let factors = |page: &Value, id: &str| {
        let hits = page["hits"].as_array().unwrap();
        let hit = hits.iter().find(|hit| hit["id"] == id).unwrap().clone();
        let factors = hit["explain"]["factors"].as_array().unwrap().clone();
        (hit, factors)
    };
    let boosts: [(&str, &str, Value); 4] = [
        ("boosts", "", json!({ "numeric": [{ "field": "margin", "percent": 30 }] })),
        (
            "boosts",
            "",
            json!({ "numeric": [], "attributes": [
            { "filter": { "supplier": ["Zyxwholesale"] }, "percent": 10 }] }),
        ),
        (
            "rules",
            "/push",
            json!({ "then": [
            { "do": "boost", "filter": { "margin": { "gte": 0.5 } }, "percent": 20 }] }),
        ),
        (
            "rules",
            "/push",
            json!({ "then": [
            { "do": "bury", "filter": { "in_stock": false }, "percent": 20 }] }),
        ),
    ];
    for (what, id, wish) in boosts {
        admin.put(&format!("/v1/indexes/shop/{what}{id}"), &wish).ok();
        let open = admin.search(&ask);
        assert!(factors(&open, "rich").1.len() > 1, "admins are told: {open}");
        let page = public.search(&ask);
        for id in ["rich", "poor"] {
            let (hit, factors) = factors(&page, id);
            assert_eq!(factors.len(), 1, "{wish}: {hit}");
            assert_eq!(factors[0]["name"], "score");
            assert!(factors[0].get("evidence").is_none(), "{hit}");
            assert_eq!(factors[0]["contribution"], hit["score"]);
            assert_eq!(hit["explain"]["rank_without_rules"], hit["explain"]["rank"]);
            assert!(hit["explain"].get("rules").is_none(), "{hit}");
        }
        admin.put("/v1/indexes/shop/boosts", &json!({})).ok();
    }
}

#[test]
fn a_boost_by_margin_is_enough_to_withhold_the_parts_of_a_score() {
    let admin = Client::guarded();
    let public = admin.scoped(&[Scope::Search], &[]);
    let ask = json!({ "q": "shoe", "explain": true });
    let parts = |page: &Value| page["hits"][0]["explain"]["factors"].as_array().unwrap().len();
    assert!(parts(&public.search(&ask)) > 1, "nothing private moves products yet");
    let boost = json!({ "numeric": [{ "field": "margin", "percent": 30 }] });
    admin.put("/v1/indexes/shop/boosts", &boost).ok();
    let page = public.search(&ask);
    assert_eq!(parts(&page), 1, "{page}");
    assert_eq!(ids(&page), ids(&admin.search(&ask)), "only the reasons are withheld");
}

#[test]
fn reading_products_settings_and_previews_takes_another_key() {
    let (_, public) = shop();
    for path in ["products/rich", "settings", "boosts", "rules", "settings/versions"] {
        public.get(&format!("/v1/indexes/shop/{path}")).refused(403, "forbidden");
    }
    for path in ["search/compare", "rules/preview"] {
        let path = format!("/v1/indexes/shop/{path}");
        public.post(&path, &json!({ "search": { "q": "kettle" } })).refused(403, "forbidden");
    }
    let event = json!({ "type": "view", "session": "s", "index": "shop", "product_id": "rich" });
    tells_nothing(&public.post("/v1/events", &event).ok().to_string(), "an event");
}
