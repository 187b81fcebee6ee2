//! Rewrites of queries by rules: their texts are short, and none leads back to where it began.

use std::collections::{BTreeMap, HashMap};

use super::rules::{Action, Rule};
use crate::domain::id::RuleId;
use crate::error::{Error, Result};
use crate::text::normalise::fold;

/// A text of a rewrite has at most so many characters.
const CHARS_MAX: usize = 200;

/// A text of a rewrite has at most so many words.
const WORDS_MAX: usize = 20;

/// A replacement as words.
struct Rewrite<'r> {
    rule: &'r RuleId,
    words: Vec<String>,
    with: Vec<String>,
}

/// Checks the rewrites of all rules, the ones that are switched off as well.
///
/// # Errors
/// `BadRequest` that names the rule whose text is empty or too long, or the rules that rewrite in a
/// circle.
pub(super) fn check(rules: &BTreeMap<RuleId, Rule>) -> Result<()> {
    let mut rewrites = Vec::new();
    for (rule, action) in rules.iter().flat_map(|(id, rule)| rule.then.iter().map(move |a| (id, a)))
    {
        match action {
            Action::Replace { words, with } => {
                let (words, with) = (words_of(rule, words)?, words_of(rule, with)?);
                rewrites.push(Rewrite { rule, words, with });
            }
            Action::Remove { words } => drop(words_of(rule, words)?),
            Action::Pin { .. }
            | Action::Boost { .. }
            | Action::Bury { .. }
            | Action::Hide { .. }
            | Action::Filter { .. }
            | Action::Redirect { .. }
            | Action::Banner { .. } => {}
        }
    }
    match circle(&rewrites) {
        None => Ok(()),
        Some(rules) => {
            let names: Vec<String> = rules.iter().map(|rule| format!("\"{rule}\"")).collect();
            let message = match names.as_slice() {
                [name] => format!("rule {name} replaces words by a text that has them again"),
                names => format!("rules {} replace words in a circle", names.join(", ")),
            };
            Err(invalid(message))
        }
    }
}

fn invalid(message: String) -> Error {
    Error::bad_request("invalid_rule", message, "nothing was changed")
}

fn words_of(rule: &RuleId, text: &str) -> Result<Vec<String>> {
    let folded = fold(text);
    let words = folded.split(|character: char| !character.is_alphanumeric());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if words.is_empty() || words.len() > WORDS_MAX || text.chars().count() > CHARS_MAX {
        return Err(invalid(format!(
            "rule \"{rule}\" rewrites a text that does not have 1 to {WORDS_MAX} words and at most \
             {CHARS_MAX} characters"
        )));
    }
    Ok(words)
}

/// How far a rewrite has been followed.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Not,
    Underway,
    Done,
}

/// The rules of rewrites that lead back to the first of them, if there are any: one leads to
/// another whose words are in its new text.
fn circle<'r>(rewrites: &[Rewrite<'r>]) -> Option<Vec<&'r RuleId>> {
    let mut by_words: HashMap<&[String], Vec<usize>> = HashMap::new();
    for (number, rewrite) in rewrites.iter().enumerate() {
        by_words.entry(&rewrite.words).or_default().push(number);
    }
    let next = |number: usize| -> Vec<usize> {
        let with = &rewrites[number].with;
        let runs = (0..with.len())
            .flat_map(|start| (start + 1..=with.len()).map(move |end| &with[start..end]));
        runs.filter_map(|run| by_words.get(run)).flatten().copied().collect()
    };
    let mut seen = vec![Seen::Not; rewrites.len()];
    for first in 0..rewrites.len() {
        if seen[first] != Seen::Not {
            continue;
        }
        // The way from the first one, each with those that it leads to and that are left.
        let mut way = vec![(first, next(first))];
        seen[first] = Seen::Underway;
        while let Some((number, left)) = way.last_mut() {
            let Some(following) = left.pop() else {
                seen[*number] = Seen::Done;
                way.pop();
                continue;
            };
            match seen[following] {
                Seen::Done => {}
                Seen::Not => {
                    seen[following] = Seen::Underway;
                    way.push((following, next(following)));
                }
                Seen::Underway => {
                    let back = way.iter().skip_while(|(number, _)| *number != following);
                    let mut rules: Vec<&RuleId> =
                        back.map(|(number, _)| rewrites[*number].rule).collect();
                    rules.sort_unstable();
                    rules.dedup();
                    return Some(rules);
                }
            }
        }
    }
    None
}
