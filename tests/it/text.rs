//! Text into words: what the index and queries share.

use proptest::prelude::*;

use vitrine::text::analyse::Analyser;
use vitrine::text::normalise::{compact, fold};
use vitrine::text::tokenise::words;

fn texts(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.text).collect()
}

#[test]
fn case_accents_and_typographic_marks_fold() {
    assert_eq!(fold("Crème BRÛLÉE"), "creme brulee");
    assert_eq!(fold("Straße"), "strasse");
    assert_eq!(fold("Ærø’s"), "aero's");
    assert_eq!(compact("AF1-002 / b"), "af1002b");
}

#[test]
fn quantities_have_one_writing() {
    for written in ["12 in", "12in", "12-inch", "12 inches", "12\"", "12″"] {
        assert_eq!(texts(written), ["12in"], "{written}");
    }
    assert_eq!(texts("500 GB"), texts("500gb"));
    assert_eq!(texts("2 litres of milk"), ["2l", "of", "milk"]);
}

#[test]
fn fractions_are_decimals() {
    for written in ["1/2 inch", "½ inch", "0.5 in", "0.50in"] {
        assert_eq!(texts(written), ["0.5in"], "{written}");
    }
    assert_eq!(texts("1 1/2 pint"), ["1.5pt"]);
    assert_eq!(texts("24/7"), ["24", "7"], "no fraction is above one");
}

#[test]
fn possessives_and_hyphens() {
    assert_eq!(texts("women's t-shirt"), ["women", "t", "shirt"]);
    assert_eq!(texts("dv7-1211ea"), ["dv7", "1211ea"]);
}

#[test]
fn each_language_stems_its_own_words() {
    let terms = |language: &str, text: &str| -> Vec<String> {
        Analyser::new(language).tokens(text).into_iter().map(|token| token.term).collect()
    };
    assert_eq!(terms("en", "running shoes"), ["run", "shoe"]);
    assert_eq!(terms("de", "Schuhe"), terms("de", "Schuh"));
    assert_eq!(terms("en", "AF1 42"), ["af1", "42"], "digits are never stemmed");
}

proptest! {
    #[test]
    fn places_are_those_of_the_original_text(text in ".{0,80}") {
        let mut end = 0;
        for word in words(&text) {
            prop_assert!(word.start >= end || word.start == word.end || word.start < word.end);
            prop_assert!(text.get(word.start..word.end).is_some(), "{word:?} in {text:?}");
            end = word.end;
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in ".{0,80}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }
}
