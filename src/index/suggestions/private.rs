//! Texts that may be somebody's own: never suggested, whoever typed them.

use crate::text::normalise::fold;

/// Shoppers do not search for more, and what is longer was pasted.
const TEXT_CHARACTERS_MAX: usize = 80;

/// So many digits in a row, with only separators between them, are a telephone, card, account or
/// order number. Some harmless texts fall under this too; a suggestion less is the smaller harm.
const DIGITS_MAX: usize = 6;

/// Whether a searched text looks like an e-mail address, a telephone or card number, a web address
/// or something pasted.
pub fn looks_private(text: &str) -> bool {
    let folded = fold(text);
    folded.chars().count() > TEXT_CHARACTERS_MAX
        || folded.contains('@')
        || folded.contains("://")
        || folded.contains("www.")
        || folded.chars().any(char::is_control)
        || longest_number(&folded) > DIGITS_MAX
}

/// A telephone number has so many digits at least, and so has a card's; shorter ones in a product's
/// title are sizes, models and counts.
const TITLE_DIGITS_MIN: usize = 9;

/// Whether a title has an e-mail address in it, or a number of digits such as a telephone's or a
/// card's.
pub fn names_somebody(title: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || ".-_+".contains(character);
    let is_address = title.split_whitespace().any(|word| {
        let parts = word.trim_matches(|c: char| !is_part(c)).split_once('@');
        parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    let separates = |character: char| " -./()+".contains(character);
    let mut digits = 0;
    is_address
        || title.chars().any(|character| {
            if character.is_numeric() {
                digits += 1;
            } else if !separates(character) {
                digits = 0;
            }
            digits >= TITLE_DIGITS_MIN
        })
}

/// Digits of the longest number, read across separators as people write them.
fn longest_number(text: &str) -> usize {
    let mut longest = 0;
    let mut digits = 0;
    for character in text.chars() {
        if character.is_numeric() {
            digits += 1;
            longest = longest.max(digits);
        } else if character.is_alphabetic() {
            digits = 0;
        }
    }
    longest
}
