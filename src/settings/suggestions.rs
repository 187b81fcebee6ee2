//! What merchandisers say of suggestions: which come first, and which never.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Entries of each list.
const ENTRIES_MAX: usize = 1_000;

/// Characters of each entry.
const CHARACTERS_MAX: usize = 128;

/// A merchandiser's part in suggestions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SuggestionSettings {
    /// Texts that stand first.
    pub pinned: Vec<PinnedSuggestion>,
    /// Texts that are never suggested, nor is what has the same words in another order or number.
    pub blocked: Vec<String>,
    /// Words that no suggestion has, besides those of `index/offensive.toml`.
    pub blocked_words: Vec<String>,
    /// Words of `index/offensive.toml` that suggestions may have.
    pub allowed_words: Vec<String>,
}

/// A text that stands first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedSuggestion {
    /// The text to show and to search for.
    pub text: String,
    /// What must be typed, at least: then the text stands first, and stays while it fits what is
    /// typed. Without it the text stands in the empty search box, too.
    #[serde(default)]
    pub when: String,
}

impl SuggestionSettings {
    /// Checks the lists.
    ///
    /// # Errors
    /// `BadRequest` that names the list and what is wrong.
    pub fn check(&self) -> Result<()> {
        let pinned = || self.pinned.iter().map(|pinned| pinned.text.as_str());
        check_list("pinned", pinned())?;
        check_list("blocked", self.blocked.iter().map(String::as_str))?;
        for (name, list) in
            [("blocked_words", &self.blocked_words), ("allowed_words", &self.allowed_words)]
        {
            check_list(name, list.iter().map(String::as_str))?;
            if let Some(several) =
                list.iter().find(|word| word.trim().contains(char::is_whitespace))
            {
                return Err(invalid(&format!("'{several}' in '{name}' is not one word")));
            }
        }
        let is_long = |pinned: &&PinnedSuggestion| pinned.when.chars().count() > CHARACTERS_MAX;
        match self.pinned.iter().find(is_long) {
            Some(_) => Err(invalid(&format!("a 'when' has more than {CHARACTERS_MAX} characters"))),
            None => Ok(()),
        }
    }
}

fn check_list<'t>(name: &str, texts: impl Iterator<Item = &'t str>) -> Result<()> {
    let mut count = 0;
    for text in texts {
        count += 1;
        if !text.chars().any(char::is_alphanumeric) || text.chars().count() > CHARACTERS_MAX {
            return Err(invalid(&format!(
                "an entry of '{name}' has 1 to {CHARACTERS_MAX} characters, of them a letter or digit"
            )));
        }
    }
    if count > ENTRIES_MAX {
        return Err(invalid(&format!(
            "'{name}' has {count} entries, and at most {ENTRIES_MAX} fit"
        )));
    }
    Ok(())
}

fn invalid(message: &str) -> Error {
    Error::bad_request("invalid_suggestions", message, "nothing was changed")
}
