//! How many of the query's words a product must have: all, or all but the least telling when too few
//! products have all.

use super::lexical::{LexicalMatch, LexicalMatches};
use crate::domain::page::Tier;

/// Words are given up while fewer products than this match: a page full.
const ENOUGH: usize = 20;

/// A product always has at least this share of the weight of the words that the index knows.
const COVERAGE_MIN: f32 = 0.3;

/// What rounding may take from a product that has all words.
const ROUNDING: f32 = 1e-3;

/// The tier that a query's matches allow.
pub(super) struct Choice {
    pub(super) tier: Tier,
    coverage_min: f32,
    /// Words that need not occur, the least telling first.
    given_up: Vec<String>,
}

impl Choice {
    pub(super) fn of(matches: &LexicalMatches) -> Self {
        let mut choice = Self { tier: Tier::All, coverage_min: 1.0, given_up: Vec::new() };
        if matches.list.is_empty() {
            return Self { tier: Tier::Meaning, ..choice };
        }
        let whole: f32 = matches.known_words.iter().map(|(_, weight)| weight).sum();
        let mut words: Vec<&(String, f32)> = matches.known_words.iter().collect();
        words.sort_by(|one, other| one.1.total_cmp(&other.1));
        for (word, weight) in words {
            let count = matches.list.iter().filter(|one| choice.admits(one)).count();
            if count >= ENOUGH || choice.coverage_min <= COVERAGE_MIN {
                break;
            }
            choice.coverage_min = (choice.coverage_min - weight / whole).max(COVERAGE_MIN);
            choice.given_up.push(word.clone());
        }
        let lacks_a_word = |one: &&LexicalMatch| choice.admits(one) && !has_all(one);
        if matches.list.iter().any(|one| lacks_a_word(&one)) {
            choice.tier = Tier::Most;
        }
        choice
    }

    /// Whether a product has enough of the words.
    pub(super) fn admits(&self, one: &LexicalMatch) -> bool {
        one.coverage >= self.coverage_min - ROUNDING
    }

    /// What had to be given up, in words.
    pub(super) fn relaxed(&self, matches: &LexicalMatches) -> Option<String> {
        if !matches.unknown_words.is_empty() {
            return Some(format!("no product has: {}", matches.unknown_words.join(", ")));
        }
        let some_have_all = matches.list.iter().any(has_all);
        let few = if some_have_all { "few products have" } else { "no product has" };
        (self.tier == Tier::Most)
            .then(|| format!("{few} all words; not needed: {}", self.given_up.join(", ")))
    }
}

fn has_all(one: &LexicalMatch) -> bool {
    one.coverage >= 1.0 - ROUNDING
}
