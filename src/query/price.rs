//! Wishes about the price: `under 100`, `over 20`, `between 50 and 80`.

use super::PriceBounds;
use crate::text::analyse::Token;
use crate::text::tokenise::WordKind;

/// A wish found in a text: which tokens say it and what it says.
pub(super) struct PriceWish {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) bounds: PriceBounds,
}

/// The first wish about the price among the tokens.
pub(super) fn price_wish(tokens: &[Token]) -> Option<PriceWish> {
    (0..tokens.len()).find_map(|first| {
        let (count, bounds) = wish_at(&tokens[first..])?;
        // "air max 90" and "pro max" are models: "max" and "min" must have a query of their own.
        if first > 0 && matches!(tokens[first].word.text.as_str(), "max" | "min") {
            return None;
        }
        Some(PriceWish { first, count, bounds })
    })
}

fn wish_at(tokens: &[Token]) -> Option<(usize, PriceBounds)> {
    let word = |place: usize| tokens.get(place).map(|token| token.word.text.as_str());
    let amount = |place: usize| tokens.get(place).and_then(amount);
    let most = |at_most| PriceBounds { at_least: 0.0, at_most };
    let least = |at_least| PriceBounds { at_least, at_most: f64::INFINITY };
    match (word(0)?, word(1)?) {
        ("under" | "below" | "max" | "maximum", _) => Some((2, most(amount(1)?))),
        ("less" | "cheaper", "than") | ("up", "to") => Some((3, most(amount(2)?))),
        ("over" | "above" | "min", _) => Some((2, least(amount(1)?))),
        ("more", "than") => Some((3, least(amount(2)?))),
        ("between", _) if word(2) == Some("and") => {
            let bounds = PriceBounds { at_least: amount(1)?, at_most: amount(3)? };
            (bounds.at_least <= bounds.at_most).then_some((4, bounds))
        }
        _ => None,
    }
}

/// A plain number; a quantity such as `50 inch` is not a price, except in pounds.
fn amount(token: &Token) -> Option<f64> {
    match token.word.kind {
        WordKind::Number(value) => Some(value),
        WordKind::Letters | WordKind::Mixed | WordKind::Quantity(..) => None,
    }
}
