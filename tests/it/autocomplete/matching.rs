//! Fast matching against slow, obvious matching.

use proptest::prelude::*;
use vitrine::domain::page::SuggestionKind;
use vitrine::index::suggestions::SuggestionIndex;
use vitrine::index::suggestions::words::{Typed, split};

use super::{ask, draft};

/// The obvious way: every suggestion is looked at.
fn slow_matches(index: &SuggestionIndex, q: &str) -> Vec<(u32, bool)> {
    let typed = Typed::read(q);
    let fits = |text: &str| {
        let mut free: Vec<Option<String>> =
            split(text).into_iter().map(|piece| Some(piece.text)).collect();
        let mut first = None;
        for word in &typed.earlier {
            let at = free.iter().position(|free| free.as_ref() == Some(word))?;
            free[at] = None;
            first = first.or(Some(at));
        }
        if !typed.last.is_empty() {
            let begins = |free: &Option<String>| {
                free.as_ref().is_some_and(|free| free.starts_with(&typed.last))
            };
            let at = free.iter().position(begins)?;
            first = first.or(Some(at));
        }
        first.map(|at| at == 0)
    };
    (0..)
        .zip(index.entries())
        .filter_map(|(place, entry)| Some((place, fits(entry.text)?)))
        .collect()
}

const WORDS: [&str; 16] = [
    "nike", "nikon", "nova", "new", "run", "running", "runner", "red", "shoe", "shoes", "shirt",
    "café", "case", "2", "20", "levi's",
];

fn phrase() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 1..5).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn fast_matching_is_slow_matching(
        phrases in prop::collection::vec(phrase(), 1..60),
        typed in phrase(),
        cut in 0_usize..12,
    ) {
        let drafts = phrases.iter().enumerate().map(|(number, text)| {
            draft(text, SuggestionKind::Query, number as f32 / 60.0)
        });
        let index = SuggestionIndex::from_drafts("en", drafts.collect());
        let q: String = typed.chars().take(typed.chars().count().saturating_sub(cut)).collect();
        let slow: Vec<u32> = slow_matches(&index, &q).into_iter().map(|(place, _)| place).collect();
        // With 0 asked for, no typing errors are assumed.
        let fast: Vec<u32> =
            index.matches(&Typed::read(&q), 0).into_iter().map(|found| found.place).collect();
        prop_assert_eq!(fast, slow, "{:?}", q);
    }
}

/// Of prefixes with thousands of suggestions only the most popular ones are looked at.
#[test]
fn frequent_prefixes_keep_the_best() {
    let mut drafts = Vec::new();
    for number in 0_u32..9_000 {
        let scrambled = number.wrapping_mul(2_654_435_761);
        let popularity = (scrambled >> 8) as f32 / (1 << 24) as f32;
        let other = WORDS[scrambled as usize % 8];
        let words = if number % 2 == 0 {
            format!("nike {other} x{number}")
        } else {
            format!("{other} nike x{number}")
        };
        drafts.push(draft(&words, SuggestionKind::Query, popularity));
    }
    let index = SuggestionIndex::from_drafts("en", drafts);
    for q in ["n", "ni", "nik", "nike", "x", "x1", "r", "ru"] {
        let slow = slow_matches(&index, q);
        let inside = if q.len() < 3 { 0.45 } else { 0.75 };
        let mut scores: Vec<f32> = slow
            .iter()
            .map(|(place, is_start)| {
                let quality = if *is_start { 1.0 } else { inside };
                (0.02 + index.entry(*place).popularity) * quality
            })
            .collect();
        scores.sort_by(|left, right| right.total_cmp(left));
        let fast: Vec<f32> = ask(&index, q).iter().map(|one| one.score).collect();
        assert_eq!(fast.len(), 10, "{q}");
        for (fast, slow) in fast.iter().zip(&scores) {
            assert!((fast - slow).abs() < 1e-6, "{q}: {fast} {slow}");
        }
    }
}

#[test]
fn spaces_more_and_less_are_forgiven() {
    let texts = ["usb headset", "t-shirt men", "iphone 128gb", "air max 90", "notebook bag"];
    let drafts = texts.iter().map(|text| draft(text, SuggestionKind::Query, 0.5)).collect();
    let index = SuggestionIndex::from_drafts("en", drafts);
    let pairs = [
        ("usb head s", "usb headset"),
        ("head set", "usb headset"),
        ("tshirt m", "t-shirt men"),
        ("tshi", "t-shirt men"),
        ("t shirt", "t-shirt men"),
        ("iphone 128 g", "iphone 128gb"),
        ("airmax", "air max 90"),
        ("air max90", "air max 90"),
        ("note book", "notebook bag"),
    ];
    for (q, text) in pairs {
        let answer = ask(&index, q);
        assert_eq!(answer.first().map(|one| one.text.as_str()), Some(text), "{q}");
    }
}
