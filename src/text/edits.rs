//! The slips that turn one word into another: a Damerau–Levenshtein alignment (Damerau 1964, in its
//! restricted form: no letter is edited twice) in which every edit has a price of its own, as in the
//! noisy channel of Kernighan, Church and Gale (1990).

/// One slip on the way from the word that was meant to the word that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What went wrong.
    pub slip: Slip,
    /// Whether it changed the first letter.
    pub first: bool,
}

/// What can go wrong in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// Two neighbouring letters changed places: `snaeker`.
    Transposed,
    /// A letter was typed twice, or one of two was left out: `kettlle`, `ketle`.
    Doubled,
    /// A vowel, an `h` or a last `e` was left out or added: letters that are not always heard.
    Unheard,
    /// Another letter was left out.
    Omitted,
    /// Another letter was added.
    Added,
    /// A letter whose key lies beside that of the letter before or behind it was added.
    Brushed,
    /// A vowel was taken for another vowel.
    Vowel,
    /// A consonant was taken for one that may sound like it: `k` for `c`.
    Sound,
    /// The key beside the right one was hit.
    Neighbour,
    /// Any other letter was typed instead.
    Replaced,
}

/// How unlikely a slip is: −ln of its probability against that of the likeliest, plus 1.
///
/// The order is that of the confusion matrices of Kernighan, Church and Gale: doubled letters and
/// transpositions before vowels, sounds and neighbouring keys, a letter out of nowhere last.
pub fn price(edit: Edit) -> f32 {
    let price = match edit.slip {
        Slip::Doubled => 1.0,
        Slip::Transposed => 1.2,
        Slip::Unheard | Slip::Vowel => 1.8,
        Slip::Sound | Slip::Brushed => 2.0,
        Slip::Neighbour | Slip::Omitted => 2.3,
        Slip::Added => 2.8,
        Slip::Replaced => 3.4,
    };
    if edit.first { price + FIRST_LETTER_PRICE } else { price }
}

/// Hardly anyone gets the first letter wrong.
const FIRST_LETTER_PRICE: f32 = 2.0;

/// The cheapest way to type `typed` when `meant` was meant, every edit at its [`price`].
pub fn distance(typed: &str, meant: &str) -> f32 {
    aligned(typed, meant, &price)
}

/// The cheapest way to type `typed` when `meant` was meant. With a price of 1 for every edit this
/// is the optimal string alignment distance.
pub fn aligned(typed: &str, meant: &str, price: &dyn Fn(Edit) -> f32) -> f32 {
    let typed: Vec<char> = typed.chars().collect();
    let meant: Vec<char> = meant.chars().collect();
    let mut two_above: Vec<f32> = Vec::new();
    let mut above: Vec<f32> = vec![0.0];
    for column in 1..=meant.len() {
        above.push(above[column - 1] + price(omitted(&meant, column)));
    }
    for row in 1..=typed.len() {
        let mut present = vec![above[0] + price(added(&typed, row))];
        for column in 1..=meant.len() {
            let omission = present[column - 1] + price(omitted(&meant, column));
            let addition = above[column] + price(added(&typed, row));
            let mut least = omission
                .min(addition)
                .min(above[column - 1] + replaced(&typed, row, &meant, column).map_or(0.0, price));
            if transposes(&typed[..row], &meant[..column]) {
                let edit = Edit { slip: Slip::Transposed, first: row == 2 };
                least = least.min(two_above[column - 2] + price(edit));
            }
            present.push(least);
        }
        two_above = std::mem::replace(&mut above, present);
    }
    above[meant.len()]
}

fn transposes(typed: &[char], meant: &[char]) -> bool {
    match (typed, meant) {
        ([.., a, b], [.., c, d]) => a == d && b == c && a != b,
        _ => false,
    }
}

/// The letter before `end` of what was meant is missing.
fn omitted(meant: &[char], end: usize) -> Edit {
    let slip = if repeats(meant, end) {
        Slip::Doubled
    } else if is_unheard(meant, end) {
        Slip::Unheard
    } else {
        Slip::Omitted
    };
    Edit { slip, first: end == 1 }
}

/// The letter before `end` of what was typed is too much.
fn added(typed: &[char], end: usize) -> Edit {
    let letter = typed[end - 1];
    let beside = |other: Option<&char>| other.is_some_and(|other| are_neighbours(letter, *other));
    let slip = if repeats(typed, end) {
        Slip::Doubled
    } else if is_unheard(typed, end) {
        Slip::Unheard
    } else if beside(typed.get(end)) || beside(end.checked_sub(2).map(|before| &typed[before])) {
        Slip::Brushed
    } else {
        Slip::Added
    };
    Edit { slip, first: end == 1 }
}

/// What it is to type the letter before `row` for the one before `column`; `None` when it is right.
fn replaced(typed: &[char], row: usize, meant: &[char], column: usize) -> Option<Edit> {
    let (one, other) = (typed[row - 1], meant[column - 1]);
    if one == other {
        return None;
    }
    let slip = if is_vowel(one) && is_vowel(other) {
        Slip::Vowel
    } else if sound_alike(one, other) {
        Slip::Sound
    } else if are_neighbours(one, other) {
        Slip::Neighbour
    } else {
        Slip::Replaced
    };
    Some(Edit { slip, first: row == 1 && column == 1 })
}

fn repeats(letters: &[char], end: usize) -> bool {
    let letter = letters[end - 1];
    end.checked_sub(2).is_some_and(|before| letters[before] == letter)
        || letters.get(end) == Some(&letter)
}

fn is_unheard(letters: &[char], end: usize) -> bool {
    end > 1 && (is_vowel(letters[end - 1]) || letters[end - 1] == 'h')
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// Consonants that write the same sound in some word.
const SOUNDS: [&str; 8] = ["ckqsx", "szxc", "gj", "fvp", "dt", "mn", "bp", "vw"];

fn sound_alike(one: char, other: char) -> bool {
    SOUNDS.iter().any(|sound| sound.contains(one) && sound.contains(other))
}

/// The letter keys of the usual keyboard, row by row; each row begins half a key further right.
const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn are_neighbours(one: char, other: char) -> bool {
    let (Some((row, place)), Some((other_row, other_place))) = (key(one), key(other)) else {
        return false;
    };
    match other_row.cmp(&row) {
        std::cmp::Ordering::Equal => place.abs_diff(other_place) == 1,
        std::cmp::Ordering::Greater => {
            other_row - row == 1 && (other_place == place || other_place + 1 == place)
        }
        std::cmp::Ordering::Less => {
            row - other_row == 1 && (place == other_place || place + 1 == other_place)
        }
    }
}

fn key(letter: char) -> Option<(usize, usize)> {
    let mut rows = KEYS.iter().enumerate();
    rows.find_map(|(row, keys)| Some((row, keys.find(letter)?)))
}
