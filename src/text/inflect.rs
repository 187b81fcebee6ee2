//! Regular inflections: the forms of a word that a shopper may use without misspelling it.

use super::analyse::Analyser;

/// How a language forms regular words.
struct Inflection {
    /// Endings of plain words with those of their forms.
    endings: &'static [(&'static str, &'static str)],
    /// Endings before which a last consonant may double and a last `e` is dropped.
    fusing: &'static [&'static str],
}

const ENGLISH: Inflection = Inflection {
    endings: &[
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
    ],
    fusing: &["ed", "ing"],
};

const fn adding(endings: &'static [(&'static str, &'static str)]) -> Inflection {
    Inflection { endings, fusing: &[] }
}

const GERMAN: Inflection =
    adding(&[("", "e"), ("", "n"), ("", "en"), ("", "er"), ("", "es"), ("", "s"), ("", "em")]);
const FRENCH: Inflection = adding(&[("", "s"), ("", "e"), ("", "es"), ("", "x"), ("al", "aux")]);
const IBERIAN: Inflection = adding(&[("", "s"), ("", "es"), ("o", "a"), ("o", "os"), ("o", "as")]);
const ITALIAN: Inflection = adding(&[("o", "i"), ("a", "e"), ("e", "i"), ("o", "a"), ("o", "e")]);
const DUTCH: Inflection = adding(&[("", "s"), ("", "en"), ("", "e"), ("", "n")]);

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
        let inflection = match self.language() {
            "de" => &GERMAN,
            "fr" => &FRENCH,
            "es" | "pt" => &IBERIAN,
            "it" => &ITALIAN,
            "nl" => &DUTCH,
            _ => &ENGLISH,
        };
        let term = self.stem(word);
        let finds = |forms: &[String]| {
            forms.iter().any(|form| form != word && self.stem(form) == term && is_known(form))
        };
        let plain = inflection.plain_forms(word);
        if finds(&plain) || finds(&inflection.forms(word)) {
            return Kinship::Form;
        }
        let has_known_form = |plain: &String| finds(&inflection.forms(plain));
        if plain.iter().any(has_known_form) { Kinship::Kin } else { Kinship::Stranger }
    }
}

impl Inflection {
    /// What the word may be a form of.
    fn plain_forms(&self, word: &str) -> Vec<String> {
        let swaps = self.endings.iter();
        let plain = swaps.filter_map(|(plain, ending)| self.swapped(word, ending, plain));
        plain.chain(self.undoubled(word)).collect()
    }

    /// What may be a form of the word.
    fn forms(&self, word: &str) -> Vec<String> {
        let swaps = self.endings.iter();
        swaps.filter_map(|(plain, ending)| self.swapped(word, plain, ending)).collect()
    }

    fn swapped(&self, word: &str, from: &str, to: &str) -> Option<String> {
        let stem = word.strip_suffix(from)?;
        // "driving", not "driveing".
        let fuses = (from.is_empty() && self.fusing.contains(&to))
            || (to.is_empty() && self.fusing.contains(&from));
        let is_regular =
            stem.chars().count() >= STEM_LETTERS_MIN && !(fuses && stem.ends_with('e'));
        is_regular.then(|| format!("{stem}{to}"))
    }

    /// `plan` for `planned`.
    fn undoubled(&self, word: &str) -> Option<String> {
        let stem = self.fusing.iter().find_map(|ending| word.strip_suffix(ending))?;
        let mut stem = stem.to_owned();
        let last = stem.pop()?;
        (stem.ends_with(last) && stem.chars().count() >= STEM_LETTERS_MIN).then_some(stem)
    }
}
