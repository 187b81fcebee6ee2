//! What a search leaves out to be in time. Time here is a counter: every look at the clock takes a
//! millisecond and every run of the model fifty, so that each test sees the same on any machine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use vitrine::domain::deadline::{Clock, Deadline, Rung, Stage};
use vitrine::domain::id::IndexName;
use vitrine::domain::page::{Facet, Page, Suggestions};
use vitrine::domain::search::{SearchRequest, SuggestRequest};
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::embed::{Embedder, Embedding};
use vitrine::engine::{Caller, Engine, Format, Mapping, Parts};
use vitrine::error::{Error, Result};
use vitrine::store::memory::Memory;

use crate::support::{PRODUCTS, sample_now, sample_shop};

const MODEL_MS: u64 = 50;

/// A model that takes time on the test's clock.
struct SlowModel {
    now_ms: Arc<AtomicU64>,
    takes_ms: Arc<AtomicU64>,
    runs: Arc<AtomicUsize>,
}

impl Embedder for SlowModel {
    fn id(&self) -> &str {
        "slow"
    }

    fn dimensions(&self) -> usize {
        HashingEmbedder.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        self.now_ms.fetch_add(self.takes_ms.load(Ordering::Relaxed), Ordering::Relaxed);
        self.runs.fetch_add(1, Ordering::Relaxed);
        HashingEmbedder.embed(texts)
    }
}

/// A shop with a clock of its own.
struct Shop {
    engine: Engine,
    index: IndexName,
    now_ms: Arc<AtomicU64>,
    model_ms: Arc<AtomicU64>,
    model_runs: Arc<AtomicUsize>,
}

impl Shop {
    fn open() -> Self {
        let now_ms: Arc<AtomicU64> = Arc::default();
        let model_ms = Arc::new(AtomicU64::new(MODEL_MS));
        let model_runs: Arc<AtomicUsize> = Arc::default();
        let model: Arc<dyn Embedder> = Arc::new(SlowModel {
            now_ms: Arc::clone(&now_ms),
            takes_ms: Arc::clone(&model_ms),
            runs: Arc::clone(&model_runs),
        });
        let parts = Parts {
            store: Arc::new(Memory::default()),
            embedders: Arc::new(move |_: &str| Ok(Arc::clone(&model))),
            folder: None,
        };
        let engine = Engine::open(parts).unwrap();
        let index = IndexName::parse("shop").unwrap();
        engine.create_index(&index, &json!({})).unwrap();
        let form = (Format::Auto, &Mapping::default());
        engine.put_products(&index, PRODUCTS.as_bytes(), form, &|_| ()).unwrap();
        engine.wait_settled(&index, Duration::from_secs(20), &|_| ()).unwrap();
        Self { engine, index, now_ms, model_ms, model_runs }
    }

    /// A shop that knows what its searches take.
    fn experienced() -> Self {
        let shop = Self::open();
        for _ in 0..3 {
            assert_eq!(shop.search(&text("running shoe"), None).unwrap().degraded, Rung::Full);
        }
        shop
    }

    fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.now_ms);
        Clock::new(move || Duration::from_millis(now_ms.fetch_add(1, Ordering::Relaxed)))
    }

    fn deadline(&self, limit_ms: Option<u64>) -> Deadline {
        match limit_ms {
            Some(limit_ms) => Deadline::within(self.clock(), Duration::from_millis(limit_ms)),
            None => Deadline::none(self.clock()),
        }
    }

    fn search(&self, request: &SearchRequest, limit_ms: Option<u64>) -> Result<Page> {
        self.search_by(request, &self.deadline(limit_ms))
    }

    fn search_by(&self, request: &SearchRequest, deadline: &Deadline) -> Result<Page> {
        self.engine.search_within(&self.index, request, operator(), deadline)
    }

    fn runs(&self) -> usize {
        self.model_runs.load(Ordering::Relaxed)
    }
}

fn operator() -> Caller {
    Caller { now: sample_now(), sees_private: true }
}

fn text(q: &str) -> SearchRequest {
    SearchRequest { q: q.to_owned(), ..SearchRequest::default() }
}

fn ids(page: &Page) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[test]
fn the_less_time_there_is_the_less_is_done() {
    let mut seen = Vec::new();
    for limit_ms in 0..MODEL_MS + 20 {
        let shop = Shop::experienced();
        let before = shop.runs();
        let found = shop.search(&text("running shoe"), Some(limit_ms));
        let ran = shop.runs() > before;
        match found {
            Ok(page) => {
                assert_eq!(ran, page.degraded < Rung::Lexical, "{limit_ms} ms: {page:?}");
                seen.push(Some(page.degraded));
            }
            Err(Error::Unavailable(problem)) => {
                assert_eq!((problem.code, ran), ("overloaded", false));
                seen.push(None);
            }
            Err(other) => panic!("{limit_ms} ms: {other}"),
        }
    }
    let more_is_done = |pair: &[Option<Rung>]| match (pair[0], pair[1]) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(after)) => after <= before,
    };
    assert!(seen.windows(2).all(more_is_done), "{seen:?}");
    seen.dedup();
    let all = [Rung::Popular, Rung::Lexical, Rung::SmallerWindow, Rung::Full].map(Some);
    assert_eq!(seen, [&[None][..], &all[..]].concat());
}

#[test]
fn waiting_before_the_search_counts() {
    let shop = Shop::experienced();
    let deadline = shop.deadline(Some(300));
    shop.now_ms.fetch_add(280, Ordering::Relaxed);
    assert_eq!(shop.search_by(&text("mug"), &deadline).unwrap().degraded, Rung::Lexical);
    shop.now_ms.fetch_add(300, Ordering::Relaxed);
    assert!(matches!(shop.search_by(&text("mug"), &deadline), Err(Error::Unavailable(_))));
}

#[test]
fn a_model_that_was_slow_once_is_tried_again() {
    let shop = Shop::experienced();
    shop.model_ms.store(4_000, Ordering::Relaxed);
    shop.search(&text("jacket"), None).unwrap();
    shop.model_ms.store(MODEL_MS, Ordering::Relaxed);
    let rungs: Vec<Rung> =
        (0..60).map(|_| shop.search(&text("jacket"), Some(300)).unwrap().degraded).collect();
    assert_eq!(rungs[0], Rung::Lexical, "the model is expected to be slow");
    assert_eq!(rungs[59], Rung::Full, "{rungs:?}");
    let half = rungs.iter().filter(|rung| **rung == Rung::Lexical).count();
    assert!(half < 30, "{half} searches by halves for one hiccup");
}

#[test]
fn stages_are_told_with_their_times() {
    let shop = Shop::open();
    let page = shop.search(&text("running shoe"), None).unwrap();
    let stages: Vec<Stage> = page.stages.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(stages, Stage::ALL.map(|(stage, _)| stage));
    for (stage, took) in &page.stages {
        let model_ms = if *stage == Stage::Embed { MODEL_MS } else { 0 };
        let took_ms = u64::try_from(took.as_millis()).unwrap();
        // The looks that decide how to go on come on top of the one that ends the stage.
        assert!((model_ms + 1..model_ms + 5).contains(&took_ms), "{stage:?}: {took_ms} ms");
    }
    let sum: Duration = page.stages.iter().map(|(_, took)| *took).sum();
    assert!((page.took_ms - sum.as_secs_f64() * 1e3).abs() < 5.0, "{} {sum:?}", page.took_ms);
    let browsed = shop.search(&text(""), None).unwrap();
    assert!(browsed.stages.iter().all(|(stage, _)| *stage != Stage::Embed));
}

#[test]
fn later_pages_get_no_more_than_the_first() {
    let shop = Shop::experienced();
    let mut request = SearchRequest { per_page: 1, ..text("running shoe") };
    request.session = Some("visit".to_owned().try_into().unwrap());
    let page = |number: usize, limit_ms: Option<u64>| {
        let request = SearchRequest { page: number, ..request.clone() };
        shop.search(&request, limit_ms).unwrap().degraded
    };
    assert_eq!(page(1, Some(30)), Rung::Lexical);
    assert_eq!(page(2, None), Rung::Lexical, "there is time, but the first page had none");
    assert_eq!(page(1, None), Rung::Full, "who begins anew gets all");
    assert_eq!(page(2, None), Rung::Full);
    assert_eq!(page(2, Some(30)), Rung::Lexical, "what there is no time for cannot be done");
    // Who names nobody says it.
    let anonymous = SearchRequest { session: None, page: 2, ..request.clone() };
    assert_eq!(shop.search(&anonymous, None).unwrap().degraded, Rung::Full);
    let held = SearchRequest { degraded: Rung::Lexical, ..anonymous };
    assert_eq!(shop.search(&held, None).unwrap().degraded, Rung::Lexical);
}

/// All pages of a search in the sample shop.
fn pages(request: &SearchRequest) -> Vec<Page> {
    let index = IndexName::parse("shop").unwrap();
    let page = |number: usize| {
        let request = SearchRequest { page: number, ..request.clone() };
        sample_shop().engine.search(&index, &request, operator()).unwrap()
    };
    let first = page(1);
    let count = first.total.div_ceil(request.per_page);
    std::iter::once(first).chain((2..=count).map(page)).collect()
}

#[test]
fn pages_of_every_rung_fit_together() {
    for (rung, _) in Rung::ALL {
        let request = SearchRequest {
            degraded: rung,
            per_page: 100,
            facets: vec!["price".to_owned()],
            filters: serde_json::from_value(json!({ "price": { "lte": 150 } })).unwrap(),
            ..text("shoe")
        };
        let pages = pages(&request);
        let all: Vec<&str> = pages.iter().flat_map(ids).collect();
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        assert!(pages.len() > 1, "{rung:?}");
        for page in &pages {
            assert_eq!((page.degraded, page.total), (rung, pages[0].total));
            assert_eq!(page.facets, pages[0].facets);
        }
        assert_eq!((distinct.len(), all.len()), (pages[0].total, pages[0].total), "{rung:?}");
        let Facet::Range(prices) = &pages[0].facets["price"] else { panic!("{rung:?}") };
        assert_eq!(prices.count, pages[0].total, "{rung:?}");
    }
}

#[test]
fn fewer_costly_signals_find_the_same_products() {
    let request = |degraded| SearchRequest { degraded, per_page: 100, ..text("shoe") };
    let (full, few) = (pages(&request(Rung::Full)), pages(&request(Rung::SmallerWindow)));
    let set = |pages: &[Page]| -> BTreeSet<String> {
        pages.iter().flat_map(ids).map(str::to_owned).collect()
    };
    assert!(full[0].total > 100, "more than the small window has");
    assert_eq!(set(&full), set(&few));
}

#[test]
fn without_time_for_the_text_the_best_products_are_shown_under_filters_and_rules() {
    let shop = Shop::open();
    let popular = SearchRequest { degraded: Rung::Popular, ..text("zzz unheard of") };
    let shown = shop.search(&popular, None).unwrap();
    let browsed = shop.search(&text(""), None).unwrap();
    assert_eq!((shown.total, ids(&shown)), (browsed.total, ids(&browsed)));
    let filters = serde_json::from_value(json!({ "brand": "Nordvik" })).unwrap();
    let filtered = shop.search(&SearchRequest { filters, ..popular.clone() }, None).unwrap();
    assert_eq!(filtered.total, 2);
    let hide = json!({ "then": [{ "do": "hide", "filter": { "brand": "Nordvik" } }] });
    shop.engine.patch_settings(&shop.index, &json!({ "rules": { "no-nordvik": hide } })).unwrap();
    let hidden = shop.search(&popular, None).unwrap();
    assert_eq!(hidden.total, 2);
    assert!(ids(&hidden).iter().all(|id| ["shoe-2", "mug-1"].contains(id)));
}

#[test]
fn suggestions_that_there_is_no_time_to_look_at_are_left_out() {
    let shop = Shop::open();
    while !shop.engine.suggestions_follow(&shop.index).unwrap() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let ask = |color: &str, limit_ms: Option<u64>| {
        let filters = serde_json::from_value(json!({ "color": color })).unwrap();
        let request = SuggestRequest { q: "r".to_owned(), filters, ..SuggestRequest::default() };
        let deadline = shop.deadline(limit_ms);
        shop.engine.suggest_within(&shop.index, &request, operator(), &deadline).unwrap()
    };
    // Both shoes stand for "Running": for one of the colours the other one must be looked for.
    let colors = ["black", "red"];
    let count = |answers: &[Suggestions; 2]| -> usize {
        answers.iter().map(|answer| answer.suggestions.len()).sum()
    };
    let cut = colors.map(|color| ask(color, Some(0)));
    let whole = colors.map(|color| ask(color, None));
    assert!(cut.iter().any(|answer| answer.incomplete), "{cut:?}");
    assert!(whole.iter().all(|answer| !answer.incomplete), "{whole:?}");
    assert!(count(&whole) > count(&cut), "{whole:?} {cut:?}");
}
