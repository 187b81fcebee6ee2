//! Understanding from outside: whatever is typed, there is a page or a clear error; and settings of
//! earlier versions are still read.

use std::time::Duration;

use proptest::prelude::*;

use vitrine::domain::id::IndexName;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Caller, Format, Mapping};
use vitrine::error::Error;
use vitrine::settings::Settings;

use crate::support::TestEngine;

/// What no property test would think of soon.
const ODD: [&str; 16] = [
    "\u{0}\u{1}\u{1b}[31m",
    "\u{202e}kcalb seohs",
    "حذاء أسود",
    "נעליים 42",
    "👟👟🏽 shoe 👩‍👩‍👧",
    "\"\"\"((( ]][ \\ AND OR NOT *?~^",
    "-",
    "- - -",
    "without",
    "without without without",
    "no no no",
    "under under 50 over",
    "½½½ ⅞\" 1/0 0/0 1e309 -0",
    "12\"\"\" 5'6\" 99999999999999999999mm",
    "ﬁﬂ Ⅷ ㎏ ㍑ ﷺ",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}",
];

fn caller() -> Caller {
    Caller { now: Timestamp::parse("2026-11-01T12:00:00Z").unwrap(), sees_private: true }
}

/// A page whose hits are its total, or a refusal of the request.
fn holds(engine: &TestEngine, q: &str) {
    let request =
        SearchRequest { q: q.to_owned(), explain: true, per_page: 100, ..SearchRequest::default() };
    let shop = IndexName::parse("shop").unwrap();
    match engine.engine.search(&shop, &request, caller()) {
        Ok(page) => {
            assert_eq!(page.hits.len(), page.total, "{q:?}");
            for hit in &page.hits {
                let factors = &hit.explain.as_ref().unwrap().factors;
                let sum: f32 = factors.iter().map(|factor| factor.contribution).sum();
                assert!((sum - hit.score).abs() < 1e-4 && hit.score.is_finite(), "{q:?} {hit:?}");
            }
        }
        Err(error) => assert!(matches!(error, Error::BadRequest(_)), "{q:?}: {error}"),
    }
}

#[test]
fn odd_texts_give_a_page_or_a_clear_error() {
    let engine = TestEngine::shop();
    for q in ODD {
        holds(&engine, q);
    }
    for long in ["x".repeat(10_000), "shoe ".repeat(2_000), "-no 1/2 ".repeat(60)] {
        holds(&engine, &long);
    }
}

#[test]
fn a_search_that_finds_nothing_names_other_texts() {
    let engine = TestEngine::shop();
    let shop = IndexName::parse("shop").unwrap();
    let request = SearchRequest {
        q: "zzxqv".to_owned(),
        mode: vitrine::domain::search::Mode::Lexical,
        ..SearchRequest::default()
    };
    // Suggestions are made in the background, soon after the products are searchable.
    let mut tries = 0..400;
    let page = loop {
        let page = engine.engine.search(&shop, &request, caller()).unwrap();
        if !page.suggestions.is_empty() || tries.next().is_none() {
            break page;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(page.total, 0);
    assert!(!page.suggestions.is_empty());
}

/// What a search key is answered about a shop that keeps part numbers and prices to itself.
#[test]
fn private_fields_tell_nothing_through_the_words_of_a_query() {
    let engine = TestEngine::empty();
    let shop = IndexName::parse("shop").unwrap();
    let settings = serde_json::json!({
        "private_fields": ["margin", "part_number", "price"],
        "semantic": {"enabled": false},
    });
    engine.engine.create_index(&shop, &settings).unwrap();
    let products = r#"[
        {"id": "dear", "title": "Rain jacket", "price": 80, "part_number": "QX-77-SECRET"},
        {"id": "cheap", "title": "Rain jacket", "price": 20, "popularity": 0}
    ]"#;
    let form = (Format::JsonArray, &Mapping::default());
    engine.engine.put_products(&shop, products.as_bytes(), form, &|_| ()).unwrap();
    engine.engine.wait_settled(&shop, Duration::from_secs(30), &|_| ()).unwrap();
    let search = |q: &str, understand: &str| {
        let understand = serde_json::from_str(understand).unwrap();
        let request = SearchRequest { q: q.to_owned(), understand, ..SearchRequest::default() };
        let page =
            engine.engine.search(&shop, &request, Caller { sees_private: false, ..caller() });
        page.unwrap().hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(search("qx77secret", "{}"), [""; 0], "a private number names nothing");
    assert_eq!(search("qx77s", "{}"), [""; 0], "nor does its beginning");
    let plain = search("rain jacket", "{}");
    for understand in ["{}", r#"{"price": "filter"}"#, r#"{"all": "filter"}"#] {
        assert_eq!(search("rain jacket under 50", understand), plain, "{understand}");
        assert_eq!(search("rain jacket over 50", understand), plain, "{understand}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_page_or_a_clear_error(texts in prop::collection::vec("\\PC{0,60}", 16)) {
        thread_local!(static ENGINE: TestEngine = TestEngine::shop());
        ENGINE.with(|engine| texts.iter().for_each(|q| holds(engine, q)));
    }

    #[test]
    fn any_words_and_signs_give_a_page_or_a_clear_error(
        texts in prop::collection::vec(
            "((no|without|-|size|under|free|12|1/2|\"|shoe|Nordvik|42|½|in|,|black) ?){0,12}",
            16,
        ),
    ) {
        thread_local!(static ENGINE: TestEngine = TestEngine::shop());
        ENGINE.with(|engine| texts.iter().for_each(|q| holds(engine, q)));
    }
}

#[test]
fn settings_of_an_earlier_version_are_read() {
    let stored = include_bytes!("../fixtures/settings-1.json");
    let (settings, defaults) =
        (Settings::from_stored(stored).unwrap(), Settings::defaults().unwrap());
    assert_eq!((settings.version, settings.language.as_str()), (3, "de"));
    assert_eq!(settings.synonyms.len(), 1, "what the shop said stays");
    assert_eq!(settings.ranking, defaults.ranking, "weights of an earlier model do not");
    let one_word = settings.semantic.gate_one_word_deviations;
    assert!((one_word - defaults.semantic.gate_one_word_deviations).abs() < f32::EPSILON);
    let now = serde_json::to_vec(&settings).unwrap();
    assert_eq!(Settings::from_stored(&now).unwrap(), settings, "what is stored now comes back");
    assert!(Settings::from_stored(b"{").is_err());
}
