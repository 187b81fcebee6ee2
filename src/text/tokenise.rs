//! Text into words, numbers and numbers with units, with their places in the original text.

use unicode_segmentation::UnicodeSegmentation;

use super::normalise::fold;
use super::units::{canonical_unit, parse_number, split_number_unit, write_number};

/// One word of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The folded word, or the one writing of a number (`0.5`) or quantity (`12in`).
    pub text: String,
    /// What it is.
    pub kind: WordKind,
    /// Byte offset of its first character in the original text.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WordKind {
    /// Letters.
    Letters,
    /// Letters and digits mixed, such as a model number.
    Mixed,
    /// A number.
    Number(f64),
    /// A number with a unit of measure behind it.
    Quantity(f64, &'static str),
}

impl Word {
    /// Whether the word carries digits, so that its spelling must not be touched.
    pub fn has_digits(&self) -> bool {
        self.kind != WordKind::Letters
    }
}

/// A piece of text between two word boundaries (UAX #29).
struct Piece {
    text: String,
    start: usize,
    end: usize,
}

/// The words of `text` in order. Words follow Unicode's word boundaries (UAX #29); fractions
/// (`1/2`, `½`) become decimals; a number and the unit behind it become one quantity.
pub fn words(text: &str) -> Vec<Word> {
    let pieces = pieces(text);
    let mut words = Vec::with_capacity(pieces.len());
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let used = if let Some((value, used)) = number(rest) {
            words.push(numeric(value, &rest[..used]));
            used
        } else {
            push_plain(&mut words, first);
            1
        };
        rest = &rest[used..];
        attach_unit(&mut words, &mut rest);
    }
    words
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (start, segment) in text.split_word_bound_indices() {
        if segment.trim().is_empty() {
            continue;
        }
        let folded = fold(segment);
        let end = start + segment.len();
        if let Some((digits, unit)) = split_number_unit(&folded) {
            let middle = if segment.is_ascii() { start + digits.len() } else { start };
            pieces.push(Piece { text: digits.to_owned(), start, end: middle });
            pieces.push(Piece { text: unit.to_owned(), start: middle, end });
        } else {
            pieces.push(Piece { text: folded, start, end });
        }
    }
    pieces
}

/// A number at the start of `pieces`: its value and how many pieces it takes.
fn number(pieces: &[Piece]) -> Option<(f64, usize)> {
    if let Some(vulgar) = vulgar_fraction(&pieces[0].text) {
        return Some((vulgar, 1));
    }
    let whole = parse_number(&pieces[0].text)?;
    if let Some(fraction) = fraction_at(pieces) {
        return Some((fraction, 3));
    }
    let is_small_whole = whole.fract() == 0.0 && whole < 1_000.0;
    let behind = is_small_whole.then(|| fraction_behind(pieces)).flatten();
    let (fraction, used) = behind.unwrap_or((0.0, 0));
    Some((whole + fraction, 1 + used))
}

/// The fraction of `1 3/4` and `1-3/4` behind the whole number, and how many pieces it takes.
fn fraction_behind(pieces: &[Piece]) -> Option<(f64, usize)> {
    let hyphen = pieces.get(1).is_some_and(|piece| piece.text == "-" && touches(pieces, 1));
    let first = if hyphen { 2 } else { 1 };
    let rest = pieces.get(first..)?;
    if let Some(vulgar) = rest.first().and_then(|piece| vulgar_fraction(&piece.text)) {
        return (vulgar < 1.0).then_some((vulgar, first));
    }
    if touches(pieces, first) != hyphen {
        return None;
    }
    fraction_at(rest).map(|fraction| (fraction, first + 2))
}

/// Whether nothing stands between a piece and the one before.
fn touches(pieces: &[Piece], place: usize) -> bool {
    pieces.get(place).is_some_and(|piece| pieces[place - 1].end == piece.start)
}

/// `1 / 2` as three touching pieces.
fn fraction_at(pieces: &[Piece]) -> Option<f64> {
    let [top, slash, bottom, ..] = pieces else {
        return None;
    };
    let touching = top.end == slash.start && slash.end == bottom.start;
    if slash.text != "/" || !touching {
        return None;
    }
    let (top, bottom) = (parse_number(&top.text)?, parse_number(&bottom.text)?);
    (bottom > 0.0 && top < bottom && bottom <= 64.0).then(|| top / bottom)
}

/// `½` folds to `1⁄2` in one piece.
fn vulgar_fraction(text: &str) -> Option<f64> {
    let (top, bottom) = text.split_once('/')?;
    let (top, bottom) = (parse_number(top)?, parse_number(bottom)?);
    (bottom > 0.0).then(|| top / bottom)
}

fn numeric(value: f64, pieces: &[Piece]) -> Word {
    Word {
        text: write_number(value),
        kind: WordKind::Number(value),
        start: pieces[0].start,
        end: pieces[pieces.len() - 1].end,
    }
}

fn push_plain(words: &mut Vec<Word>, piece: &Piece) {
    if !piece.text.chars().any(char::is_alphanumeric) {
        return;
    }
    let has_digits = piece.text.bytes().any(|byte| byte.is_ascii_digit());
    let kind = if has_digits { WordKind::Mixed } else { WordKind::Letters };
    let text = piece.text.strip_suffix("'s").unwrap_or(&piece.text).replace('\'', "");
    words.push(Word { text, kind, start: piece.start, end: piece.end });
}

/// Joins a unit that follows the number just read, directly or behind a hyphen.
fn attach_unit(words: &mut [Word], rest: &mut &[Piece]) {
    let Some(last) = words.last_mut() else {
        return;
    };
    let WordKind::Number(value) = last.kind else {
        return;
    };
    let skipped = usize::from(rest.first().is_some_and(|piece| piece.text == "-"));
    if let Some((unit, used)) = two_word_unit(&rest[skipped.min(rest.len())..]) {
        finish_quantity(last, value, unit, rest[skipped + used - 1].end);
        *rest = &rest[skipped + used..];
        return;
    }
    let Some(piece) = rest.get(skipped) else {
        return;
    };
    let is_sign = piece.text == "\"" || piece.text == "'";
    let Some(unit) = canonical_unit(&piece.text).filter(|_| !is_sign || piece.start == last.end)
    else {
        return;
    };
    finish_quantity(last, value, unit, piece.end);
    *rest = &rest[skipped + 1..];
}

fn finish_quantity(word: &mut Word, value: f64, unit: &'static str, end: usize) {
    word.text = format!("{}{unit}", write_number(value));
    word.kind = WordKind::Quantity(value, unit);
    word.end = end;
}

/// `fl oz` and `sq ft`, perhaps with a full stop behind the first.
fn two_word_unit(pieces: &[Piece]) -> Option<(&'static str, usize)> {
    let first = pieces.first()?;
    let stop = usize::from(pieces.get(1).is_some_and(|piece| piece.text == "."));
    let second = canonical_unit(&pieces.get(1 + stop)?.text)?;
    let unit = match (first.text.as_str(), second) {
        ("fl" | "fluid", "oz") => "floz",
        ("sq" | "square", "ft") => "sqft",
        _ => return None,
    };
    Some((unit, 2 + stop))
}
