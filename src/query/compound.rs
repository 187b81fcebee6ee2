//! Compounds: words of which a language makes one, as German and Dutch do.

use super::Alternative;
use crate::text::analyse::Analyser;
use crate::text::vocabulary::Vocabulary;

/// Parts of a compound have at least so many letters.
const PART_LETTERS_MIN: usize = 3;

/// How much the parts count where the compound was asked for, apart.
const PARTS_WEIGHT: f32 = 0.8;

/// How much a longer compound counts where its last part was asked for: a `wanderschuh` is a shoe,
/// a `handschuh` is none.
const LONGER_WEIGHT: f32 = 0.6;

/// So many longer compounds are looked for.
const LONGER_MAX: usize = 32;

/// What else stands for a word in a language with compounds: its parts, and compounds that end with
/// it. Nothing in other languages.
pub(super) fn alternatives(
    word: &str,
    analyser: &Analyser,
    vocabulary: &dyn Vocabulary,
) -> Vec<Alternative> {
    let is_long = word.chars().count() >= PART_LETTERS_MIN;
    if !is_long || !analyser.small_words().has_compounds() {
        return Vec::new();
    }
    let term = analyser.stem(word);
    let mut found: Vec<Alternative> = vocabulary
        .terms_ending(&term, LONGER_MAX)
        .into_iter()
        .map(|longer| Alternative { terms: vec![longer], weight: LONGER_WEIGHT })
        .collect();
    if let Some((first, last)) = split(word, analyser, vocabulary) {
        let terms = vec![analyser.stem(&first), analyser.stem(&last)];
        found.push(Alternative { terms, weight: PARTS_WEIGHT });
    }
    found
}

/// The two known words that make a compound, the joint between them left out; the split whose
/// rarer part is the most frequent.
pub(super) fn split(
    word: &str,
    analyser: &Analyser,
    vocabulary: &dyn Vocabulary,
) -> Option<(String, String)> {
    let places = word.char_indices().map(|(place, _)| place);
    let enough = |part: &str| part.chars().count() >= PART_LETTERS_MIN;
    places
        .map(|place| word.split_at(place))
        .filter(|(first, last)| enough(first) && enough(last))
        .filter_map(|(first, last)| {
            let last_count = vocabulary.count(last);
            let first = known_part(first, analyser, vocabulary).filter(|_| last_count > 0)?;
            Some((vocabulary.count(&first).min(last_count), first, last.to_owned()))
        })
        .max_by_key(|(count, ..)| *count)
        .map(|(_, first, last)| (first, last))
}

/// The known word that stands at the front of a compound: as it is, or without its joint, or with
/// the ending that a verb loses there (`wandern` in `Wanderschuh`).
fn known_part(part: &str, analyser: &Analyser, vocabulary: &dyn Vocabulary) -> Option<String> {
    let joints = &analyser.small_words().joints;
    let bare = joints.iter().filter_map(|joint| part.strip_suffix(joint.as_str()));
    let bare = bare.filter(|bare| bare.chars().count() >= PART_LETTERS_MIN).map(str::to_owned);
    let whole = joints.iter().map(|joint| format!("{part}{joint}"));
    std::iter::once(part.to_owned())
        .chain(bare)
        .chain(whole)
        .find(|candidate| vocabulary.count(candidate) > 0)
}
