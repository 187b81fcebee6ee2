//! Text into words: what the index and queries share.

use proptest::prelude::*;

use vitrine::settings::LANGUAGES;
use vitrine::text::analyse::Analyser;
use vitrine::text::language::Language;
use vitrine::text::negation::absences;
use vitrine::text::normalise::{compact, fold};
use vitrine::text::tokenise::words;
use vitrine::text::units::same_quantity;

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
    for written in ["1 1/2 pint", "1-1/2 pint", "1½ pint", "1 ½ pint"] {
        assert_eq!(texts(written), ["1.5pt"], "{written}");
    }
    assert_eq!(texts("16 fl. oz, 2 sq ft"), ["16floz", "2sqft"]);
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

fn absent(language: &str, text: &str) -> Vec<String> {
    let analyser = Analyser::new(language);
    let absences = absences(text, &analyser.tokens(text), analyser.small_words());
    absences.into_iter().map(|absence| absence.words.join(" ")).collect()
}

#[test]
fn what_a_text_is_without() {
    assert_eq!(absent("en", "box without a lid"), ["lid"]);
    assert_eq!(absent("en", "Box without lids, with handle"), ["lids"]);
    assert_eq!(absent("en", "no show socks"), ["show"]);
    assert_eq!(absent("en", "sugar-free gum, BPA free"), ["sugar", "bpa"]);
    assert_eq!(absent("en", "cordless lamp"), ["cord"]);
    assert_eq!(absent("en", "basket, blanket not included"), ["blanket"]);
    assert_eq!(absent("en", "soap without perfume and colour for kids"), ["perfume", "colour"]);
    assert_eq!(absent("en", "kit without led lamp"), ["led lamp"]);
    assert_eq!(absent("en", "lamp with cord"), [""; 0]);
    assert_eq!(absent("de", "Dose ohne Deckel, zuckerfrei"), ["deckel", "zucker"]);
    assert_eq!(absent("fr", "sac sans fermeture"), ["fermeture"]);
}

#[test]
fn every_language_has_its_small_words() {
    for code in LANGUAGES {
        let language = Language::of(code);
        let lists = [&language.stop_words, &language.ends, &language.size, &language.and];
        assert!(lists.iter().all(|list| !list.is_empty()), "{code}");
        for phrases in [&language.without, &language.no, &language.under, &language.over] {
            assert!(!phrases.is_empty(), "{code}");
        }
        for word in lists.into_iter().flatten() {
            assert_eq!(fold(word), *word, "{code}: written as queries are folded");
        }
        assert_eq!(language.has_compounds(), ["de", "nl"].contains(&code), "{code}");
    }
}

#[test]
fn quantities_are_the_same_within_rounding_between_systems_only() {
    assert!(same_quantity((1.0, "in"), (25.4, "mm")));
    assert!(same_quantity((1.0, "in"), (25.0, "mm")));
    assert!(!same_quantity((25.4, "mm"), (25.0, "mm")), "one unit says what it means");
    assert!(!same_quantity((25.4, "mm"), (23.4, "mm")));
    assert!(same_quantity((2.54, "cm"), (25.4, "mm")));
    assert!(!same_quantity((2.5, "cm"), (25.4, "mm")));
    assert!(same_quantity((1.0, "tb"), (1024.0, "gb")));
    assert!(!same_quantity((1.0, "l"), (1.0, "kg")));
    assert!(!same_quantity((1.0, "pack"), (1.0, "pack")), "what cannot be converted");
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
