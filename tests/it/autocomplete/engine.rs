//! Suggestions of a whole engine: they follow the catalogue, the searches, the filters and the
//! merchandiser, each with the next call or soon after.

use std::time::{Duration, Instant};

use serde_json::json;
use vitrine::domain::event::Event;
use vitrine::domain::id::{IndexName, ProductId};
use vitrine::domain::page::{Suggestion, SuggestionKind, SuggestionSource};
use vitrine::domain::search::SuggestRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine, Format, Mapping};

use super::texts;
use crate::support::TestEngine;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

fn shop() -> IndexName {
    IndexName::parse("shop").unwrap()
}

fn settled(engine: &Engine) {
    let end = Instant::now() + Duration::from_secs(60);
    while !engine.suggestions_follow(&shop()).unwrap() {
        assert!(Instant::now() < end, "suggestions follow within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn suggest(engine: &Engine, request: &SuggestRequest) -> Vec<Suggestion> {
    let caller = Caller { now: NOW, sees_private: false };
    engine.suggest(&shop(), request, caller).unwrap().suggestions
}

fn ask(engine: &Engine, q: &str) -> Vec<Suggestion> {
    suggest(engine, &SuggestRequest { q: q.to_owned(), explain: true, ..SuggestRequest::default() })
}

fn filtered(engine: &Engine, q: &str, filters: serde_json::Value) -> Vec<Suggestion> {
    let filters = serde_json::from_value(filters).unwrap();
    suggest(engine, &SuggestRequest { q: q.to_owned(), filters, ..SuggestRequest::default() })
}

/// A search with a click on what it found.
fn success(engine: &Engine, shopper: &str, query: &str) {
    let event = |json: serde_json::Value| -> Event { serde_json::from_value(json).unwrap() };
    let events = vec![
        event(json!({"type": "search", "shopper": shopper, "index": "shop", "query": query})),
        event(
            json!({"type": "click", "shopper": shopper, "index": "shop", "product_id": "shoe-1"}),
        ),
    ];
    assert_eq!(engine.record(events, NOW).unwrap().accepted, 2);
}

fn put(engine: &Engine, product: &serde_json::Value) {
    let form = (Format::Auto, &Mapping::default());
    let put = engine.put_products(&shop(), product.to_string().as_bytes(), form, &|_| ()).unwrap();
    engine.wait_settled(&shop(), Duration::from_secs(20), &|_| ()).unwrap();
    assert_eq!(put.accepted, 1);
}

#[test]
fn a_query_is_suggested_once_five_shoppers_found_something_with_it() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    for shopper in ["a", "b", "c", "d"] {
        success(engine, shopper, "black running shoe");
    }
    settled(engine);
    assert!(!texts(&ask(engine, "bla")).contains(&"black running shoe"));
    success(engine, "e", "Black  running shoe");
    settled(engine);
    let answer = ask(engine, "bla");
    let reason = answer[0].explain.clone().unwrap();
    assert_eq!(answer[0].text, "black running shoe");
    assert_eq!(reason.source, SuggestionSource::Searches);
    let score =
        (0.02 + reason.popularity.unwrap()) * reason.quality.unwrap() * reason.affinity.unwrap();
    assert!((answer[0].score - score).abs() < 1e-6);
    engine.erase_shopper(&"e".parse_id(), NOW).unwrap();
    settled(engine);
    assert!(!texts(&ask(engine, "bla")).contains(&"black running shoe"), "four are left");
}

trait ParseId {
    fn parse_id(self) -> vitrine::domain::id::ShopperId;
}

impl ParseId for &str {
    fn parse_id(self) -> vitrine::domain::id::ShopperId {
        vitrine::domain::id::ShopperId::parse(self).unwrap()
    }
}

#[test]
fn nothing_is_suggested_that_finds_nothing_any_more() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    settled(engine);
    assert!(texts(&ask(engine, "enam")).iter().any(|text| text.contains("Enamel")));
    engine.delete_product(&shop(), &ProductId::parse("mug-1").unwrap()).unwrap();
    engine.wait_settled(&shop(), Duration::from_secs(20), &|_| ()).unwrap();
    // At once, before suggestions are made anew, and after.
    assert_eq!(texts(&ask(engine, "enam")), Vec::<&str>::new());
    assert_eq!(texts(&ask(engine, "kett")), Vec::<&str>::new());
    settled(engine);
    assert_eq!(texts(&ask(engine, "mug")), Vec::<&str>::new());
    for shopper in ["a", "b", "c", "d", "e"] {
        success(engine, shopper, "enamel mug");
    }
    settled(engine);
    assert_eq!(texts(&ask(engine, "enam")), Vec::<&str>::new(), "searched for, and not there");
    put(engine, &json!({"id": "mug-2", "title": "Enamel mug", "brand": "Kettle"}));
    settled(engine);
    assert!(texts(&ask(engine, "enam")).contains(&"enamel mug"), "it is back");
}

#[test]
fn filters_leave_what_finds_something_under_them() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    settled(engine);
    assert!(texts(&ask(engine, "nord")).contains(&"Nordvik"));
    assert!(texts(&filtered(engine, "nord", json!({"category": "Jackets"}))).contains(&"Nordvik"));
    let answer = filtered(engine, "nord", json!({"category": "Shoes", "price": {"lte": 90}}));
    assert!(texts(&answer).contains(&"Nordvik"));
    assert!(!answer.iter().any(|one| one.text.to_lowercase().contains("jacket")), "{answer:?}");
    assert!(filtered(engine, "nord", json!({"brand": "Alba"})).is_empty());
    put(
        engine,
        &json!({"id": "sole", "title": "Sole", "brand": "Alba", "description": "Of Nordvik"}),
    );
    settled(engine);
    let answer = filtered(engine, "nord", json!({"brand": "Alba"}));
    assert!(!texts(&answer).contains(&"Nordvik"), "no product of the brand passes: {answer:?}");
    assert!(filtered(engine, "", json!({"brand": "Alba"})).iter().all(|one| {
        !one.text.contains("Nordvik") && !one.text.contains("Mug") && !one.text.contains("Rain")
    }));
    let caller = Caller { now: NOW, sees_private: false };
    for (filters, code) in
        [(json!({"colour": "red"}), "unknown_field"), (json!({"margin": 1}), "private_field")]
    {
        let filters = serde_json::from_value(filters).unwrap();
        let request = SuggestRequest { q: "n".into(), filters, ..SuggestRequest::default() };
        let refused = engine.suggest(&shop(), &request, caller).unwrap_err();
        assert_eq!(refused.problem().code, code);
    }
}

#[test]
fn products_are_shown_with_price_and_picture() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    put(
        engine,
        &json!({"id": "lamp-1", "title": "Desk lamp", "price": 30.5, "currency": "EUR",
                "image_url": "https://shop.example/lamp.jpg"}),
    );
    settled(engine);
    let product = |answer: Vec<Suggestion>| {
        answer.into_iter().find(|one| one.kind == SuggestionKind::Product).unwrap()
    };
    let lamp = product(ask(engine, "desk"));
    assert_eq!(lamp.product_id.as_deref(), Some("lamp-1"));
    assert_eq!((lamp.price, lamp.currency.as_deref()), (Some(30.5), Some("EUR")));
    assert_eq!(lamp.image_url.as_deref(), Some("https://shop.example/lamp.jpg"));
    let private = json!({"private_fields": ["margin", "price"]});
    engine.patch_settings(&shop(), &private).unwrap();
    let lamp = product(ask(engine, "desk"));
    assert_eq!((lamp.price, lamp.currency), (None, None), "private prices stay private");
}

#[test]
fn blocks_and_pins_act_with_the_next_call() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    settled(engine);
    assert!(texts(&ask(engine, "nord")).contains(&"Nordvik"));
    let settings =
        json!({"blocked": ["nordvik"], "pinned": [{"text": "rain jacket", "when": "no"}]});
    engine
        .editor(Default::default())
        .put_suggestions(&shop(), serde_json::from_value(settings).unwrap())
        .unwrap();
    let answer = ask(engine, "no");
    assert_eq!(answer[0].text, "rain jacket");
    assert!(!texts(&answer).contains(&"Nordvik"));
    engine.editor(Default::default()).put_suggestions(&shop(), Default::default()).unwrap();
    assert!(texts(&ask(engine, "nord")).contains(&"Nordvik"));
}

#[test]
fn a_text_is_offered_within_one_of_its_categories() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    for number in 0..6 {
        let department = if number % 2 == 0 { "Women" } else { "Men" };
        let title = format!("Wool sweater {number}");
        let id = format!("sweater-{number}");
        put(engine, &json!({"id": id, "title": title, "category": ["Clothing", department]}));
    }
    for shopper in ["a", "b", "c", "d", "e"] {
        success(engine, shopper, "wool sweater");
    }
    settled(engine);
    let answer = ask(engine, "wool");
    let scoped = answer.iter().find(|one| one.kind == SuggestionKind::Category);
    let scoped = scoped.unwrap_or_else(|| panic!("{answer:?}"));
    assert_eq!(scoped.text, "wool sweater");
    assert!(["Women", "Men"].contains(&scoped.category.as_deref().unwrap()), "{scoped:?}");
    let women = filtered(engine, "wool", json!({"category": "Women"}));
    assert!(women.iter().all(|one| one.category.as_deref() != Some("Men")), "{women:?}");
}
