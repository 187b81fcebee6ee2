//! Whoever was erased stays erased.
//!
//! 1. Nothing of the shopper is left: profile, events, preferences, suggestions, nor what was done
//!    anonymously before signing in.
//! 2. That outlasts a restart, a kill in the middle, and an older copy of the store's file.
//! 3. What comes afterwards is kept, and others lose nothing.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vitrine::domain::event::{Event, RecordedEvent, Visitor};
use vitrine::domain::id::{IndexName, SessionId, ShopperId};
use vitrine::domain::search::SuggestRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine};
use vitrine::shopper::Preferences;
use vitrine::store::embedded::Embedded;
use vitrine::store::{Store, Write};

use crate::support::TestEngine;

/// How long derived data may take to be gone.
const SOON: Duration = Duration::from_secs(30);

fn shopper(id: &str) -> ShopperId {
    ShopperId::parse(id).unwrap()
}

fn shop() -> IndexName {
    IndexName::parse("shop").unwrap()
}

/// A view so many minutes after the epoch, by a shopper, in a session.
fn view(shopper: Option<&str>, session: Option<&str>, minute: i64) -> Write {
    let at = Timestamp::from_ms(minute * 60_000);
    let event = json!({"type": "view", "shopper": shopper, "session": session, "index": "shop",
        "product_id": "mug-1", "id": minute.to_string()});
    let event: Event = serde_json::from_value(event).unwrap();
    Write::Record(Box::new(RecordedEvent { event, at, choice: Default::default() }))
}

fn erase(id: &str) -> Write {
    Write::EraseShopper { shopper: shopper(id), at: Timestamp::from_ms(1) }
}

fn write(store: &dyn Store, writes: Vec<Write>) {
    for written in store.write(writes).unwrap() {
        written.unwrap();
    }
}

/// The minutes of the events that belong to somebody.
fn minutes(store: &dyn Store, visitor: &Visitor) -> Vec<i64> {
    let events = store.events_of(visitor).unwrap().into_iter();
    events.map(|(_, event)| event.at.as_ms() / 60_000).collect()
}

fn of(store: &dyn Store, id: &str) -> Vec<i64> {
    minutes(store, &Visitor::Shopper(shopper(id)))
}

fn of_session(store: &dyn Store, id: &str) -> Vec<i64> {
    minutes(store, &Visitor::Session(SessionId::parse(id).unwrap()))
}

/// Events, and the whole content of the store, as far as it says who did something.
fn content(store: &dyn Store) -> Vec<i64> {
    let events = store.events_after(0, usize::MAX).unwrap().into_iter();
    events.map(|(_, event)| event.at.as_ms() / 60_000).collect()
}

fn open(folder: &Path) -> Embedded {
    Embedded::open(folder).unwrap()
}

#[test]
fn a_restart_and_a_later_life_of_the_shopper_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let word = Preferences { liked_brands: vec!["Alba".to_owned()], ..Preferences::default() };
    let says = |id| Write::PutPreferences(shopper(id), Box::new(word.clone()));
    write(&store, vec![view(Some("anna"), None, 1), view(Some("ben"), None, 2), says("anna")]);
    write(&store, vec![erase("anna"), view(Some("anna"), None, 3), erase("nobody")]);
    drop(store);
    for _ in 0..2 {
        let store = open(folder.path());
        assert_eq!((of(&store, "anna"), of(&store, "ben")), (vec![3], vec![2]));
        assert_eq!(store.preferences(&shopper("anna")).unwrap(), None);
        assert_eq!(content(&store), [2, 3]);
    }
    let text = fs::read_to_string(folder.path().join("erasures")).unwrap();
    assert!(!text.contains("anna"), "{text}");
    let store = open(folder.path());
    write(&store, vec![says("anna")]);
    drop(store);
    assert_eq!(open(folder.path()).preferences(&shopper("anna")).unwrap(), Some(word));
}

#[test]
fn an_older_copy_of_the_file_forgets_the_shopper_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let store = open(folder.path());
    // The session's owner shows only after the copy.
    let before =
        vec![view(None, Some("s"), 1), view(Some("anna"), None, 2), view(Some("ben"), None, 3)];
    write(&store, before);
    write(&store, vec![Write::PutPreferences(shopper("anna"), Box::default())]);
    drop(store);
    let older = fs::read(&file).unwrap();

    let store = open(folder.path());
    write(&store, vec![view(Some("anna"), Some("s"), 4), view(Some("anna"), Some("t"), 5)]);
    assert_eq!(of(&store, "anna"), [1, 2, 4, 5]);
    write(&store, vec![erase("anna"), view(Some("anna"), None, 6)]);
    assert_eq!(content(&store), [3, 6]);
    drop(store);

    fs::write(&file, &older).unwrap();
    for _ in 0..2 {
        let store = open(folder.path());
        assert_eq!(content(&store), [3], "nothing of anna, not even what was anonymous then");
        assert_eq!(store.preferences(&shopper("anna")).unwrap(), None);
    }
    let store = open(folder.path());
    write(&store, vec![view(Some("anna"), None, 7)]);
    drop(store);
    assert_eq!(content(&open(folder.path())), [3, 7], "what comes afterwards is kept");

    // Without its list an older copy is as it was; the list of a backup brings the erasures back.
    let list = fs::read(folder.path().join("erasures")).unwrap();
    fs::remove_file(folder.path().join("erasures")).unwrap();
    fs::write(&file, &older).unwrap();
    assert_eq!(content(&open(folder.path())), [1, 2, 3]);
    fs::write(folder.path().join("erasures"), list).unwrap();
    assert_eq!(content(&open(folder.path())), [3]);
}

#[test]
fn a_kill_between_the_list_and_the_store_is_made_good_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let store = open(folder.path());
    write(&store, vec![view(Some("anna"), None, 1), view(Some("ben"), None, 2)]);
    drop(store);
    let unchanged = fs::read(&file).unwrap();
    let store = open(folder.path());
    write(&store, vec![erase("anna")]);
    drop(store);
    let list = fs::read(folder.path().join("erasures")).unwrap();
    // The list had been written, the store had not.
    fs::write(&file, &unchanged).unwrap();
    assert_eq!(content(&open(folder.path())), [2]);
    // The list had been written in part: nothing was acknowledged, and nothing is lost.
    fs::write(&file, &unchanged).unwrap();
    fs::write(folder.path().join("erasures"), &list[..list.len() - 1]).unwrap();
    let store = open(folder.path());
    assert_eq!(content(&store), [1, 2]);
    write(&store, vec![erase("anna")]);
    assert_eq!(content(&store), [2]);
}

#[test]
fn sessions_go_with_the_shopper_and_others_keep_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(folder.path());
    for store in [&disk as &dyn Store, &vitrine::store::memory::Memory::new()] {
        let history = vec![
            view(None, Some("s"), 1),
            view(Some("anna"), Some("s"), 2),
            view(None, Some("s"), 3),
            view(Some("ben"), Some("s"), 4),
            view(None, Some("s"), 5),
            view(None, Some("t"), 6),
            view(Some("anna"), Some("t"), 7),
            view(None, Some("t"), 8),
            view(None, Some("u"), 9),
        ];
        write(store, history);
        assert_eq!((of(store, "anna"), of(store, "ben")), (vec![1, 2, 6, 7], vec![3, 4]));
        write(store, vec![erase("anna")]);
        assert_eq!(of(store, "ben"), [3, 4], "what was done since anna's time is ben's");
        // Minute 8 may have been anna's; 5 and 9 were not.
        assert_eq!(content(store), [3, 4, 5, 9]);
        assert_eq!((of_session(store, "s"), of_session(store, "t")), (vec![5], vec![]));
    }
}

fn record(engine: &Engine, events: Value, now: Timestamp) {
    let events: Vec<Event> = serde_json::from_value(events).unwrap();
    let recorded = engine.record(events, now).unwrap();
    assert_eq!(recorded.rejected, vec![]);
}

fn suggests(engine: &Arc<Engine>, text: &str, now: Timestamp) -> bool {
    let request =
        SuggestRequest { q: text[..6].to_owned(), limit: 50, ..SuggestRequest::default() };
    let caller = Caller { now, sees_private: false };
    let suggestions = engine.suggest(&shop(), &request, caller).unwrap().suggestions;
    suggestions.iter().any(|one| one.text == text)
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn profile_and_suggestions_forget_the_shopper_too() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    let now = Timestamp::parse("2026-11-01T12:00:00Z").unwrap();
    let text = "running shoe nordvik";
    let finds = |shopper: Option<&str>, session: Option<&str>| {
        let event = |kind: &str, at: &str| {
            json!({"type": kind, "shopper": shopper, "session": session, "index": "shop",
                "timestamp": at})
        };
        let mut search = event("search", "2026-11-01T11:58:00Z");
        search["query"] = text.into();
        let mut click = event("click", "2026-11-01T11:59:00Z");
        click["product_id"] = "shoe-1".into();
        json!([search, click])
    };
    // Five visitors make a text a suggestion: anna before signing in, and four others.
    record(engine, finds(None, Some("s")), now);
    for other in ["ben", "cleo", "dan", "eve"] {
        record(engine, finds(Some(other), None), now);
    }
    wait_until("the text is suggested", || suggests(engine, text, now));
    let signs_in = json!([{"type": "purchase", "shopper": "anna", "session": "s", "index": "shop",
        "product_id": "shoe-1"}]);
    record(engine, signs_in, now);
    let anna = shopper("anna");
    let profile = engine.profile(&shop(), &anna, now).unwrap();
    assert_eq!((profile.events, profile.searches.as_slice()), (3, &[text.to_owned()][..]));
    engine.erase_shopper(&anna, now).unwrap();
    assert_eq!(engine.profile(&shop(), &anna, now).unwrap().events, 0);
    assert_eq!(engine.events_of(&anna).unwrap(), []);
    wait_until("the text is forgotten", || !suggests(engine, text, now));
    assert_eq!(engine.events_of(&shopper("ben")).unwrap().len(), 2);
}
