//! What several surfaces' tests need: an engine in memory with a few products.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use vitrine::domain::id::IndexName;
use vitrine::domain::time::Timestamp;
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Engine, Format, Mapping, Parts};
use vitrine::store::memory::Memory;

/// A few products of a shop.
pub(crate) const PRODUCTS: &str = r#"
{"id":"shoe-1","title":"Trail running shoe","brand":"Nordvik","category":["Shoes","Running"],"price":89.95,"currency":"EUR","color":"black","rating":4.6,"rating_count":132,"popularity":57,"stock":12,"margin":0.31,"attributes":{"material":"mesh"},"variants":[{"sku":"S1-42","size":"42","color":"black","stock":3},{"sku":"S1-44","size":"44","color":"black","stock":0}]}
{"id":"shoe-2","title":"Road running shoe","brand":"Alba","category":["Shoes","Running"],"price":119.0,"currency":"EUR","color":"red","rating":4.2,"rating_count":40,"popularity":31,"stock":5,"margin":0.2}
{"id":"jacket-1","title":"Rain jacket","brand":"Nordvik","category":["Jackets","Rain"],"price":149.5,"currency":"EUR","color":"blue","rating":4.8,"rating_count":210,"popularity":80,"stock":7,"margin":0.4}
{"id":"mug-1","title":"Enamel mug","brand":"Kettle","category":["Kitchen","Mugs"],"price":9.5,"currency":"EUR","color":"white","rating":3.9,"rating_count":12,"popularity":12,"stock":100,"margin":0.5}
"#;

/// An engine in memory.
pub(crate) struct TestEngine {
    /// The engine.
    pub(crate) engine: Arc<Engine>,
}

impl TestEngine {
    /// Without any index.
    pub(crate) fn empty() -> Self {
        let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
        let parts = Parts {
            store: Arc::new(Memory::default()),
            embedders: Arc::new(embedders),
            folder: None,
        };
        Self { engine: Arc::new(Engine::open(parts).expect("an engine in memory opens")) }
    }

    /// With [`PRODUCTS`] in the index `shop`, ready to be searched.
    pub(crate) fn shop() -> Self {
        let one = Self::empty();
        let shop = IndexName::parse("shop").expect("a valid name");
        one.engine.create_index(&shop, &serde_json::json!({})).expect("it is new");
        let form = (Format::Auto, &Mapping::default());
        let put = one.engine.put_products(&shop, PRODUCTS.as_bytes(), form, &|_| ());
        assert_eq!(put.expect("the products are valid").accepted, 4);
        one.engine
            .wait_settled(&shop, Duration::from_secs(20), &|_| ())
            .expect("a few products are indexed soon");
        one
    }
}

/// The time at which the sample shop's history has ended.
pub(crate) fn sample_now() -> Timestamp {
    Timestamp::parse("2026-11-01T12:00:00Z").expect("a valid time")
}

/// The sample shop with its shoppers' history, found by word. It takes a while to build, so all
/// tests share one; what they record is of sessions of their own.
pub(crate) fn sample_shop() -> &'static TestEngine {
    static SHOP: OnceLock<TestEngine> = OnceLock::new();
    SHOP.get_or_init(|| {
        let test = TestEngine::empty();
        let shop = IndexName::parse("shop").expect("a valid name");
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let by_word = serde_json::json!({"semantic": {"enabled": false}});
        test.engine.create_index(&shop, &by_word).expect("it is new");
        let products = std::fs::File::open(data.join("products.jsonl")).expect("it is there");
        let form = (Format::Auto, &Mapping::default());
        let read = std::io::BufReader::new(products);
        let put = test.engine.put_products(&shop, read, form, &|_| ()).expect("they are valid");
        assert_eq!(put.rejected, vec![]);
        let patience = Duration::from_secs(120);
        test.engine.wait_settled(&shop, patience, &|_| ()).expect("they are indexed soon");
        let history = std::fs::read_to_string(data.join("events.jsonl")).expect("it is there");
        let events = history.lines().map(|line| serde_json::from_str(line).expect("an event"));
        let recorded = test.engine.import_events(events.collect(), sample_now());
        assert_eq!(recorded.expect("they are valid").rejected, vec![]);
        test
    })
}
