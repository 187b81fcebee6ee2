//! What weights are learned from: the hits of judged queries with the parts of their scores.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use crate::domain::page::Hit;
use crate::error::{Error, Result};
use crate::eval::judgments::Judgments;

/// A file with one JSON object per hit.
pub(super) struct Dump(BufWriter<File>);

/// One hit of a query.
#[derive(Serialize)]
struct Line<'h> {
    query: &'h str,
    product: &'h str,
    /// `None` where nobody judged it.
    grade: Option<f64>,
    rank: usize,
    score: f32,
    /// What each signal adds to the score, by its name.
    factors: BTreeMap<&'h str, f32>,
}

impl Dump {
    /// Makes the file.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| super::judged::unusable(path, &error))?;
        Ok(Self(BufWriter::new(file)))
    }

    /// Writes the hits of one query, which carry their explanations.
    pub(super) fn add(&mut self, query: &str, hits: &[Hit], judgments: &Judgments) -> Result<()> {
        let grades = judgments.iter().find(|(id, _)| *id == query).map(|(_, grades)| grades);
        for (rank, hit) in (1..).zip(hits) {
            let factors = hit.explain.iter().flat_map(|explanation| &explanation.factors);
            let line = Line {
                query,
                product: &hit.id,
                grade: grades.and_then(|grades| grades.get(&hit.id)).copied(),
                rank,
                score: hit.score,
                factors: factors.map(|one| (one.name.as_str(), one.contribution)).collect(),
            };
            serde_json::to_writer(&mut self.0, &line)
                .map_err(std::io::Error::from)
                .and_then(|()| self.0.write_all(b"\n"))
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Writes what is still in memory.
    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(|error| failed(&error))
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::unavailable("dump_failed", format!("the dump cannot be written: {error}"), "")
}
