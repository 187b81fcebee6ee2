//! What stands above what, through the whole engine: the shopper's filter, hiding, pins, boosts, the
//! shopper's own sort, personalisation and paging.
//!
//! Each file of `tests/cases/merch/precedence` is named by the parts that meet in it. All are of one
//! shop, whose lamps stand by popularity as a, b, c, d, e, f; sam buys Nordvik, and the bulb z is found
//! by nobody who looks for lamps.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use vitrine::domain::id::IndexName;
use vitrine::domain::page::Page;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Format, Mapping, Trial};

use crate::support::TestEngine;

const NOW: &str = "2026-11-01T12:00:00Z";

/// What meets, from the strongest down; pages come last.
const PARTS: [&str; 7] = ["filter", "hide", "pin", "boost", "sort", "personalisation", "paging"];

/// The page that describes it all.
const DOCUMENT: &str = include_str!("../../../docs/merchandising.md");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    settings: Value,
    searches: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    search: SearchRequest,
    page: Vec<String>,
    total: usize,
}

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/merch/precedence");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(file: &std::path::Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

fn shop() -> &'static (TestEngine, IndexName) {
    static SHOP: OnceLock<(TestEngine, IndexName)> = OnceLock::new();
    SHOP.get_or_init(|| {
        let (engine, index) = (TestEngine::empty(), IndexName::parse("shop").unwrap());
        let settings = json!({
            "semantic": { "enabled": false },
            "personalisation": { "category": 0, "price": 0, "taste": 0 },
        });
        engine.engine.create_index(&index, &settings).unwrap();
        let brands = ["Alba", "Nordvik", "Alba", "Nordvik", "Kett", "Kett"];
        let mut products: Vec<Value> = (["a", "b", "c", "d", "e", "f"].iter().zip(brands))
            .zip((1..=6).rev())
            .map(|((id, brand), tens)| {
                json!({ "id": id, "title": format!("Lamp {id}"), "brand": brand, "price": 10 * tens,
                        "category": ["Lights"], "popularity": 10 * tens })
            })
            .collect();
        let bulb =
            json!({ "id": "z", "title": "Bulb", "brand": "Nordvik", "category": ["Lights"] });
        products.push(bulb);
        let catalogue = serde_json::to_vec(&products).unwrap();
        let form = (Format::JsonArray, &Mapping::default());
        engine.engine.put_products(&index, &catalogue[..], form, &|_| ()).unwrap();
        engine.engine.wait_settled(&index, Duration::from_secs(30), &|_| ()).unwrap();
        let bought = ["2026-10-04T10:00:00Z", "2026-10-12T10:00:00Z", "2026-10-20T10:00:00Z"];
        let events = bought.map(|at| {
            let event = json!({ "type": "purchase", "shopper": "sam", "index": "shop",
                                "product_id": "z", "timestamp": at });
            serde_json::from_value(event).unwrap()
        });
        let now = Timestamp::parse(NOW).unwrap();
        engine.engine.record(events.to_vec(), now).unwrap();
        (engine, index)
    })
}

fn searched(trial: &Trial<'_>, request: &SearchRequest) -> Page {
    let caller = Caller { now: Timestamp::parse(NOW).unwrap(), sees_private: true };
    let request = SearchRequest { q: "lamp".to_owned(), ..request.clone() };
    trial.search(&request, caller).unwrap()
}

fn ids(page: &Page) -> Vec<String> {
    page.hits.iter().map(|hit| hit.id.clone()).collect()
}

#[test]
fn what_meets_comes_out_as_its_file_says() {
    let (engine, index) = shop();
    for file in files() {
        let name = name(&file);
        let text = std::fs::read_to_string(&file).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let trial = engine.engine.trial(index, &case.settings).unwrap();
        for Expected { search, page, total } in &case.searches {
            let found = searched(&trial, search);
            let what = serde_json::to_string(search).unwrap();
            assert_eq!(ids(&found), *page, "{name}: {}: {what}", case.why);
            assert_eq!(found.total, *total, "{name}: {}: {what}", case.why);
            let whole =
                searched(&trial, &SearchRequest { page: 1, per_page: 100, ..search.clone() });
            let paged = (1..=4)
                .flat_map(|page| {
                    ids(&searched(&trial, &SearchRequest { page, per_page: 2, ..search.clone() }))
                })
                .collect::<Vec<_>>();
            assert_eq!(paged, ids(&whole), "{name}: pages are the whole list, each product once");
        }
    }
}

#[test]
fn every_two_parts_have_a_case_and_every_case_is_documented() {
    let names: BTreeSet<String> = files().iter().map(|file| name(file)).collect();
    for (place, one) in PARTS.iter().enumerate() {
        for other in &PARTS[place + 1..] {
            assert!(names.contains(&format!("{one}-{other}")), "{one} and {other} have no case");
        }
    }
    for name in names {
        for part in name.split('-') {
            assert!(PARTS.contains(&part), "{name}: there is no part {part}");
        }
        assert!(DOCUMENT.contains(&format!("precedence/{name}.json")), "{name} is not documented");
    }
}
