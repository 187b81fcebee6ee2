//! Suggestions over HTTP: their parameters, bad input, and what each key may know of a shopper.

use std::time::Duration;

use serde_json::{Value, json};
use vitrine::settings::access::Scope;

use super::client::{Client, event};

const SUGGEST: &str = "/v1/indexes/shop/suggest";
const SETTINGS: &str = "/v1/indexes/shop/suggestions";

/// Waits for the suggestions, which follow the catalogue and the searches in the background.
fn settled(client: &Client) {
    let shop = "shop".to_owned().try_into().unwrap();
    for _ in 0..600 {
        if client.engine.suggestions_follow(&shop).unwrap() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("suggestions do not follow within half a minute");
}

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric();
    let write = |byte: u8| {
        if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(write).collect()
}

fn suggestions(answer: &Value) -> Vec<String> {
    let list = answer["suggestions"].as_array().unwrap();
    list.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn suggestions_are_given_and_bounded() {
    let client = Client::open();
    settled(&client);
    let answer = client.get(&format!("{SUGGEST}?q=run&limit=3&shopper=anna")).ok();
    let list = answer["suggestions"].as_array().unwrap();
    assert!((1..=3).contains(&list.len()), "{answer}");
    assert!(list[0]["text"].is_string() && list[0]["kind"].is_string());
    assert!(list[0].get("explain").is_none());
    client.get(&format!("{SUGGEST}?q=run&limit=51")).refused(400, "over_limit");
    client.get(&format!("{SUGGEST}?q=run&limit=many")).refused(400, "invalid_parameter");
    client.get(&format!("{SUGGEST}?q=run&lang=de")).refused(400, "invalid_parameter");
    client.get(&format!("{SUGGEST}?q=run&explain=maybe")).refused(400, "invalid_parameter");
    client.get("/v1/indexes/none/suggest?q=run").refused(404, "unknown_index");
}

#[test]
fn whatever_is_typed_is_answered_or_refused_clearly() {
    let client = Client::open();
    settled(&client);
    let of = |q: &str| client.get(&format!("{SUGGEST}?q={}", encoded(q)));
    let popular = suggestions(&of("").ok());
    assert!(!popular.is_empty(), "an empty box has what is popular");
    assert_eq!(suggestions(&of("   \t ").ok()), popular, "spaces are an empty box");
    for nothing in ["👟", "👟👟 👟", "...", "?!*&", "נעלי ריצה", "حذاء رياضي", "\u{202e}abc"]
    {
        assert_eq!(suggestions(&of(nothing).ok()), Vec::<String>::new(), "{nothing}");
    }
    assert!(!suggestions(&of("👟 run").ok()).is_empty(), "the letters beside it count");
    of(&"a".repeat(128)).ok();
    of(&"a".repeat(1_000)).refused(400, "over_limit");
    of(&"é".repeat(129)).refused(400, "over_limit");
    assert!(suggestions(&client.get(&format!("{SUGGEST}?q=%FF%FE")).ok()).is_empty());
}

#[test]
fn kinds_and_filters_are_checked() {
    let client = Client::open();
    settled(&client);
    let with =
        |name: &str, value: &str| client.get(&format!("{SUGGEST}?q=r&{name}={}", encoded(value)));
    let products = with("kinds", "product").ok();
    let list = products["suggestions"].as_array().unwrap();
    assert!(!list.is_empty() && list.iter().all(|one| one["kind"] == "product"), "{products}");
    assert!(list.iter().all(|one| one["price"].is_number() && one["product_id"].is_string()));
    assert!(!suggestions(&with("kinds", "product, brand").ok()).is_empty());
    let refused = with("kinds", "product,colour").refused(400, "invalid_parameter");
    assert!(refused["error"]["message"].as_str().unwrap().contains("colour"), "{refused}");
    let red = with("filters", r#"{"color": "red"}"#).ok();
    assert!(suggestions(&red).iter().all(|text| !text.contains("Rain")), "{red}");
    with("filters", "{").refused(400, "invalid_filter");
    with("filters", "[]").refused(400, "invalid_filter");
    with("filters", r#"{"colour": "red"}"#).refused(400, "unknown_field");
    let public = Client::guarded().scoped(&[Scope::Search], &[]);
    let private = encoded(r#"{"margin": {"gte": 0.3}}"#);
    public.get(&format!("{SUGGEST}?q=r&filters={private}")).refused(400, "private_field");
}

#[test]
fn an_explanation_tells_a_search_key_nothing_of_a_shopper() {
    let admin = Client::guarded();
    let history: Vec<Value> = (0..6).map(|_| event("purchase", "anna", "shoe-1")).collect();
    assert_eq!(admin.post("/v1/events", &json!(history)).ok()["accepted"], 6);
    settled(&admin);
    let path = format!("{SUGGEST}?q=n&explain=true");
    let affinity = |answer: &Value| {
        let list = answer["suggestions"].as_array().unwrap().clone();
        assert!(!list.is_empty());
        list.iter().map(|one| one["explain"]["affinity"].as_f64()).collect::<Vec<_>>()
    };
    let of_anna = format!("{path}&shopper=anna");
    assert!(affinity(&admin.get(&of_anna).ok()).iter().any(|one| one.unwrap() > 1.0));
    let public = admin.scoped(&[Scope::Search], &[]);
    for hidden in [of_anna.clone(), format!("{path}&session=x")] {
        let answer = public.get(&hidden).ok();
        assert!(affinity(&answer).iter().all(Option::is_none));
        let reason = &answer["suggestions"][0]["explain"];
        assert!(reason["source"].is_string() && reason.get("popularity").is_none(), "{reason}");
    }
    assert!(affinity(&public.get(&path).ok()).iter().all(|one| *one == Some(1.0)), "nobody's");
    let token = admin.post("/v1/shoppers/anna/token", &json!({})).ok();
    let headers = [("x-shopper-token", token["token"].as_str().unwrap())];
    let own = public.send("GET", &of_anna, &headers, "").ok();
    assert!(affinity(&own).iter().any(|one| one.unwrap() > 1.0), "anna may know");
}

#[test]
fn merchandisers_pin_and_block() {
    let admin = Client::guarded();
    settled(&admin);
    let settings = json!({
        "pinned": [{ "text": "rain jacket", "when": "r" }],
        "blocked": ["Running"],
        "blocked_words": ["enamel"],
        "allowed_words": [],
    });
    assert_eq!(admin.put(SETTINGS, &settings).ok(), settings);
    assert_eq!(admin.get(SETTINGS).ok(), settings);
    let answer = suggestions(&admin.get(&format!("{SUGGEST}?q=r")).ok());
    assert_eq!(answer[0], "rain jacket");
    assert!(!answer.iter().any(|text| text == "Running"), "{answer:?}");
    let version = admin.get("/v1/indexes/shop/settings").ok()["version"].as_u64().unwrap();
    admin.put(SETTINGS, &json!({ "blocked": [""] })).refused(400, "invalid_suggestions");
    admin.put(SETTINGS, &json!({ "block": [] })).refused(400, "invalid_request");
    let after = admin.get("/v1/indexes/shop/settings").ok();
    assert_eq!((after["version"].as_u64(), &after["suggestions"]), (Some(version), &settings));
    let public = admin.scoped(&[Scope::Search], &[]);
    public.get(SETTINGS).refused(403, "forbidden");
    let catalog = admin.scoped(&[Scope::Catalog], &[]);
    let patch = json!({ "suggestions": { "blocked": [] } });
    catalog.put("/v1/indexes/shop/settings", &patch).refused(403, "forbidden");
}
