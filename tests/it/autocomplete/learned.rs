//! What shoppers teach: searches that led to products, with support, decay and nobody's privacy.

use std::collections::HashSet;

use vitrine::domain::event::{Choice, Event, EventKind, RecordedEvent, Visitor};
use vitrine::domain::id::{IndexName, ProductId, SessionId, ShopperId};
use vitrine::domain::time::{DAY_MS, Timestamp};
use vitrine::index::suggestions::private::{looks_private, names_somebody};
use vitrine::index::suggestions::{Found, OwnedLabels, QueryLog, searched};

use super::{Asking, Shop, ShopperView, sample, texts};

const MINUTE_MS: i64 = 60_000;

fn event(kind: EventKind, who: (Option<&str>, Option<&str>), at_ms: i64) -> RecordedEvent {
    let at = Timestamp::from_ms(at_ms);
    let is_search = kind == EventKind::Search;
    let event = Event {
        kind,
        id: None,
        shopper: who.0.map(|id| ShopperId::parse(id).unwrap()),
        session: who.1.map(|id| SessionId::parse(id).unwrap()),
        index: IndexName::parse("shop").unwrap(),
        product_id: (!is_search).then(|| ProductId::parse("p1").unwrap()),
        variant_sku: None,
        query_id: None,
        query: None,
        position: None,
        quantity: None,
        price: None,
        timestamp: Some(at),
    };
    RecordedEvent { event, at, choice: Choice::default() }
}

fn search(who: (Option<&str>, Option<&str>), query: &str, at_ms: i64) -> RecordedEvent {
    let mut recorded = event(EventKind::Search, who, at_ms);
    recorded.event.query = Some(query.to_owned());
    recorded
}

/// A search and a click on what it found.
fn success(shopper: &str, query: &str, day: i64) -> [RecordedEvent; 2] {
    let who = (Some(shopper), None);
    let click = event(EventKind::Click, who, day * DAY_MS + MINUTE_MS);
    [search(who, query, day * DAY_MS), click]
}

/// Queries that so many shoppers searched for with success.
pub(super) fn log(searches: &[(&str, usize)]) -> QueryLog {
    let events: Vec<RecordedEvent> = searches
        .iter()
        .flat_map(|(query, shoppers)| {
            (0..*shoppers).flat_map(move |shopper| success(&format!("s{shopper}"), query, 100))
        })
        .collect();
    QueryLog::fold(&events)
}

fn support(log: &QueryLog, text: &str) -> usize {
    log.texts().iter().find(|one| one.text == text).map_or(0, |one| one.visitors.len())
}

#[test]
fn searched_queries_need_five_shoppers_and_a_product() {
    let searches =
        [("nike winflo", 5), ("adidas terrex", 4), ("unicorn saddle", 9), ("spigen armor", 6)];
    let index = Shop::sample().searched(&log(&searches));
    let known: HashSet<&str> = index.entries().map(|entry| entry.text).collect();
    assert_eq!(known, HashSet::from(["nike winflo", "spigen armor"]));
    let again: Vec<RecordedEvent> =
        (0..9).flat_map(|day| success("s1", "nike free", day)).collect();
    assert_eq!(support(&QueryLog::fold(&again), "nike free"), 1, "one shopper nine times is one");
}

#[test]
fn near_duplicates_and_misspellings_share_their_support() {
    let searches = [("nike shoes", 3), ("shoes nike", 2), ("nkie shoes", 2), ("adidas shoe", 4)];
    let shop = Shop::sample();
    let mut log = log(&searches);
    for shopper in ["a", "b"] {
        for event in success(shopper, "nkie shoes", 100) {
            log.record(&event);
        }
    }
    let mut asked = Vec::new();
    let index = searched(&log, "en", &mut |text| {
        asked.push(text.to_owned());
        let corrected = text.contains("nkie").then(|| "nike shoes".to_owned());
        let witness = shop.products_with(corrected.as_deref().unwrap_or(text))[0];
        Some(Found { corrected, witness, labels: OwnedLabels::default() })
    });
    let known: Vec<&str> = index.entries().map(|entry| entry.text).collect();
    assert_eq!(known, ["nike shoes"], "s0 to s2, and a and b who misspelt it");
    assert_eq!(asked.len(), 3, "near-duplicates are looked up once: {asked:?}");
}

#[test]
fn only_searches_that_lead_to_a_product_count() {
    let who = (Some("s1"), None);
    let counts = |events: &[RecordedEvent]| support(&QueryLog::fold(events), "shoes");
    let late = event(EventKind::Click, who, 31 * MINUTE_MS);
    let soon = event(EventKind::Purchase, who, 29 * MINUTE_MS);
    let other = event(EventKind::Click, (Some("s2"), None), MINUTE_MS);
    let dismissed = event(EventKind::Dismiss, who, MINUTE_MS);
    for (then, expected) in [(late, 0), (soon, 1), (other, 0), (dismissed, 0)] {
        assert_eq!(counts(&[search(who, "shoes", 0), then]), expected);
    }
    let named = |answer: &str, mut recorded: RecordedEvent| {
        recorded.event.query_id = Some(answer.to_owned());
        recorded
    };
    let asked = || named("q1", search(who, "shoes", 0));
    let much_later = || event(EventKind::Click, who, 300 * MINUTE_MS);
    assert_eq!(counts(&[asked(), named("q1", much_later())]), 1, "in answer to it");
    let click = event(EventKind::Click, who, MINUTE_MS);
    assert_eq!(counts(&[asked(), named("q2", click)]), 0, "in answer to another");
}

#[test]
fn who_signs_in_is_one_shopper() {
    let (anonymous, signed_in) = ((None, Some("x")), (Some("s1"), Some("x")));
    let events = [
        search(anonymous, "shoes", 0),
        event(EventKind::Click, anonymous, 1),
        search(anonymous, "shoes", 2),
        event(EventKind::Click, signed_in, 3),
    ];
    let mut log = QueryLog::fold(&events);
    assert_eq!(support(&log, "shoes"), 1);
    log.prune();
    assert_eq!(support(&log, "shoes"), 1);
    log.forget(&Visitor::Shopper(ShopperId::parse("s1").unwrap()));
    assert!(log.is_empty(), "the session was the shopper's, too");
}

#[test]
fn searches_decay_and_visitors_can_be_forgotten() {
    let mut events: Vec<RecordedEvent> =
        (0..4).flat_map(|shopper| success(&format!("s{shopper}"), "old query", 0)).collect();
    events.extend((0..3).flat_map(|shopper| success(&format!("s{shopper}"), "new query", 60)));
    let log = QueryLog::fold(&events);
    let texts = log.texts();
    assert_eq!(texts[0].text, "new query");
    assert!((texts[0].weight - 3.0).abs() < 1e-3);
    assert!((texts[1].weight - 1.0).abs() < 1e-3, "60 days are two half-lives");
    let both = [success("s1", "nike", 1), success("s2", "nike", 1)].concat();
    let mut log = QueryLog::fold(&both);
    log.forget(&Visitor::Shopper(ShopperId::parse("s1").unwrap()));
    assert_eq!(support(&log, "nike"), 1);
    log.forget(&Visitor::Shopper(ShopperId::parse("s2").unwrap()));
    assert!(log.is_empty());
}

#[test]
fn private_looking_text_is_never_suggested() {
    let private = [
        "jane.doe@example.org",
        "jane＠example.org",
        "+49 170 1234567",
        "(030) 123-45-67",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "DE89 3704 0044 0532 0130 00",
        "https://example.org/me",
        "order 1Z999AA10123456784",
        "٠١٢٣٤٥٦٧٨٩",
    ];
    let searches: Vec<(&str, usize)> = private.iter().map(|text| (*text, 9)).collect();
    assert!(log(&searches).is_empty());
    for text in private {
        assert!(looks_private(text), "{text}");
    }
    for text in ["iphone 15 128gb", "nike air max 270", "300 x 200 cm", "levis 501 32", "a&b"] {
        assert!(!looks_private(text), "{text}");
    }
    for title in ["Card of 4111 1111 1111 1111", "Call (030) 123-45 67 89", "Mail me@example.org"] {
        assert!(names_somebody(title), "{title}");
    }
    for title in ["HP 15.6\" 1440 x 900, 250 GB", "Size 12@home", "Cable 100-240 V, 50/60 Hz"] {
        assert!(!names_somebody(title), "{title}");
    }
    let recent = ["4111 1111 1111 1111".to_owned(), "nike free".to_owned()];
    let shopper = ShopperView { affinity: &|_| 1.0, recent: &recent };
    let index = sample();
    let answer = Asking { shopper, ..Asking::of(&index) }.q("");
    assert_eq!(texts(&answer)[0], "nike free");
}
