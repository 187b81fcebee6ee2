//! Which products could answer a query, by word and by meaning, on one scale.

pub mod facet;
pub mod filter;
mod lexical;

use std::collections::HashMap;

use crate::domain::id::Ordinal;
use crate::domain::search::Mode;
use crate::embed::Embedding;
use crate::error::Result;
use crate::index::View;
use crate::index::semantic::Meaning;
use crate::query::Query;

use filter::CompiledFilter;
use lexical::{LexicalMatch, Scorer};

/// A product matches by word when it has at least this share of the weight of the words that the
/// index knows.
const COVERAGE_MIN: f32 = 0.3;

/// A product that could answer the query.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Which product.
    pub ordinal: Ordinal,
    /// BM25F score as a share of the most that the query could give, 0–1.
    pub lexical: f32,
    /// Share of the query's weight that the product contains at all, 0–1.
    pub coverage: f32,
    /// Similarity of meaning, calibrated: 0 where it is usual for the query, 1 for the same meaning.
    pub semantic: f32,
    /// Whether the query names the product by an identifier.
    pub identified: bool,
}

/// All products that match, in no particular order. Totals and facets are counted over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// Each product once.
    pub list: Vec<Candidate>,
    /// What had to be given up to find any, in words.
    pub relaxed: Option<String>,
}

/// What to retrieve besides the query's words.
pub struct Demand<'a> {
    /// What products must be.
    pub filter: &'a CompiledFilter,
    /// By word, by meaning or both.
    pub mode: Mode,
}

/// Finds every product that matches the query under the filter.
///
/// # Errors
/// Internal when the disk or the model fails.
pub fn retrieve(query: &Query, view: &View, demand: &Demand<'_>) -> Result<Candidates> {
    if query.is_empty() {
        return Ok(Candidates { list: everything(view), relaxed: None }.filtered(view, demand));
    }
    let search = Search::new(query, view, demand.mode)?;
    search.candidates().map(|candidates| candidates.filtered(view, demand))
}

/// Browsing: every product matches.
fn everything(view: &View) -> Vec<Candidate> {
    let rows = view.generation.columns.rows();
    rows.map(|(ordinal, _)| Candidate { ordinal, ..Candidate::default() }).collect()
}

impl Candidates {
    fn filtered(mut self, view: &View, demand: &Demand<'_>) -> Self {
        let columns = &view.generation.columns;
        self.list.retain(|candidate| {
            columns.row(candidate.ordinal).is_some_and(|row| demand.filter.matches(row))
        });
        self
    }
}

/// One query against one snapshot.
struct Search<'a> {
    query: &'a Query,
    view: &'a View,
    mode: Mode,
    meaning: Option<Meaning>,
}

impl<'a> Search<'a> {
    fn new(query: &'a Query, view: &'a View, mode: Mode) -> Result<Self> {
        let wants_meaning = mode != Mode::Lexical && view.settings.semantic.enabled;
        let embedding = if wants_meaning { embedding(query, view)? } else { None };
        let meaning = embedding.map(|embedding| view.generation.semantic.prepare(&embedding));
        Ok(Self { query, view, mode, meaning })
    }

    fn candidates(&self) -> Result<Candidates> {
        let generation = &self.view.generation;
        let scorer = Scorer::new(
            &generation.lexical,
            &self.view.settings.fields,
            generation.columns.ordinals_end(),
        );
        let mut found: HashMap<Ordinal, Candidate> = HashMap::new();
        let mut relaxed = None;
        if self.mode != Mode::Semantic {
            let matches = scorer.matches(self.query)?;
            let whole = matches.list.iter().any(|one| one.coverage > 0.999);
            relaxed = relaxation(&matches.unknown_words, whole);
            let enough = matches.list.into_iter().filter(|one| one.coverage >= COVERAGE_MIN);
            found.extend(enough.map(|one| (one.ordinal, self.by_word(one))));
        }
        let alone = self.mode == Mode::Hybrid && found.is_empty();
        self.add_by_meaning(&mut found, alone);
        let identified = scorer.identified(self.query)?;
        if !identified.is_empty() {
            relaxed = None;
        }
        for ordinal in identified {
            let candidate = found.entry(ordinal).or_insert_with(|| self.by_meaning(ordinal));
            candidate.identified = true;
        }
        Ok(Candidates { list: found.into_values().collect(), relaxed })
    }

    /// Adds what is near in meaning; `alone` says that no product has any of the words.
    fn add_by_meaning(&self, found: &mut HashMap<Ordinal, Candidate>, alone: bool) {
        let Some(meaning) = &self.meaning else {
            return;
        };
        let semantic = &self.view.generation.semantic;
        let settings = &self.view.settings.semantic;
        let mut gate = meaning.gate(settings.gate_deviations);
        if alone {
            gate = gate.max(semantic.sure(settings.gate_alone_deviations));
        }
        for near in semantic.nearest(meaning, settings.candidates_max) {
            if near.similarity < gate {
                break;
            }
            found.entry(near.ordinal).or_insert_with(|| Candidate {
                ordinal: near.ordinal,
                semantic: meaning.calibrated(near.similarity),
                ..Candidate::default()
            });
        }
    }

    fn by_word(&self, one: LexicalMatch) -> Candidate {
        Candidate { lexical: one.score, coverage: one.coverage, ..self.by_meaning(one.ordinal) }
    }

    fn by_meaning(&self, ordinal: Ordinal) -> Candidate {
        let semantic = &self.view.generation.semantic;
        let meaning = self.meaning.as_ref();
        let nearness = meaning.map_or(0.0, |meaning| semantic.nearness(meaning, ordinal));
        Candidate { ordinal, semantic: nearness, ..Candidate::default() }
    }
}

/// What had to be given up, in words.
fn relaxation(unknown_words: &[String], whole: bool) -> Option<String> {
    if !unknown_words.is_empty() {
        return Some(format!("no product has: {}", unknown_words.join(", ")));
    }
    (!whole).then(|| "no product has all words; showing those with most of them".to_owned())
}

fn embedding(query: &Query, view: &View) -> Result<Option<Embedding>> {
    let Some(embedder) = view.generation.embedder.as_ref() else {
        return Ok(None);
    };
    Ok(embedder.embed(&[query.text.as_str()])?.pop())
}
