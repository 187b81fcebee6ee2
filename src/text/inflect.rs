//! Regular inflections: the forms of a word that a shopper may use without misspelling it.

use super::analyse::Analyser;

/// Endings that regular forms change into one another, by language.
type Endings = &'static [(&'static str, &'static str)];

const ENGLISH: Endings = &[
    ("", "s"),
    ("s", "ses"),
    ("x", "xes"),
    ("z", "zes"),
    ("ch", "ches"),
    ("sh", "shes"),
    ("o", "oes"),
    ("y", "ies"),
    ("f", "ves"),
    ("fe", "ves"),
    ("", "ed"),
    ("e", "ed"),
    ("", "ing"),
    ("e", "ing"),
];
const GERMAN: Endings =
    &[("", "e"), ("", "n"), ("", "en"), ("", "er"), ("", "es"), ("", "s"), ("", "em")];
const FRENCH: Endings = &[("", "s"), ("", "e"), ("", "es"), ("", "x"), ("al", "aux")];
const IBERIAN: Endings = &[("", "s"), ("", "es"), ("o", "a"), ("o", "os"), ("o", "as")];
const ITALIAN: Endings = &[("o", "i"), ("a", "e"), ("e", "i"), ("o", "a"), ("o", "e")];
const DUTCH: Endings = &[("", "s"), ("", "en"), ("", "e"), ("", "n")];

/// Consonants that English doubles before an ending: `plan`, `planned`.
const DOUBLED_BEFORE: [&str; 2] = ["ed", "ing"];

/// Shorter stems than this many letters carry no ending.
const STEM_LETTERS_MIN: usize = 2;

/// What a word has to do with the words that an index knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinship {
    /// A known word is its plain form, or it is the plain form of a known word.
    Form,
    /// Both may be forms of a word that is not known itself: `mounting` where `mounted` is known.
    Kin,
    /// No known word is a form of it.
    Stranger,
}

impl Analyser {
    /// Whether a folded word is a regular form of a word that `is_known`, searched under the same
    /// term.
    pub fn kinship(&self, word: &str, is_known: &dyn Fn(&str) -> bool) -> Kinship {
        let endings = self.endings();
        let term = self.stem(word);
        let finds = |forms: &[String]| {
            forms.iter().any(|form| form != word && self.stem(form) == term && is_known(form))
        };
        let mut plain = swapped(word, endings, Direction::ToPlain);
        if std::ptr::eq(endings, ENGLISH) {
            plain.extend(undoubled(word));
        }
        if finds(&plain) || finds(&swapped(word, endings, Direction::ToInflected)) {
            return Kinship::Form;
        }
        let inflected = |plain: &String| finds(&swapped(plain, endings, Direction::ToInflected));
        if plain.iter().any(inflected) { Kinship::Kin } else { Kinship::Stranger }
    }

    fn endings(&self) -> Endings {
        match self.language() {
            "de" => GERMAN,
            "fr" => FRENCH,
            "es" | "pt" => IBERIAN,
            "it" => ITALIAN,
            "nl" => DUTCH,
            _ => ENGLISH,
        }
    }
}

#[derive(Clone, Copy)]
enum Direction {
    ToPlain,
    ToInflected,
}

/// The word with each ending that it may have changed into the other one.
fn swapped(word: &str, endings: Endings, direction: Direction) -> Vec<String> {
    let swap = |(plain, inflected): &(&str, &str)| {
        let (from, to) = match direction {
            Direction::ToPlain => (inflected, plain),
            Direction::ToInflected => (plain, inflected),
        };
        let stem = word.strip_suffix(from)?;
        // "driving", not "driveing".
        let drops_e = plain.is_empty() && DOUBLED_BEFORE.contains(inflected) && stem.ends_with('e');
        let is_regular = !drops_e && stem.chars().count() >= STEM_LETTERS_MIN;
        is_regular.then(|| format!("{stem}{to}"))
    };
    endings.iter().filter_map(swap).collect()
}

fn undoubled(word: &str) -> Option<String> {
    let mut stem = DOUBLED_BEFORE.iter().find_map(|ending| word.strip_suffix(ending))?.to_owned();
    let last = stem.pop()?;
    (stem.ends_with(last) && stem.len() >= STEM_LETTERS_MIN).then_some(stem)
}
