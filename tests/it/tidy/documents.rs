//! What documents name exists, and documents stay short.

use std::path::{Component, Path, PathBuf};

use super::{File, files_below, lines_of, root};

/// Documents at the root; those below `docs/` are found.
const DOCUMENTS: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

/// Documents that are read in one go, with the most lines they may have.
const LINES_MAX: [(&str, usize); 2] = [("README.md", 150), ("ARCHITECTURE.md", 150)];

/// What begins with one of these is a path of the repository.
const FOLDERS: [&str; 9] =
    [".ci/", "benches/", "console/", "data/", "docs/", "index/", "scripts/", "src/", "tests/"];

fn documents() -> Vec<File> {
    let mut files: Vec<File> = DOCUMENTS
        .iter()
        .map(|path| File { path: (*path).to_owned(), text: lines_of(path) })
        .collect();
    files_below("docs", ".md", &mut files);
    files
}

/// Paths that a text names: words that begin with a folder of the repository, Rust files, and the
/// targets of links, which are relative to the document.
fn named_paths(document: &File) -> Vec<String> {
    let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let links = document.text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let links = links.map(|(target, _)| target.split('#').next().unwrap_or_default());
    let is_local = |target: &&str| !target.is_empty() && !target.contains(':');
    let mut paths: Vec<String> =
        links.filter(is_local).map(|target| resolved(&format!("{folder}/{target}"))).collect();
    let without_links = document.text.split("](").enumerate().map(|(place, part)| {
        if place == 0 { part } else { part.split_once(')').map_or("", |(_, rest)| rest) }
    });
    let separators = |letter: char| letter.is_whitespace() || "`\"'()[]<>,;|=".contains(letter);
    let words = without_links.flat_map(|part| part.split(separators));
    let words = words.map(|word| word.trim_start_matches("./").trim_end_matches(['.', ':', '!']));
    let is_path = |word: &&str| {
        FOLDERS.iter().any(|folder| word.starts_with(folder) && word.len() > folder.len())
            || (word.len() > 3 && word.ends_with(".rs"))
    };
    paths.extend(words.filter(is_path).map(str::to_owned));
    paths
}

/// Without `.` and `..`.
fn resolved(path: &str) -> String {
    let mut parts = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(name) => parts.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.to_string_lossy().into_owned()
}

/// What is made at run time is not in the repository.
fn is_made_later(path: &str, ignored: &str) -> bool {
    let patterns =
        ignored.lines().map(|line| line.trim_matches('/')).filter(|line| !line.is_empty());
    patterns.into_iter().any(|pattern| Path::new(path).starts_with(pattern))
}

/// A star stands for anything inside one name; a Rust file may be named from `src/` on.
fn exists(path: &str) -> bool {
    let from = |folder: &Path| match path.split_once('*') {
        None => folder.join(path).exists(),
        Some((before, _)) => has_name_like(&folder.join(before)),
    };
    from(root()) || (path.ends_with(".rs") && from(&root().join("src")))
}

/// Whether a name in the folder begins as the last part of `start`.
fn has_name_like(start: &Path) -> bool {
    let (Some(folder), Some(begin)) = (start.parent(), start.file_name()) else { return false };
    let begin = begin.to_string_lossy();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    names.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(&*begin))
}

fn missing_paths(document: &File) -> Vec<String> {
    let ignored = lines_of(".gitignore");
    let missing = named_paths(document).into_iter();
    let missing = missing.filter(|path| !is_made_later(path, &ignored) && !exists(path));
    missing.map(|path| format!("{}: there is no {path}", document.path)).collect()
}

fn too_long(document: &File) -> Option<String> {
    let (_, most) = LINES_MAX.iter().find(|(path, _)| *path == document.path)?;
    let lines = document.text.lines().count();
    (lines > *most).then(|| format!("{}: {lines} lines, at most {most}", document.path))
}

#[test]
fn every_path_named_in_a_document_exists() {
    let documents = documents();
    let named: usize = documents.iter().map(|document| named_paths(document).len()).sum();
    assert!(named > 20, "paths were found");
    super::report(&documents.iter().flat_map(missing_paths).collect::<Vec<_>>());
}

/// Signals that `docs/ranking.md` has no row for.
fn undocumented_signals(document: &str) -> Vec<&'static str> {
    let names = vitrine::rank::signal::NAMES.iter().map(|(_, name)| *name);
    names.filter(|name| !document.contains(&format!("\n| `{name}` |"))).collect()
}

#[test]
fn every_signal_is_documented() {
    assert_eq!(undocumented_signals(&lines_of("docs/ranking.md")), [""; 0]);
    let all = vitrine::rank::signal::SIGNALS;
    assert_eq!(undocumented_signals("| signal |\n| `lexical` | words |\n").len(), all - 1);
}

#[test]
fn documents_that_are_read_in_one_go_are_short() {
    super::report(&documents().iter().filter_map(too_long).collect::<Vec<_>>());
}

fn made_up(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_path_that_does_not_exist_is_found() {
    for text in [
        "see `src/no.rs`",
        "in src/no/.",
        "| `no/such.rs` |",
        "[a](no.md)",
        "![a](no.png#b)",
        "run\n\n    scripts/no --fast",
        "`docs/no-*/x`",
        "`data/no.jsonl`, and more",
    ] {
        assert_eq!(missing_paths(&made_up("docs/a.md", text)).len(), 1, "{text}");
    }
}

#[test]
fn a_path_that_exists_is_none() {
    for text in [
        "`src/engine.rs` and engine.rs, src/engine/indexing.rs: docs/decisions/0002-*.md",
        "[a](../README.md) [b](decisions/0002-store.md#x) [c](https://example.org/src/no.rs)",
        "index/store/anything and /v1/indexes/src/no",
        "https://example.org/docs/no.md",
    ] {
        assert_eq!(missing_paths(&made_up("docs/a.md", text)), [""; 0], "{text}");
    }
}

#[test]
fn a_long_document_is_found() {
    for (path, most) in LINES_MAX {
        assert!(too_long(&made_up(path, &"a\n".repeat(most + 1))).is_some());
        assert!(too_long(&made_up(path, &"a\n".repeat(most))).is_none());
    }
    assert!(too_long(&made_up("docs/long.md", &"a\n".repeat(1_000))).is_none());
}
