//! Shows which part of a suggestion is new.

use std::ops::Range;

use crate::index::suggestions::words::{Piece, Typed, fold_character, split};

/// `text` escaped for HTML, with what was not typed between `<mark>` and `</mark>`. Nothing is
/// marked when nothing is typed.
pub(super) fn highlight(text: &str, typed: &Typed) -> String {
    let mut highlighted = String::with_capacity(text.len() + 32);
    if typed.is_empty() {
        escape(text, &mut highlighted);
        return highlighted;
    }
    let mut end = 0;
    for range in typed_ranges(text, typed) {
        // Two words can be one character: ½ is folded to 1 and 2.
        let start = range.start.max(end);
        let typed_end = range.end.max(start);
        mark(&text[end..start], &mut highlighted);
        escape(&text[start..typed_end], &mut highlighted);
        end = typed_end;
    }
    mark(&text[end..], &mut highlighted);
    highlighted
}

/// Blank text between two typed words is neither typed nor completed.
fn mark(text: &str, highlighted: &mut String) {
    if text.trim().is_empty() {
        escape(text, highlighted);
        return;
    }
    let inner = text.trim_start();
    escape(&text[..text.len() - inner.len()], highlighted);
    let body = inner.trim_end();
    highlighted.push_str("<mark>");
    escape(body, highlighted);
    highlighted.push_str("</mark>");
    escape(&inner[body.len()..], highlighted);
}

fn escape(text: &str, escaped: &mut String) {
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
}

/// Byte ranges of `text` that the shopper has typed, in order of their starts.
fn typed_ranges(text: &str, typed: &Typed) -> Vec<Range<usize>> {
    let mut pieces = split(text);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for word in &typed.earlier {
        let distance = |piece: &str| strsim::osa_distance(word, piece);
        if let Some(piece) = take_nearest(&mut pieces, |piece| piece == word, distance) {
            ranges.push(piece.start..piece.end);
        }
    }
    let last = &typed.last;
    if !last.is_empty() {
        let letters = last.chars().count();
        let distance = |piece: &str| prefix_distance(last, piece);
        let is_start = |piece: &str| piece.starts_with(last.as_str());
        if let Some(piece) = take_nearest(&mut pieces, is_start, distance) {
            ranges.push(piece.start..end_of_letters(text, &piece, letters));
        }
    }
    ranges.sort_unstable_by_key(|range| range.start);
    ranges
}

/// Edits between `typed` and the nearest start of `word`.
fn prefix_distance(typed: &str, word: &str) -> usize {
    let letters = typed.chars().count();
    let starts = letters.saturating_sub(2)..=letters + 2;
    let start = |length: usize| word.chars().take(length).collect::<String>();
    starts.map(|length| strsim::osa_distance(typed, &start(length))).min().unwrap_or(letters)
}

/// Takes out the piece that is what was typed, else the nearest.
fn take_nearest(
    pieces: &mut Vec<Piece>,
    is_typed: impl Fn(&str) -> bool,
    distance: impl Fn(&str) -> usize,
) -> Option<Piece> {
    let typed = pieces.iter().position(|piece| is_typed(&piece.text));
    let places = || pieces.iter().enumerate();
    let nearest = || Some(places().min_by_key(|(_, piece)| distance(&piece.text))?.0);
    typed.or_else(nearest).map(|place| pieces.remove(place))
}

/// The byte behind the first `letters` folded letters of a word.
fn end_of_letters(text: &str, piece: &Piece, letters: usize) -> usize {
    let mut seen = 0;
    let mut end = piece.start;
    for (offset, character) in text[piece.start..piece.end].char_indices() {
        let folded = fold_character(character).chars().filter(|c| c.is_alphanumeric()).count();
        if seen >= letters && folded > 0 {
            break;
        }
        seen += folded;
        end = piece.start + offset + character.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_in_one_character_are_marked_once() {
        let typed = Typed::read("garden hose 1/2");
        let marked = highlight("Garden Hose ½ 20 m", &typed);
        assert_eq!(marked, "Garden Hose ½ <mark>20 m</mark>");
    }
}
