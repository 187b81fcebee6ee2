//! What rules make of a query before it is searched for.

use super::Situation;
use super::wording::words;
use crate::query::Query;
use crate::settings::Settings;
use crate::settings::rules::Action;

/// A query that rewrites would make longer stays as it is.
const CHARS_MAX: usize = 512;

/// The text to search for in place of `typed`, where rules that fire on the query rewrite it: one
/// after the other by precedence, each once. They do not make other rules fire.
pub fn rewritten(
    typed: &str,
    query: &Query,
    settings: &Settings,
    situation: &Situation<'_>,
) -> Option<String> {
    let rulebook = situation.rulebook;
    if !rulebook.rewrites() {
        return None;
    }
    let mut text = query.corrected.as_deref().unwrap_or(typed).to_owned();
    let mut changed = false;
    let firing = rulebook.firing(query, situation);
    let rules = firing.into_iter().filter_map(|id| settings.rules.get(id));
    for action in rules.flat_map(|rule| &rule.then) {
        let Some((words, with)) = rewrite(action) else { continue };
        if let Some(replaced) = replaced(&text, (words, with), rulebook.fold()) {
            (text, changed) = (replaced, true);
        }
    }
    (changed && text.chars().count() <= CHARS_MAX).then_some(text)
}

/// What an action replaces, and by what.
pub(super) fn rewrite(action: &Action) -> Option<(&str, &str)> {
    match action {
        Action::Replace { words, with } => Some((words, with)),
        Action::Remove { words } => Some((words, "")),
        Action::Pin { .. }
        | Action::Boost { .. }
        | Action::Bury { .. }
        | Action::Hide { .. }
        | Action::Filter { .. }
        | Action::Redirect { .. }
        | Action::Banner { .. } => None,
    }
}

/// A text with some of its words replaced wherever they stand; `None` where they do not.
fn replaced(text: &str, (wanted, with): (&str, &str), fold: fn(&str) -> String) -> Option<String> {
    let folded = fold(wanted);
    let wanted: Vec<&str> = words(&folded).collect();
    let places = places(text);
    let own: Vec<String> = places.iter().map(|(start, end)| fold(&text[*start..*end])).collect();
    let (mut made, mut copied, mut first) = (String::new(), 0, 0);
    while !wanted.is_empty() && first + wanted.len() <= own.len() {
        let last = first + wanted.len() - 1;
        if own[first..=last] == wanted[..] {
            made.push_str(&text[copied..places[first].0]);
            made.push_str(with);
            copied = places[last].1;
            first = last;
        }
        first += 1;
    }
    if copied == 0 {
        return None;
    }
    made.push_str(&text[copied..]);
    Some(made.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where the words of a text begin and end, in bytes.
fn places(text: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, character.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(begin), false) => {
                places.push((begin, at));
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    places
}
