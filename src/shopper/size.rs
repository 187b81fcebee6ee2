//! Sizes as places in an ordered size system, and how near two of them are.
//!
//! Systems are the ordered lists of an index's settings, and four that are read from the text
//! itself: waist × length (`W32/L34`, `32x34`), British and American shoes (`UK 9`, `US 10.5`), and
//! bras (`75B`).

use std::collections::{BTreeMap, HashMap};

use crate::domain::size::SizeSystem;

/// The system of trousers by waist and length, in inches.
pub const WAIST_LENGTH: &str = "waist_length";
/// British shoe sizes.
pub const SHOE_UK: &str = "shoe_uk";
/// American shoe sizes.
pub const SHOE_US: &str = "shoe_us";
/// The list of European shoe sizes, where an index has one of this name.
pub const SHOE_EU: &str = "shoe_eu";
/// Bras by band and cup.
pub const BRA: &str = "bra";

/// From this European size on, shoes are men's.
const MEN_FROM_EU: f64 = 41.0;

/// Standard deviation of the kernel, in steps of a system: one step away is half a fit, because
/// 0.849² · 2 · ln 2 = 1.
const BANDWIDTH_STEPS: f64 = 0.849;

/// Words for sizes that lists write as letters.
const LETTER_WORDS: [(&str, &str); 8] = [
    ("SMALL", "S"),
    ("MEDIUM", "M"),
    ("LARGE", "L"),
    ("X-SMALL", "XS"),
    ("X-LARGE", "XL"),
    ("2XL", "XXL"),
    ("XXXL", "3XL"),
    ("XXXXL", "4XL"),
];

/// Where a size stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizePlace<'a> {
    /// The size system's name.
    pub system: &'a str,
    /// Position in steps along the system.
    pub along: f64,
    /// Position in steps along its second axis; 0 where there is none.
    pub across: f64,
}

impl SizePlace<'_> {
    /// How well a piece of this size fits one who wears the other: 1 the same size, ½ one step
    /// away, 0 in another system.
    pub fn fit(&self, worn: &SizePlace<'_>) -> f64 {
        if self.system == worn.system {
            kernel(self.along - worn.along, self.across - worn.across)
        } else {
            0.0
        }
    }
}

/// The Gaussian kernel over steps.
pub(super) fn kernel(along: f64, across: f64) -> f64 {
    (-(along * along + across * across) / (2.0 * BANDWIDTH_STEPS * BANDWIDTH_STEPS)).exp()
}

/// The size systems of an index, prepared for look-ups.
#[derive(Clone, Debug, Default)]
pub struct SizeSystems {
    names: Vec<String>,
    /// By system: words of the categories where it is worn.
    categories: Vec<Vec<String>>,
    /// By label: the systems that have it, with the position there, in the order of names.
    labels: HashMap<String, Vec<(usize, f64)>>,
}

/// Which systems are worn in one category.
#[derive(Clone, Debug)]
pub struct SizeScope {
    /// By system.
    worn: Vec<bool>,
    /// Whether the category is not known.
    is_unknown: bool,
}

impl SizeSystems {
    /// Prepares ordered lists of sizes by system name.
    pub fn new(systems: &BTreeMap<String, SizeSystem>) -> Self {
        let mut prepared = Self::default();
        for (name, system) in systems {
            prepared.names.push(name.clone());
            prepared.categories.push(system.categories().to_vec());
            prepared.add(prepared.names.len() - 1, system.sizes());
        }
        prepared
    }

    fn add(&mut self, system: usize, sizes: &[String]) {
        for (position, size) in sizes.iter().enumerate() {
            let places = self.labels.entry(written(size)).or_default();
            if places.iter().all(|(known, _)| *known != system) {
                places.push((system, position as f64));
            }
        }
    }

    /// Where a size of a product of a category stands, or `None` for one that no system has there.
    /// A label that several lists have belongs to the one that is worn in the category, else to the
    /// first by name of those that are worn anywhere. Without a category it belongs to the first.
    pub fn place<Name: AsRef<str>>(&self, size: &str, category: &[Name]) -> Option<SizePlace<'_>> {
        self.place_within(size, &self.scope(category))
    }

    /// Which systems are worn in a category; for asking for many sizes of it.
    pub fn scope<Name: AsRef<str>>(&self, category: &[Name]) -> SizeScope {
        let worn = self.categories.iter().map(|words| is_worn_in(words, category)).collect();
        SizeScope { worn, is_unknown: category.is_empty() }
    }

    /// Where a size stands, as [`place`](Self::place) says.
    pub fn place_within(&self, size: &str, scope: &SizeScope) -> Option<SizePlace<'_>> {
        // Catalogues write sizes as the lists do nearly always: try that before normalising.
        self.listed(size, scope).or_else(|| {
            let size = written(size);
            self.listed(&size, scope)
                .or_else(|| letters(&size).and_then(|word| self.listed(word, scope)))
                .or_else(|| read_pair(&size))
                .or_else(|| read_bra(&size))
                .or_else(|| self.prefixed(&size, scope))
        })
    }

    /// Where a size stands within a system known by name.
    pub fn place_in(&self, system: &str, size: &str) -> Option<SizePlace<'_>> {
        let text = written(size);
        match system {
            WAIST_LENGTH => read_pair(&text),
            BRA => read_bra(&text),
            SHOE_UK => read_shoe(SHOE_UK, text.trim_start_matches("UK")),
            SHOE_US => read_shoe(SHOE_US, text.trim_start_matches("US")),
            _ => {
                let index = self.names.iter().position(|name| name == system)?;
                let known = |label: &str| {
                    let (_, along) =
                        self.labels.get(label)?.iter().find(|(known, _)| *known == index)?;
                    Some(SizePlace { system: &self.names[index], along: *along, across: 0.0 })
                };
                known(&text)
                    .or_else(|| letters(&text).and_then(known))
                    .or_else(|| text.strip_prefix("EU").and_then(|rest| known(rest.trim_start())))
            }
        }
    }

    /// Where a British or American shoe stands in the European list, for a shopper who wears `own`
    /// of that list.
    pub fn in_european(&self, place: &SizePlace<'_>, own: &str) -> Option<SizePlace<'_>> {
        let own = written(own);
        let own_eu: f64 = own.trim_start_matches("EU").trim().parse().ok()?;
        self.place_in(SHOE_EU, &european(place, own_eu)?.to_string())
    }

    fn listed(&self, label: &str, scope: &SizeScope) -> Option<SizePlace<'_>> {
        let places = self.labels.get(label)?;
        let is_of = |(system, _): &&(usize, f64)| scope.worn[*system];
        let of_anything = |(system, _): &&(usize, f64)| self.categories[*system].is_empty();
        let (system, along) = if scope.is_unknown {
            places.first()
        } else {
            places.iter().find(is_of).or_else(|| places.iter().find(of_anything))
        }?;
        Some(SizePlace { system: &self.names[*system], along: *along, across: 0.0 })
    }

    fn prefixed(&self, text: &str, scope: &SizeScope) -> Option<SizePlace<'_>> {
        if let Some(rest) = text.strip_prefix("UK") {
            return read_shoe(SHOE_UK, rest);
        }
        if let Some(rest) = text.strip_prefix("US") {
            return read_shoe(SHOE_US, rest);
        }
        self.listed(text.strip_prefix("EU")?.trim_start(), scope)
    }
}

/// Whether one of the words ends a word of the path: "schuhe" is also in "Laufschuhe".
fn is_worn_in<Name: AsRef<str>>(words: &[String], category: &[Name]) -> bool {
    let ends = |text: &str, word: &String| {
        let start = text.len().checked_sub(word.len());
        start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    category
        .iter()
        .flat_map(|name| name.as_ref().split(|character: char| !character.is_alphanumeric()))
        .any(|text| words.iter().any(|word| ends(text, word)))
}

/// The normal writing of a label: upper case, trimmed, a decimal point.
fn written(size: &str) -> String {
    size.trim().to_uppercase().replace(',', ".")
}

fn letters(label: &str) -> Option<&'static str> {
    LETTER_WORDS.iter().find(|(word, _)| *word == label).map(|(_, letters)| *letters)
}

/// A shoe size in half sizes; adult shoes end well below 20.
fn read_shoe(system: &'static str, text: &str) -> Option<SizePlace<'static>> {
    let number: f64 = text.trim().parse().ok()?;
    (0.0..20.0).contains(&number).then_some(SizePlace { system, along: number * 2.0, across: 0.0 })
}

/// A shoe of another system in that of the European list, told by the shopper's own European size:
/// British and American sizes of men and women stand apart, and few feet are in between.
fn european(place: &SizePlace<'_>, own_eu: f64) -> Option<f64> {
    let number = place.along / 2.0;
    let is_men = own_eu >= MEN_FROM_EU;
    match place.system {
        SHOE_UK => Some(number + if is_men { 34.5 } else { 33.0 }),
        SHOE_US => Some(number + if is_men { 33.5 } else { 31.0 }),
        _ => None,
    }
}

/// Reads `75B`: bands step by five centimetres, cups by letters.
fn read_bra(text: &str) -> Option<SizePlace<'static>> {
    let (band, cup) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let cup = cup.bytes().next().filter(|letter| (b'A'..=b'K').contains(letter))?;
    let band: f64 = band.parse().ok()?;
    (55.0..=130.0).contains(&band).then_some(SizePlace {
        system: BRA,
        along: band / 5.0,
        across: f64::from(cup - b'A'),
    })
}

/// Reads `W32/L34`, `W32 L34`, `32/34` and `32X34`. Waists step by one inch, lengths by two. Without
/// the letters, lengths stop at 36, because `39/42` is a pair of socks.
fn read_pair(text: &str) -> Option<SizePlace<'static>> {
    let mut parts = text.split(['/', ' ', 'X', 'L']).filter(|part| !part.is_empty());
    let waist = inches(parts.next()?.trim_start_matches('W'))?;
    let length = inches(parts.next()?)?;
    let is_pair = text.starts_with('W') || length <= 36.0;
    (is_pair && parts.next().is_none()).then_some(SizePlace {
        system: WAIST_LENGTH,
        along: waist,
        across: length / 2.0,
    })
}

fn inches(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (20.0..=60.0).contains(&number).then_some(number)
}
