//! What is searched for of late, over weeks, floods and restarts.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use vitrine::domain::deadline::Deadline;
use vitrine::domain::id::IndexName;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::{DAY_MS, Timestamp};
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Caller, Engine, Parts, QueryCounts, QueryOrder, Served, machine_clock};
use vitrine::store::embedded::Embedded;

fn at(day: i64) -> Timestamp {
    Timestamp::from_ms(20_000 * DAY_MS + day * DAY_MS)
}

fn count(counts: &QueryCounts, q: &str, (times, day): (usize, i64)) {
    for number in 0..times {
        let visitor = format!("visitor-{number}");
        let (visitor, without_result) = (Some(visitor.as_str()), number == 0);
        counts.count(&Served { q, visitor, without_result, at: at(day) });
    }
}

fn told(counts: &QueryCounts, day: i64) -> Vec<(String, u32, u32)> {
    let recent = counts.recent(QueryOrder::Frequent, 10_000, at(day));
    recent.queries.into_iter().map(|one| (one.q, one.searches, one.without_result)).collect()
}

#[test]
fn counts_fade_after_one_to_two_weeks() {
    let counts = QueryCounts::open(None);
    count(&counts, "lamp", (20, 0));
    count(&counts, "Lamp", (20, 6));
    let lamp = |searches, in_vain| vec![("lamp".to_owned(), searches, in_vain)];
    assert_eq!(told(&counts, 6), lamp(40, 2));
    assert_eq!(told(&counts, 8), lamp(40, 2), "the week before still counts");
    count(&counts, "lamp", (20, 9));
    assert_eq!(told(&counts, 9), lamp(60, 3));
    assert_eq!(counts.recent(QueryOrder::Frequent, 1, at(9)).since, Some(at(0)));
    assert_eq!(told(&counts, 16), lamp(20, 1), "what is older is forgotten");
    assert_eq!(told(&counts, 40), []);
}

#[test]
fn a_flood_of_single_texts_drives_out_no_frequent_one() {
    let counts = QueryCounts::open(None);
    for round in 0..5 {
        count(&counts, "lamp", (20, 0));
        count(&counts, "bulb", (10, 0));
        for number in 0..10_000 {
            let q = format!("text {round} {number}");
            let at = Timestamp::from_ms(at(0).as_ms() + number);
            counts.count(&Served { q: &q, visitor: None, without_result: true, at });
        }
    }
    assert_eq!(told(&counts, 0), [("lamp".to_owned(), 100, 5), ("bulb".to_owned(), 50, 5)]);
}

#[test]
fn counts_are_written_whole_without_what_few_searched_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queries.json");
    let counts = QueryCounts::open(Some(folder.path()));
    counts.save();
    assert!(!file.exists(), "nothing was counted");
    count(&counts, "lamp", (20, 0));
    count(&counts, "my own name", (2, 0));
    counts.save();
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("lamp") && !written.contains("own name"), "{written}");
    assert!(!written.contains("visitor"), "{written}");
    let again = QueryCounts::open(Some(folder.path()));
    assert_eq!(told(&again, 0), [("lamp".to_owned(), 20, 1)]);
    count(&again, "lamp", (1, 1));
    again.save();
    let third = QueryCounts::open(Some(folder.path()));
    assert_eq!(told(&third, 1), [("lamp".to_owned(), 21, 2)]);
    for damaged in ["", "{", "{\"format\": 9}", &written[..written.len() / 2]] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(told(&QueryCounts::open(Some(folder.path())), 0), [], "{damaged}");
    }
    // A folder in the file's place: it cannot be written, and searches go on.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let unsaved = QueryCounts::open(Some(folder.path()));
    count(&unsaved, "lamp", (20, 0));
    unsaved.save();
    assert_eq!(told(&unsaved, 0), [("lamp".to_owned(), 20, 1)]);
}

fn engine(folder: &Path) -> Engine {
    let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
    let (store, embedders) = (Embedded::open(folder).unwrap(), Arc::new(embedders));
    let folder = Some(folder.join("indexes"));
    Engine::open(Parts { store: Arc::new(store), embedders, folder }).unwrap()
}

#[test]
fn an_engine_that_is_opened_again_goes_on_counting_and_a_new_index_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let index = IndexName::parse("shop").unwrap();
    let now = vitrine::startup::now();
    let recent = |engine: &Engine| {
        let recent = engine.recent_queries(&index, (QueryOrder::Frequent, 10), now).unwrap();
        recent.queries.into_iter().map(|one| (one.q, one.searches)).collect::<Vec<_>>()
    };
    let serve = |engine: &Engine| {
        for number in 0..20 {
            let request = json!({ "q": "Lamp", "session": format!("s{number}") });
            let request: SearchRequest = serde_json::from_value(request).unwrap();
            let caller = Caller { now, sees_private: false };
            engine.serve(&index, &request, caller, &Deadline::none(machine_clock())).unwrap();
            engine.search(&index, &request, caller).unwrap();
        }
    };
    let first = engine(folder.path());
    first.create_index(&index, &json!({ "semantic": { "enabled": false } })).unwrap();
    serve(&first);
    drop(first);
    let second = engine(folder.path());
    assert_eq!(recent(&second), [("lamp".to_owned(), 20)]);
    serve(&second);
    assert_eq!(recent(&second), [("lamp".to_owned(), 40)]);
    second.delete_index(&index).unwrap();
    second.create_index(&index, &json!({ "semantic": { "enabled": false } })).unwrap();
    assert_eq!(recent(&second), []);
}
