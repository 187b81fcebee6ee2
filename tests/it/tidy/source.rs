//! Rust source as tokens, without comments and without what stands in literals.

/// The text with comments and the insides of literals blanked; lines stay where they are.
pub(super) fn masked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = literal_end(&letters, at).or_else(|| comment_end(&letters, at));
        if let Some(end) = end {
            let end = end.min(letters.len());
            out.extend(letters[at..end].iter().map(|one| if *one == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(letters[at]);
            at += 1;
        }
    }
    out
}

fn comment_end(letters: &[char], at: usize) -> Option<usize> {
    match (letters[at], letters.get(at + 1)?) {
        ('/', '/') => {
            let length = letters[at..].iter().position(|letter| *letter == '\n');
            Some(length.map_or(letters.len(), |length| at + length))
        }
        ('/', '*') => Some(block_end(letters, at + 2)),
        _ => None,
    }
}

fn block_end(letters: &[char], mut at: usize) -> usize {
    let mut depth = 1;
    while at < letters.len() && depth > 0 {
        let change = match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => 1,
            ('*', Some('/')) => -1,
            _ => 0,
        };
        depth += change;
        at += if change == 0 { 1 } else { 2 };
    }
    at
}

fn literal_end(letters: &[char], at: usize) -> Option<usize> {
    let inside_name = at > 0 && is_name(letters[at - 1]);
    match letters[at] {
        '"' => Some(quoted_end(letters, at + 1)),
        '\'' => character_end(letters, at),
        'r' if !inside_name => raw_end(letters, at + 1),
        'b' | 'c' if !inside_name && letters.get(at + 1) == Some(&'r') => raw_end(letters, at + 2),
        _ => None,
    }
}

fn quoted_end(letters: &[char], mut at: usize) -> usize {
    while at < letters.len() && letters[at] != '"' {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A lifetime is no literal.
fn character_end(letters: &[char], at: usize) -> Option<usize> {
    if letters.get(at + 1) == Some(&'\\') {
        let end = letters.get(at + 3..)?.iter().position(|letter| *letter == '\'')?;
        return Some(at + 3 + end + 1);
    }
    (letters.get(at + 2) == Some(&'\'')).then_some(at + 3)
}

fn raw_end(letters: &[char], at: usize) -> Option<usize> {
    let hashes = letters[at..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + hashes) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
    let inside = at + hashes + 1;
    let length = letters[inside..].windows(closing.len()).position(|part| part == closing)?;
    Some(inside + length + closing.len())
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Names, `::` and single signs, of a masked text.
pub(super) fn tokens(masked: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = masked;
    while let Some(first) = rest.chars().next() {
        let length = if is_name(first) {
            rest.find(|letter| !is_name(letter)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            tokens.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    tokens
}

#[test]
fn comments_and_literals_are_blanked() {
    let source =
        "use a; // use b;\n/* x /* y */ use c; */ \"use \\\" d\" r#\"use \" e\"# 'f' '\\'' &'g z";
    let masked = masked(source);
    assert_eq!(tokens(&masked), ["use", "a", ";", "&", "'", "g", "z"]);
    assert_eq!(masked.lines().count(), source.lines().count());
}

#[test]
fn names_and_paths_are_tokens() {
    assert_eq!(tokens("crate::a::{b, c}"), ["crate", "::", "a", "::", "{", "b", ",", "c", "}"]);
    assert_eq!(tokens(&masked("for_r\"x\" br\"y\"")), ["for_r"]);
}
