//! Ranking from outside: each file of `tests/cases/rank/` is one case.
//!
//! A case names products, optional settings and events, and searches with what must hold of their
//! answers:
//! 1. `first`: the page begins with these products in this order.
//! 2. `above`: in each pair the first stands above the second.
//! 3. `has` and `lacks`: products that must and must not be in the answer.
//! 4. `corrected`, `total`, `variant`, `redirect`, `tier`: those parts of the answer; `tier` may be
//!    `none`; `as_typed`: it names no correction. `facet` are the counts of one field. `relaxed` says whether words were given up and
//!    `suggests` whether other things to look for are named.
//! 5. `understood`: these kinds, words and values are among what was understood; `not_understood`:
//!    nothing of these kinds is.
//! 6. In every answer the factors of every hit sum to its score, and the hits of all pages
//!    together are the total, each once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use vitrine::domain::event::Event;
use vitrine::domain::id::IndexName;
use vitrine::domain::page::{Facet, Page};
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Format, Mapping};

use crate::support::TestEngine;

/// Every case happens at this time.
const NOW: &str = "2026-11-01T12:00:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code, reason = "for the reader of the file")]
    about: String,
    products: Vec<Value>,
    #[serde(default)]
    settings: serde_json::Map<String, Value>,
    #[serde(default)]
    events: Vec<Event>,
    searches: Vec<Search>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    search: SearchRequest,
    #[serde(default)]
    first: Vec<String>,
    #[serde(default)]
    above: Vec<(String, String)>,
    #[serde(default)]
    has: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    corrected: Option<String>,
    #[serde(default)]
    as_typed: bool,
    total: Option<usize>,
    variant: Option<(String, String)>,
    redirect: Option<String>,
    tier: Option<String>,
    facet: Option<(String, BTreeMap<String, usize>)>,
    relaxed: Option<bool>,
    suggests: Option<bool>,
    #[serde(default)]
    understood: Vec<(String, String, String)>,
    #[serde(default)]
    not_understood: Vec<String>,
}

struct Shop {
    engine: TestEngine,
    index: IndexName,
    caller: Caller,
}

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

impl Shop {
    fn open(case: &Case) -> Self {
        let engine = TestEngine::empty();
        let index = IndexName::parse("shop").unwrap();
        engine.engine.create_index(&index, &Value::Object(case.settings.clone())).unwrap();
        let catalogue = serde_json::to_vec(&case.products).unwrap();
        let form = (Format::JsonArray, &Mapping::default());
        let put = engine.engine.put_products(&index, &catalogue[..], form, &|_| ()).unwrap();
        assert_eq!(put.rejected, vec![]);
        engine.engine.wait_settled(&index, Duration::from_secs(30), &|_| ()).unwrap();
        if !case.events.is_empty() {
            let recorded = engine.engine.record(case.events.clone(), now()).unwrap();
            assert_eq!(recorded.rejected, vec![]);
        }
        Self { engine, index, caller: Caller { now: now(), sees_private: true } }
    }

    fn search(&self, request: &SearchRequest) -> Page {
        self.engine.engine.search(&self.index, request, self.caller).unwrap()
    }

    /// The ids of all hits, page by page.
    fn all(&self, request: &SearchRequest) -> Vec<String> {
        let mut ids = Vec::new();
        for page in 1.. {
            let answer = self.search(&SearchRequest { page, per_page: 3, ..request.clone() });
            ids.extend(answer.hits.iter().map(|hit| hit.id.clone()));
            if answer.hits.is_empty() {
                assert_eq!(ids.len(), answer.total, "the pages hold the total");
                return ids;
            }
        }
        ids
    }
}

fn check(name: &str, shop: &Shop, expected: &Search) {
    let request = SearchRequest { explain: true, ..expected.search.clone() };
    let page = shop.search(&request);
    let ids = shop.all(&request);
    let place = |id: &String| ids.iter().position(|other| other == id);
    let q = &request.q;
    assert_eq!(ids[..expected.first.len().min(ids.len())], expected.first, "{name}: '{q}'");
    for (above, below) in &expected.above {
        let (above_at, below_at) = (place(above), place(below));
        assert!(above_at.is_some(), "{name}: '{q}' lacks {above}: {ids:?}");
        let in_order = below_at.is_none_or(|below_at| above_at.unwrap() < below_at);
        assert!(in_order, "{name}: '{q}' puts {above} below {below}: {ids:?}");
    }
    for id in &expected.has {
        assert!(place(id).is_some(), "{name}: '{q}' lacks {id}: {ids:?}");
    }
    for id in &expected.lacks {
        assert!(place(id).is_none(), "{name}: '{q}' has {id}: {ids:?}");
    }
    if expected.corrected.is_some() || expected.as_typed {
        assert_eq!(page.query.corrected, expected.corrected, "{name}: '{q}'");
    }
    if let Some(total) = expected.total {
        assert_eq!(page.total, total, "{name}: '{q}' {ids:?}");
    }
    if let Some((id, sku)) = &expected.variant {
        let hit = page.hits.iter().find(|hit| hit.id == *id).unwrap();
        assert_eq!(hit.variant.as_ref().unwrap()["sku"], *sku, "{name}: '{q}'");
    }
    assert_eq!(page.redirect, expected.redirect, "{name}: '{q}'");
    check_understanding(name, &page, expected);
    check_sums(name, &page);
}

fn check_understanding(name: &str, page: &Page, expected: &Search) {
    let (q, query) = (&expected.search.q, &page.query);
    for (kind, text, value) in &expected.understood {
        let found = query
            .understood
            .iter()
            .any(|one| one.kind == kind && one.text == *text && one.value == *value);
        assert!(found, "{name}: '{q}' lacks {kind} {text} {value}: {:?}", query.understood);
    }
    for kind in &expected.not_understood {
        let found = query.understood.iter().any(|one| one.kind == kind);
        assert!(!found, "{name}: '{q}' has {kind}: {:?}", query.understood);
    }
    if let Some(tier) = &expected.tier {
        let given = query.tier.map_or(Value::from("none"), |tier| serde_json::json!(tier));
        assert_eq!(given, **tier, "{name}: '{q}'");
    }
    if let Some(relaxed) = expected.relaxed {
        assert_eq!(query.relaxed.is_some(), relaxed, "{name}: '{q}' {:?}", query.relaxed);
    }
    if let Some(suggests) = expected.suggests {
        assert_eq!(!page.suggestions.is_empty(), suggests, "{name}: '{q}'");
    }
    if let Some((field, counts)) = &expected.facet {
        let Facet::Values(values) = &page.facets[field] else { panic!("{name}: no values") };
        let given = values.iter().map(|one| (one.value.clone(), one.count)).collect();
        assert_eq!(*counts, given, "{name}: '{q}'");
    }
}

/// What shoppers type, part by part: each has its cases.
const PARTS: [&str; 8] =
    ["typo", "identifier", "unit", "attribute", "negation", "word", "meaning", "tier"];

#[test]
fn every_part_of_understanding_has_its_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rank");
    let names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for part in PARTS {
        let cases = names.iter().filter(|name| name.starts_with(&format!("{part}-"))).count();
        assert!(cases >= 10, "'{part}' has {cases} cases");
    }
}

fn check_sums(name: &str, page: &Page) {
    for hit in &page.hits {
        let explanation = hit.explain.as_ref().unwrap();
        let sum: f32 = explanation.factors.iter().map(|factor| factor.contribution).sum();
        assert!((sum - hit.score).abs() < 1e-4, "{name}: {} sums to {sum}: {hit:?}", hit.id);
    }
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rank");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "there are {} cases", files.len());
    let failed: Vec<_> = files.into_iter().filter(|file| !holds(file)).collect();
    assert!(failed.is_empty(), "see above for {failed:?}");
}

/// Runs one file; a failure is printed and does not keep the others from being tried.
fn holds(file: &Path) -> bool {
    std::panic::catch_unwind(|| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let shop = Shop::open(&case);
        for expected in &case.searches {
            check(&name, &shop, expected);
        }
    })
    .is_ok()
}
