//! Signing in: what a session did anonymously becomes the shopper's.
//!
//! 1. From the first event that names both, the shopper's profile has the session's past.
//! 2. Of two shoppers in one session, each has what was done since the other, and nothing else.
//! 3. Only the times of events count, not the order in which they come, and a restart changes nothing.

use proptest::prelude::*;
use serde_json::{Value, json};
use vitrine::domain::event::{Event, RecordedEvent, Visitor};
use vitrine::domain::id::{IndexName, SessionId, ShopperId};
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine};
use vitrine::shopper::Preferences;
use vitrine::shopper::profile::{Profile, ProfileParameters};
use vitrine::store::embedded::Embedded;
use vitrine::store::memory::Memory;
use vitrine::store::{Store, Write};

use crate::support::TestEngine;

const NOW: &str = "2026-11-01T12:00:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn shop() -> IndexName {
    IndexName::parse("shop").unwrap()
}

fn shopper(id: &str) -> ShopperId {
    ShopperId::parse(id).unwrap()
}

/// Records acts so many minutes ago.
fn record(engine: &Engine, acts: &[(&str, Option<&str>, Option<&str>, i64)]) {
    let event =
        |(product, shopper, session, minutes_ago): &(&str, Option<&str>, Option<&str>, i64)| {
            json!({"type": "add_to_cart", "shopper": shopper, "session": session, "index": "shop",
            "product_id": product, "timestamp": now().as_ms() - minutes_ago * 60_000})
        };
    let events = Value::Array(acts.iter().map(event).collect());
    let events: Vec<Event> = serde_json::from_value(events).unwrap();
    assert_eq!(engine.record(events, now()).unwrap().rejected, vec![]);
}

fn products(engine: &Engine, id: &str) -> Vec<String> {
    let events = engine.events_of(&shopper(id)).unwrap().into_iter();
    events.map(|one| one.recorded.event.product_id.unwrap().to_string()).collect()
}

#[test]
fn the_profile_has_the_sessions_past_from_the_moment_of_signing_in() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    let page = |who: Value| {
        let mut request = json!({"q": "running shoe", "explain": true, "mode": "lexical"});
        request.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        let request: SearchRequest = serde_json::from_value(request).unwrap();
        let caller = Caller { now: now(), sees_private: false };
        let page = engine.search(&shop(), &request, caller).unwrap();
        serde_json::to_string(&page.hits).unwrap()
    };
    let anna = json!({"shopper": "anna"});
    let session = json!({"session": "s"});
    let nobody = page(json!({}));
    record(engine, &[("shoe-1", None, Some("s"), 30), ("shoe-1", None, Some("s"), 20)]);
    assert_eq!(page(anna.clone()), nobody);
    assert_ne!(page(session.clone()), nobody, "two events make an anonymous profile");
    record(engine, &[("mug-1", Some("anna"), Some("s"), 10)]);
    assert!(page(anna).contains("brand_affinity"), "the very next search knows");
    assert_eq!(page(session), nobody, "who uses the session now may be another");
    assert_eq!(products(engine, "anna"), ["shoe-1", "shoe-1", "mug-1"]);
    let profile = engine.profile(&shop(), &shopper("anna"), now()).unwrap();
    assert_eq!(profile.events, 3);
}

#[test]
fn of_two_shoppers_each_has_what_was_done_since_the_other() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    record(engine, &[("shoe-1", None, Some("s"), 60), ("mug-1", Some("anna"), Some("s"), 50)]);
    record(engine, &[("shoe-2", None, Some("s"), 40), ("mug-1", Some("ben"), Some("s"), 30)]);
    record(engine, &[("jacket-1", None, Some("s"), 20)]);
    assert_eq!(products(engine, "anna"), ["shoe-1", "mug-1"]);
    assert_eq!(products(engine, "ben"), ["shoe-2", "mug-1"]);
    record(engine, &[("mug-1", Some("anna"), Some("s"), 10)]);
    assert_eq!(products(engine, "anna"), ["shoe-1", "mug-1", "jacket-1", "mug-1"]);
    // A late report that ben had signed in before takes back what was not anna's.
    record(engine, &[("mug-1", Some("ben"), Some("s"), 55)]);
    assert_eq!(products(engine, "anna"), ["mug-1", "jacket-1", "mug-1"]);
    assert_eq!(products(engine, "ben"), ["shoe-1", "mug-1", "shoe-2", "mug-1"]);
}

#[test]
fn a_shopper_without_consent_takes_no_session_over() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    record(engine, &[("shoe-1", None, Some("s"), 60)]);
    let none = serde_json::from_value(json!({"consent": "none"})).unwrap();
    engine.put_preferences(&shopper("anna"), none).unwrap();
    record(engine, &[("mug-1", Some("anna"), Some("s"), 50)]);
    assert_eq!(products(engine, "anna"), [""; 0]);
}

fn any_act() -> impl Strategy<Value = RecordedEvent> {
    let who = prop::sample::select(vec![None, None, Some("anna"), Some("ben")]);
    let session = prop::option::weighted(0.9, prop::sample::select(vec!["s", "t"]));
    (who, session, 0_i64..12, 0_u8..4).prop_filter_map(
        "it names nobody",
        |(who, session, minute, product)| {
            let event = json!({"type": "click", "shopper": who, "session": session,
                "index": "shop", "product_id": format!("p{product}")});
            let event: Event = serde_json::from_value(event).unwrap();
            event.visitor()?;
            let at = Timestamp::from_ms(now().as_ms() - minute * 60_000);
            let mut recorded = RecordedEvent { event, at, choice: Default::default() };
            recorded.choice.brand = Some(format!("brand {}", product % 2));
            Some(recorded)
        },
    )
}

fn everybody() -> Vec<Visitor> {
    let shoppers = ["anna", "ben"].map(|id| Visitor::Shopper(shopper(id)));
    let sessions = ["s", "t"].map(|id| Visitor::Session(SessionId::parse(id).unwrap()));
    shoppers.into_iter().chain(sessions).collect()
}

/// The bytes of everybody's profile, and how many events they have in all.
fn profiles(store: &dyn Store) -> (Vec<String>, usize) {
    let mut count = 0;
    let profile = |visitor: Visitor| {
        let log = store.events_of(&visitor).unwrap().into_iter();
        let events: Vec<RecordedEvent> = log.map(|(_, event)| event).collect();
        count += events.len();
        let parameters = ProfileParameters::default();
        let profile = Profile::fold(&events, &Preferences::default(), &parameters, now());
        serde_json::to_string(&profile).unwrap()
    };
    (everybody().into_iter().map(profile).collect(), count)
}

fn filled(store: &dyn Store, events: &[RecordedEvent]) {
    for chunk in events.chunks(3) {
        let writes = chunk.iter().map(|event| Write::Record(Box::new(event.clone()))).collect();
        store.write(writes).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_order_of_arrival_and_a_restart_change_no_profile(
        (events, shuffled) in prop::collection::vec(any_act(), 0..24)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        let memory = Memory::new();
        filled(&memory, &events);
        let (known, count) = profiles(&memory);
        prop_assert_eq!(count, events.len(), "every event belongs to exactly one");
        let folder = tempfile::tempdir().unwrap();
        let disk = Embedded::open(folder.path()).unwrap();
        filled(&disk, &shuffled);
        prop_assert_eq!(&profiles(&disk).0, &known);
        drop(disk);
        prop_assert_eq!(&profiles(&Embedded::open(folder.path()).unwrap()).0, &known);
    }
}
