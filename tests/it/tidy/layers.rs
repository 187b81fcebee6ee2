//! What may use what: the table of `ARCHITECTURE.md` against the paths that the source names.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{masked, tokens};
use super::{File, lines_of, source_files};

/// The head of the table in `ARCHITECTURE.md`.
const TABLE_HEAD: &str = "| module | may use |";

/// Which modules each module may use.
type Table = BTreeMap<String, BTreeSet<String>>;

/// Reads the table: a row may name several modules, and may use "nothing", a list, or
/// "everything above".
fn table(document: &str) -> Result<Table, String> {
    let rows = document.lines().skip_while(|line| line.trim() != TABLE_HEAD).skip(2);
    let mut table = Table::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [modules, uses] = cells.as_slice() else {
            return Err(format!("not two cells: {row}"));
        };
        let uses: BTreeSet<String> = match *uses {
            "nothing" => BTreeSet::new(),
            "everything above" => table.keys().cloned().collect(),
            list => names(list).collect(),
        };
        for module in names(modules) {
            if table.insert(module.clone(), uses.clone()).is_some() {
                return Err(format!("'{module}' has two rows"));
            }
        }
    }
    if table.is_empty() { Err(format!("no table with the head '{TABLE_HEAD}'")) } else { Ok(table) }
}

/// `config` (why) and `b` → config, b.
fn names(list: &str) -> impl Iterator<Item = String> {
    let word = |part: &str| part.split_whitespace().next().unwrap_or_default().to_owned();
    list.split(',').map(word)
}

/// Modules that can reach themselves.
fn cycles(table: &Table) -> Vec<String> {
    let reaches = |start: &String| {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut open: Vec<&String> = vec![start];
        while let Some(module) = open.pop() {
            let next = table.get(module).into_iter().flatten();
            open.extend(next.filter(|one| seen.insert(one)));
        }
        seen.contains(start)
    };
    table.keys().filter(|start| reaches(start)).map(|start| format!("a cycle at {start}")).collect()
}

/// The module of the first level that a file belongs to, and how deep the file's own module lies;
/// `None` for the crate's roots.
fn place(path: &str) -> Option<(String, usize)> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    let first = inside.split('/').next()?;
    let is_root = first == "lib" || first == "main";
    (!is_root).then(|| (first.to_owned(), inside.split('/').count()))
}

/// Modules of the first level that a source names: by `crate::x`, by `crate::{x, y}`, and by
/// `super` where it climbs out of `depth` modules.
fn named_modules(source: &str, depth: usize) -> BTreeSet<String> {
    let masked = masked(source);
    let tokens = tokens(&masked);
    let mut found = BTreeSet::new();
    let (mut braces, mut inline) = (0_usize, Vec::new());
    for at in 0..tokens.len() {
        match tokens[at] {
            "{" => {
                braces += 1;
                if at >= 2 && tokens[at - 2] == "mod" {
                    inline.push(braces);
                }
            }
            "}" => {
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
                braces = braces.saturating_sub(1);
            }
            "crate" => found.extend(first_names(&tokens[at + 1..])),
            "super" if at == 0 || tokens[at - 1] != "::" => {
                let climbed = 1 + tokens[at + 1..]
                    .chunks(2)
                    .take_while(|pair| pair == &["::", "super"])
                    .count();
                if climbed >= depth + inline.len() {
                    found.extend(first_names(&tokens[at + 2 * climbed - 1..]));
                }
            }
            _ => {}
        }
    }
    found
}

/// The first names behind a root: one, or those of a group.
fn first_names(tokens: &[&str]) -> Vec<String> {
    match tokens {
        ["::", "{", group @ ..] => group_names(group),
        ["::", name, ..] => vec![(*name).to_owned()],
        _ => Vec::new(),
    }
}

fn group_names(tokens: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut expected = true;
    for token in tokens {
        match *token {
            "}" if depth == 0 => break,
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 0 => expected = true,
            name if expected => {
                names.push(name.to_owned());
                expected = false;
            }
            _ => {}
        }
    }
    names
}

fn violations(table: &Table, files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let Some((module, depth)) = place(&file.path) else {
            continue;
        };
        let Some(allowed) = table.get(&module) else {
            found.push(format!("{}: the module '{module}' has no row in the table", file.path));
            continue;
        };
        let named = named_modules(&file.text, depth).into_iter();
        let wrong = named.filter(|other| *other != module && !allowed.contains(other));
        found.extend(wrong.map(|other| format!("{}: {module} may not use {other}", file.path)));
    }
    found
}

fn modules_without_source(table: &Table, files: &[File]) -> Vec<String> {
    let present: BTreeSet<String> =
        files.iter().filter_map(|file| place(&file.path)).map(|(module, _)| module).collect();
    let named = table.iter().flat_map(|(module, uses)| std::iter::once(module).chain(uses));
    let named: BTreeSet<&String> = named.collect();
    let missing = named.into_iter().filter(|module| !present.contains(*module));
    missing.map(|module| format!("the table names '{module}', which src/ does not have")).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table(&lines_of("ARCHITECTURE.md")).expect("the table");
    let files = source_files(&["src"]);
    assert!(files.len() > 100, "the source was found");
    let mut found = violations(&table, &files);
    found.extend(modules_without_source(&table, &files));
    found.extend(cycles(&table));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_program_is_only_the_command_line() {
    let main = masked(&lines_of("src/main.rs"));
    let tokens = tokens(&main);
    let roots: Vec<&[&str]> = tokens.windows(3).filter(|three| three[0] == "vitrine").collect();
    assert_eq!(roots, [["vitrine", "::", "cli"]]);
}

fn made_up_table() -> Table {
    let text = "| module | may use |\n| --- | --- |\n| domain | nothing |\n| text, error | domain |\n\
                | rank | domain, text (folding) |\n| engine | everything above |\n\nand so on";
    table(text).expect("a table")
}

fn violations_in(path: &str, source: &str) -> Vec<String> {
    let file = File { path: path.to_owned(), text: source.to_owned() };
    violations(&made_up_table(), &[file])
}

#[test]
fn the_table_is_read() {
    let table = made_up_table();
    let uses = |module: &str| table[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(uses("domain"), [""; 0]);
    assert_eq!(uses("error"), ["domain"]);
    assert_eq!(uses("rank"), ["domain", "text"]);
    assert_eq!(uses("engine"), ["domain", "error", "rank", "text"]);
    assert!(super::layers::table("no table").is_err());
    assert!(super::layers::table(&format!("{TABLE_HEAD}\n|---|---|\n| a | b | c |")).is_err());
    assert!(super::layers::table(&format!("{TABLE_HEAD}\n|---|---|\n|a|b|\n|a|c|")).is_err());
}

#[test]
fn a_forbidden_use_is_found_however_it_is_written() {
    for source in [
        "use crate::rank::Ranked;",
        "fn f() { crate::rank::g() }",
        "use crate::{domain::id, rank};",
        "use crate::{domain::{a, b}, rank::{c}};",
        "use super::super::rank::Ranked;",
        "mod tests { use super::super::super::rank; }",
    ] {
        let expected = ["src/text/units.rs: text may not use rank"];
        assert_eq!(violations_in("src/text/units.rs", source), expected, "{source}");
    }
    assert_eq!(violations_in("src/text/mod.rs", "use super::rank;").len(), 1);
    assert_eq!(violations_in("src/text.rs", "use super::rank;").len(), 1);
    assert_eq!(violations_in("src/shelf/mod.rs", "").len(), 1, "a module without a row");
}

#[test]
fn an_allowed_use_is_no_violation() {
    for source in [
        "use crate::domain::id; use crate::text::x; use super::rank; use super::*;",
        "// crate::rank\n/// [`crate::rank`]\nconst A: &str = \"crate::rank\";",
        "mod tests { use super::super::rank; fn f() { { } } }",
        "pub(crate) fn f() {} pub(super) fn g() {}",
    ] {
        assert_eq!(violations_in("src/text/units.rs", source), [""; 0], "{source}");
    }
    assert_eq!(violations_in("src/engine/a.rs", "use crate::rank::b;"), [""; 0]);
    assert_eq!(violations_in("src/lib.rs", "use crate::rank::b;"), [""; 0]);
}

#[test]
fn a_cycle_is_found() {
    assert_eq!(cycles(&made_up_table()), [""; 0]);
    let text = format!("{TABLE_HEAD}\n|---|---|\n| a | b |\n| b | c |\n| c | a |\n| d | a |");
    let table = table(&text).expect("a table");
    assert_eq!(cycles(&table), ["a cycle at a", "a cycle at b", "a cycle at c"]);
}

#[test]
fn a_row_without_source_is_found() {
    let file = File { path: "src/domain/mod.rs".to_owned(), text: String::new() };
    assert_eq!(modules_without_source(&made_up_table(), &[file]).len(), 4);
}
