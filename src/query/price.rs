//! Wishes about the price: `under 100`, `over 20`, `between 50 and 80`, `50-100`.

use crate::text::analyse::Token;
use crate::text::language::{Language, phrase_at};
use crate::text::tokenise::WordKind;

/// A wish found in a text: which tokens say it and what it says.
pub(super) struct Found {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) at_least: f64,
    pub(super) at_most: f64,
}

/// The first wish about the price among the tokens.
pub(super) fn find(tokens: &[Token], language: &Language) -> Option<Found> {
    (0..tokens.len()).find_map(|first| {
        let (count, at_least, at_most) = wish_at(&tokens[first..], language)?;
        // "air max 90" and "pro max" are models: "max" and "min" must have a query of their own.
        if first > 0 && matches!(tokens[first].word.text.as_str(), "max" | "min") {
            return None;
        }
        Some(Found { first, count, at_least, at_most })
    })
}

fn wish_at(tokens: &[Token], language: &Language) -> Option<(usize, f64, f64)> {
    let words = || tokens.iter().map(|token| &token.word);
    let amount = |place: usize| tokens.get(place).and_then(amount);
    let under = phrase_at(&language.under, words());
    if let Some(most) = amount(under).filter(|_| under > 0) {
        return Some((under + 1, 0.0, most));
    }
    let over = phrase_at(&language.over, words());
    if let Some(least) = amount(over).filter(|_| over > 0) {
        return Some((over + 1, least, f64::INFINITY));
    }
    let is = |place: usize, listed: &[String]| {
        tokens.get(place).is_some_and(|token| listed.contains(&token.word.text))
    };
    if is(0, &language.between) && is(2, &language.and) {
        let (least, most) = (amount(1)?, amount(3)?);
        return (least <= most).then_some((4, least, most));
    }
    None
}

/// A plain number; a quantity such as `50 inch` is not a price.
fn amount(token: &Token) -> Option<f64> {
    match token.word.kind {
        WordKind::Number(value) => Some(value),
        WordKind::Letters | WordKind::Mixed | WordKind::Quantity(..) => None,
    }
}
