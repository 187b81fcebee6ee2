//! Identifiers in a query: SKU, GTIN and model numbers, whatever their separators.

use super::Query;
use crate::text::analyse::Token;
use crate::text::normalise::compact;
use crate::text::tokenise::WordKind;
use crate::text::vocabulary::Vocabulary;

/// Identifiers are made of up to so many neighbouring words.
const WORDS_MAX: usize = 6;

/// Shorter texts name too much to be identifiers, or their beginnings.
const CHARACTERS_MIN: usize = 4;

/// A bare number within a longer query is an identifier only from so many digits on: "rtx 4060" is
/// no article 4060.
const BARE_DIGITS_MIN: usize = 8;

/// A beginning that more identifiers share tells nothing.
const BEGUN_MAX: usize = 40;

/// Finds what may be identifiers, and those of the index that begin as the query does.
pub(super) fn find(text: &str, tokens: &[Token], vocabulary: &dyn Vocabulary, query: &mut Query) {
    let written = |token: &Token| compact(&text[token.word.start..token.word.end]);
    for first in 0..tokens.len() {
        let mut joined = String::new();
        for (used, token) in (1..).zip(tokens[first..].iter().take(WORDS_MAX)) {
            joined.push_str(&written(token));
            let whole = first == 0 && used == tokens.len();
            if may_identify(&joined, whole) && !query.identifiers.contains(&joined) {
                query.identifiers.push(joined.clone());
            }
        }
    }
    let whole: String = tokens.iter().map(written).collect();
    let mixed = tokens.iter().filter(|token| token.word.kind == WordKind::Mixed).map(written);
    let mut beginnings: Vec<String> = mixed.chain([whole]).filter(|text| may_begin(text)).collect();
    beginnings.dedup();
    for beginning in beginnings {
        let begun = vocabulary.identifiers_with_prefix(&beginning, BEGUN_MAX + 1);
        if begun.len() <= BEGUN_MAX {
            query.begun_identifiers.extend(begun.into_iter().filter(|one| *one != beginning));
        }
    }
}

fn may_identify(joined: &str, whole: bool) -> bool {
    let has_digit = joined.bytes().any(|byte| byte.is_ascii_digit());
    let bare = joined.bytes().all(|byte| byte.is_ascii_digit());
    joined.len() >= CHARACTERS_MIN
        && (whole || has_digit)
        && (!bare || whole || joined.len() >= BARE_DIGITS_MIN)
}

/// Letters and digits together; a bare number only when it is long.
fn may_begin(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let bare = digits == text.len();
    text.len() >= CHARACTERS_MIN && digits > 0 && (!bare || text.len() >= BARE_DIGITS_MIN)
}
