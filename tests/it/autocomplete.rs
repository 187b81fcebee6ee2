//! Autocomplete: what is suggested, in which order, to whom, and what never is.
//!
//! 1. Every suggestion fits what is typed: words in any order, the last one begun, with typing
//!    errors only where too little fits without.
//! 2. Popularity and the shopper's taste order them; kinds share an answer; nothing stands twice.
//! 3. What looks private, or what fewer than five shoppers searched for with success, is never
//!    suggested; nor is what finds nothing, what offends, and what a merchandiser blocked.

#![allow(clippy::unwrap_used, reason = "a broken fixture should fail the test")]

mod curated;
mod engine;
mod learned;
mod matching;

use std::collections::HashSet;

use proptest::prelude::*;
use vitrine::autocomplete::{Completer, Curation, Proposal, ShopperView};
use vitrine::domain::change::Change;
use vitrine::domain::id::{Ordinal, ProductId};
use vitrine::domain::page::{Suggestion, SuggestionKind};
use vitrine::domain::product::Product;
use vitrine::domain::search::SuggestRequest;
use vitrine::index::columns::Columns;
use vitrine::index::document::Document;
use vitrine::index::suggestions::words::Typed;
use vitrine::index::suggestions::{
    Draft, Found, OwnedLabels, QueryLog, Share, Sources, SuggestionIndex, searched,
};
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

    fn index(&self) -> SuggestionIndex {
        SuggestionIndex::build(&Sources {
            columns: &self.columns,
            analyser: &self.analyser,
            titles: &|ordinal| self.titles.get(ordinal as usize).cloned(),
            private: &std::collections::BTreeSet::new(),
        })
    }

    /// What shoppers taught, as far as it finds something here.
    fn searched(&self, queries: &QueryLog) -> SuggestionIndex {
        searched(queries, "en", &mut |text| self.finds(text))
    }

    fn finds(&self, text: &str) -> Option<Found> {
        let witness = *self.products_with(text).first()?;
        Some(Found { corrected: None, witness, labels: OwnedLabels::default() })
    }

    /// Products whose title, labels and colour have every word of `text`.
    fn products_with(&self, text: &str) -> Vec<Ordinal> {
        let terms = |text: &str| -> HashSet<String> {
            self.analyser.tokens(text).into_iter().map(|token| token.term).collect()
        };
        let wanted = terms(text);
        let lines = (0..).zip(LINES);
        let having = lines.filter(|(_, (brand, category, color, title, _))| {
            let text = format!("{brand} {} {color} {title}", category.join(" "));
            wanted.is_subset(&terms(&text))
        });
        having.map(|(ordinal, _)| ordinal).collect()
    }
}

/// A way to ask.
#[derive(Clone, Copy)]
struct Asking<'a> {
    catalogue: &'a SuggestionIndex,
    searched: Option<&'a SuggestionIndex>,
    shopper: ShopperView<'a>,
    curation: Option<&'a Curation>,
    finds: &'a dyn Fn(&Proposal<'_>) -> bool,
}

impl<'a> Asking<'a> {
    fn of(catalogue: &'a SuggestionIndex) -> Self {
        let shopper = ShopperView::unknown();
        Self { catalogue, searched: None, shopper, curation: None, finds: &|_| true }
    }

    fn with(self, searched: &'a SuggestionIndex) -> Self {
        Self { searched: Some(searched), ..self }
    }

    fn ask(&self, request: &SuggestRequest) -> Vec<Suggestion> {
        let (empty, bare) = (SuggestionIndex::empty("en"), Curation::default());
        let completer = Completer {
            catalogue: self.catalogue,
            searched: self.searched.unwrap_or(&empty),
            shopper: self.shopper,
            curation: self.curation.unwrap_or(&bare),
            is_clean: false,
            finds: self.finds,
            category_name: &|_| None,
        };
        completer.complete(request)
    }

    fn q(&self, q: &str) -> Vec<Suggestion> {
        self.ask(&SuggestRequest { q: q.to_owned(), ..SuggestRequest::default() })
    }
}

fn ask(index: &SuggestionIndex, q: &str) -> Vec<Suggestion> {
    Asking::of(index).q(q)
}

fn ask_as(index: &SuggestionIndex, q: &str, shopper: &ShopperView<'_>) -> Vec<Suggestion> {
    Asking { shopper: *shopper, ..Asking::of(index) }.q(q)
}

fn texts(suggestions: &[Suggestion]) -> Vec<&str> {
    suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect()
}

fn sample() -> SuggestionIndex {
    Shop::sample().index()
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
    let index = shop.index();
    let brand = shop.columns.known().brand;
    for (name, rival) in [("Natura", "Nike"), ("Nike", "Natura"), ("Nokia", "Nike")] {
        let value = shop.columns.dictionary().value(brand, name).unwrap();
        let affinity = move |shares: &[Share]| {
            let shares = shares.iter().filter(|share| share.value == value);
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
    let shop = Shop::sample();
    let (index, taught) = (shop.index(), shop.searched(&learned::log(&searches)));
    for q in ["", "n", "nike", "s", "sh", "running", "shoe", "nike sho"] {
        let answer = Asking::of(&index).with(&taught).q(q);
        let keys: HashSet<u32> = answer.iter().map(|one| index.key(&one.text)).collect();
        assert_eq!(keys.len(), answer.len(), "{q}: {:?}", texts(&answer));
    }
    let answer = Asking::of(&index).with(&taught).q("nike sho");
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
fn every_suggestion_finds_a_product() {
    let shop = Shop::sample();
    let index = shop.index();
    assert!(index.len() > 40);
    for entry in index.entries() {
        let found = shop.products_with(entry.text);
        assert!(found.contains(&entry.witness.unwrap()), "{entry:?}");
    }
    assert!(index.entries().any(|entry| entry.text == "black running shoes"));
}

#[test]
fn an_empty_box_shows_own_searches_then_the_most_popular() {
    let shop = Shop::sample();
    let index = shop.index();
    let taught = shop.searched(&learned::log(&[("nike shoes", 9), ("phone case", 7)]));
    let recent = ["trail shoes".to_owned(), "Nike Shoe".to_owned()];
    let shopper = ShopperView { affinity: &|_| 1.0, recent: &recent };
    let asking = Asking { shopper, ..Asking::of(&index).with(&taught) };
    let answer = asking.q("");
    assert_eq!(texts(&answer)[..2], ["trail shoes", "Nike Shoe"]);
    assert!(texts(&answer)[2..5].contains(&"phone case"), "{:?}", texts(&answer));
    assert!(!texts(&answer).contains(&"nike shoes"), "it is there as the shopper wrote it");
    assert!(answer[..2].iter().all(|one| one.kind == SuggestionKind::Recent));
    assert!(answer.iter().all(|one| one.kind != SuggestionKind::Product));
    assert!(answer.is_sorted_by(|left, right| left.score >= right.score));
    assert_eq!(texts(&asking.q("nike s"))[0], "Nike Shoe");
    assert!(asking.q("phone").iter().all(|one| one.kind != SuggestionKind::Recent));
    assert_eq!(texts(&asking.q("   ")), texts(&answer), "spaces alone are an empty box");
    assert!(asking.q(" - ").is_empty(), "marks alone complete to nothing");
    assert!(asking.q("👟").is_empty(), "pictures do too");
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
    let searches = learned::log(&[("nike shoes", 5), ("phone case", 5), ("trail shoes", 5)]);
    let shop = Shop::sample();
    let (first, second) = (shop.index(), shop.index());
    assert!(first.entries().eq(second.entries()));
    let (taught, again) = (shop.searched(&searches), shop.searched(&searches));
    assert!(taught.entries().eq(again.entries()));
    for q in ["", "n", "sh", "run", "nkie"] {
        let one = Asking::of(&first).with(&taught).q(q);
        let two = Asking::of(&second).with(&again).q(q);
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }
    assert!(ask(&SuggestionIndex::empty("en"), "n").is_empty());
    assert!(ask(&SuggestionIndex::empty("en"), "").is_empty());
}

fn draft(text: &str, kind: SuggestionKind, popularity: f32) -> Draft {
    let product_id =
        (kind == SuggestionKind::Product).then(|| ProductId::parse(&format!("id {text}")).unwrap());
    let labels = OwnedLabels::default();
    Draft { text: text.to_owned(), kind, popularity, labels, product_id, witness: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_input_is_answered(q in "\\PC{0,140}", limit in 0_usize..60, recent in "\\PC{0,30}") {
        let index = sample();
        let recent = [recent, "nike shoes".to_owned()];
        let shopper = ShopperView { affinity: &|_| f32::NAN, recent: &recent };
        let request = SuggestRequest { q, limit, explain: true, ..SuggestRequest::default() };
        let answer = Asking { shopper, ..Asking::of(&index) }.ask(&request);
        prop_assert!(answer.len() <= limit);
        let distinct: HashSet<u32> = answer.iter().map(|one| index.key(&one.text)).collect();
        prop_assert_eq!(distinct.len(), answer.len());
        for one in &answer {
            let bare = one.highlight.replace("<mark>", "").replace("</mark>", "");
            prop_assert!(!bare.contains(['<', '>', '"', '\'']));
        }
    }
}
