//! Rules about the source tree and its documents, checked from their text on every test run.
//!
//! Each rule is a function from files to violations, and has a test on a made-up bad file, so that
//! the rule itself cannot stop working unnoticed.

mod documents;
mod layers;
mod security;
mod source;

use std::path::Path;

use source::{masked, tokens};

/// Lines of a source file.
const FILE_LINES_MAX: usize = 500;

/// Libraries, and where alone they may be named.
const PLACES: [(&[&str], &[&str]); 6] = [
    (&["tantivy"], &["src/index/"]),
    (&["rten", "ort", "fastembed", "tokenizers"], &["src/embed/"]),
    (&["redb"], &["src/store/", "src/index/embeddings.rs"]),
    (&["axum", "tower", "hyper"], &["src/http/"]),
    (&["clap"], &["src/cli/"]),
    (&["tokio"], &["src/http/", "src/cli/", "src/startup.rs", "src/engine/indexing"]),
];

/// Stages of a search: they get what they need as arguments.
const STAGES: [&str; 6] =
    ["src/domain/", "src/query/", "src/retrieve/", "src/rank/", "src/merch/", "src/autocomplete/"];

/// What reaches outside, as the ends of paths.
const OUTSIDE: [&[&str]; 7] = [
    &["Instant"],
    &["SystemTime"],
    &["std", "::", "fs"],
    &["std", "::", "env"],
    &["std", "::", "net"],
    &["std", "::", "process"],
    &["async"],
];

/// A file with its path from the repository's root.
struct File {
    path: String,
    text: String,
}

/// The Rust files below folders of the repository, build folders left out.
fn source_files(folders: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    for folder in folders {
        files_below(folder, ".rs", &mut files);
    }
    files
}

fn files_below(folder: &str, ending: &str, files: &mut Vec<File>) {
    let entries = std::fs::read_dir(root().join(folder)).expect(folder);
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry")).collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            if name != "target" {
                files_below(&path, ending, files);
            }
        } else if name.ends_with(ending) {
            let text = lines_of(&path);
            files.push(File { path, text });
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn lines_of(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    let message = || format!("{}: {lines} lines, at most {FILE_LINES_MAX}", file.path);
    (lines > FILE_LINES_MAX).then(message)
}

fn without_header(file: &File) -> Option<String> {
    let has_one =
        file.text.lines().next().is_some_and(|line| line.len() > 4 && line.starts_with("//! "));
    (!has_one).then(|| format!("{}: the first line is no '//! …' that says what it is", file.path))
}

/// Whether `path::` begins with one of the libraries, or one of their companions (`rten_x`).
fn names_library(tokens: &[&str], at: usize, libraries: &[&str]) -> bool {
    let token = tokens[at];
    let is_one = libraries.iter().any(|library| {
        token.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    });
    let behind = at.checked_sub(1).map(|before| tokens[before]);
    is_one
        && behind != Some("::")
        && (tokens.get(at + 1) == Some(&"::") || matches!(behind, Some("use" | "crate")))
}

fn misplaced_libraries(file: &File) -> Vec<String> {
    let masked = masked(&file.text);
    let tokens = tokens(&masked);
    let misplaced = PLACES.iter().filter(|(libraries, places)| {
        !places.iter().any(|place| file.path.starts_with(place))
            && (0..tokens.len()).any(|at| names_library(&tokens, at, libraries))
    });
    misplaced
        .map(|(libraries, places)| format!("{}: {libraries:?} only in {places:?}", file.path))
        .collect()
}

fn impure_stages(file: &File) -> Vec<String> {
    if !STAGES.iter().any(|stage| file.path.starts_with(stage)) {
        return Vec::new();
    }
    let masked = masked(&file.text);
    let tokens = tokens(&masked);
    let named = OUTSIDE.iter().filter(|path| tokens.windows(path.len()).any(|part| part == **path));
    named.map(|path| format!("{}: a stage must not use {}", file.path, path.concat())).collect()
}

fn ignored_tests(file: &File) -> Option<String> {
    let masked = masked(&file.text);
    let tokens = tokens(&masked);
    let ignores = tokens.windows(3).any(|three| {
        matches!(three, ["[" | ",", "ignore", "]" | "=" | ")"]) && masked.contains("#[")
    });
    ignores.then(|| format!("{}: a test is ignored", file.path))
}

fn unfinished(file: &File) -> Vec<String> {
    let marks = ["TODO", "FIXME", "XXX", "unimplemented!", "todo!"];
    let is_word = |text: &str, mark: &str| {
        let letter = |one: Option<char>| one.is_some_and(|one| one.is_alphanumeric() || one == '_');
        text.match_indices(mark).any(|(at, _)| {
            !letter(text[..at].chars().next_back())
                && (mark.ends_with('!') || !letter(text[at + mark.len()..].chars().next()))
        })
    };
    let found = marks.iter().filter(|mark| is_word(&file.text, mark));
    found.map(|mark| format!("{}: '{mark}'", file.path)).collect()
}

fn report(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let files = source_files(&["src", "tests", "benches"]);
    let found: Vec<String> =
        files.iter().flat_map(|file| [too_long(file), without_header(file)]).flatten().collect();
    report(&found);
}

#[test]
fn libraries_stay_in_their_places() {
    let found: Vec<String> = source_files(&["src"]).iter().flat_map(misplaced_libraries).collect();
    report(&found);
}

#[test]
fn stages_are_pure() {
    let found: Vec<String> = source_files(&["src"]).iter().flat_map(impure_stages).collect();
    report(&found);
}

#[test]
fn no_test_is_ignored() {
    let files = source_files(&["src", "tests", "benches"]);
    report(&files.iter().filter_map(ignored_tests).collect::<Vec<_>>());
}

#[test]
fn nothing_in_the_source_is_unfinished() {
    report(&source_files(&["src"]).iter().flat_map(unfinished).collect::<Vec<_>>());
}

fn made_up(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_long_file_and_a_missing_header_are_found() {
    let lines = |count: usize| made_up("src/a.rs", &"//! A.\n".repeat(count));
    assert!(too_long(&lines(FILE_LINES_MAX + 1)).is_some());
    assert!(too_long(&lines(FILE_LINES_MAX)).is_none());
    assert!(without_header(&lines(1)).is_none());
    for text in ["", "use a;", "// A.\n//! B.", "\n//! A.", "//!"] {
        assert!(without_header(&made_up("src/a.rs", text)).is_some(), "{text}");
    }
}

#[test]
fn a_misplaced_library_is_found() {
    for (path, source) in [
        ("src/retrieve/mod.rs", "use tantivy::Term;"),
        ("src/index/build.rs", "fn f() { rten::run() }"),
        ("src/index/build.rs", "use rten_tensor::Tensor;"),
        ("src/engine.rs", "use ort;"),
        ("src/engine.rs", "use axum::Json;"),
        ("src/cli/mod.rs", "use tower_http::cors;"),
        ("src/http/mod.rs", "use clap::Parser;"),
        ("src/store/mod.rs", "#[tokio::main] fn f() {}"),
    ] {
        assert_eq!(misplaced_libraries(&made_up(path, source)).len(), 1, "{path}: {source}");
    }
    for (path, source) in [
        ("src/index/lexical/reader.rs", "use tantivy::Term;"),
        ("src/engine/indexing.rs", "use tokio::sync;"),
        ("src/retrieve/mod.rs", "// tantivy::Term\nlet ort = crate::sort::by(tower);"),
        ("src/retrieve/mod.rs", "use crate::sort::{self}; use a::ort::b;"),
    ] {
        assert_eq!(misplaced_libraries(&made_up(path, source)), [""; 0], "{path}: {source}");
    }
}

#[test]
fn an_impure_stage_is_found() {
    for source in ["use std::time::Instant;", "let a = std::env::var(\"A\");", "async fn f() {}"] {
        assert_eq!(impure_stages(&made_up("src/rank/mod.rs", source)).len(), 1, "{source}");
        assert_eq!(impure_stages(&made_up("src/engine.rs", source)), [""; 0], "{source}");
    }
    let source = "use std::collections::HashMap; // Instant";
    assert_eq!(impure_stages(&made_up("src/rank/mod.rs", source)), [""; 0]);
}

#[test]
fn an_ignored_test_is_found() {
    for source in ["#\u{5b}ignore]", "#\u{5b}ignore = \"slow\"]", "#[cfg_attr(unix, ignore)]"] {
        let source = format!("#[test]\n{source}\nfn a() {{}}");
        assert!(ignored_tests(&made_up("tests/a.rs", &source)).is_some(), "{source}");
    }
    let source = "#[test]\nfn a() { \"#\u{5b}ignore]\"; f(ignore); }";
    assert!(ignored_tests(&made_up("tests/a.rs", source)).is_none());
}

#[test]
fn unfinished_work_is_found() {
    for source in ["// TODO: more", "/// FIXME", "todo!()", "unimplemented!(\"x\")"] {
        assert_eq!(unfinished(&made_up("src/a.rs", source)).len(), 1, "{source}");
    }
    assert_eq!(unfinished(&made_up("src/a.rs", "// todos: TODOS; XXXL, 3XXX")), [""; 0]);
}
