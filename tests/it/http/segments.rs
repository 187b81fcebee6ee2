//! Rules for segments of shoppers.

use serde_json::{Value, json};

use super::client::{Client, event};

/// Whether a rule for a segment fires for a search.
fn fires(client: &Client, segment: &Value, search: &Value) -> bool {
    let then = json!([{ "do": "redirect", "url": "/club" }]);
    let rule = json!({ "when": { "shopper": segment }, "then": then });
    client.put("/v1/indexes/shop/rules/club", &rule).ok();
    client.search(search)["redirect"] == "/club"
}

#[test]
fn segments_join_likings_and_facts_by_all_any_and_not() {
    let client = Client::open();
    let now = vitrine::startup::now().as_ms();
    let history: Vec<_> = (1..=6)
        .map(|day| {
            let mut bought = event("purchase", "anna", "shoe-2");
            bought["timestamp"] = json!(now - day * 86_400_000);
            bought
        })
        .collect();
    client.post("/v1/events", &json!(history)).ok();
    let (yes, no) =
        (json!({ "brand": "Alba", "at_least": 0.01 }), json!({ "brand": "Alba", "at_least": 1 }));
    let purchases =
        |least: u32, most: u32| json!({ "fact": "purchases", "at_least": least, "at_most": most });
    for (segment, anna, new) in [
        (json!([yes, no]), false, false),
        (json!({ "all": [yes, yes] }), true, false),
        (json!({ "any": [no, yes] }), true, false),
        (json!({ "any": [no, no] }), false, false),
        (json!({ "not": no }), true, true),
        (json!({ "not": yes }), false, true),
        (json!({ "all": [{ "any": [no, yes] }, { "not": { "all": [yes, no] } }] }), true, false),
        (purchases(6, 6), true, false),
        (purchases(7, 99), false, false),
        (purchases(0, 0), false, true),
        // The running shoe that anna buys is the dearer one of the two.
        (json!({ "fact": "price_level", "at_least": 1.01 }), true, false),
        (json!({ "fact": "price_level", "at_most": 1 }), false, false),
        (json!({ "not": { "fact": "price_level", "at_most": 1 } }), true, true),
    ] {
        let search = |shopper: &str| json!({ "q": "shoe", "shopper": shopper });
        assert_eq!(fires(&client, &segment, &search("anna")), anna, "{segment} for anna");
        assert_eq!(fires(&client, &segment, &search("bert")), new, "{segment} for who is new");
    }
    let everybody = json!({ "fact": "purchases", "at_least": 0 });
    assert!(fires(&client, &everybody, &json!({ "session": "s" })));
    assert!(!fires(&client, &everybody, &json!({})), "who names nobody is in no segment");
    let off = json!({ "shopper": "anna", "personalize": 0.0 });
    assert!(!fires(&client, &everybody, &off), "nor who does not want to be known");
    client.put("/v1/shoppers/anna/preferences", &json!({ "consent": "none" })).ok();
    assert!(!fires(&client, &everybody, &json!({ "shopper": "anna" })));
}
