//! Which rules fire: what their index finds, against asking each rule in turn.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::id::RuleId;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::merch::{Rulebook, Situation};
use vitrine::settings::rules::{QueryCondition, Rule, When};
use vitrine::text::normalise::fold;

use super::{NOW, query};

fn rules(rules: Value) -> BTreeMap<RuleId, Rule> {
    serde_json::from_value(rules).unwrap()
}

fn firing(rules: &BTreeMap<RuleId, Rule>, text: &str, request: &SearchRequest) -> Vec<String> {
    let rulebook = Rulebook::new(rules, fold);
    let situation = Situation::of(request, Timestamp::parse(NOW).unwrap(), &rulebook);
    rulebook.firing(&query(text), &situation).into_iter().map(ToString::to_string).collect()
}

fn visitor(name: &str) -> SearchRequest {
    serde_json::from_value(json!({"shopper": name})).unwrap()
}

#[test]
fn a_share_of_visitors_gets_a_rule_and_always_the_same_ones() {
    let redirect = json!([{"do": "redirect", "url": "/"}]);
    let rules = rules(json!({
        "some": {"when": {"share_percent": 30}, "then": redirect},
        "half": {"when": {"share_percent": 50}, "then": redirect},
        "none": {"when": {"share_percent": 0}, "then": redirect},
        "all": {"when": {"share_percent": 100}, "then": redirect},
    }));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut both = 0;
    for number in 0..2_000 {
        let request = visitor(&format!("visitor-{number}"));
        let fired = firing(&rules, "shoes", &request);
        assert_eq!(fired, firing(&rules, "boots", &request), "the lot is the visitor's");
        both += usize::from(fired.len() == 3);
        for id in fired {
            *counts.entry(id).or_default() += 1;
        }
    }
    assert_eq!((counts.get("none"), counts["all"]), (None, 2_000));
    // Within five deviations of what chance gives, and one rule's lot tells nothing of another's.
    assert!(counts["some"].abs_diff(600) < 103, "{counts:?}");
    assert!(counts["half"].abs_diff(1_000) < 112, "{counts:?}");
    assert!(both.abs_diff(300) < 80, "{both} have both");
    assert_eq!(firing(&rules, "shoes", &SearchRequest::default()), ["all"], "nobody has no lot");
    let session = serde_json::from_value(json!({"session": "visitor-1"})).unwrap();
    assert_eq!(firing(&rules, "", &session), firing(&rules, "", &visitor("visitor-1")));
}

const WORDS: [&str; 3] = ["red", "Shoes", "café"];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4).prop_map(|words| words.join(" "))
}

fn when() -> impl Strategy<Value = When> {
    let condition = (0..4_u8, text()).prop_map(|(kind, text)| match kind {
        0 => Some(QueryCondition::Is(text)),
        1 => Some(QueryCondition::Contains(text)),
        2 => Some(QueryCondition::StartsWith(text)),
        _ => None,
    });
    let name = || prop::sample::select(&["one", "two"][..]).prop_map(str::to_owned);
    let time = || prop::option::weighted(0.2, prop::sample::select(&[-1_i64, 0, 1][..]));
    let now = || Timestamp::parse(NOW).unwrap().as_ms();
    (
        condition,
        prop::option::weighted(0.3, name()),
        prop::collection::vec(name(), 0..3),
        (time(), time()),
        prop::option::weighted(0.1, Just(100.0)),
    )
        .prop_map(move |(query, category, contexts, (from, until), share_percent)| When {
            query,
            category,
            contexts,
            from: from.map(|shift| Timestamp::from_ms(now() + shift)),
            until: until.map(|shift| Timestamp::from_ms(now() + shift)),
            share_percent,
        })
}

/// Asks one rule, word by word.
fn holds(when: &When, asked: &str, request: &SearchRequest, category: Option<&str>) -> bool {
    let list = |text: &str| fold(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let asked = list(asked);
    let query = match &when.query {
        None => true,
        Some(QueryCondition::Is(text)) => list(text) == asked,
        Some(QueryCondition::StartsWith(text)) => {
            !list(text).is_empty() && asked.starts_with(&list(text))
        }
        Some(QueryCondition::Contains(text)) => {
            let wanted = list(text);
            !wanted.is_empty() && asked.windows(wanted.len()).any(|window| window == wanted)
        }
    };
    let now = Timestamp::parse(NOW).unwrap();
    query
        && when.category.as_deref().is_none_or(|wanted| category == Some(wanted))
        && (when.contexts.is_empty() || when.contexts.iter().any(|c| request.contexts.contains(c)))
        && when.from.is_none_or(|from| from <= now)
        && when.until.is_none_or(|until| until > now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_are_found_that_asking_each_one_finds(
        whens in prop::collection::vec((when(), prop::bool::weighted(0.9), 0..2_i32), 0..20),
        asked in text(),
        category in prop::option::of(prop::sample::select(&["one", "two"][..])),
        contexts in prop::collection::vec(prop::sample::select(&["one", "two"][..]), 0..3),
    ) {
        let rules: BTreeMap<RuleId, Rule> = whens.into_iter().enumerate()
            .map(|(number, (when, enabled, priority))| {
                let then = json!([{"do": "redirect", "url": "/"}]);
                let rule = json!({"enabled": enabled, "priority": priority, "then": then});
                let rule: Rule = serde_json::from_value(rule).unwrap();
                (RuleId::parse(&format!("r{number:02}")).unwrap(), Rule { when, ..rule })
            })
            .collect();
        let filters = category.map_or(json!({}), |category| json!({"category": category}));
        let request: SearchRequest =
            serde_json::from_value(json!({"filters": filters, "contexts": contexts})).unwrap();
        let found = firing(&rules, &asked, &request);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        let slow: Vec<String> = rules.iter()
            .filter(|(_, rule)| rule.enabled && holds(&rule.when, &asked, &request, category))
            .map(|(id, _)| id.to_string())
            .collect();
        prop_assert_eq!(sorted, slow);
        let priorities: Vec<i32> = found.iter()
            .map(|id| rules[&RuleId::parse(id).unwrap()].priority)
            .collect();
        prop_assert!(priorities.is_sorted_by(|one, other| one >= other), "{:?}", found);
    }
}
