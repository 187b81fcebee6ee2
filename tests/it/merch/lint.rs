//! What is wrong with a set of rules.

use serde_json::{Value, json};
use vitrine::domain::product::Product;
use vitrine::domain::time::Timestamp;
use vitrine::merch::{Kind, Report, Rulebook, lint};
use vitrine::text::normalise::fold;

use super::{NOW, Shop, settings};

fn shop() -> Shop {
    let products = json!([
        {"id": "air", "title": "Air", "brand": "Nike", "stock": 3},
        {"id": "gel", "title": "Gel", "brand": "Asics", "stock": 3},
        {"id": "suede", "title": "Suede", "brand": "Puma", "stock": 3},
        {"id": "gone", "title": "Gone", "brand": "Puma", "stock": 0},
        {"id": "uncounted", "title": "Made to order", "brand": "Bespoke"},
    ]);
    Shop::new(&serde_json::from_value::<Vec<Product>>(products).unwrap())
}

fn report(rules: &Value) -> Report {
    let shop = shop();
    let settings = settings(&json!({ "rules": rules, "synonyms": [["sneaker", "trainer"]] }));
    let rulebook = Rulebook::new(&settings, fold);
    let catalogue = shop.ranked(&[], false);
    lint(&settings, &rulebook, &catalogue, Timestamp::parse(NOW).unwrap()).unwrap()
}

/// Kinds with the rules that they name.
fn found(rules: &Value) -> Vec<(Kind, String)> {
    let report = report(rules);
    assert!(report.complete);
    for finding in &report.findings {
        assert!(!finding.hint.is_empty(), "{finding:?}");
        for id in &finding.rules {
            assert!(finding.message.contains(&format!("\"{id}\"")), "{finding:?}");
        }
        for id in &finding.products {
            assert!(finding.message.contains(&format!("\"{id}\"")), "{finding:?}");
        }
    }
    let names = |ids: &[vitrine::domain::id::RuleId]| {
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    report.findings.iter().map(|finding| (finding.kind, names(&finding.rules))).collect()
}

fn pin(product: &str, position: usize) -> Value {
    json!({"do": "pin", "product_id": product, "position": position})
}

fn on(text: &str, then: &Value) -> Value {
    json!({"when": {"query": {"is": text}}, "then": then})
}

fn brand(action: &str, brand: &str) -> Value {
    match action {
        "bury" => json!({"do": "bury", "filter": {"brand": brand}, "percent": 10}),
        _ => json!({"do": action, "filter": {"brand": brand}}),
    }
}

#[test]
fn every_kind_of_conflict_is_found_and_only_those() {
    let rules = json!({
        "disabled": {"enabled": false, "then": [pin("air", 1)]},
        "ended": {"when": {"until": "2026-06-15T12:00:00Z"}, "then": [pin("air", 1)]},
        "empty-period": {"when": {"from": "2027-02-01", "until": "2027-01-01"}, "then": [pin("air", 1)]},
        "no-share": {"when": {"share_percent": 0}, "then": [pin("air", 1)]},
        "unreadable": {"when": {"query": {"contains": "!?"}}, "then": [pin("air", 1)]},
        "wrong-filter": on("a", &json!([{"do": "hide", "filter": {"colour": "red"}}])),
        "unknown": on("b", &json!([pin("nowhere", 1)])),
        "sold-out": on("c", &json!([pin("gone", 1)])),
        "hides": on("d", &json!([brand("hide", "Nike")])),
        "hidden": on("d", &json!([pin("air", 1)])),
        "buries": on("e", &json!([brand("bury", "Nike")])),
        "buried": on("e", &json!([pin("air", 1)])),
        "place-1": on("f", &json!([pin("air", 1)])),
        "place-2": on("f", &json!([pin("gel", 1)])),
        "twice-1": on("g", &json!([pin("air", 1)])),
        "twice-2": on("g", &json!([pin("air", 2)])),
        "to-1": on("h", &json!([{"do": "redirect", "url": "/1"}])),
        "to-2": on("h", &json!([{"do": "redirect", "url": "/2"}])),
        "nobody": {"when": {"shopper": {"all": [
            {"brand": "Nike", "at_least": 0.5}, {"not": {"brand": "Nike", "at_least": 0.2}}]}},
            "then": [pin("air", 1)]},
        "puts": on("j", &json!([{"do": "replace", "words": "j", "with": "cheap red shoes"}])),
        "removes": on("j", &json!([{"do": "remove", "words": "Red Shoes"}])),
        "removes-first": on("k", &json!([{"do": "remove", "words": "cheap"}])),
        "then-puts": on("k", &json!([{"do": "replace", "words": "k", "with": "cheap"}])),
        "word-1": on("l", &json!([{"do": "replace", "words": "l", "with": "one"}])),
        "word-2": on("l", &json!([{"do": "replace", "words": "L", "with": "two"}])),
        "only": on("i", &json!([brand("filter", "Asics")])),
        "outside": on("i", &json!([pin("air", 1)])),
    });
    let mut found = found(&rules);
    found.sort();
    let expected = [
        (Kind::Disabled, "disabled"),
        (Kind::Ended, "ended"),
        (Kind::EmptyPeriod, "empty-period"),
        (Kind::NoShare, "no-share"),
        (Kind::EmptySegment, "nobody"),
        (Kind::Unreadable, "unreadable"),
        (Kind::InvalidFilter, "wrong-filter"),
        (Kind::UnknownProduct, "unknown"),
        (Kind::OutOfStock, "sold-out"),
        (Kind::HiddenPin, "hidden hides"),
        (Kind::HiddenPin, "outside only"),
        (Kind::BuriedPin, "buried buries"),
        (Kind::SamePosition, "place-1 place-2"),
        (Kind::PinnedTwice, "twice-1 twice-2"),
        (Kind::TwoRedirects, "to-1 to-2"),
        (Kind::UndoneRewrite, "puts removes"),
        (Kind::UndoneRewrite, "removes-first then-puts"),
        (Kind::RewrittenTwice, "word-1 word-2"),
    ];
    assert_eq!(found, expected.map(|(kind, rules)| (kind, rules.to_owned())));
}

#[test]
fn one_rule_may_contradict_itself() {
    let then = json!([
        pin("air", 1),
        pin("gel", 1),
        pin("air", 2),
        brand("hide", "Asics"),
        brand("bury", "Nike")
    ]);
    let mut found = found(&json!({"r": {"then": then}}));
    found.sort();
    let kinds: Vec<Kind> = found.into_iter().map(|(kind, _)| kind).collect();
    let expected =
        [Kind::HiddenPin, Kind::BuriedPin, Kind::BuriedPin, Kind::SamePosition, Kind::PinnedTwice];
    assert_eq!(kinds, expected);
}

/// Whether two rules that pin different products to one position are said to fire together.
fn together(one: &Value, other: &Value) -> bool {
    let rules = json!({
        "a": {"when": one, "then": [pin("air", 1)]},
        "b": {"when": other, "then": [pin("gel", 1)]},
    });
    !found(&rules).is_empty()
}

/// Two conditions, and whether one request may meet both.
fn all_come_out(cases: &[(Value, Value, bool)]) {
    for (one, other, expected) in cases {
        assert_eq!(together(one, other), *expected, "{one} and {other}");
        assert_eq!(together(other, one), *expected, "{other} and {one}");
    }
}

#[test]
fn rules_fire_together_when_one_request_meets_both() {
    let text = |kind: &str, text: &str| json!({"query": {kind: text}});
    // For one hour.
    let hours = |day: &str, from: &str| {
        let (hour, minutes) = from.split_once(':').unwrap();
        let until = format!("{:02}:{minutes}", (hour.parse::<u8>().unwrap() + 1) % 24);
        json!({"schedule": {"hours": [{"weekdays": [day], "from": from, "until": until}]}})
    };
    let cases = [
        (json!({}), json!({}), true),
        (json!({}), text("is", "shoes"), true),
        (text("is", "Shoes"), text("is", "shoes"), true),
        (text("is", "shoes"), text("is", "boots"), false),
        (text("is", "running shoes"), text("contains", "shoes"), true),
        (text("is", "running shoes"), text("starts_with", "running"), true),
        (text("is", "running shoes"), text("starts_with", "shoes"), false),
        (text("starts_with", "running shoes"), text("starts_with", "running"), true),
        (text("contains", "shoes"), text("contains", "running shoes"), true),
        (text("contains", "shoes"), text("contains", "bags"), false),
        (json!({"category": "Shoes"}), json!({"category": "shoes"}), true),
        (json!({"category": "Shoes"}), json!({"category": "Bags"}), false),
        (json!({"category": "Shoes"}), json!({"contexts": ["app"]}), true),
        (json!({"contexts": ["web"]}), json!({"contexts": ["app"]}), true),
        (json!({"until": "2026-07-01"}), json!({"from": "2026-07-01"}), false),
        (json!({"until": "2026-07-02"}), json!({"from": "2026-07-01"}), true),
        (hours("monday", "09:00"), hours("monday", "09:59"), true),
        (hours("monday", "09:00"), hours("monday", "10:00"), false),
        (hours("monday", "09:00"), hours("tuesday", "09:00"), false),
        (hours("sunday", "23:30"), hours("monday", "00:00"), true),
        (text("means", "trainer"), text("is", "sneaker"), true),
        (text("means", "trainer"), text("is", "shoe"), false),
        (json!({"share_percent": 1}), json!({"share_percent": 1}), true),
        (
            json!({"time_zone": "Europe/Berlin", "until": "2026-07-01"}),
            json!({"from": "2026-06-30T22:00:00Z"}),
            false,
        ),
        (
            json!({"time_zone": "Europe/Berlin", "until": "2026-07-01"}),
            json!({"from": "2026-06-30T21:59:59Z"}),
            true,
        ),
    ];
    all_come_out(&cases);
}

#[test]
fn rules_whose_segments_exclude_one_another_do_not_fire_together() {
    let nike = |least: f64| json!({"brand": "Nike", "at_least": least});
    let bought = |least: u32| json!({"fact": "purchases", "at_least": least});
    let likes = |least: f64, most: f64| {
        let liking = json!({"brand": "Nike", "at_least": least, "at_most": most});
        json!({"shopper": [liking]})
    };
    let cases = [
        (likes(0.3, 1.0), likes(0.3, 1.0), true),
        (likes(0.3, 1.0), likes(-1.0, 0.3), true),
        (likes(0.3, 1.0), likes(-1.0, 0.2), false),
        (likes(0.3, 1.0), json!({"shopper": {"not": [nike(0.3)]}}), false),
        (likes(0.3, 1.0), json!({"shopper": {"not": [nike(0.4)]}}), true),
        (json!({"shopper": {"not": nike(0.3)}}), json!({"shopper": {"not": nike(0.5)}}), true),
        (
            json!({"shopper": [bought(1)]}),
            json!({"shopper": {"fact": "purchases", "at_most": 0}}),
            false,
        ),
        (json!({"shopper": [bought(1)]}), json!({"shopper": [bought(2)]}), true),
        (json!({"shopper": {"any": [bought(5), nike(0.5)]}}), likes(-1.0, 0.0), true),
        (json!({"shopper": {"any": [nike(0.7), nike(0.5)]}}), likes(-1.0, 0.0), false),
    ];
    all_come_out(&cases);
}

#[test]
fn a_sound_set_gives_nothing() {
    let rules = json!({
        "everywhere": {"then": [brand("bury", "Puma"), {"do": "banner", "content": "Sale"}]},
        "shoes": {"when": {"query": {"contains": "shoes"}}, "then": [pin("air", 1), pin("gel", 2)]},
        "bags": {"when": {"query": {"contains": "bags"}}, "then": [pin("uncounted", 1)]},
        "running": {"when": {"query": {"contains": "shoes"}}, "then": [pin("air", 1)]},
        "soon": {"when": {"from": "2027-01-01"}, "then": [brand("hide", "Puma")]},
        "later": {"when": {"from": "2028-01-01"}, "then": [{"do": "redirect", "url": "/"}]},
    });
    assert_eq!(found(&rules), []);
    assert_eq!(found(&json!({})), []);
}

#[test]
fn a_report_is_bounded_and_says_so() {
    let rules: serde_json::Map<String, Value> = (0..1_100)
        .map(|number| (format!("r{number}"), on("x", &json!([pin("air", number % 900 + 1)]))))
        .collect();
    let report = report(&Value::Object(rules));
    assert_eq!((report.findings.len(), report.complete), (1_000, false));
}
