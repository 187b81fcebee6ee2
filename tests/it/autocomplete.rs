//! Autocomplete: what is suggested, in which order, to whom, and what never is.
//!
//! 1. Every suggestion fits what is typed: words in any order, the last one begun, with typing
//!    errors only where too little fits without.
//! 2. Popularity and the shopper's taste order them; kinds share an answer; nothing stands twice.
//! 3. What looks private, or what only one person searched for, is never suggested.

#![allow(clippy::unwrap_used, reason = "a broken fixture should fail the test")]

mod matching;

use std::collections::HashSet;

use proptest::prelude::*;
use vitrine::autocomplete::{ShopperView, complete};
use vitrine::domain::change::Change;
use vitrine::domain::event::{Choice, Event, EventKind, RecordedEvent, Visitor};
use vitrine::domain::id::{IndexName, ProductId, ShopperId};
use vitrine::domain::page::{Suggestion, SuggestionKind};
use vitrine::domain::product::Product;
use vitrine::domain::search::SuggestRequest;
use vitrine::domain::time::{DAY_MS, Timestamp};
use vitrine::index::columns::Columns;
use vitrine::index::document::Document;
use vitrine::index::suggestions::private::looks_private;
use vitrine::index::suggestions::words::Typed;
use vitrine::index::suggestions::{Draft, Labels, OwnedLabels, QueryLog, Sources, SuggestionIndex};
use vitrine::text::analyse::Analyser;
use vitrine::text::normalise::fold;

/// Brand, category path, colour, title, popularity.
type Line = (&'static str, &'static [&'static str], &'static str, &'static str, f64);

const SHOES: &[&str] = &["Shoes", "Running Shoes"];
const SHIRTS: &[&str] = &["Clothing", "T-Shirts"];
const CASES: &[&str] = &["Phones", "Phone Cases"];

const LINES: [Line; 14] = [
    ("Nike", SHOES, "black", "Nike Pegasus 40 Running Shoes", 900.0),
    ("Nike", SHOES, "black", "Nike Winflo Running Shoes", 300.0),
    ("Nike", SHOES, "white", "Nike Free Running Shoes", 200.0),
    ("Adidas", SHOES, "black", "Adidas Ultraboost Trail Running Shoes", 700.0),
    ("Adidas", SHOES, "white", "Adidas Terrex Trail Running Shoes", 80.0),
    ("New Balance", SHOES, "blue", "New Balance 880 Trail Running Shoes", 400.0),
    ("New Balance", SHIRTS, "blue", "New Balance Cotton T-Shirt", 20.0),
    ("Nike", SHIRTS, "red", "Nike Dri-FIT T-Shirt", 150.0),
    ("Levi's", SHIRTS, "white", "Levi's Graphic T-Shirt <Classic> & Co", 60.0),
    ("Nokia", CASES, "clear", "Nokia G42 Phone Case", 10.0),
    ("Spigen", CASES, "clear", "Spigen Phone Case for iPhone 15", 500.0),
    ("Spigen", CASES, "black", "Spigen Armor Phone Case", 90.0),
    ("Café Noir", SHIRTS, "black", "Café Noir Crème T-Shirt", 15.0),
    ("Natura", CASES, "green", "Natura Bamboo Phone Case", 5.0),
];

fn product(number: usize, line: &Line) -> Product {
    let (brand, category, color, title, popularity) = line;
    let json = serde_json::json!({
        "id": format!("p{number}"), "title": title, "brand": brand, "category": category,
        "color": color, "popularity": popularity,
    });
    serde_json::from_value(json).unwrap()
}

struct Shop {
    columns: Columns,
    titles: Vec<String>,
    analyser: Analyser,
}

impl Shop {
    fn sample() -> Self {
        let analyser = Analyser::new("en");
        let mut columns = Columns::default();
        let mut titles = Vec::new();
        for (number, line) in LINES.iter().enumerate() {
            let product = product(number, line);
            let document = Document::of(&product, &analyser);
            let (sequence, ordinal) = (number as u64 + 1, number as u32);
            let change = Change { sequence, ordinal, id: product.id.clone(), product: None };
            columns.put(&change, &product, |row| {
                row.title_terms = document.labels.title_terms.into();
                row.label_terms = document.labels.label_terms.into();
            });
            titles.push(product.title);
        }
        Self { columns, titles, analyser }
    }

    fn index(&self, queries: &QueryLog) -> SuggestionIndex {
        SuggestionIndex::build(&Sources {
            columns: &self.columns,
            analyser: &self.analyser,
            titles: &|ordinal| self.titles.get(ordinal as usize).cloned(),
            private: &std::collections::BTreeSet::new(),
            queries,
            finds: &|text| self.products_with(text),
        })
    }

    /// Products whose title, labels and colour have every word of `text`.
    fn products_with(&self, text: &str) -> usize {
        let terms = |text: &str| -> HashSet<String> {
            self.analyser.tokens(text).into_iter().map(|token| token.term).collect()
        };
        let wanted = terms(text);
        LINES
            .iter()
            .filter(|(brand, category, color, title, _)| {
                let text = format!("{brand} {} {color} {title}", category.join(" "));
                wanted.is_subset(&terms(&text))
            })
            .count()
    }
}

fn search(shopper: &str, query: &str, day: i64) -> RecordedEvent {
    let at = Timestamp::from_ms(day * DAY_MS);
    RecordedEvent {
        event: Event {
            kind: EventKind::Search,
            id: None,
            shopper: Some(ShopperId::parse(shopper).unwrap()),
            session: None,
            index: IndexName::parse("shop").unwrap(),
            product_id: None,
            variant_sku: None,
            query_id: None,
            query: Some(query.to_owned()),
            position: None,
            quantity: None,
            price: None,
            timestamp: Some(at),
        },
        at,
        choice: Choice::default(),
    }
}

fn log(searches: &[(&str, usize)]) -> QueryLog {
    let events: Vec<RecordedEvent> = searches
        .iter()
        .flat_map(|(query, shoppers)| {
            (0..*shoppers).map(move |shopper| search(&format!("s{shopper}"), query, 100))
        })
        .collect();
    QueryLog::fold(&events)
}

fn ask(index: &SuggestionIndex, q: &str) -> Vec<Suggestion> {
    ask_as(index, q, &ShopperView::unknown())
}

fn ask_as(index: &SuggestionIndex, q: &str, shopper: &ShopperView<'_>) -> Vec<Suggestion> {
    let request = SuggestRequest { q: q.to_owned(), limit: 10, ..SuggestRequest::default() };
    complete(&request, index, shopper)
}

fn texts(suggestions: &[Suggestion]) -> Vec<&str> {
    suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect()
}

fn sample() -> SuggestionIndex {
    Shop::sample().index(&QueryLog::default())
}

#[test]
fn completes_from_the_first_word_a_middle_word_and_words_in_any_order() {
    let index = sample();
    for q in ["nike run", "NIKE  Running sho", "run", "running ni", "shoes nike r", "nike shoes "] {
        let answer = ask(&index, q);
        assert!(texts(&answer).contains(&"nike running shoes"), "{q}: {:?}", texts(&answer));
    }
    assert!(texts(&ask(&index, "tra")).contains(&"trail running shoes"));
    assert!(texts(&ask(&index, "cafe no")).contains(&"Café Noir"), "accents fold away");
    assert!(texts(&ask(&index, "levis")).contains(&"Levi's"), "apostrophes do too");
}

#[test]
fn forgives_a_typing_error_in_each_word() {
    let index = sample();
    for q in ["nkie run", "nike runing sh", "nike runnign shoes", "nike running shose", "mike runn"]
    {
        let answer = ask(&index, q);
        assert!(texts(&answer).contains(&"nike running shoes"), "{q}: {:?}", texts(&answer));
    }
    assert!(texts(&ask(&index, "ultrabosot")).iter().any(|text| text.contains("Ultraboost")));
    assert!(texts(&ask(&index, "ultarbosot")).iter().any(|text| text.contains("Ultraboost")));
    assert!(ask(&index, "xk").is_empty(), "two letters stand as they are");
    assert!(ask(&index, "884").is_empty(), "numbers stand as they are");
}

#[test]
fn what_fits_without_errors_comes_before_what_fits_with_one() {
    let index = sample();
    let answer = ask(&index, "nok");
    assert!(answer[0].text.starts_with("Nok") || answer[0].text.starts_with("nok"));
    let one = vec![draft("nike shoes", SuggestionKind::Query, 0.5)];
    let index = SuggestionIndex::from_drafts("en", one);
    let quality = |q: &str| index.matches(&Typed::read(q), 10)[0].quality;
    let whole = [("nike shoe", 1.0), ("nkie shoe", 0.3), ("nike sheo", 0.3), ("nkie sheo", 0.09)];
    for (q, expected) in whole {
        assert!((quality(q) - expected).abs() < 1e-6, "{q}: {}", quality(q));
    }
}

#[test]
fn taste_moves_suggestions_at_one_letter() {
    let shop = Shop::sample();
    let index = shop.index(&QueryLog::default());
    let brand = shop.columns.known().brand;
    for (name, rival) in [("Natura", "Nike"), ("Nike", "Natura"), ("Nokia", "Nike")] {
        let value = shop.columns.dictionary().value(brand, name).unwrap();
        let affinity = move |labels: &Labels<'_>| {
            let shares = labels.brands.iter().filter(|share| share.value == value);
            0.2 + 5.0 * shares.map(|share| share.share).sum::<f32>()
        };
        let answer = ask_as(&index, "n", &ShopperView { affinity: &affinity, recent: &[] });
        let place = |name: &str| {
            let is_of = |text: &&str| fold(text).contains(&fold(name));
            texts(&answer).iter().position(is_of).unwrap_or(usize::MAX)
        };
        assert_eq!(place(name), 0, "{name}: {:?}", texts(&answer));
        assert!(place(rival) > 0, "{:?}", texts(&answer));
    }
}

#[test]
fn nothing_stands_twice() {
    let searches = [
        ("nike shoes", 9),
        ("shoes nike", 5),
        ("Nike Shoe", 4),
        ("Running Shoes", 6),
        ("running shoe", 3),
    ];
    let index = Shop::sample().index(&log(&searches));
    for q in ["", "n", "nike", "s", "sh", "running", "shoe", "nike sho"] {
        let answer = ask(&index, q);
        let keys: HashSet<u32> = answer.iter().map(|one| index.key(&one.text)).collect();
        assert_eq!(keys.len(), answer.len(), "{q}: {:?}", texts(&answer));
    }
    let answer = ask(&index, "nike sho");
    assert!(texts(&answer).contains(&"nike shoes"), "the most searched writing is shown");
}

#[test]
fn kinds_share_an_answer() {
    let index = sample();
    let answer = ask(&index, "n");
    let count =
        |kinds: &[SuggestionKind]| answer.iter().filter(|one| kinds.contains(&one.kind)).count();
    assert!(count(&[SuggestionKind::Query]) >= 4, "{answer:?}");
    assert!(count(&[SuggestionKind::Brand, SuggestionKind::Category]) >= 1, "{answer:?}");
    for product in answer.iter().filter(|one| one.kind == SuggestionKind::Product) {
        assert!(product.product_id.is_some());
    }
    let category = ask(&index, "phone cas");
    let category = category.iter().find(|one| one.kind == SuggestionKind::Category).unwrap();
    assert_eq!(category.category.as_deref(), Some("Phone Cases"));
    let product = ask(&index, "pegasus");
    assert_eq!(product[0].product_id.as_deref(), Some("p0"));
}

#[test]
fn brands_and_products_leave_room_for_queries() {
    let mut drafts: Vec<Draft> = Vec::new();
    for number in 0..40 {
        let letter = char::from(b'a' + number % 26);
        for (kind, popularity) in [
            (SuggestionKind::Product, 0.9),
            (SuggestionKind::Brand, 0.8),
            (SuggestionKind::Query, 0.1),
        ] {
            let text = format!("zeta {kind:?} {letter}{number}");
            drafts.push(draft(&text, kind, popularity));
        }
    }
    let answer = ask(&SuggestionIndex::from_drafts("en", drafts), "zet");
    let count = |kind| answer.iter().filter(|one| one.kind == kind).count();
    assert_eq!(count(SuggestionKind::Product), 3);
    assert_eq!(count(SuggestionKind::Brand), 2);
    assert_eq!(count(SuggestionKind::Query), 5);
    assert!(answer.is_sorted_by(|left, right| left.score >= right.score));
}

#[test]
fn searched_queries_need_support_and_a_product() {
    let searches =
        [("nike winflo", 2), ("adidas terrex", 1), ("unicorn saddle", 9), ("spigen armor", 3)];
    let index = Shop::sample().index(&log(&searches));
    let known: HashSet<&str> = index.entries().map(|entry| entry.text).collect();
    assert!(known.contains("nike winflo") && known.contains("spigen armor"));
    assert!(!known.contains("adidas terrex"), "one shopper is not enough");
    assert!(!known.contains("unicorn saddle"), "nothing is found");
    let again = [search("s1", "nike free", 1), search("s1", "nike free", 2)];
    assert!(QueryLog::fold(&again).supported(2).is_empty(), "the same shopper twice is one");
}

#[test]
fn every_suggestion_finds_a_product() {
    let shop = Shop::sample();
    let index = shop.index(&log(&[("black shoes", 4), ("red trail shoes", 4)]));
    assert!(index.len() > 40);
    for entry in index.entries() {
        assert!(shop.products_with(entry.text) > 0, "{entry:?}");
    }
    assert!(index.entries().any(|entry| entry.text == "black running shoes"));
    assert!(index.entries().all(|entry| entry.text != "red trail shoes"));
}

#[test]
fn private_looking_text_is_never_suggested() {
    let private = [
        "jane.doe@example.org",
        "jane＠example.org",
        "+49 170 1234567",
        "(030) 123-45-67",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "DE89 3704 0044 0532 0130 00",
        "https://example.org/me",
        "order 1Z999AA10123456784",
        "٠١٢٣٤٥٦٧٨٩",
    ];
    let events: Vec<RecordedEvent> = private
        .iter()
        .flat_map(|text| (0..5).map(move |shopper| search(&format!("s{shopper}"), text, 1)))
        .collect();
    assert!(QueryLog::fold(&events).is_empty());
    for text in private {
        assert!(looks_private(text), "{text}");
    }
    for text in ["iphone 15 128gb", "nike air max 270", "300 x 200 cm", "levis 501 32", "a&b"] {
        assert!(!looks_private(text), "{text}");
    }
    let recent = ["4111 1111 1111 1111".to_owned(), "nike free".to_owned()];
    let view = ShopperView { affinity: &|_| 1.0, recent: &recent };
    assert_eq!(ask_as(&sample(), "", &view)[0].text, "nike free");
}

#[test]
fn searches_decay_and_visitors_can_be_forgotten() {
    let mut events: Vec<RecordedEvent> =
        (0..4).map(|shopper| search(&format!("s{shopper}"), "old query", 0)).collect();
    events.extend((0..3).map(|shopper| search(&format!("s{shopper}"), "new query", 60)));
    let log = QueryLog::fold(&events);
    let supported = log.supported(2);
    assert_eq!(supported[0].text, "new query");
    assert!((supported[0].weight - 3.0).abs() < 1e-9);
    assert!((supported[1].weight - 1.0).abs() < 1e-9, "60 days are two half-lives");
    events.reverse();
    let reversed = QueryLog::fold(&events);
    assert!((reversed.supported(2)[1].weight - 1.0).abs() < 1e-9, "the order does not matter");
    let mut log = QueryLog::fold(&[search("s1", "nike", 1), search("s2", "nike", 1)]);
    log.forget(&Visitor::Shopper(ShopperId::parse("s1").unwrap()));
    assert_eq!(log.supported(1).len(), 1);
    assert!(log.supported(2).is_empty());
    log.forget(&Visitor::Shopper(ShopperId::parse("s2").unwrap()));
    assert!(log.is_empty());
}

#[test]
fn an_empty_box_shows_own_searches_then_the_most_popular() {
    let index = Shop::sample().index(&log(&[("nike shoes", 9), ("phone case", 5)]));
    let recent = ["trail shoes".to_owned(), "Nike Shoe".to_owned()];
    let view = ShopperView { affinity: &|_| 1.0, recent: &recent };
    let answer = ask_as(&index, "", &view);
    assert_eq!(texts(&answer)[..2], ["trail shoes", "Nike Shoe"]);
    assert!(texts(&answer)[2..5].contains(&"phone case"), "{:?}", texts(&answer));
    assert!(!texts(&answer).contains(&"nike shoes"), "it is there as the shopper wrote it");
    assert!(answer[..2].iter().all(|one| one.kind == SuggestionKind::Recent));
    assert!(answer.iter().all(|one| one.kind != SuggestionKind::Product));
    assert!(answer.is_sorted_by(|left, right| left.score >= right.score));
    assert_eq!(texts(&ask_as(&index, "nike s", &view))[0], "Nike Shoe");
    assert!(ask_as(&index, "phone", &view).iter().all(|one| one.kind != SuggestionKind::Recent));
    assert!(ask(&index, " - ").is_empty(), "marks alone complete to nothing");
}

#[test]
fn highlights_what_was_not_typed_and_escapes() {
    let index = sample();
    let highlight = |q: &str, text: &str| {
        let answer = ask(&index, q);
        let found = answer.into_iter().find(|one| one.text == text);
        found.unwrap_or_else(|| panic!("{q} does not suggest {text}")).highlight
    };
    assert_eq!(highlight("nike run", "nike running shoes"), "nike run<mark>ning shoes</mark>");
    assert_eq!(
        highlight("running ni", "nike running shoes"),
        "ni<mark>ke</mark> running <mark>shoes</mark>"
    );
    assert_eq!(highlight("nkie run", "nike running shoes"), "nike run<mark>ning shoes</mark>");
    assert_eq!(highlight("CAFE N", "Café Noir"), "Café N<mark>oir</mark>");
    assert_eq!(
        highlight("levis gra", "Levi's Graphic T-Shirt <Classic> & Co"),
        "Levi&#39;s Gra<mark>phic T-Shirt &lt;Classic&gt; &amp; Co</mark>"
    );
    assert_eq!(ask(&index, "")[0].highlight, ask(&index, "")[0].text, "nothing typed, no mark");
}

#[test]
fn building_and_asking_are_repeatable() {
    let searches = log(&[("nike shoes", 3), ("phone case", 3), ("trail shoes", 3), ("t shirt", 3)]);
    let shop = Shop::sample();
    let (first, second) = (shop.index(&searches), shop.index(&searches));
    assert!(first.entries().eq(second.entries()));
    for q in ["", "n", "sh", "run", "nkie"] {
        let (one, two) = (ask(&first, q), ask(&second, q));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }
    assert!(ask(&SuggestionIndex::empty("en"), "n").is_empty());
    assert!(ask(&SuggestionIndex::empty("en"), "").is_empty());
}

fn draft(text: &str, kind: SuggestionKind, popularity: f32) -> Draft {
    let product_id =
        (kind == SuggestionKind::Product).then(|| ProductId::parse(&format!("id {text}")).unwrap());
    Draft { text: text.to_owned(), kind, popularity, labels: OwnedLabels::default(), product_id }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_input_is_answered(q in "\\PC{0,140}", limit in 0_usize..60, recent in "\\PC{0,30}") {
        let index = sample();
        let recent = [recent, "nike shoes".to_owned()];
        let view = ShopperView { affinity: &|_| f32::NAN, recent: &recent };
        let request = SuggestRequest { q, limit, ..SuggestRequest::default() };
        let answer = complete(&request, &index, &view);
        prop_assert!(answer.len() <= limit);
        let distinct: HashSet<u32> = answer.iter().map(|one| index.key(&one.text)).collect();
        prop_assert_eq!(distinct.len(), answer.len());
        for one in &answer {
            let bare = one.highlight.replace("<mark>", "").replace("</mark>", "");
            prop_assert!(!bare.contains(['<', '>', '"', '\'']));
        }
    }
}
