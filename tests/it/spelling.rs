//! Spelling: edits and near words against slow, obvious models, and what a typing error costs.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use vitrine::error::Result;
use vitrine::eval::corrections::{Corrector, Pair, evaluate_corrections, read_pairs};
use vitrine::eval::misspell::Misspeller;
use vitrine::index::lexical::{Lexical, LexicalDocument, LexicalWriter};
use vitrine::text::analyse::Analyser;
use vitrine::text::edits::{Edit, Slip, aligned, distance, price};
use vitrine::text::inflect::Kinship;
use vitrine::text::vocabulary::Vocabulary;

/// Each product is a list of words; two commits, so that there are two segments.
fn lexical(products: &[Vec<String>]) -> Arc<Lexical> {
    let mut writer = LexicalWriter::open(None).unwrap();
    for (number, words) in (0_u32..).zip(products) {
        let words: BTreeSet<String> = words.iter().cloned().collect();
        let words = words.into_iter().collect();
        writer.put(number, LexicalDocument { words, ..LexicalDocument::default() }).unwrap();
        if number as usize == products.len() / 2 {
            writer.commit(1).unwrap();
        }
    }
    writer.commit(2).unwrap();
    writer.snapshot().unwrap()
}

fn word() -> impl Strategy<Value = String> {
    "[abcé]{1,6}"
}

fn has(product: &[String], word: &str) -> bool {
    product.iter().any(|other| other == word)
}

proptest! {
    #[test]
    fn an_alignment_with_equal_prices_is_the_edit_distance(one in "[abé]{0,7}", other in "[abé]{0,7}") {
        let edits = aligned(&one, &other, &|_| 1.0);
        prop_assert_eq!(edits as usize, strsim::osa_distance(&one, &other));
    }

    #[test]
    fn a_distance_is_nothing_only_between_equal_words(one in "[a-e]{1,7}", other in "[a-e]{1,7}") {
        let edits = strsim::osa_distance(&one, &other) as f32;
        let cost = distance(&one, &other);
        prop_assert!(cost >= edits && cost <= 6.0 * edits, "{one} {other} {cost}");
    }

    #[test]
    fn near_words_are_those_that_a_scan_finds(
        products in prop::collection::vec(prop::collection::vec(word(), 1..5), 1..12),
        typed in word(),
        distance_max in 1_u8..=2,
    ) {
        let lexical = lexical(&products);
        let known: BTreeSet<&String> = products.iter().flatten().collect();
        let expected: BTreeSet<(String, u32, u8)> = known
            .into_iter()
            .map(|term| (term, strsim::osa_distance(&typed, term)))
            .filter(|(term, edits)| {
                *edits <= 1 || *edits <= usize::from(distance_max) && term.chars().next() == typed.chars().next()
            })
            .map(|(term, edits)| {
                let count = products.iter().filter(|product| has(product, term)).count();
                (term.clone(), count as u32, edits as u8)
            })
            .collect();
        let found = lexical.near(&typed, distance_max);
        let found: BTreeSet<_> = found.into_iter().map(|near| (near.term, near.count, near.distance)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn words_are_together_where_a_scan_finds_both(
        products in prop::collection::vec(prop::collection::vec("[a-d]", 1..4), 1..12),
        first in "[a-d]",
        second in "[a-d]",
    ) {
        let expected = products.iter().filter(|product| has(product, &first) && has(product, &second)).count();
        prop_assert_eq!(lexical(&products).together(&first, &second) as usize, expected);
    }

    #[test]
    fn a_misspelling_is_one_edit_of_one_word(text in "[a-z]{2,9}( [a-z]{1,9}| [0-9]{1,4}){0,3}", seed in any::<u64>()) {
        let misspelt = Misspeller::new(seed).misspell(&text);
        prop_assert_eq!(strsim::osa_distance(&text, &misspelt), 1);
        prop_assert_eq!(&misspelt, &Misspeller::new(seed).misspell(&text));
    }
}

#[test]
fn many_products_with_both_words_are_estimated() {
    let both = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let products: Vec<Vec<String>> =
        (0..2_000).map(|n| both(if n % 2 == 0 { &["a", "b"] } else { &["a"] })).collect();
    let together = lexical(&products).together("a", "b");
    assert!((900..=1_100).contains(&together), "{together}");
}

#[test]
fn likelier_slips_cost_less() {
    for (meant, likelier, less_likely) in [
        ("kettle", "kettlle", "kettlwe"),
        ("kettle", "ketlte", "kettbe"),
        ("receiver", "reciever", "reseever"),
        ("screw", "skrew", "shrew"),
        ("towel", "towek", "towed"),
        ("chain", "chian", "chaan"),
        ("running", "runing", "runnin"),
        ("hose", "hase", "hbse"),
        ("jacket", "jackt", "jcket"),
        ("hammer", "haammer", "rhammer"),
    ] {
        let (one, other) = (distance(likelier, meant), distance(less_likely, meant));
        assert!(one <= other, "{meant}: {likelier} {one}, {less_likely} {other}");
    }
    let doubled = price(Edit { slip: Slip::Doubled, first: false });
    assert!(
        doubled < price(Edit { slip: Slip::Doubled, first: true }),
        "the first letter is rarely wrong"
    );
}

#[test]
fn regular_forms_are_told_from_misspellings() {
    let english = Analyser::new("en");
    for (word, known, expected) in [
        ("kettles", "kettle", Kinship::Form),
        ("shoe", "shoes", Kinship::Form),
        ("ladies", "lady", Kinship::Form),
        ("boxes", "box", Kinship::Form),
        ("driving", "drive", Kinship::Form),
        ("planned", "plan", Kinship::Form),
        ("mounting", "mounted", Kinship::Kin),
        ("nikee", "nike", Kinship::Stranger),
        ("driveing", "drive", Kinship::Stranger),
        ("steele", "steel", Kinship::Stranger),
        ("kettle", "kettle", Kinship::Stranger),
        ("s", "", Kinship::Stranger),
        ("éédé", "é", Kinship::Stranger),
    ] {
        assert_eq!(english.kinship(word, &|other| other == known), expected, "{word} {known}");
    }
    let german = Analyser::new("de");
    assert_eq!(german.kinship("schuhe", &|other| other == "schuh"), Kinship::Form);
}

struct Fixed(&'static [(&'static str, &'static str)]);

impl Corrector for Fixed {
    fn corrected(&self, text: &str) -> Option<String> {
        let found = self.0.iter().find(|(typed, _)| *typed == text);
        found.map(|(_, corrected)| (*corrected).to_owned())
    }

    fn knows(&self, word: &str) -> bool {
        word != "unheardof"
    }
}

#[test]
fn corrections_are_counted() -> Result<()> {
    let lines = "Red shos\tred shoes\nbook shelf\tbookshelf\nlap top bag\tlaptop bags\n\
                 chian\tchain\nunheardf\tunheardof\n1/2 inc bolt\t0.5 inch bolt\n";
    let pairs = read_pairs(lines.as_bytes())?;
    assert_eq!(pairs[0], Pair { typed: "Red shos".to_owned(), meant: "red shoes".to_owned() });
    let corrector = Fixed(&[
        ("Red shos", "red shoes"),
        ("book shelf", "bookshelf"),
        ("chian", "china"),
        ("chain", "chai"),
    ]);
    let report = evaluate_corrections(&pairs, &corrector)?;
    assert_eq!((report.pairs, report.one_edit, report.as_meant, report.changed), (6, 3, 2, 1));
    let missed: Vec<&str> = report.misses.iter().map(|miss| miss.taken_for.as_str()).collect();
    assert_eq!(missed, ["china", "chai"]);
    assert!(report.to_string().contains("corrected as meant              2  66.67 %"), "{report}");
    assert!(evaluate_corrections(&[], &corrector).is_err());
    assert!(read_pairs("a\n".as_bytes()).is_err());
    Ok(())
}
