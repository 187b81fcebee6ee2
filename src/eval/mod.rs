//! How good a search is: ranked runs scored against graded judgments, latency, whether a difference
//! between two arms is more than chance, how well misspelt words are put right and queries
//! completed, whether a shopper's history helps; and the weights that judged queries teach.
//!
//! Nothing here knows how a search is made; `evaluate` is given a function that answers a text.

pub mod bootstrap;
pub mod cases;
pub mod completions;
pub mod corrections;
pub mod judgments;
pub mod latency;
pub mod metrics;
pub mod misspell;
mod random;
pub mod sample;
pub mod train;

use std::fmt;
use std::time::Instant;

use serde::Serialize;

use crate::error::{Error, Result};

use judgments::{Hits, JudgedQuery, Judgments, RankedList};
use latency::Percentiles;
use metrics::{QueryScore, Scores};

/// How a search did on a set of judged queries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Averages over the judged queries.
    #[serde(flatten)]
    pub scores: Scores,
    /// Time of each search, over all queries asked.
    pub latency: Percentiles,
    /// The score of each judged query, in the order of the judgments.
    pub by_query: Vec<QueryScore>,
    /// What was found, for every query asked, judged or not.
    #[serde(skip)]
    pub run: Vec<RankedList>,
}

/// Asks `search` every query once, in order, and scores the answers; each is a list of product ids
/// with scores, best first.
///
/// # Errors
/// `BadRequest` when a judged query is not among `queries` (it would silently count as 0) or when
/// no query has a relevant product; otherwise whatever `search` fails with.
pub fn evaluate(
    queries: &[JudgedQuery],
    judgments: &Judgments,
    search: &mut dyn FnMut(&str) -> Result<Hits>,
) -> Result<Report> {
    judgments.with_texts(queries)?;
    let mut run = Vec::with_capacity(queries.len());
    let mut times_ms = Vec::with_capacity(queries.len());
    for query in queries {
        let start = Instant::now();
        let hits = search(&query.text)?;
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        run.push(RankedList { query: query.id.clone(), hits });
    }
    let by_query = metrics::score_each(judgments, &run);
    let scores = Scores::mean_of(&by_query).ok_or_else(|| {
        Error::bad_request(
            "invalid_judgments",
            "no query has a product of a grade above 0",
            "there is nothing to measure",
        )
    })?;
    Ok(Report { scores, latency: Percentiles::of(&times_ms), by_query, run })
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scores, latency) = (&self.scores, &self.latency);
        writeln!(formatter, "{:<12}{:>9}", "queries", scores.queries)?;
        writeln!(formatter, "{:<12}{:>9.4}", "ndcg@10", scores.ndcg)?;
        writeln!(formatter, "{:<12}{:>9.4}", "mrr@10", scores.mrr)?;
        writeln!(formatter, "{:<12}{:>9.4}", "recall@100", scores.recall)?;
        writeln!(formatter, "{:<12}{:>9}", "empty", scores.empty)?;
        writeln!(formatter, "{:<12}{:>9.3} ms", "latency p50", latency.p50_ms)?;
        writeln!(formatter, "{:<12}{:>9.3} ms", "latency p95", latency.p95_ms)?;
        writeln!(formatter, "{:<12}{:>9.3} ms", "latency p99", latency.p99_ms)
    }
}
