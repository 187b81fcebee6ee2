//! How well misspelt queries are put right, and whether correct ones are left alone.
//!
//! Two texts are the same when their words are (`text::tokenise`), so that case, punctuation and
//! ways to write a number do not count.

use std::fmt;
use std::io::BufRead;

use serde::Serialize;

use super::judgments::{columns, each_line};
use crate::error::{Error, Result};
use crate::text::tokenise::{Word, WordKind, words};

/// What a shopper typed and what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The misspelt query.
    pub typed: String,
    /// The correct one.
    pub meant: String,
}

/// What is asked for corrections.
pub trait Corrector {
    /// The text with misspelt words put right; `None` when it stands as it is.
    fn corrected(&self, text: &str) -> Option<String>;

    /// Whether the folded word is in the vocabulary.
    fn knows(&self, word: &str) -> bool;
}

/// How the corrections of a set of pairs did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Corrections {
    /// Pairs read.
    pub pairs: usize,
    /// Pairs that are one edit apart and whose words of letters, as meant, are all known. One edit
    /// is a letter inserted, left out or replaced, two neighbouring letters exchanged, or a space
    /// too much or too few, over the whole text (Damerau 1964).
    pub one_edit: usize,
    /// Those of them that were corrected to what was meant.
    pub as_meant: usize,
    /// `as_meant` as a share of `one_edit`, 0–1.
    pub as_meant_share: f64,
    /// Correct queries that were changed.
    pub changed: usize,
    /// `changed` as a share of `pairs`, 0–1.
    pub changed_share: f64,
    /// What was found in place of what was meant, for the pairs of `one_edit` and then the correct
    /// queries.
    pub misses: Vec<Miss>,
}

/// A query that was not understood as meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// The query.
    pub typed: String,
    /// What was meant.
    pub meant: String,
    /// What it was taken for.
    pub taken_for: String,
}

/// Reads `typed⇥meant` lines.
///
/// # Errors
/// `BadRequest` with the line that is wrong; Unavailable when `reader` fails.
pub fn read_pairs(reader: impl BufRead) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    each_line(reader, |line| {
        let [typed, meant] = columns(line, "typed⇥meant")?;
        pairs.push(Pair { typed: typed.to_owned(), meant: meant.to_owned() });
        Ok(())
    })?;
    Ok(pairs)
}

/// Has every query of the pairs corrected, the misspelt and the correct ones.
///
/// # Errors
/// `BadRequest` when there are no pairs.
pub fn evaluate_corrections(pairs: &[Pair], corrector: &dyn Corrector) -> Result<Corrections> {
    if pairs.is_empty() {
        return Err(Error::bad_request("invalid_pairs", "there are no pairs", ""));
    }
    let mut report = Corrections { pairs: pairs.len(), ..Corrections::default() };
    let (misspelt, correct) = (&mut Vec::new(), &mut Vec::new());
    for pair in pairs {
        if is_one_known_edit(pair, corrector) {
            report.one_edit += 1;
            misspelt.extend(miss(&pair.typed, &pair.meant, corrector));
        }
        correct.extend(miss(&pair.meant, &pair.meant, corrector));
    }
    report.as_meant = report.one_edit - misspelt.len();
    report.as_meant_share = report.as_meant as f64 / report.one_edit.max(1) as f64;
    report.changed = correct.len();
    report.changed_share = report.changed as f64 / report.pairs as f64;
    report.misses.append(misspelt);
    report.misses.append(correct);
    Ok(report)
}

fn is_one_known_edit(pair: &Pair, corrector: &dyn Corrector) -> bool {
    let is_known = |word: &Word| word.kind != WordKind::Letters || corrector.knows(&word.text);
    strsim::osa_distance(&written(&pair.typed), &written(&pair.meant)) == 1
        && words(&pair.meant).iter().all(is_known)
}

fn miss(typed: &str, meant: &str, corrector: &dyn Corrector) -> Option<Miss> {
    let taken_for = corrector.corrected(typed).unwrap_or_else(|| typed.to_owned());
    let missed = written(&taken_for) != written(meant);
    missed.then(|| Miss { typed: typed.to_owned(), meant: meant.to_owned(), taken_for })
}

/// The words of a text, a space between any two.
fn written(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

impl fmt::Display for Corrections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:<26}{:>7}", "pairs", self.pairs)?;
        writeln!(formatter, "{:<26}{:>7}", "one edit, words known", self.one_edit)?;
        let share = 100.0 * self.as_meant_share;
        writeln!(formatter, "{:<26}{:>7} {share:6.2} %", "corrected as meant", self.as_meant)?;
        let share = 100.0 * self.changed_share;
        writeln!(formatter, "{:<26}{:>7} {share:6.2} %", "correct queries changed", self.changed)
    }
}
