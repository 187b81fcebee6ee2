//! NDCG@10, MRR@10 and recall@100 of ranked lists against graded judgments.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::judgments::{Judgments, RankedList};

/// How many hits NDCG and MRR look at.
pub(super) const TOP: usize = 10;
/// How many hits recall looks at.
const DEPTH: usize = 100;
/// A product of at least this grade is relevant, where a query has one.
const RELEVANT_GRADE: f64 = 2.0;

/// The score of one query, each part from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueryScore {
    /// The query's id.
    pub query: String,
    /// Gain 2^grade − 1, discount log2(rank + 1), divided by the best possible order's.
    #[serde(rename = "ndcg@10")]
    pub ndcg: f64,
    /// 1 / rank of the first relevant product among ten; 0 without one.
    #[serde(rename = "mrr@10")]
    pub mrr: f64,
    /// Share of the relevant products that are among the first hundred.
    #[serde(rename = "recall@100")]
    pub recall: f64,
    /// Whether there was no hit at all.
    pub empty: bool,
}

/// Averages over queries, each from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Judged queries with a product of a grade above 0.
    pub queries: usize,
    /// Mean NDCG@10.
    #[serde(rename = "ndcg@10")]
    pub ndcg: f64,
    /// Mean MRR@10.
    #[serde(rename = "mrr@10")]
    pub mrr: f64,
    /// Mean recall@100.
    #[serde(rename = "recall@100")]
    pub recall: f64,
    /// Queries without any hit.
    pub empty: usize,
}

impl Scores {
    /// The averages; `None` of no queries.
    pub fn mean_of(scores: &[QueryScore]) -> Option<Self> {
        if scores.is_empty() {
            return None;
        }
        let mean = |part: fn(&QueryScore) -> f64| {
            scores.iter().map(part).sum::<f64>() / scores.len() as f64
        };
        Some(Self {
            queries: scores.len(),
            ndcg: mean(|score| score.ndcg),
            mrr: mean(|score| score.mrr),
            recall: mean(|score| score.recall),
            empty: scores.iter().filter(|score| score.empty).count(),
        })
    }
}

/// The score of every judged query that has a product of a grade above 0, in the order of the
/// judgments; a query that `run` does not have scores 0.
pub fn score_each(judgments: &Judgments, run: &[RankedList]) -> Vec<QueryScore> {
    let lists: HashMap<&str, &RankedList> =
        run.iter().map(|list| (list.query.as_str(), list)).collect();
    judgments
        .iter()
        .filter_map(|(query, grades)| {
            let list = lists.get(query).map_or(&[][..], |list| &list.hits);
            score(query, grades, list)
        })
        .collect()
}

/// The score of one query; `None` when no product has a grade above 0. A product that is listed
/// twice counts where it stands first, and a product without a judgment counts as grade 0.
fn score(
    query: &str,
    grades: &BTreeMap<String, f64>,
    listed: &[(String, f32)],
) -> Option<QueryScore> {
    let best = grades.values().copied().fold(0.0, f64::max);
    if best <= 0.0 {
        return None;
    }
    // Where a query's best grade is below the usual one, its best products are the relevant ones.
    let floor = RELEVANT_GRADE.min(best);
    let grade = |product: &str| grades.get(product).copied().unwrap_or(0.0);
    let mut seen = HashSet::new();
    let hits: Vec<&str> = listed
        .iter()
        .map(|(product, _)| product.as_str())
        .filter(|product| seen.insert(*product))
        .take(DEPTH)
        .collect();
    let top = &hits[..hits.len().min(TOP)];
    let relevant = grades.values().filter(|grade| **grade >= floor).count();
    let found = hits.iter().filter(|product| grade(product) >= floor).count();
    let first = top.iter().position(|product| grade(product) >= floor);
    Some(QueryScore {
        query: query.to_owned(),
        ndcg: discounted(top.iter().map(|product| gain(grade(product)))) / ideal(grades.values()),
        mrr: first.map_or(0.0, |position| 1.0 / (position + 1) as f64),
        recall: found as f64 / relevant as f64,
        empty: hits.is_empty(),
    })
}

/// What a product of a grade is worth.
pub(super) fn gain(grade: f64) -> f64 {
    grade.exp2() - 1.0
}

/// The sum of gains, best place first, each divided by log2(rank + 1).
pub(super) fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    gains.enumerate().map(|(position, gain)| gain / ((position + 2) as f64).log2()).sum()
}

/// What the best possible order of the grades is worth.
pub(super) fn ideal<'g>(grades: impl Iterator<Item = &'g f64>) -> f64 {
    let mut grades: Vec<f64> = grades.copied().collect();
    grades.sort_by(|a, b| b.total_cmp(a));
    discounted(grades.into_iter().take(TOP).map(gain))
}
