//! Regular inflections: the forms of a word that a shopper may use without misspelling it.

use super::analyse::Analyser;

/// Endings that regular forms change into one another, by language.
type Endings = &'static [(&'static str, &'static str)];

const ENGLISH: Endings = &[
    ("", "s"),
    ("", "es"),
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
const STEM_LETTERS_MIN: usize = 3;

impl Analyser {
    /// Other regular forms of a folded word that are searched under the same term, in no particular
    /// order; they need not be words.
    pub fn other_forms(&self, word: &str) -> Vec<String> {
        let endings = match self.language() {
            "de" => GERMAN,
            "fr" => FRENCH,
            "es" | "pt" => IBERIAN,
            "it" => ITALIAN,
            "nl" => DUTCH,
            _ => ENGLISH,
        };
        let mut forms = bases(word, endings);
        if std::ptr::eq(endings, ENGLISH) {
            forms.extend(undoubled(word));
        }
        for base in forms.clone() {
            forms.extend(inflected(&base, endings));
        }
        forms.extend(inflected(word, endings));
        let term = self.stem(word);
        forms.retain(|form| form != word && self.stem(form) == term);
        forms.sort_unstable();
        forms.dedup();
        forms
    }
}

/// What the word may be a form of.
fn bases(word: &str, endings: Endings) -> Vec<String> {
    endings.iter().filter_map(|(plain, ending)| swapped(word, ending, plain)).collect()
}

fn inflected(word: &str, endings: Endings) -> Vec<String> {
    endings.iter().filter_map(|(plain, ending)| swapped(word, plain, ending)).collect()
}

fn swapped(word: &str, from: &str, to: &str) -> Option<String> {
    let stem = word.strip_suffix(from)?;
    (stem.chars().count() >= STEM_LETTERS_MIN).then(|| format!("{stem}{to}"))
}

fn undoubled(word: &str) -> Option<String> {
    let mut stem = DOUBLED_BEFORE.iter().find_map(|ending| word.strip_suffix(ending))?.to_owned();
    let last = stem.pop()?;
    (stem.ends_with(last) && stem.len() >= STEM_LETTERS_MIN).then_some(stem)
}
