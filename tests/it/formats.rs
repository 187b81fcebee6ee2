//! What earlier versions wrote is read; what later ones wrote is refused by name, or made anew where
//! it is derived.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use vitrine::config::Config;
use vitrine::domain::event::Visitor;
use vitrine::domain::id::{IndexName, ProductId, SessionId, ShopperId};
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Engine};
use vitrine::startup;
use vitrine::store::Store;
use vitrine::store::embedded::Embedded;

/// A store as format 1 was: products, a deleted one among them, settings, a key, events and
/// preferences; no sign-ins, no waiting events, no erasures.
const FORMAT_1: &[u8] = include_bytes!("../fixtures/store-format-1/store.redb.gz");

fn shop() -> IndexName {
    IndexName::parse("shop").expect("a name")
}

fn unpack(data: &Path) {
    let mut bytes = Vec::new();
    GzDecoder::new(FORMAT_1).read_to_end(&mut bytes).expect("gzip");
    fs::write(data.join("store.redb"), bytes).expect("written");
}

fn open(data: &Path) -> Engine {
    let config = Config {
        data_dir: data.to_path_buf(),
        embedder: "hashing".to_owned(),
        ..Config::defaults().expect("they are valid")
    };
    startup::engine(&config, 0).expect("it opens")
}

fn found(engine: &Engine, q: &str) -> Vec<String> {
    engine.wait_settled(&shop(), Duration::from_secs(60), &|_| ()).expect("it catches up");
    let request: SearchRequest = serde_json::from_value(json!({"q": q})).expect("a request");
    let caller = Caller { now: Timestamp::from_ms(1_800_000_000_000), sees_private: true };
    let page = engine.search(&shop(), &request, caller).expect("an answer");
    page.hits.iter().map(|hit| hit.id.to_string()).collect()
}

#[test]
fn a_store_of_format_1_is_read_with_all_that_it_has() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    unpack(folder.path());
    for _ in 0..2 {
        let store = Embedded::open(folder.path()).expect("it opens");
        assert_eq!(store.sequence().expect("readable"), 10);
        let changes = store.changes(&shop(), 0, 10).expect("readable");
        let ids: Vec<(&str, bool)> =
            changes.iter().map(|one| (one.id.as_str(), one.product.is_some())).collect();
        assert_eq!(ids, [("shoe", true), ("mug", true), ("gone", false)]);
        let shoe = ProductId::parse("shoe").expect("an id");
        let shoe = store.product(&shop(), &shoe).expect("readable").expect("it is there").product;
        assert_eq!((shoe.price, shoe.stock), (Some(89.95), Some(12)));
        assert_eq!(shoe.variants[0].sku.as_deref(), Some("S-42"));
        assert_eq!(shoe.extra["shelf"], "C");
        assert_eq!(store.settings(&shop()).expect("readable").expect("it").language, "de");
        assert_eq!(store.keys().expect("readable")[0].name, "storefront");
        let places = |visitor: Visitor| -> Vec<u64> {
            let events = store.events_of(&visitor).expect("readable");
            events.into_iter().map(|(sequence, _)| sequence).collect()
        };
        let shopper = |id| Visitor::Shopper(ShopperId::parse(id).expect("an id"));
        assert_eq!(places(shopper("anna")), [6, 7, 9], "what the session did is hers");
        assert_eq!(places(shopper("ben")), [8]);
        let session = Visitor::Session(SessionId::parse("s").expect("an id"));
        assert_eq!(places(session), [0; 0]);
        let anna = ShopperId::parse("anna").expect("an id");
        let anna = store.preferences(&anna).expect("readable").expect("they are there");
        assert_eq!(anna.liked_brands, ["Nordvik"]);
    }
    assert_eq!(found(&open(folder.path()), "running shoe"), ["shoe"]);
}

#[test]
fn a_backup_of_format_1_is_restored() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).expect("made");
    unpack(&old);
    startup::restore(&old, &new, false).expect("restored");
    assert_eq!(found(&open(&new), "mug"), ["mug"]);
}

#[test]
fn index_folders_of_other_formats_are_made_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    unpack(folder.path());
    let engine = open(folder.path());
    assert_eq!(found(&engine, "mug"), ["mug"]);
    drop(engine);
    let index = fs::read_dir(folder.path().join("indexes")).expect("it").flatten().next();
    let generation = fs::read_dir(index.expect("one").path()).expect("it").flatten().next();
    let generation = generation.expect("one").path();
    for manifest in [
        r#"{"format": 1, "language": "de", "embedder": "hashing"}"#,
        r#"{"format": 99, "language": "de"}"#,
        "",
    ] {
        fs::write(generation.join("manifest.json"), manifest).expect("written");
        fs::write(generation.join("lexical/meta.json"), "of another time").expect("written");
        assert_eq!(found(&open(folder.path()), "mug"), ["mug"], "{manifest}");
        let written = fs::read_to_string(generation.join("manifest.json")).expect("readable");
        assert!(written.contains("\"format\": 2"), "{written}");
    }
}

#[test]
fn a_commit_of_words_without_a_checksum_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    unpack(folder.path());
    assert_eq!(found(&open(folder.path()), "mug"), ["mug"]);
    let index = fs::read_dir(folder.path().join("indexes")).expect("it").flatten().next();
    let generation = fs::read_dir(index.expect("one").path()).expect("it").flatten().next();
    let meta = generation.expect("one").path().join("lexical/meta.json");
    let mut text: Value = serde_json::from_slice(&fs::read(&meta).expect("it")).expect("JSON");
    let payload = text["payload"].as_str().expect("a payload");
    let (sequence, _) = payload.split_once(' ').expect("a checksum");
    text["payload"] = json!(sequence);
    fs::write(&meta, text.to_string()).expect("written");
    assert_eq!(found(&open(folder.path()), "mug"), ["mug"]);
}

#[test]
fn a_newer_list_of_erasures_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    unpack(folder.path());
    fs::write(folder.path().join("erasures"), "vitrine-erasures 2\nother\n").expect("written");
    let refused = Embedded::open(folder.path()).err().expect("it is newer");
    assert_eq!(refused.problem().code, "erasures_format_unknown", "{refused}");
}
