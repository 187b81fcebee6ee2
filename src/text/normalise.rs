//! Case, accents and compatibility forms folded away.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without accents, compatibility forms resolved (NFKD), typographic quotes plain.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    // A double prime would decompose into two primes, and inches into feet.
    let plain = text.chars().map(|letter| if letter == '\u{2033}' { '"' } else { letter });
    for character in plain.nfkd().filter(|character| !is_combining_mark(*character)) {
        for lower in character.to_lowercase() {
            push_plain(&mut folded, lower);
        }
    }
    folded
}

/// Letters that NFKD leaves alone although shoppers type them without their strokes.
fn push_plain(folded: &mut String, character: char) {
    match character {
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        'ø' => folded.push('o'),
        'ł' => folded.push('l'),
        'đ' | 'ð' => folded.push('d'),
        'þ' => folded.push_str("th"),
        'ı' => folded.push('i'),
        '\u{2018}' | '\u{2019}' | '\u{2032}' => folded.push('\''),
        '\u{201c}' | '\u{201d}' => folded.push('"'),
        '\u{2044}' => folded.push('/'),
        other => folded.push(other),
    }
}

/// Only the letters and digits of an identifier, folded: `AF1-002` and `af1 002` are one.
pub fn compact(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}
