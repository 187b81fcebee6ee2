//! The engine from outside: what is written is found, what is told is reflected, restarts forget
//! nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use vitrine::domain::event::Event;
use vitrine::domain::id::{IndexName, ProductId, ShopperId};
use vitrine::domain::page::{Facet, Page};
use vitrine::domain::search::{SearchRequest, SuggestRequest};
use vitrine::domain::time::Timestamp;
use vitrine::embed::Embedder;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::engine::{Caller, Engine, Format, Mapping, Parts};
use vitrine::store::embedded::Embedded;

use crate::support::{TestEngine, sample_shop};

const SOON: Duration = Duration::from_secs(30);

fn shop() -> IndexName {
    IndexName::parse("shop").unwrap()
}

fn caller() -> Caller {
    Caller { now: Timestamp::parse("2026-11-01T12:00:00Z").unwrap(), sees_private: false }
}

fn search(engine: &Engine, request: Value) -> Page {
    let request: SearchRequest = serde_json::from_value(request).unwrap();
    engine.search(&shop(), &request, caller()).unwrap()
}

fn ids(page: &Page) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.id.as_str()).collect()
}

fn put(engine: &Engine, products: &Value) {
    let bytes = serde_json::to_vec(products).unwrap();
    let form = (Format::JsonArray, &Mapping::default());
    let put = engine.put_products(&shop(), &bytes[..], form, &|_| ()).unwrap();
    assert_eq!(put.rejected, vec![]);
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
}

fn events(engine: &Engine, events: Value) {
    let events: Vec<Event> = serde_json::from_value(events).unwrap();
    assert_eq!(engine.record(events, caller().now).unwrap().rejected, vec![]);
}

/// An engine on disk, as the server has it, with the embedder for tests.
fn on_disk(folder: &Path) -> Engine {
    let embedders = |_: &str| Ok(Arc::new(HashingEmbedder) as Arc<dyn Embedder>);
    Engine::open(Parts {
        store: Arc::new(Embedded::open(folder).unwrap()),
        embedders: Arc::new(embedders),
        folder: Some(folder.join("indexes")),
    })
    .unwrap()
}

#[test]
fn a_patch_of_price_and_stock_shows_and_changes_nothing_else() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    let patch = json!({"id": "shoe-1", "price": 49.5, "variants": [{"sku": "S1-44", "stock": 9}]});
    let patched = engine.patch_products(&shop(), &[patch.as_object().unwrap().clone()]).unwrap();
    assert_eq!((patched.accepted, patched.rejected_count), (1, 0));
    engine.wait_searchable(&shop(), patched.sequence, SOON).unwrap();
    let request = json!({"q": "trail shoe", "filters": {"size": ["44"], "in_stock": true}});
    let page = search(engine, request);
    assert_eq!(ids(&page)[0], "shoe-1", "size 44 is in stock now");
    let product = &page.hits[0].product;
    assert_eq!(product["price"], 49.5);
    assert_eq!(product["variants"][0]["stock"], 3, "the other variant stays");
    assert_eq!(product["title"], "Trail running shoe");
    assert_eq!(search(engine, json!({"filters": {"price": {"lt": 50, "gt": 49}}})).total, 1);
}

#[test]
fn a_deleted_product_is_gone_from_hits_totals_and_facets() {
    let test = TestEngine::shop();
    let sequence =
        test.engine.delete_product(&shop(), &ProductId::parse("shoe-2").unwrap()).unwrap();
    test.engine.wait_searchable(&shop(), sequence, SOON).unwrap();
    let page = search(&test.engine, json!({"facets": ["brand"]}));
    assert_eq!(page.total, 3);
    let Facet::Values(values) = &page.facets["brand"] else { panic!("brands are counted") };
    assert!(values.iter().all(|value| value.value != "Alba"), "{values:?}");
}

#[test]
fn private_fields_leave_through_no_door() {
    let test = TestEngine::shop();
    let page = search(&test.engine, json!({"q": "shoe", "explain": true}));
    assert!(page.hits.iter().all(|hit| hit.product.get("margin").is_none()));
    for request in [
        json!({"filters": {"margin": {"gt": 0.3}}}),
        json!({"sort": ["margin:desc"]}),
        json!({"facets": ["margin"]}),
    ] {
        let request: SearchRequest = serde_json::from_value(request).unwrap();
        let refused = test.engine.search(&shop(), &request, caller()).unwrap_err();
        assert_eq!(refused.problem().code, "private_field");
    }
}

#[test]
fn private_attributes_are_no_words() {
    let test = TestEngine::empty();
    let engine = &test.engine;
    let settings = json!({"private_fields": ["attributes.supplier"]});
    engine.create_index(&shop(), &settings).unwrap();
    put(
        engine,
        &json!([{"id": "a", "title": "Red lamp", "attributes": {"supplier": "Wholesaler"}}]),
    );
    let page = search(engine, json!({"q": "wholesaler", "mode": "lexical"}));
    assert_eq!((page.total, page.query.corrected), (0, None));
    for field in ["supplier", "attributes.supplier"] {
        let request = serde_json::from_value(json!({"facets": [field]})).unwrap();
        assert!(engine.search(&shop(), &request, caller()).is_err(), "{field}");
    }
    let shown = search(engine, json!({"q": "lamp"}));
    assert_eq!(shown.hits[0].product["attributes"], json!({}));
    engine.patch_settings(&shop(), &json!({"private_fields": ["margin"]})).unwrap();
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
    assert_eq!(search(engine, json!({"q": "wholesaler", "mode": "lexical"})).total, 1);
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let engine = on_disk(folder.path());
        engine.create_index(&shop(), &json!({"ranking": {"popularity": 0.5}})).unwrap();
        put(
            &engine,
            &json!([{"id": "a", "title": "Red lamp"}, {"id": "b", "title": "Blue lamp", "stock": 0},
                    {"id": "c", "title": "Green chair"}]),
        );
        engine.delete_product(&shop(), &ProductId::parse("c").unwrap()).unwrap();
        events(
            &engine,
            json!([{"type": "purchase", "shopper": "sam", "index": "shop",
            "product_id": "b", "timestamp": "2026-10-31T00:00:00Z"}]),
        );
        search(&engine, json!({"q": "lamp", "shopper": "sam", "explain": true}))
    };
    let engine = on_disk(folder.path());
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
    let after = search(&engine, json!({"q": "lamp", "shopper": "sam", "explain": true}));
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(after.hits[0].score.to_bits(), before.hits[0].score.to_bits());
    assert_eq!(search(&engine, json!({})).total, 2, "what was deleted stays deleted");
    assert_eq!(engine.settings(&shop()).unwrap().version, 1);
    let sam = ShopperId::parse("sam").unwrap();
    assert_eq!(engine.events_of(&sam).unwrap().len(), 1);
}

#[test]
fn an_older_copy_of_the_store_brings_its_own_products_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let engine = on_disk(folder.path());
    engine.create_index(&shop(), &json!({})).unwrap();
    put(&engine, &json!([{"id": "a", "title": "Red lamp"}, {"id": "b", "title": "Blue lamp"}]));
    drop(engine);
    let older = std::fs::read(&file).unwrap();
    let engine = on_disk(folder.path());
    put(&engine, &json!([{"id": "a", "title": "Red sofa"}, {"id": "c", "title": "Green lamp"}]));
    engine.delete_product(&shop(), &ProductId::parse("b").unwrap()).unwrap();
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
    drop(engine);
    std::fs::write(&file, older).unwrap();
    let engine = on_disk(folder.path());
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
    let page = search(&engine, json!({"q": "lamp", "mode": "lexical"}));
    let found: BTreeSet<&str> = ids(&page).into_iter().collect();
    assert_eq!(found, BTreeSet::from(["a", "b"]));
}

#[test]
fn an_index_made_again_has_nothing_of_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = on_disk(folder.path());
    engine.create_index(&shop(), &json!({})).unwrap();
    put(&engine, &json!([{"id": "a", "title": "Red lamp"}]));
    engine.delete_index(&shop()).unwrap();
    engine.create_index(&shop(), &json!({})).unwrap();
    put(&engine, &json!([{"id": "b", "title": "Blue lamp"}]));
    assert_eq!(ids(&search(&engine, json!({"q": "lamp"}))), ["b"]);
}

#[test]
fn another_language_is_built_behind_and_then_serves() {
    let folder = tempfile::tempdir().unwrap();
    let engine = on_disk(folder.path());
    engine.create_index(&shop(), &json!({})).unwrap();
    put(&engine, &json!([{"id": "a", "title": "Rote Häuser"}, {"id": "b", "title": "Blauer Hut"}]));
    let german = json!({"language": "de"});
    assert_eq!(engine.patch_settings(&shop(), &german).unwrap().version, 2);
    engine.wait_settled(&shop(), SOON, &|_| ()).unwrap();
    assert_eq!(ids(&search(&engine, json!({"q": "haus", "mode": "lexical"}))), ["a"]);
}

#[test]
fn an_event_is_reflected_by_the_very_next_search_and_erased_on_demand() {
    let test = TestEngine::shop();
    let engine = &test.engine;
    let request = json!({"q": "running shoe", "shopper": "sam", "mode": "lexical"});
    let before = ids(&search(engine, request.clone())).join(",");
    events(
        engine,
        json!([{"type": "dismiss", "shopper": "sam", "index": "shop",
        "product_id": "shoe-1", "timestamp": "2026-11-01T11:59:00Z"}]),
    );
    let after = search(engine, request.clone());
    assert_eq!(ids(&after)[0], "shoe-2", "what was dismissed steps back");
    let sam = ShopperId::parse("sam").unwrap();
    engine.erase_shopper(&sam, caller().now).unwrap();
    assert_eq!(ids(&search(engine, request)).join(","), before);
    assert!(engine.events_of(&sam).unwrap().is_empty());
}

#[test]
fn events_wait_a_day_for_their_product_also_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let engine = on_disk(folder.path());
    engine.create_index(&shop(), &json!({})).unwrap();
    put(&engine, &json!([{"id": "a", "title": "Lamp"}]));
    let now = caller().now;
    let later = |hours: i64| Timestamp::from_ms(now.as_ms() + hours * 3_600_000);
    let record = |engine: &Engine, shopper: &str, product: &str, at: Timestamp| {
        let event = json!([{"type": "purchase", "id": product, "shopper": shopper,
            "index": "shop", "product_id": product}]);
        engine.record(serde_json::from_value(event).unwrap(), at).unwrap()
    };
    let (sam, tom) = (ShopperId::parse("sam").unwrap(), ShopperId::parse("tom").unwrap());
    let known = |engine: &Engine, shopper: &ShopperId| {
        engine.profile(&shop(), shopper, later(25)).unwrap().bought.len()
    };
    for product in ["b", "c", "c"] {
        assert_eq!(record(&engine, "sam", product, now).waiting, 1);
    }
    assert_eq!(record(&engine, "tom", "b", later(2)).waiting, 1);
    drop(engine);

    let engine = on_disk(folder.path());
    assert_eq!((engine.events_of(&sam).unwrap().len(), known(&engine, &sam)), (2, 0));
    put(&engine, &json!([{"id": "b", "title": "Late lamp", "brand": "Lumen"}]));
    assert_eq!((known(&engine, &sam), known(&engine, &tom)), (1, 1), "it came within a day");
    assert_eq!(record(&engine, "tom", "c", later(25)).waiting, 1);
    assert_eq!(engine.events_of(&sam).unwrap().len(), 1, "the other waited for more than a day");
    put(&engine, &json!([{"id": "c", "title": "Later lamp"}]));
    assert_eq!((known(&engine, &sam), known(&engine, &tom)), (1, 2));
}

#[test]
fn without_consent_nothing_is_recorded() {
    let test = TestEngine::shop();
    let sam = ShopperId::parse("sam").unwrap();
    let none = serde_json::from_value(json!({"consent": "none"})).unwrap();
    test.engine.put_preferences(&sam, none).unwrap();
    let event = json!([{"type": "purchase", "shopper": "sam", "index": "shop",
        "product_id": "mug-1"}]);
    let events: Vec<Event> = serde_json::from_value(event).unwrap();
    let recorded = test.engine.record(events, caller().now).unwrap();
    assert_eq!((recorded.accepted, recorded.ignored), (0, 1));
    assert!(test.engine.events_of(&sam).unwrap().is_empty());
}

#[test]
fn two_shoppers_of_the_sample_shop_see_two_explained_pages() {
    let test = sample_shop();
    let page = |shopper: &str| {
        let request = json!({"q": "running shoes", "shopper": shopper, "explain": true});
        search(&test.engine, request)
    };
    let (jonas, mia) = (page("s001"), page("s002"));
    // The second time the profile is a kept one.
    let scores = |page: Page| -> Vec<(String, u32)> {
        page.hits.into_iter().map(|hit| (hit.id, hit.score.to_bits())).collect()
    };
    assert_eq!(scores(page("s001")), scores(jonas.clone()));
    assert_ne!(ids(&jonas), ids(&mia));
    let anybody = search(&test.engine, json!({"q": "running shoes"}));
    let of_brand = |page: &Page, brand: &str| {
        page.hits.iter().filter(|hit| hit.product["brand"] == brand).count()
    };
    assert_eq!(jonas.hits[0].product["brand"], "Brooks", "he bought six pairs of them");
    assert!(of_brand(&jonas, "Brooks") > of_brand(&anybody, "Brooks"));
    assert!(of_brand(&mia, "Adidas") > of_brand(&jonas, "Adidas"));
    let reasons = |page: &Page| -> BTreeSet<String> {
        let factors = page.hits[0].explain.as_ref().unwrap().factors.clone();
        let with_words = factors.into_iter().filter(|factor| !factor.evidence.is_empty());
        with_words.map(|factor| factor.name).collect()
    };
    assert!(reasons(&jonas).contains("brand_affinity"), "{:?}", reasons(&jonas));
    let size = jonas.hits[0].variant.as_ref().unwrap()["size"].as_str().unwrap().to_owned();
    assert!(size.contains("44"), "Jonas wears EU 44, shown is {size}");
    suggestions_follow_the_shopper(&test.engine);
}

/// Within the same shop, which takes a while to build: what is suggested finds something, and one
/// letter already tells shoppers apart.
fn suggestions_follow_the_shopper(engine: &Engine) {
    let suggest = |q: &str, shopper: &str| -> Vec<String> {
        let request = SuggestRequest {
            q: q.to_owned(),
            shopper: ShopperId::parse(shopper).ok(),
            session: None,
            limit: 10,
            ..SuggestRequest::default()
        };
        let answer = engine.suggest(&shop(), &request, caller()).unwrap();
        answer.suggestions.into_iter().map(|one| one.text).collect()
    };
    for _ in 0..300 {
        if engine.index_summary(&shop()).unwrap().suggestions > 100 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_ne!(suggest("b", "s001"), suggest("b", "s002"));
    for text in suggest("run", "s001") {
        let found = search(engine, json!({"q": text, "per_page": 1})).total;
        assert!(found > 0, "'{text}' is suggested and finds nothing");
    }
}
