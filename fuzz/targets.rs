//! What is fuzzed: every parser that reads from outside, as functions that take bytes and panic
//! where a promise is broken.
//!
//! The programs in `fuzz/fuzz_targets/` hand libFuzzer's bytes to them; `tests/it/fuzz.rs` runs them
//! briefly on the corpora and seeded mutations of these, on every test run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target fails by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use vitrine::catalog::{self, Format, Mapping};
use vitrine::config::Config;
use vitrine::domain::event::{Event, RecordedEvent};
use vitrine::domain::filter::Filter;
use vitrine::domain::id::IndexName;
use vitrine::domain::page::Page;
use vitrine::domain::product::Product;
use vitrine::domain::search::{SearchRequest, SuggestRequest};
use vitrine::domain::time::Timestamp;
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Caller, Engine, Parts, PreviewRequest};
use vitrine::error::{Error, Result};
use vitrine::index::embeddings::EmbeddingCache;
use vitrine::settings::Settings;
use vitrine::settings::access::Key;
use vitrine::store::Store;
use vitrine::store::embedded::Embedded;
use vitrine::store::memory::Memory;

/// A parser behind bytes.
pub(crate) type Target = fn(&[u8]);

/// Every target with the name of its program and its corpus.
pub(crate) const TARGETS: [(&str, Target); 13] = [
    ("query", query),
    ("search", search),
    ("filter", filter),
    ("product", product),
    ("csv", csv),
    ("mapping", mapping),
    ("patch", patch),
    ("events", events),
    ("rules", rules),
    ("config", config),
    ("stored_records", stored_records),
    ("stored_store", stored_store),
    ("stored_embeddings", stored_embeddings),
];

/// Products with every kind of field.
const PRODUCTS: &str = r#"
{"id":"a","title":"Trail running shoe","brand":"Nordvik","category":["Shoes","Running"],"price":89.95,"currency":"EUR","color":"black","rating":4.6,"rating_count":132,"popularity":57,"stock":12,"margin":0.31,"attributes":{"material":"mesh","drop_mm":8},"variants":[{"sku":"S1-42","size":"42","color":"black","stock":3},{"sku":"S1-44","size":"44","color":"black","stock":0}]}
{"id":"b","title":"13\" laptop sleeve, 16 GB stick <not> included","brand":"Alba & Söhne","category":["Bags"],"price":19.0,"color":"red","stock":5,"sku":"LS-1300","tags":["vegan"]}
{"id":"c","title":"Rain jacket","brand":"Nordvik","category":["Jackets","Rain"],"price":149.5,"color":"blue","popularity":80,"created_at":"2026-01-01T00:00:00Z"}
{"id":"d","title":"Enamel mug without handle","brand":"Kettle","category":["Kitchen","Mugs"],"price":9.5,"gtin":"4006381333931"}
"#;

/// Runs on one engine before it is replaced, so that what events leave behind stays small.
const RUNS_PER_ENGINE: usize = 2_000;

/// An engine in memory with [`PRODUCTS`], and the runs it has served.
struct Shop {
    engine: Engine,
    name: IndexName,
    runs: usize,
}

thread_local! {
    static SHOP: RefCell<Option<Shop>> = const { RefCell::new(None) };
}

impl Shop {
    fn new() -> Self {
        let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
        let parts = Parts {
            store: Arc::new(Memory::default()),
            embedders: Arc::new(embedders),
            folder: None,
        };
        let engine = Engine::open(parts).expect("an engine in memory opens");
        let name = IndexName::parse("shop").expect("a name");
        engine.create_index(&name, &json!({"synonyms": [["shoe", "trainer"]]})).expect("it is new");
        let form = (Format::Auto, &Mapping::default());
        engine.put_products(&name, PRODUCTS.as_bytes(), form, &|_| ()).expect("they are valid");
        engine.wait_settled(&name, Duration::from_secs(60), &|_| ()).expect("it is soon indexed");
        Self { engine, name, runs: 0 }
    }

    fn search(&self, request: &SearchRequest) -> Option<Page> {
        expected(self.engine.search(&self.name, request, caller()))
    }
}

fn with_shop<T>(run: impl FnOnce(&Shop) -> T) -> T {
    SHOP.with_borrow_mut(|slot| {
        let fresh = slot.take().filter(|shop| shop.runs < RUNS_PER_ENGINE);
        let shop = slot.insert(fresh.unwrap_or_else(Shop::new));
        shop.runs += 1;
        run(shop)
    })
}

fn caller() -> Caller {
    Caller { now: now(), sees_private: false }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-01T12:00:00Z").expect("a time")
}

/// Whatever comes from outside is either answered or refused by naming what is wrong with it.
fn expected<T>(answer: Result<T>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::BadRequest(_) | Error::NotFound(_) | Error::Conflict(_)) => None,
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
            panic!("input made the server fail: {error:?}")
        }
    }
}

/// What a page promises whatever was asked.
fn check(page: &Page, request: &SearchRequest) {
    assert!(page.hits.len() <= request.per_page && page.hits.len() <= page.total);
    let ids: BTreeSet<_> = page.hits.iter().map(|hit| &hit.id).collect();
    assert_eq!(ids.len(), page.hits.len(), "a product is on a page twice");
    let shown = serde_json::to_value(page).expect("a page is JSON");
    for hit in shown["hits"].as_array().expect("an array") {
        assert!(hit["score"].is_number(), "{hit}");
        assert!(hit["product"].get("margin").is_none(), "a private field is shown");
        for text in hit["highlights"].as_object().into_iter().flat_map(Map::values) {
            let text = text.as_str().expect("text").replace("<mark>", "").replace("</mark>", "");
            assert!(!text.contains(['<', '>']), "a highlight has markup of its own: {text}");
        }
    }
}

/// What is written is read back as it was.
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("it is JSON");
    let again: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(*value, again, "{text}");
}

/// The text of a search box, and of the box while it is typed.
fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let request = SearchRequest { q: text.clone(), explain: true, ..SearchRequest::default() };
    let typed = SuggestRequest {
        q: text.clone(),
        shopper: None,
        session: None,
        limit: 10,
        kinds: Vec::new(),
        filters: Filter::default(),
        explain: true,
    };
    with_shop(|shop| {
        if let Some(page) = shop.search(&request) {
            check(&page, &request);
        }
        if let Some(answer) = expected(shop.engine.suggest(&shop.name, &typed, caller())) {
            assert!(answer.suggestions.len() <= typed.limit);
        }
        assert!(shop.engine.key(&text, now()).is_none(), "there is no key at all");
    });
}

/// The JSON body of a search.
fn search(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<SearchRequest>(bytes) else { return };
    survives(&request);
    with_shop(|shop| {
        if let Some(page) = shop.search(&request) {
            check(&page, &request);
        }
    });
}

/// The JSON of a filter; a filter never makes a search find more.
fn filter(bytes: &[u8]) {
    let Ok(filters) = serde_json::from_slice::<Filter>(bytes) else { return };
    survives(&filters);
    let request = SearchRequest { filters, ..SearchRequest::default() };
    with_shop(|shop| {
        if let Some(page) = shop.search(&request) {
            check(&page, &request);
            assert!(page.total <= PRODUCTS.lines().count());
        }
    });
}

fn products_of(bytes: &[u8], format: Format, mapping: &Mapping) -> Vec<Product> {
    let records = expected(catalog::read(bytes, format, mapping));
    records.into_iter().flatten().filter_map(expected).filter_map(std::result::Result::ok).collect()
}

/// A product that was taken is the same when it is written and read again.
fn check_product(product: &Product) {
    let written = serde_json::to_value(product).expect("it is JSON");
    let again = catalog_product(written.clone());
    assert_eq!(*product, again, "{written}");
}

fn catalog_product(value: Value) -> Product {
    let text = format!("[{value}]");
    let mut read = products_of(text.as_bytes(), Format::JsonArray, &Mapping::default());
    assert_eq!(read.len(), 1, "what was taken is refused: {text}");
    read.remove(0)
}

/// Products as JSON, an array or lines, plain or compressed.
fn product(bytes: &[u8]) {
    for format in [Format::JsonArray, Format::JsonLines, Format::Auto] {
        products_of(bytes, format, &Mapping::default()).iter().for_each(check_product);
    }
}

/// Products as CSV.
fn csv(bytes: &[u8]) {
    products_of(bytes, Format::Csv, &Mapping::default()).iter().for_each(check_product);
}

/// A field mapping, up to the first NUL, and a catalogue for it.
fn mapping(bytes: &[u8]) {
    let (mapping, catalogue) = parted(bytes);
    let Ok(text) = std::str::from_utf8(mapping) else { return };
    let Some(mapping) = expected(Mapping::parse(text)) else { return };
    products_of(catalogue, Format::Auto, &mapping).iter().for_each(check_product);
}

/// A product, up to the first NUL, and a patch for it.
fn patch(bytes: &[u8]) {
    let (one, patch) = parted(bytes);
    let Ok(patch) = serde_json::from_slice::<Map<String, Value>>(patch) else { return };
    for product in products_of(one, Format::JsonLines, &Mapping::default()) {
        if let Ok(patched) = catalog::patched(&product, &patch) {
            assert_eq!(patched.id, product.id);
            check_product(&patched);
        }
    }
}

fn parted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

/// An array of events, and a search by who is named in them.
fn events(bytes: &[u8]) {
    let Ok(events) = serde_json::from_slice::<Vec<Event>>(bytes) else { return };
    events.iter().for_each(survives);
    let who = events.first().map(|event| (event.shopper.clone(), event.session.clone()));
    let sent = events.len();
    with_shop(|shop| {
        let Some(answer) = expected(shop.engine.record(events, now())) else { return };
        assert_eq!(answer.accepted + answer.waiting + answer.ignored + answer.rejected.len(), sent);
        let (shopper, session) = who.unwrap_or_default();
        let request = SearchRequest { shopper, session, explain: true, ..SearchRequest::default() };
        if let Some(page) = shop.search(&request) {
            check(&page, &request);
        }
    });
}

/// A draft of rules and boosts with the search to try it on.
fn rules(bytes: &[u8]) {
    let Ok(draft) = serde_json::from_slice::<PreviewRequest>(bytes) else { return };
    draft.rules.values().for_each(survives);
    draft.boosts.iter().for_each(survives);
    with_shop(|shop| expected(shop.engine.preview(&shop.name, draft, caller())));
}

/// The server's configuration file.
fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        expected(Config::parse(text));
    }
}

/// The JSON records of the store: settings, keys, products, events.
fn stored_records(bytes: &[u8]) {
    if let Ok(settings) = Settings::from_stored(bytes) {
        let again = serde_json::to_vec(&settings).expect("they are JSON");
        assert_eq!(Settings::from_stored(&again).expect("what was written is read"), settings);
    }
    let _ = serde_json::from_slice::<Key>(bytes).map(|key| survives(&key));
    let _ = serde_json::from_slice::<Product>(bytes).map(|product| survives(&product));
    let _ = serde_json::from_slice::<RecordedEvent>(bytes).map(|event| survives(&event));
}

/// The files of a data folder as an accident left them: up to the first NUL the list of erasures,
/// then changes to the store's file, four bytes each: a place of 24 bits and the byte there. Opening
/// and reading succeeds or says what is wrong.
fn stored_store(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = Embedded::open(folder.path()).expect("a new store opens");
    drop(made);
    let (erasures, changes) = parted(bytes);
    if !erasures.is_empty() {
        std::fs::write(folder.path().join("erasures"), erasures).expect("written");
    }
    damage(&folder.path().join("store.redb"), changes);
    if let Ok(store) = Embedded::open(folder.path()) {
        let _ = store.sequence();
        let _ = store.indexes();
        let _ = store.keys();
        let _ = store.events_after(0, usize::MAX);
    }
}

/// Changes to the file of embeddings, as in [`stored_store`].
fn stored_embeddings(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("embeddings");
    let rows = [([7_u8; 16], vec![1_i8; 8]), ([9; 16], vec![-1; 8])];
    let cache = EmbeddingCache::open(Some(&file)).expect("a new file opens");
    cache.put(&rows).expect("written");
    drop(cache);
    damage(&file, bytes);
    if let Ok(cache) = EmbeddingCache::open(Some(&file)) {
        let _ = cache.get(&[[7; 16], [9; 16], [1; 16]]);
        let _ = cache.put(&rows);
    }
}

fn damage(file: &Path, changes: &[u8]) {
    let mut content = std::fs::read(file).expect("readable");
    for change in changes.chunks_exact(4) {
        let place = u32::from_be_bytes([0, change[0], change[1], change[2]]) as usize;
        let length = content.len();
        content[place % length] = change[3];
    }
    std::fs::write(file, content).expect("written");
}

/// Runs the target of this name.
pub(crate) fn run(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("it is in the table");
    target(bytes);
}
