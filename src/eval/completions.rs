//! How soon autocomplete has the query that a shopper means: mean reciprocal rank by the number of
//! letters typed, also with a typing error in them.

use std::fmt;

use serde::Serialize;

use super::misspell::Misspeller;
use super::random::SplitMix;
use crate::error::Result;

/// Suggestions looked at.
const DEPTH: usize = 10;

/// Typing errors are made from so many letters on.
const MISSPELT_LETTERS_MIN: usize = 4;

/// Errors made in each target: one alone can fall on the query that is meant most.
const MISSPELT_TIMES: usize = 10;

/// So many letters are typed; and all but the last one.
const LETTERS_MAX: usize = 6;

/// A query that somebody means.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What is being typed.
    pub text: String,
    /// How often it is meant.
    pub weight: f64,
}

/// What is typed of a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keystroke<'a> {
    /// The place of the target in the list.
    pub target: usize,
    /// The letters, perhaps one of them wrong.
    pub typed: &'a str,
}

/// How one way of completing does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Completions {
    /// Its name.
    pub name: String,
    /// By letters typed.
    pub rows: Vec<Row>,
}

/// Mean reciprocal rank after so many letters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Letters typed; `None` for all but the last.
    pub letters: Option<usize>,
    /// Targets with more letters.
    pub targets: usize,
    /// Weighted mean of 1 / rank among the first ten, 0 for a target that is not among them.
    pub mrr: f64,
}

/// Zipf-like counts for `texts` in a random order: the r-th has `first` / r, at least `least`.
pub fn zipf_counts(count: usize, first: f64, least: f64, seed: u64) -> Vec<f64> {
    let mut counts = vec![0.0; count];
    for (rank, place) in SplitMix(seed).order(count).into_iter().enumerate() {
        counts[place] = (first / (rank + 1) as f64).max(least).round();
    }
    counts
}

/// Types every target and asks `ranked` for its rank, from 1, after each number of letters. With a
/// `misspell` seed there is one random error among the letters, from four on, ten times over.
///
/// # Errors
/// Whatever `ranked` fails with.
pub fn evaluate_completions(
    name: &str,
    targets: &[Target],
    misspell: Option<u64>,
    ranked: &mut dyn FnMut(Keystroke<'_>) -> Result<Option<usize>>,
) -> Result<Completions> {
    let least = if misspell.is_some() { MISSPELT_LETTERS_MIN } else { 1 };
    let columns = (least..=LETTERS_MAX).map(Some).chain([None]);
    let mut rows = Vec::new();
    for letters in columns {
        let mut misspeller = misspell.map(Misspeller::new);
        let times = if misspell.is_some() { MISSPELT_TIMES } else { 1 };
        let (mut sum, mut weights, mut count) = (0.0, 0.0, 0);
        for (target, Target { text, weight }) in targets.iter().enumerate() {
            let length = text.chars().count();
            let taken = letters.unwrap_or(length.saturating_sub(1));
            if taken >= length || taken < least {
                continue;
            }
            let typed: String = text.chars().take(taken).collect();
            for _ in 0..times {
                let typed = misspeller.as_mut().map_or(typed.clone(), |one| one.misspell(&typed));
                let rank = ranked(Keystroke { target, typed: &typed })?;
                sum += weight * reciprocal(rank);
                weights += weight;
            }
            count += 1;
        }
        let mrr = if weights > 0.0 { sum / weights } else { 0.0 };
        rows.push(Row { letters, targets: count, mrr });
    }
    Ok(Completions { name: name.to_owned(), rows })
}

fn reciprocal(rank: Option<usize>) -> f64 {
    rank.filter(|rank| *rank <= DEPTH).map_or(0.0, |rank| 1.0 / rank as f64)
}

/// Several ways side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What was measured, in words.
    pub title: String,
    /// The first is what others are compared with.
    pub arms: Vec<Completions>,
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.title)?;
        write!(formatter, "{:<12}{:>8}", "letters", "targets")?;
        for arm in &self.arms {
            write!(formatter, "{:>16}", arm.name)?;
        }
        writeln!(formatter)?;
        let Some(first) = self.arms.first() else { return Ok(()) };
        for row in &first.rows {
            let letters =
                row.letters.map_or_else(|| "all but one".to_owned(), |letters| letters.to_string());
            write!(formatter, "{letters:<12}{:>8}", row.targets)?;
            for (place, arm) in self.arms.iter().enumerate() {
                let Some(own) = arm.rows.iter().find(|own| own.letters == row.letters) else {
                    write!(formatter, "{:>16}", "")?;
                    continue;
                };
                // Nothing found is nothing to compare with.
                let is_compared = place > 0 && row.mrr > 0.0;
                let shown = match is_compared {
                    false => format!("{:.3}", own.mrr),
                    true => format!("{:.3} {:>+6.1}%", own.mrr, 100.0 * (own.mrr / row.mrr - 1.0)),
                };
                write!(formatter, "{shown:>16}")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}
