//! Merchandising.
//!
//! 1. The shopper's filter stands above rules' filters, those above hiding, pins, then boosts.
//! 2. A file of `tests/cases/merch` per case of precedence says what comes out.
//! 3. A rule fires when all its conditions hold, compared by folded words.
//! 4. Whatever the rules, the result is that of a slow and obvious model.
//! 5. Rules found by their conditions are those that asking each one finds.
//! 6. Every two of filter, hide, pin, boost, sort, personalisation and paging have a case of the
//!    whole engine.
//! 7. What is wrong with a set of rules is named, and nothing of a sound one.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod conditions;
mod effect;
mod lint;
mod model;
mod precedence;
mod properties;
mod segments;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use vitrine::domain::change::Change;
use vitrine::domain::filter::Filter;
use vitrine::domain::id::Ordinal;
use vitrine::domain::product::Product;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::index::columns::Columns;
use vitrine::index::columns::statistics::Statistics;
use vitrine::merch::{self, Placement, Rulebook, Situation};
use vitrine::query::Query;
use vitrine::rank::signal::{Signal, Signals};
use vitrine::rank::{Ranked, RankedItem};
use vitrine::settings::Settings;
use vitrine::text::normalise::fold;

const NOW: &str = "2026-06-15T12:00:00Z";

/// Products in columns.
struct Shop {
    columns: Columns,
    statistics: Statistics,
}

impl Shop {
    fn new(products: &[Product]) -> Self {
        let mut columns = Columns::default();
        for (ordinal, product) in (0..).zip(products) {
            let change = Change {
                sequence: u64::from(ordinal) + 1,
                ordinal,
                id: product.id.clone(),
                product: Some(Box::new(product.clone())),
            };
            columns.put(&change, product, |_| {});
        }
        let statistics = Statistics::of(&columns);
        Self { columns, statistics }
    }

    fn id(&self, ordinal: Ordinal) -> String {
        self.columns.row(ordinal).unwrap().id.to_string()
    }

    fn ranked(&self, list: &[Scored], sorted_by_field: bool) -> Ranked<'_> {
        let items = (1..).zip(list).map(|(rank, scored)| {
            let mut signals = Signals::default();
            signals.set(Signal::Lexical, scored.1);
            RankedItem {
                ordinal: self.columns.ordinal(&scored.0.clone().try_into().unwrap()).unwrap(),
                score: scored.1,
                signals,
                rank_without_personalisation: rank,
                exact: scored.2.as_deref() == Some("exact"),
                propensity: None,
            }
        });
        Ranked::new(items.collect(), sorted_by_field, &self.columns, &self.statistics)
    }

    fn order(&self, placement: &Placement<'_>) -> Vec<String> {
        placement.items.iter().map(|placed| self.id(placed.item.ordinal)).collect()
    }
}

/// A product id, its score and perhaps `"exact"`.
#[derive(Clone, Debug, Deserialize)]
struct Scored(String, f32, #[serde(default)] Option<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    products: Vec<Product>,
    ranked: Vec<Scored>,
    #[serde(default)]
    query: String,
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    filters: Filter,
    #[serde(default)]
    sorted: bool,
    settings: Value,
    expect: Expected,
}

/// What is not given is not compared, except the order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    order: Vec<String>,
    ranks: Option<Vec<u32>>,
    scores: Option<Vec<f32>>,
    fired: Option<Vec<String>>,
    #[serde(default)]
    skipped: Vec<String>,
    redirect: Option<String>,
    #[serde(default)]
    banners: Vec<Value>,
    #[serde(default)]
    rules: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    factors: BTreeMap<String, Vec<(String, f32)>>,
}

fn settings(patch: &Value) -> Settings {
    Settings::defaults().unwrap().patched(patch).unwrap()
}

fn request(contexts: &[String], filters: &Filter) -> SearchRequest {
    SearchRequest { contexts: contexts.to_vec(), filters: filters.clone(), ..Default::default() }
}

fn query(text: &str) -> Query {
    Query { text: fold(text), ..Query::default() }
}

fn near(one: f32, other: f32) -> bool {
    (one - other).abs() < 1e-5
}

#[test]
fn cases_come_out_as_their_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/merch");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.is_file());
    files.sort();
    assert!(files.len() >= 12, "only {} cases", files.len());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, &case);
    }
}

fn check(name: &str, case: &Case) {
    let shop = Shop::new(&case.products);
    let settings = settings(&case.settings);
    let request = request(&case.contexts, &case.filters);
    let rulebook = Rulebook::new(&settings, fold);
    let situation = Situation::of(&request, Timestamp::parse(NOW).unwrap(), &rulebook);
    let ranked = shop.ranked(&case.ranked, case.sorted);
    let mut placement = merch::apply(ranked, &query(&case.query), &settings, &situation).unwrap();
    let (expect, why) = (&case.expect, &case.why);
    assert_eq!(shop.order(&placement), expect.order, "{name}: {why}");
    let unexplained = |placed: &merch::PlacedItem| placed.boosts.is_empty();
    assert!(placement.items.iter().all(unexplained), "{name}");
    placement.explain(0..usize::MAX);
    check_items(name, &shop, &placement, expect);
    let fired: Vec<String> = placement.fired.iter().map(ToString::to_string).collect();
    assert!(expect.fired.as_ref().is_none_or(|expected| *expected == fired), "{name}: {fired:?}");
    let skipped: Vec<&str> = placement.skipped.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(skipped, expect.skipped, "{name}");
    assert!(placement.skipped.iter().all(|one| one.reason.contains("colour")), "{name}");
    assert_eq!(placement.redirect, expect.redirect, "{name}");
    assert_eq!(placement.banners, expect.banners, "{name}");
}

fn check_items(name: &str, shop: &Shop, placement: &Placement<'_>, expect: &Expected) {
    let ranks: Vec<u32> = placement.items.iter().map(|placed| placed.rank_without_rules).collect();
    assert!(expect.ranks.as_ref().is_none_or(|expected| *expected == ranks), "{name}: {ranks:?}");
    let scores: Vec<f32> = placement.items.iter().map(|placed| placed.score).collect();
    let expected = expect.scores.as_ref().unwrap_or(&scores);
    let all_near = scores.iter().zip(expected).all(|(one, other)| near(*one, *other));
    assert!(scores.len() == expected.len() && all_near, "{name}: {scores:?}");
    for placed in &placement.items {
        let id = shop.id(placed.item.ordinal);
        let parts: f32 = placed.boosts.iter().map(|factor| factor.contribution).sum();
        assert!(near(placed.item.signals.sum() + parts, placed.score), "{name}: {id} sums up");
        assert!(placed.boosts.iter().all(|factor| !factor.evidence.is_empty()), "{name}: {id}");
        if let Some(rules) = expect.rules.get(&id) {
            assert_eq!(placed.rules, *rules, "{name}: {id}");
        }
        if let Some(factors) = expect.factors.get(&id) {
            let pairs = placed.boosts.iter().zip(factors);
            let same = |factor: &vitrine::domain::page::Factor, (name, part): &(String, f32)| {
                factor.name == *name && near(factor.contribution, *part)
            };
            let all_same = pairs.into_iter().all(|(factor, expected)| same(factor, expected));
            let same_count = placed.boosts.len() == factors.len();
            assert!(same_count && all_same, "{name}: {id} has {:?}", placed.boosts);
        }
    }
}

/// Whether a rule with these conditions fires.
fn fires(when: &Value, text: &str, contexts: &[&str], filters: &Value) -> bool {
    let shop = Shop::new(&[]);
    let rule = json!({"when": when, "then": [{"do": "redirect", "url": "/"}]});
    let settings = settings(&json!({"rules": {"r": rule}}));
    let contexts: Vec<String> = contexts.iter().map(ToString::to_string).collect();
    let request = request(&contexts, &serde_json::from_value(filters.clone()).unwrap());
    let rulebook = Rulebook::new(&settings, fold);
    let situation = Situation::of(&request, Timestamp::parse(NOW).unwrap(), &rulebook);
    let placement =
        merch::apply(shop.ranked(&[], false), &query(text), &settings, &situation).unwrap();
    assert_eq!(placement.redirect.is_some(), !placement.fired.is_empty());
    placement.redirect.is_some()
}

#[test]
fn conditions_on_the_query_compare_folded_words() {
    let cases = [
        ("is", "  Running   SHOES ", "running shoes", true),
        ("is", "running shoes", "trail running shoes", false),
        ("is", "running shoes", "running", false),
        ("is", "", "", true),
        ("is", "", "shoes", false),
        ("is", "T-Shirt", "t shirt", true),
        ("is", "Écharpe", "echarpe", true),
        ("is", "Straße", "strasse", true),
        ("starts_with", "running", "running shoes", true),
        ("starts_with", "run", "running shoes", false),
        ("starts_with", "shoes", "running shoes", false),
        ("starts_with", "running shoes men", "running shoes", false),
        ("starts_with", " ", "shoes", false),
        ("contains", "running shoes", "blue running shoes men", true),
        ("contains", "shoes", "blue shoes", true),
        ("contains", "shoe", "shoes", false),
        ("contains", "blue men", "blue running men", false),
        ("contains", "men blue", "blue men", false),
        ("contains", "", "shoes", false),
        ("contains", "shoes", "", false),
    ];
    for (kind, wanted, text, expected) in cases {
        let when = json!({"query": {kind: wanted}});
        assert_eq!(fires(&when, text, &[], &json!({})), expected, "{kind} '{wanted}' on '{text}'");
    }
}

#[test]
fn conditions_on_time_include_the_start_and_exclude_the_end() {
    let cases = [
        (json!({"from": NOW}), true),
        (json!({"from": "2026-06-15T12:00:00.001Z"}), false),
        (json!({"until": NOW}), false),
        (json!({"until": "2026-06-15T12:00:00.001Z"}), true),
        (json!({"from": "2026-06-01", "until": "2026-07-01"}), true),
        (json!({"from": "2026-07-01", "until": "2026-06-01"}), false),
    ];
    for (when, expected) in cases {
        assert_eq!(fires(&when, "", &[], &json!({})), expected, "{when}");
    }
}

#[test]
fn conditions_on_contexts_want_any_of_them() {
    let when = json!({"contexts": ["mobile", "newsletter"]});
    assert!(fires(&when, "", &["desktop", "newsletter"], &json!({})));
    assert!(!fires(&when, "", &["desktop"], &json!({})));
    assert!(!fires(&when, "", &[], &json!({})));
}

#[test]
fn conditions_on_the_category_want_the_one_that_the_shopper_chose() {
    let when = json!({"category": "Laufschuhe für Damen"});
    for (filters, expected) in [
        (json!({"category": "laufschuhe fur damen"}), true),
        (json!({"category": ["Laufschuhe für Damen"], "price": {"lte": 9}}), true),
        (json!({"category": ["Laufschuhe für Damen", "Shoes"]}), false),
        (json!({"category": ["Shoes"]}), false),
        (json!({"category": {"not": ["Laufschuhe für Damen"]}}), false),
        (json!({"brand": ["Laufschuhe für Damen"]}), false),
        (json!({}), false),
    ] {
        assert_eq!(fires(&when, "", &[], &filters), expected, "{filters}");
    }
}

#[test]
fn all_conditions_must_hold_together() {
    let when = json!({"query": {"is": "shoes"}, "contexts": ["mobile"]});
    assert!(fires(&when, "shoes", &["mobile"], &json!({})));
    assert!(!fires(&when, "shoes", &[], &json!({})));
    assert!(!fires(&when, "boots", &["mobile"], &json!({})));
}
