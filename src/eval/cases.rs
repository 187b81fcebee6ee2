//! Whether personalisation helps shoppers: each case is a purchase history, a query and what was
//! then bought, searched for with and without the history.
//!
//! A shopper may know the brand of what was bought or not. The two are told apart, because a gain
//! on the first that is paid for by the second is none.

use std::fmt;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::bootstrap::{Interval, relative_change};
use super::judgments::each_line;
use crate::domain::id::{ProductId, ShopperId};
use crate::error::{Error, Result};

/// Resamples behind an interval, and where their random numbers start.
const RESAMPLES: usize = 2_000;
const SEED: u64 = 1;

/// A purchase to be found again. Other names of a line are passed over.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Case {
    /// Who.
    pub shopper: ShopperId,
    /// What was bought before, oldest first.
    pub history: Vec<ProductId>,
    /// What was typed.
    pub query: String,
    /// What was then bought.
    pub target: ProductId,
}

/// What the two searches of a case found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Rank of the target without the history, from 1; `None` where it was not among the hits.
    pub plain: Option<usize>,
    /// The same with the history.
    pub personal: Option<usize>,
    /// Whether the history has the target's brand.
    pub knows_brand: bool,
    /// Whether the history has the target.
    pub knows_product: bool,
}

/// How personalisation did on some of the cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Which cases.
    pub name: &'static str,
    /// How many.
    pub cases: usize,
    /// Mean reciprocal rank without the histories, 0–1.
    pub plain_mrr: f64,
    /// Mean reciprocal rank with them, 0–1.
    pub personal_mrr: f64,
    /// The relative change, 0.08 for 8 % more, with its 95 % interval; `None` where too little was
    /// found to compare.
    pub change: Option<Interval>,
}

/// How personalisation did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CasesReport {
    /// All cases, and parts of them.
    pub groups: Vec<Group>,
}

/// Reads cases, a JSON object a line.
///
/// # Errors
/// `BadRequest` with the line that is wrong; Unavailable when `reader` fails.
pub fn read_cases(reader: impl BufRead) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    each_line(reader, |line| {
        let case = serde_json::from_str(line).map_err(|error| {
            format!("{error}; a case has 'shopper', 'history', 'query' and 'target'")
        })?;
        cases.push(case);
        Ok(())
    })?;
    Ok(cases)
}

/// Has every case searched for and compares.
///
/// # Errors
/// `BadRequest` when there are no cases; otherwise whatever `search` fails with.
pub fn evaluate_cases(
    cases: &[Case],
    search: &mut dyn FnMut(&Case) -> Result<Outcome>,
) -> Result<CasesReport> {
    if cases.is_empty() {
        return Err(Error::bad_request("invalid_cases", "there are no cases", ""));
    }
    let outcomes: Vec<Outcome> = cases.iter().map(search).collect::<Result<_>>()?;
    let group = |name, is_in: &dyn Fn(&Outcome) -> bool| {
        Group::of(name, outcomes.iter().filter(|one| is_in(one)))
    };
    let groups = vec![
        group("all", &|_| true),
        group("brand known", &|one| one.knows_brand),
        group("brand new", &|one| !one.knows_brand),
        group("bought before", &|one| one.knows_product),
        group("never bought", &|one| !one.knows_product),
    ];
    Ok(CasesReport { groups })
}

impl Group {
    fn of<'o>(name: &'static str, outcomes: impl Iterator<Item = &'o Outcome>) -> Self {
        let reciprocal = |rank: Option<usize>| rank.map_or(0.0, |rank| 1.0 / rank as f64);
        let (plain, personal): (Vec<f64>, Vec<f64>) =
            outcomes.map(|one| (reciprocal(one.plain), reciprocal(one.personal))).unzip();
        let mean = |ranks: &[f64]| ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
        Self {
            name,
            cases: plain.len(),
            plain_mrr: mean(&plain),
            personal_mrr: mean(&personal),
            change: relative_change(&plain, &personal, RESAMPLES, SEED).ok(),
        }
    }
}

impl fmt::Display for CasesReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["cases", "MRR plain", "personal", "change", "95 % interval"];
        let [cases, plain, personal, change, interval] = heads;
        writeln!(
            formatter,
            "{:<14}{cases:>8}{plain:>11}{personal:>10}{change:>10}{interval:>20}",
            ""
        )?;
        for group in &self.groups {
            write!(formatter, "{:<14}{:>8}", group.name, group.cases)?;
            write!(formatter, "{:>11.4}{:>10.4}", group.plain_mrr, group.personal_mrr)?;
            match &group.change {
                Some(change) => {
                    let (low, high) = (100.0 * change.low, 100.0 * change.high);
                    let ends = format!("[{low:+.1} {high:+.1}]");
                    writeln!(formatter, "{:>+8.1} %{ends:>20}", 100.0 * change.mean)?;
                }
                None => writeln!(formatter, "{:>10}", "–")?,
            }
        }
        Ok(())
    }
}
