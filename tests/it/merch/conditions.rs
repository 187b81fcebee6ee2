//! Which rules fire: what their index finds, against asking each rule in turn.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::id::RuleId;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::merch::{Rulebook, Situation};
use vitrine::settings::Settings;
use vitrine::settings::rules::{QueryCondition, Rule, When};
use vitrine::text::normalise::fold;

use super::{NOW, query, settings};

fn firing(settings: &Settings, text: &str, request: &SearchRequest) -> Vec<String> {
    firing_at(settings, text, (request, Timestamp::parse(NOW).unwrap()))
}

fn firing_at(
    settings: &Settings,
    text: &str,
    (request, now): (&SearchRequest, Timestamp),
) -> Vec<String> {
    let rulebook = Rulebook::new(settings, fold);
    let situation = Situation::of(request, now, &rulebook);
    rulebook.firing(&query(text), &situation).into_iter().map(ToString::to_string).collect()
}

fn visitor(name: &str) -> SearchRequest {
    serde_json::from_value(json!({"shopper": name})).unwrap()
}

#[test]
fn a_share_of_visitors_gets_a_rule_and_always_the_same_ones() {
    let redirect = json!([{"do": "redirect", "url": "/"}]);
    let rules = settings(&json!({"rules": {
        "some": {"when": {"share_percent": 30}, "then": redirect},
        "half": {"when": {"share_percent": 50}, "then": redirect},
        "none": {"when": {"share_percent": 0}, "then": redirect},
        "all": {"when": {"share_percent": 100}, "then": redirect},
    }}));
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

#[test]
fn a_meaning_is_what_synonyms_are_typed_to_find() {
    let synonyms =
        json!([["sneaker", "trainer", "gym shoe"], {"from": "phone", "to": ["smartphone"]}]);
    let when = |text: &str| json!({"when": {"query": {"means": text}}, "then": [{"do": "redirect", "url": "/"}]});
    for (text, asked, expected) in [
        ("Sneaker", "sneaker", true),
        ("Sneaker", "gym shoe", true),
        ("gym shoe", "trainer", true),
        ("red sneaker sale", "red gym shoe sale", true),
        ("red sneaker sale", "red sneaker", false),
        ("sneaker", "red sneaker", false),
        ("smartphone", "phone", true),
        ("phone", "smartphone", false),
        ("", "", false),
    ] {
        let settings = settings(&json!({"synonyms": synonyms, "rules": {"r": when(text)}}));
        let fired = firing(&settings, asked, &SearchRequest::default());
        assert_eq!(!fired.is_empty(), expected, "'{text}' for '{asked}'");
    }
}

#[test]
fn schedules_follow_the_clocks_of_their_place() {
    let berlin = |hours: Value| json!({"time_zone": "Europe/Berlin", "hours": hours});
    let monday = json!([{"weekdays": ["monday"], "from": "09:00", "until": "17:30"}]);
    let night = json!([{"weekdays": ["sunday"], "from": "22:00", "until": "06:00"}]);
    let weekend = json!([{"weekdays": ["saturday"]}, {"weekdays": ["sunday"], "until": "12:00"}]);
    // 2026-06-15 is a Monday, in summer time (+02:00); 2026-01-12 one in winter time (+01:00).
    for (schedule, time, expected) in [
        (berlin(monday.clone()), "2026-06-15T06:59:59Z", false),
        (berlin(monday.clone()), "2026-06-15T07:00:00Z", true),
        (berlin(monday.clone()), "2026-06-15T15:29:59Z", true),
        (berlin(monday.clone()), "2026-06-15T15:30:00Z", false),
        (berlin(monday.clone()), "2026-06-16T10:00:00Z", false),
        (berlin(monday.clone()), "2026-01-12T07:30:00Z", false),
        (berlin(monday.clone()), "2026-01-12T08:00:00Z", true),
        (json!({"hours": monday}), "2026-06-15T09:00:00Z", true),
        (berlin(night.clone()), "2026-06-14T20:00:00Z", true),
        (berlin(night.clone()), "2026-06-15T03:59:00Z", true),
        (berlin(night.clone()), "2026-06-15T04:00:00Z", false),
        (berlin(night), "2026-06-14T03:00:00Z", false),
        (json!({"hours": weekend}), "2026-06-13T00:00:00Z", true),
        (json!({"hours": weekend}), "2026-06-13T23:59:59Z", true),
        (json!({"hours": weekend}), "2026-06-14T11:59:59Z", true),
        (json!({"hours": weekend}), "2026-06-14T12:00:00Z", false),
        (json!({"hours": [{}]}), "2026-06-14T12:00:00Z", true),
    ] {
        let rule =
            json!({"when": {"schedule": schedule}, "then": [{"do": "redirect", "url": "/"}]});
        let settings = settings(&json!({"rules": {"r": rule}}));
        let time = Timestamp::parse(time).unwrap();
        let fired = firing_at(&settings, "", (&SearchRequest::default(), time));
        assert_eq!(!fired.is_empty(), expected, "{schedule} at {}", time.to_text());
    }
}

#[test]
fn local_dates_and_times_follow_the_clocks_of_their_place() {
    let berlin = |name: &str, moment: &str| json!({"time_zone": "Europe/Berlin", name: moment});
    for (when, time, expected) in [
        (berlin("from", "2026-06-15"), "2026-06-14T21:59:59Z", false),
        (berlin("from", "2026-06-15"), "2026-06-14T22:00:00Z", true),
        (berlin("from", "2026-01-15"), "2026-01-14T22:30:00Z", false),
        (berlin("from", "2026-01-15"), "2026-01-14T23:00:00Z", true),
        (berlin("from", "2026-06-15T14:00"), "2026-06-15T11:59:59Z", false),
        (berlin("from", "2026-06-15T14:00"), "2026-06-15T12:00:00Z", true),
        (berlin("until", "2026-06-15T14:00:30"), "2026-06-15T12:00:29Z", true),
        (berlin("until", "2026-06-15T14:00:30"), "2026-06-15T12:00:30Z", false),
        // The clocks skip half past two on this day, and show it twice on that one.
        (berlin("from", "2026-03-29T02:30"), "2026-03-29T01:29:59Z", false),
        (berlin("from", "2026-03-29T02:30"), "2026-03-29T01:30:00Z", true),
        (berlin("from", "2026-10-25T02:30"), "2026-10-25T00:30:00Z", true),
        // What names its own offset, or no place at all.
        (berlin("from", "2026-06-15T14:00:00Z"), "2026-06-15T13:59:59Z", false),
        (berlin("from", "2026-06-15T14:00:00+02:00"), "2026-06-15T12:00:00Z", true),
        (json!({"from": "2026-06-15"}), "2026-06-15T00:00:00Z", true),
        (json!({"from": "2026-06-15T14:00"}), "2026-06-15T13:59:59Z", false),
    ] {
        let rule = json!({"when": when, "then": [{"do": "redirect", "url": "/"}]});
        let settings = settings(&json!({"rules": {"r": rule}}));
        let at = Timestamp::parse(time).unwrap();
        let fired = firing_at(&settings, "", (&SearchRequest::default(), at));
        assert_eq!(!fired.is_empty(), expected, "{when} at {time}");
    }
}

#[test]
fn conditions_are_given_back_as_they_were_written() {
    for when in [
        json!({"from": "2026-06-15", "until": "2026-07-01T08:30:00", "time_zone": "Europe/Berlin"}),
        json!({"from": "2026-06-15T14:00:00Z"}),
        json!({"shopper": [{"brand": "Nike", "at_least": 0.5}]}),
        json!({"shopper": {"any": [{"all": [{"fact": "purchases", "at_least": 1.0}]},
                                   {"not": {"category": ["Shoes", "Running"], "at_most": -0.5}}]}}),
    ] {
        let read: When = serde_json::from_value(when.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), when);
    }
    let none: When = serde_json::from_value(json!({"shopper": []})).unwrap();
    assert_eq!(none, When::default(), "a list of nothing asks for nothing");
}

#[test]
fn rules_and_boosts_of_an_earlier_program_are_read() {
    let mut stored = serde_json::to_value(Settings::defaults().unwrap()).unwrap();
    stored["boosts"] = json!({"attributes": [], "numeric": [{"field": "margin", "percent": 10.0}],
                              "percent_max": 30.0});
    let when = json!({"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z",
                      "shopper": [{"brand": "Nike", "at_least": 0.5}, {"size": "42", "at_least": 0.25}]});
    stored["rules"] = json!({"r": {"description": "", "enabled": true, "priority": 0, "when": when,
                                   "then": [{"do": "redirect", "url": "/"}]}});
    let settings = Settings::from_stored(&serde_json::to_vec(&stored).unwrap()).unwrap();
    settings.check().unwrap();
    assert_eq!(serde_json::to_value(&settings).unwrap(), stored);
}

#[test]
fn a_condition_that_means_nothing_is_refused() {
    for (when, named) in [
        (json!({"schedule": {"hours": []}}), "hours"),
        (json!({"schedule": {"time_zone": "Europe/Atlantis", "hours": [{}]}}), "time_zone"),
        (json!({"schedule": {"hours": [{"from": "9:00"}]}}), "00:00 to 24:00"),
        (json!({"schedule": {"hours": [{"from": "24:01"}]}}), "00:00 to 24:00"),
        (json!({"schedule": {"hours": [{"from": "12:60"}]}}), "00:00 to 24:00"),
        (json!({"schedule": {"hours": [{"from": "+1:00"}]}}), "00:00 to 24:00"),
        (json!({"schedule": {"hours": [{"weekdays": ["someday"]}]}}), "someday"),
        (json!({"shopper": [{"at_least": 0.3}]}), "names one"),
        (json!({"shopper": [{"brand": "a", "size": "b", "at_least": 0.3}]}), "names one"),
        (json!({"shopper": [{"brand": "a"}]}), "at_least"),
        (json!({"shopper": [{"brand": "a", "at_least": 2}]}), "-1 to 1"),
        (json!({"shopper": [{"brand": "a", "at_least": 0.3, "at_most": 0.2}]}), "not above"),
        (json!({"shopper": {"brand": "a", "at_least": 0.3, "all": []}}), "by itself"),
        (json!({"shopper": {"any": []}}), "at least one"),
        (json!({"shopper": {"any": {"brand": "a"}}}), "a list"),
        (json!({"shopper": {"not": {}}}), "names one"),
        (json!({"shopper": {"brnad": "a"}}), "brnad"),
        (json!({"shopper": "anna"}), "an object or a list"),
        (json!({"shopper": {"fact": "age", "at_least": 1}}), "age"),
        (json!({"shopper": {"fact": "purchases"}}), "at_least"),
        (json!({"shopper": {"fact": "purchases", "at_least": -1}}), "not negative"),
        (json!({"shopper": vec![json!({"fact": "purchases", "at_least": 1}); 21]}), "at most 20"),
        (
            json!({"shopper": {"not": {"not": {"not": {"not": {"not": {"not": {"brand": "a"}}}}}}}}),
            "5 levels",
        ),
        (json!({"from": "tomorrow"}), "tomorrow"),
        (json!({"from": "2026-02-30"}), "2026-02-30"),
        (json!({"from": "2026-06-15", "time_zone": "Europe/Atlantis"}), "time_zone"),
        (json!({"share_percent": 101}), "share_percent"),
        (json!({"share_percent": -1}), "share_percent"),
    ] {
        let rule = json!({"when": when, "then": [{"do": "redirect", "url": "/"}]});
        let refused = Settings::defaults().unwrap().patched(&json!({"rules": {"r": rule}}));
        let message = refused.unwrap_err().to_string();
        assert!(message.contains(named), "{when}: {message}");
    }
}

const WORDS: [&str; 5] = ["red", "Shoes", "café", "boots", "laceups"];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4).prop_map(|words| words.join(" "))
}

fn when() -> impl Strategy<Value = When> {
    let condition = (0..5_u8, text()).prop_map(|(kind, text)| match kind {
        0 => Some(QueryCondition::Is(text)),
        3 => Some(QueryCondition::Means(text)),
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
            from: from.map(|shift| Timestamp::from_ms(now() + shift).into()),
            until: until.map(|shift| Timestamp::from_ms(now() + shift).into()),
            share_percent,
            ..When::default()
        })
}

/// Whether a text is typed to find another, by the synonyms of the property below.
fn means(wanted: &[String], asked: &[String]) -> bool {
    let ([word, rest @ ..], [typed, others @ ..]) = (wanted, asked) else {
        return wanted.is_empty() && asked.is_empty();
    };
    let finds = word == typed || (word == "shoes" && ["cafe", "boots"].contains(&&**typed));
    let lace_ups =
        typed == "laceups" && word == "red" && rest.first().is_some_and(|w| w == "shoes");
    (finds && means(rest, others)) || (lace_ups && means(&rest[1..], others))
}

/// Asks one rule, word by word.
fn holds(when: &When, asked: &str, request: &SearchRequest, category: Option<&str>) -> bool {
    let list = |text: &str| fold(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let asked = list(asked);
    let query = match &when.query {
        None => true,
        Some(QueryCondition::Is(text)) => list(text) == asked,
        Some(QueryCondition::Means(text)) => {
            let wanted = list(text);
            !wanted.is_empty() && means(&wanted, &asked)
        }
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
        && when.from.is_none_or(|from| from.at(None).unwrap() <= now)
        && when.until.is_none_or(|until| until.at(None).unwrap() > now)
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
        let synonyms = json!([
            {"from": "Café", "to": ["shoes"]}, {"from": "boots", "to": ["shoes"]},
            {"from": "laceups", "to": ["red shoes", "red shoes"]},
        ]);
        let settings = settings(&json!({"synonyms": synonyms}));
        let settings = Settings { rules: rules.clone(), ..settings };
        let found = firing(&settings, &asked, &request);
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
