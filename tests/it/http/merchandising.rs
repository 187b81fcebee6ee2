//! Rules, boosts and previews over HTTP.

use serde_json::json;
use vitrine::settings::access::Scope;

use super::client::{Client, event, ids};

const RULES: &str = "/v1/indexes/shop/rules";

#[test]
fn a_rule_is_written_read_sent_back_listed_and_deleted() {
    let client = Client::guarded();
    let merchandiser = client.scoped(&[Scope::Merchandise, Scope::Search], &[]);
    let path = format!("{RULES}/mugs-first");
    let rule = json!({
        "description": "Mugs", "when": { "query": { "contains": "shoe" } },
        "then": [{ "do": "pin", "product_id": "mug-1", "position": 1 }],
    });
    let written = merchandiser.put(&path, &rule).ok();
    assert_eq!((&written["id"], &written["enabled"]), (&json!("mugs-first"), &json!(true)));
    assert_eq!(merchandiser.get(&path).ok(), written);
    assert_eq!(merchandiser.put(&path, &written).ok(), written, "what was read can be sent back");
    let listed = merchandiser.get(RULES).ok();
    assert_eq!(listed["rules"], json!([written]));
    assert_eq!(ids(&merchandiser.search(&json!({ "q": "shoe" })))[0], "mug-1");
    merchandiser.delete(&path).ok();
    merchandiser.get(&path).refused(404, "unknown_rule");
    merchandiser.delete(&path).refused(404, "unknown_rule");
    assert_ne!(ids(&merchandiser.search(&json!({ "q": "shoe" })))[0], "mug-1");
}

#[test]
fn a_broken_rule_changes_nothing() {
    let client = Client::open();
    let path = format!("{RULES}/broken");
    for (rule, named) in [
        (json!({}), "then"),
        (json!({ "then": [] }), "then"),
        (json!({ "then": [{ "do": "dance" }] }), "dance"),
        (json!({ "then": [{ "do": "pin", "product_id": "mug-1", "position": 0 }] }), "position"),
        (json!({ "id": "other", "then": [{ "do": "redirect", "url": "/" }] }), "broken"),
        (
            json!({ "when": { "weather": "rain" }, "then": [{ "do": "redirect", "url": "/" }] }),
            "weather",
        ),
    ] {
        let refused = client.put(&path, &rule).refused(400, "invalid_rule");
        assert!(refused["error"]["message"].as_str().unwrap().contains(named), "{refused}");
    }
    client.put(&format!("{RULES}/a%20b"), &json!({})).refused(400, "invalid_name");
    assert_eq!(client.get(RULES).ok()["rules"], json!([]));
}

#[test]
fn a_preview_shows_before_and_after_and_writes_nothing() {
    let client = Client::open();
    let draft = json!({
        "rules": { "draft": { "then": [{ "do": "pin", "product_id": "mug-1", "position": 1 }] } },
        "search": { "q": "shoe" },
    });
    let preview = client.post(&format!("{RULES}/preview"), &draft).ok();
    assert_ne!(ids(&preview["before"]).first(), ids(&preview["after"]).first());
    assert_eq!(ids(&preview["after"])[0], "mug-1");
    let moves = preview["moves"].as_array().unwrap();
    assert!(moves.iter().any(|one| one["id"] == "mug-1" && one["after"] == 1));
    assert_eq!(client.get(RULES).ok()["rules"], json!([]));
    client.post(&format!("{RULES}/preview"), &json!({})).refused(400, "invalid_request");
}

#[test]
fn conflicts_are_told_of_the_rules_and_of_a_draft() {
    let client = Client::guarded();
    let merchandiser = client.scoped(&[Scope::Merchandise], &[]);
    let conflicts = format!("{RULES}/conflicts");
    let none = json!({ "findings": [], "complete": true });
    assert_eq!(merchandiser.get(&conflicts).ok(), none);
    let rule =
        |product: &str| json!({ "then": [{ "do": "pin", "product_id": product, "position": 1 }] });
    merchandiser.put(&format!("{RULES}/mugs"), &rule("mug-1")).ok();
    let draft = json!({ "rules": { "shoes": rule("shoe-1") }, "search": { "q": "shoe" } });
    let found = merchandiser.post(&format!("{RULES}/preview"), &draft).ok()["conflicts"].clone();
    assert_eq!(found["findings"][0]["kind"], "same_position", "{found}");
    assert_eq!(found["findings"][0]["rules"], json!(["mugs", "shoes"]));
    assert_eq!(found["findings"][0]["products"], json!(["mug-1", "shoe-1"]));
    assert_eq!(merchandiser.get(&conflicts).ok(), none, "a draft is no rule yet");
    merchandiser.put(&format!("{RULES}/shoes"), &rule("shoe-1")).ok();
    assert_eq!(merchandiser.get(&conflicts).ok(), found);
    client.scoped(&[Scope::Search], &[]).get(&conflicts).refused(403, "forbidden");
}

#[test]
fn boosts_are_replaced_and_checked() {
    let client = Client::open();
    let path = "/v1/indexes/shop/boosts";
    assert_eq!(client.get(path).ok()["percent_max"], 30.0);
    let boosts = json!({
        "attributes": [{ "filter": { "brand": ["Alba"] }, "percent": 20.0 }],
        "numeric": [{ "field": "margin", "percent": 10.0 }], "percent_max": 25.0,
    });
    assert_eq!(client.put(path, &boosts).ok(), boosts);
    assert_eq!(client.get(path).ok(), boosts);
    let wild = json!({ "numeric": [{ "field": "margin", "percent": 1000.0 }] });
    client.put(path, &wild).refused(400, "invalid_boost");
    let unknown = json!({ "numeric": [{ "field": "colour", "percent": 1.0 }] });
    client.put(path, &unknown).refused(400, "invalid_request");
    assert_eq!(client.get(path).ok(), boosts);
}

#[test]
fn a_rule_for_a_segment_acts_for_its_shoppers_while_they_may_be_known() {
    let client = Client::open();
    let now = vitrine::startup::now().as_ms();
    let history: Vec<_> = (1..=6)
        .map(|day| {
            let mut bought = event("purchase", "anna", "shoe-1");
            bought["timestamp"] = json!(now - day * 86_400_000);
            bought["variant_sku"] = json!("S1-42");
            bought
        })
        .collect();
    client.post("/v1/events", &json!(history)).ok();
    let fires = |liking: serde_json::Value, search: serde_json::Value| {
        let then = json!([{ "do": "redirect", "url": "/club" }]);
        let rule = json!({ "when": { "shopper": [liking] }, "then": then });
        client.put(&format!("{RULES}/club"), &rule).ok();
        client.search(&search)["redirect"] == "/club"
    };
    let anna = json!({ "shopper": "anna" });
    for (liking, expected) in [
        (json!({ "brand": "Nordvik", "at_least": 0.01 }), true),
        (json!({ "brand": "Nordvik", "at_least": 1 }), false),
        (json!({ "brand": "Nordvik", "at_most": 0 }), false),
        (json!({ "brand": "Alba", "at_least": 0.01 }), false),
        (json!({ "brand": "Alba", "at_most": 0.05 }), true),
        (json!({ "category": ["Shoes"], "at_least": 0.01 }), true),
        (json!({ "category": ["Kitchen"], "at_least": 0.01 }), false),
        (json!({ "color": "black", "at_least": 0.01 }), true),
        (json!({ "color": "white", "at_least": 0.01 }), false),
        (json!({ "size": "42", "at_least": 0.1 }), true),
        (json!({ "size": "43", "at_least": 0.01 }), false),
    ] {
        assert_eq!(fires(liking.clone(), anna.clone()), expected, "{liking}");
    }
    let nordvik = || json!({ "brand": "Nordvik", "at_least": 0.01 });
    let anybody = || json!({ "brand": "Nordvik", "at_most": 1 });
    assert!(!fires(nordvik(), json!({ "shopper": "anna", "personalize": 0.0 })));
    assert!(!fires(anybody(), json!({ "shopper": "bert" })), "of whom nothing is known");
    assert!(!fires(anybody(), json!({})));
    client.put("/v1/shoppers/anna/preferences", &json!({ "consent": "none" })).ok();
    assert!(!fires(anybody(), anna), "without consent");
}

#[test]
fn a_rule_rewrites_the_query_and_the_answer_says_so() {
    let client = Client::open();
    let search = |q: &str| client.search(&json!({ "q": q, "mode": "lexical" }));
    let write = |id: &str, rule: serde_json::Value| client.put(&format!("{RULES}/{id}"), &rule);
    let replace =
        |words: &str, with: &str| json!({ "do": "replace", "words": words, "with": with });
    assert!(!ids(&search("tankard")).contains(&"mug-1".to_owned()));
    let rule = json!({ "when": { "query": { "contains": "tankard" } },
        "then": [replace("Tankard", "enamel mug"), { "do": "remove", "words": "please" },
                 { "do": "banner", "content": "mugs" }] });
    write("tankards", rule).ok();
    let found = search("please, a TANKARD");
    assert_eq!(ids(&found)[0], "mug-1");
    assert_eq!(found["query"]["rewritten"], ", a enamel mug");
    assert_eq!(found["banners"], json!(["mugs"]), "rules fire on what was asked");
    let other = search("mug please");
    assert_eq!(other["query"].get("rewritten"), None);
    // Rewrites that lead back, or to what they started from, would never end.
    let always = |then: serde_json::Value| json!({ "then": [then] });
    let circle =
        write("circle", always(replace("enamel", "big tankard"))).refused(400, "invalid_rule");
    let message = circle["error"]["message"].as_str().unwrap();
    assert!(message.contains("\"circle\"") && message.contains("\"tankards\""), "{message}");
    let own = write("own", always(replace("shoe", "running shoe"))).refused(400, "invalid_rule");
    assert!(own["error"]["message"].as_str().unwrap().contains("\"own\""));
    for then in [
        replace("shoe", &"long ".repeat(50)),
        replace(&"long ".repeat(50), "shoe"),
        replace("!", "shoe"),
        replace("shoe", " "),
        json!({ "do": "remove", "words": "-" }),
    ] {
        let refused = write("wrong", always(then.clone())).refused(400, "invalid_rule");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("\"wrong\""), "{then}: {message}");
    }
    write("chain", always(replace("goblet", "tankard"))).ok();
    assert_eq!(ids(&search("tankard"))[0], "mug-1");
}

const COMPARE: &str = "/v1/indexes/shop/search/compare";

#[test]
fn a_comparison_shows_two_parties_their_explanations_and_the_moves() {
    let client = Client::open();
    let history: Vec<_> = (0..4)
        .map(|day| {
            let mut bought = event("purchase", "anna", "shoe-1");
            bought["timestamp"] =
                json!(vitrine::startup::now().as_ms() - (1 + i64::from(day)) * 86_400_000);
            bought
        })
        .collect();
    client.post("/v1/events", &json!(history)).ok();
    let search = json!({ "q": "running shoe", "page": 1 });
    let body = json!({ "search": search, "before": {}, "after": { "shopper": "anna" } });
    let both = client.post(COMPARE, &body).ok();
    let alone = |more: serde_json::Value| {
        let mut request = json!({ "q": "running shoe", "explain": true });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.search(&request)
    };
    assert_eq!(ids(&both["before"]), ids(&alone(json!({}))));
    assert_eq!(ids(&both["after"]), ids(&alone(json!({ "shopper": "anna" }))));
    let factors = |page: &serde_json::Value| page["hits"].to_string().matches("affinity").count();
    assert_eq!(factors(&both["before"]), 0, "nobody is known before");
    assert!(factors(&both["after"]) > 0, "{}", both["after"]);
    for (place, id) in ids(&both["after"]).iter().enumerate() {
        let before = ids(&both["before"]).iter().position(|other| other == id);
        let moved = both["moves"].as_array().unwrap().iter().find(|one| one["id"] == **id);
        assert_eq!(moved.is_some(), before != Some(place), "{id}: {}", both["moves"]);
        if let Some(moved) = moved {
            assert_eq!(moved["after"], place + 1);
            assert_eq!(moved["before"], json!(before.map(|place| place + 1)));
        }
    }
    let off = json!({ "search": search, "after": { "shopper": "anna", "personalize": 0.0 } });
    assert_eq!(client.post(COMPARE, &off).ok()["moves"], json!([]), "turned off, nothing differs");
    let same = json!({ "before": { "shopper": "anna" }, "after": { "shopper": "anna" } });
    assert_eq!(client.post(COMPARE, &same).ok()["moves"], json!([]));
}

#[test]
fn a_comparison_is_for_merchandisers_and_names_what_is_wrong() {
    let client = Client::open();
    for (body, code) in [
        (json!({ "search": { "shopper": "anna" } }), "invalid_comparison"),
        (json!({ "search": { "session": "s" } }), "invalid_comparison"),
        (json!({ "search": { "per_page": 101 } }), "over_limit"),
        (json!({ "after": { "personalize": 1.5 } }), "over_limit"),
        (json!({ "after": { "shopper": "" } }), "invalid_request"),
        (json!({ "after": { "who": "anna" } }), "invalid_request"),
        (json!({ "left": {} }), "invalid_request"),
        (json!({ "after": "anna" }), "invalid_request"),
    ] {
        client.post(COMPARE, &body).refused(400, code);
    }
    assert_eq!(client.post(COMPARE, &json!({})).ok()["moves"], json!([]));
    client.post("/v1/indexes/none/search/compare", &json!({})).refused(404, "unknown_index");
    let admin = Client::guarded();
    let merchandiser = admin.scoped(&[Scope::Merchandise], &["shop"]);
    merchandiser.post(COMPARE, &json!({ "after": { "shopper": "anna" } })).ok();
    admin.scoped(&[Scope::Search], &[]).post(COMPARE, &json!({})).refused(403, "forbidden");
    admin.with_key(None).post(COMPARE, &json!({})).refused(401, "missing_key");
}
