//! What documents say of security and limits is proved by tests that exist.

use super::{lines_of, root};

/// The risks of the OWASP API Security Top 10.
const RISKS: usize = 10;

/// The tests that a text names: words in backticks with `::` in them.
fn named_tests(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.contains("::") && !word.contains([' ', '=', '/'])).collect()
}

/// Whether there is such a test: `a::b::c` is the function `c` of `tests/it/a/b.rs`, and
/// `vitrine::a::b::c` that of `src/a/b.rs` or `src/a/b/mod.rs`.
fn exists(test: &str) -> bool {
    let Some((path, function)) = test.rsplit_once("::") else { return false };
    let place = path.replace("::", "/");
    let files = match place.strip_prefix("vitrine/") {
        Some(place) => vec![format!("src/{place}.rs"), format!("src/{place}/mod.rs")],
        None => vec![format!("tests/it/{place}.rs")],
    };
    let head = format!("fn {function}(");
    let is_test = |text: &str| {
        let mut before = text.split(&head);
        before.next().is_some_and(|before| {
            before.rsplit("}\n").next().is_some_and(|near| near.contains("#[test]"))
        }) && before.next().is_some()
    };
    files
        .iter()
        .any(|file| std::fs::read_to_string(root().join(file)).is_ok_and(|text| is_test(&text)))
}

fn missing(document: &str) -> Vec<String> {
    let text = lines_of(document);
    let missing = named_tests(&text).into_iter().filter(|test| !exists(test));
    missing.map(|test| format!("{document}: there is no test {test}")).collect()
}

#[test]
fn every_test_named_in_a_document_exists() {
    super::report(&["SECURITY.md", "docs/operations.md"].map(missing).concat());
}

#[test]
fn every_risk_has_a_test() {
    let text = lines_of("SECURITY.md");
    for risk in 1..=RISKS {
        let begin = format!("| API{risk} ");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&begin)).collect();
        let [row] = rows[..] else { panic!("one row for API{risk}: {rows:?}") };
        assert!(!named_tests(row).is_empty(), "API{risk} has no test");
    }
}

#[test]
fn a_test_that_does_not_exist_is_found() {
    assert!(exists("tidy::security::a_test_that_does_not_exist_is_found"));
    assert!(exists("vitrine::http::token::the_signature_is_hmac_sha256"));
    for none in ["tidy::security::exists", "tidy::security::no_such", "no::such", "exists", "a::"] {
        assert!(!exists(none), "{none}");
    }
    assert_eq!(named_tests("`a::b`, `c`, d::e, `f = g::h`, `[x::y](z)`"), ["a::b", "[x::y](z)"]);
}
