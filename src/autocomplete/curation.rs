//! What may not be suggested, whoever asks, and what stands first: the offensive words of
//! `index/offensive.toml` and a merchandiser's settings, made ready once per version of these.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::index::suggestions::SuggestionIndex;
use crate::index::suggestions::words::{Typed, split};
use crate::settings::suggestions::SuggestionSettings;
use crate::text::analyse::Analyser;
use crate::text::normalise::fold;

use super::fits;

const OFFENSIVE: &str = include_str!("../../index/offensive.toml");

/// Folded; the compiled-in file is tested to be readable.
static OFFENSIVE_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lists: BTreeMap<String, Vec<String>> = toml::from_str(OFFENSIVE).unwrap_or_default();
    lists.into_values().flatten().map(|word| fold(&word)).collect()
});

/// A merchandiser's pin.
struct Pin {
    text: String,
    when: Typed,
}

/// Which texts come first, and which never.
#[derive(Default)]
pub struct Curation {
    pins: Vec<Pin>,
    /// Sorted stems of blocked texts.
    blocked: HashSet<Vec<String>>,
    blocked_words: HashSet<String>,
    allowed_words: HashSet<String>,
}

impl Curation {
    /// Makes settings ready; `analyser` tells which words are the same.
    pub fn new(settings: &SuggestionSettings, analyser: &Analyser) -> Self {
        let words = |list: &[String]| {
            list.iter().flat_map(|word| split(word)).map(|piece| piece.text).collect()
        };
        let pin = |pinned: &crate::settings::suggestions::PinnedSuggestion| Pin {
            text: pinned.text.trim().to_owned(),
            when: Typed::read(&pinned.when),
        };
        Self {
            pins: settings.pinned.iter().map(pin).collect(),
            blocked: settings.blocked.iter().map(|text| stems(text, analyser)).collect(),
            blocked_words: words(&settings.blocked_words),
            allowed_words: words(&settings.allowed_words),
        }
    }

    /// Whether every suggestion of an index may be given, as in most shops.
    pub fn allows_all(&self, index: &SuggestionIndex) -> bool {
        let offends = || {
            let refused = OFFENSIVE_WORDS.iter().filter(|word| !self.allowed_words.contains(*word));
            refused.chain(&self.blocked_words).any(|word| index.has_word(word))
        };
        self.blocked.is_empty() && !offends()
    }

    /// Whether a text may be suggested.
    pub fn allows(&self, text: &str, analyser: &Analyser) -> bool {
        let is_bad = |word: &String| {
            self.blocked_words.contains(word)
                || (OFFENSIVE_WORDS.contains(word) && !self.allowed_words.contains(word))
        };
        !split(text).iter().any(|piece| is_bad(&piece.text))
            && (self.blocked.is_empty() || !self.blocked.contains(&stems(text, analyser)))
    }

    /// The texts that stand first for what is typed.
    pub(super) fn pinned<'a, 't>(
        &'a self,
        typed: &'t Typed,
    ) -> impl Iterator<Item = &'a str> + use<'a, 't> {
        self.pins.iter().filter(|pin| pin.is_due(typed)).map(|pin| pin.text.as_str())
    }
}

impl Pin {
    /// Whether exactly `when` is typed, or more that may become the text.
    fn is_due(&self, typed: &Typed) -> bool {
        let (asked, typed_text) = (joined(&self.when), joined(typed));
        typed_text == asked || (typed_text.starts_with(&asked) && fits(typed, &self.text))
    }
}

fn joined(typed: &Typed) -> String {
    typed.words().collect::<Vec<_>>().join(" ")
}

fn stems(text: &str, analyser: &Analyser) -> Vec<String> {
    let mut stems: Vec<String> =
        split(text).iter().map(|piece| analyser.stem(&piece.text).to_string()).collect();
    stems.sort_unstable();
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_offensive_words_is_read() {
        assert!(OFFENSIVE_WORDS.len() > 100);
        assert!(OFFENSIVE_WORDS.iter().all(|word| split(word).len() == 1));
    }
}
