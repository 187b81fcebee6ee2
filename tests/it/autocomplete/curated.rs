//! What merchandisers say, what offends, what finds nothing, and which kinds are asked for.

use vitrine::autocomplete::{Curation, Proposal};
use vitrine::domain::page::{SuggestionKind, SuggestionSource};
use vitrine::domain::search::SuggestRequest;
use vitrine::index::suggestions::SuggestionIndex;
use vitrine::settings::suggestions::{PinnedSuggestion, SuggestionSettings};
use vitrine::text::analyse::Analyser;

use super::{Asking, ask, draft, sample, texts};

fn curation(settings: &SuggestionSettings) -> Curation {
    settings.check().unwrap();
    Curation::new(settings, &Analyser::new("en"))
}

fn pin(text: &str, when: &str) -> PinnedSuggestion {
    PinnedSuggestion { text: text.to_owned(), when: when.to_owned() }
}

#[test]
fn pinned_suggestions_stand_first_as_long_as_they_fit() {
    let index = sample();
    let pinned = vec![pin("trail shoes", "run"), pin("phone case", "")];
    let curation = curation(&SuggestionSettings { pinned, ..SuggestionSettings::default() });
    let asking = Asking { curation: Some(&curation), ..Asking::of(&index) };
    let first = |q: &str| asking.q(q).first().map(|one| one.text.clone()).unwrap_or_default();
    assert_eq!(first("run"), "trail shoes", "whatever it is");
    assert_ne!(first("runn"), "trail shoes", "it does not fit any more");
    assert_eq!(first(""), "phone case");
    assert_eq!(first("pho"), "phone case");
    assert_ne!(first("ni"), "phone case");
    let explained = SuggestRequest { explain: true, ..SuggestRequest::default() };
    let reason = asking.ask(&explained)[0].explain.clone().unwrap();
    assert_eq!((reason.source, reason.popularity), (SuggestionSource::Pinned, None));
    let finds = |proposal: &Proposal<'_>| proposal.text != "phone case";
    let answer = Asking { finds: &finds, ..asking }.q("");
    assert!(!texts(&answer).contains(&"phone case"), "a pin that finds nothing is no help");
}

#[test]
fn blocked_texts_and_words_are_gone() {
    let index = sample();
    let before = ask(&index, "nike");
    assert!(texts(&before).contains(&"nike running shoes"));
    let settings = SuggestionSettings {
        blocked: vec!["running shoe Nike".to_owned()],
        blocked_words: vec!["Pegasus".to_owned()],
        ..SuggestionSettings::default()
    };
    let curation = curation(&settings);
    let after = Asking { curation: Some(&curation), ..Asking::of(&index) }.q("nike");
    assert!(!texts(&after).contains(&"nike running shoes"), "in any order and number");
    assert!(!after.iter().any(|one| one.text.contains("Pegasus")));
    assert!(texts(&after).contains(&"Nike"), "others stay");
}

#[test]
fn offensive_words_are_never_suggested_unless_the_shop_says_so() {
    let drafts = vec![
        draft("fucking shoes", SuggestionKind::Query, 0.9),
        draft("Scheiße am Schuh", SuggestionKind::Product, 0.9),
        draft("shoes", SuggestionKind::Query, 0.1),
        draft("shitake", SuggestionKind::Query, 0.1),
    ];
    let index = SuggestionIndex::from_drafts("en", drafts);
    assert_eq!(texts(&ask(&index, "sh")), ["shitake", "shoes"]);
    assert!(ask(&index, "sche").is_empty() && ask(&index, "fu").is_empty());
    let allowed_words = vec!["fucking".to_owned()];
    let curation = curation(&SuggestionSettings { allowed_words, ..SuggestionSettings::default() });
    let asking = Asking { curation: Some(&curation), ..Asking::of(&index) };
    assert_eq!(texts(&asking.q("fu")), ["fucking shoes"]);
}

#[test]
fn settings_have_limits() {
    let long = "x".repeat(129);
    let bad = [
        SuggestionSettings { blocked: vec![String::new()], ..SuggestionSettings::default() },
        SuggestionSettings { blocked: vec![long.clone()], ..SuggestionSettings::default() },
        SuggestionSettings { blocked: vec!["x".into(); 1_001], ..SuggestionSettings::default() },
        SuggestionSettings { blocked_words: vec!["a b".into()], ..SuggestionSettings::default() },
        SuggestionSettings { pinned: vec![pin("x", &long)], ..SuggestionSettings::default() },
        SuggestionSettings { pinned: vec![pin("-", "x")], ..SuggestionSettings::default() },
    ];
    for settings in bad {
        assert_eq!(settings.check().unwrap_err().problem().code, "invalid_suggestions");
    }
}

#[test]
fn only_what_finds_something_and_is_asked_for_is_suggested() {
    let index = sample();
    let finds = |proposal: &Proposal<'_>| !proposal.text.to_lowercase().contains("nike");
    let answer = Asking { finds: &finds, ..Asking::of(&index) }.q("n");
    assert!(!answer.is_empty());
    assert!(answer.iter().all(|one| !one.text.to_lowercase().contains("nike")));
    let kinds = vec![SuggestionKind::Brand, SuggestionKind::Product];
    let request = SuggestRequest { q: "n".to_owned(), kinds, ..SuggestRequest::default() };
    let answer = Asking::of(&index).ask(&request);
    let allowed = [SuggestionKind::Brand, SuggestionKind::Product];
    assert!(answer.len() > 2 && answer.iter().all(|one| allowed.contains(&one.kind)));
    assert!(answer.iter().all(|one| one.brand.is_some() != one.product_id.is_some()));
}
