//! Which products could answer a query, by word and by meaning, on one scale.

pub mod facet;
pub mod filter;
mod lexical;
pub mod meaning;
mod tier;

use std::collections::HashMap;

use fixedbitset::FixedBitSet;

use crate::domain::id::Ordinal;
use crate::domain::page::Tier;
use crate::domain::search::Mode;
use crate::error::Result;
use crate::index::View;
use crate::index::semantic::Meaning;
use crate::query::Query;

use filter::CompiledFilter;
use lexical::{LexicalMatch, Scorer};
use meaning::Meanings;
use tier::Choice;

/// How much coverage and meaning count beside the lexical score where candidates are compared by
/// the whole of a query.
const WHOLE_COVERAGE: f32 = 0.5;
const WHOLE_SEMANTIC: f32 = 0.5;

/// Up to so many products with the words are few.
const FEW: usize = 100;

/// Others are like them from so many deviations above what is usual on.
const ALIKE_DEVIATIONS: f32 = 2.5;

/// So many of the best products with the words tell what others should be like.
const BEST: usize = 10;

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
    /// How the query names the product by an identifier.
    pub identified: Identified,
    /// What the product says of what the query excludes: 1 that it is without, −1 that it has it,
    /// 0 nothing.
    pub exclusion: f32,
    /// How well the product answers the query if what is to be absent were looked for as well;
    /// `None` where nothing is to be absent.
    pub whole: Option<f32>,
}

/// Whether a query names a product by an identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identified {
    /// It does not.
    #[default]
    No,
    /// It begins as one of the product's identifiers does.
    Begun,
    /// It contains one of the product's identifiers.
    Whole,
}

/// All products that match, in no particular order. Totals and facets are counted over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// Each product once.
    pub list: Vec<Candidate>,
    /// How many of the query's words had to be given up to find them; `None` for browsing.
    pub tier: Option<Tier>,
    /// What had to be given up, in words.
    pub relaxed: Option<String>,
    /// How telling each of the query's terms is; 0 for one that no product has.
    pub term_weights: Vec<f32>,
}

/// What to retrieve besides the query's words.
pub struct Demand<'a> {
    /// What products must be.
    pub filter: &'a CompiledFilter,
    /// By word, by meaning or both.
    pub mode: Mode,
    /// What the query means.
    pub meanings: &'a Meanings,
}

/// Finds every product that matches the query under the filter.
///
/// # Errors
/// Internal when the disk fails.
pub fn retrieve(query: &Query, view: &View, demand: &Demand<'_>) -> Result<Candidates> {
    let allowed = allowed(view, demand.filter);
    if query.is_empty() {
        return Ok(everything(view, allowed.as_ref()));
    }
    let Demand { mode, meanings, .. } = *demand;
    Search { query, view, mode, allowed, meanings }.candidates()
}

/// The products that pass a filter; `None` when all do.
fn allowed(view: &View, filter: &CompiledFilter) -> Option<FixedBitSet> {
    if filter.is_empty() {
        return None;
    }
    let columns = &view.generation.columns;
    let mut allowed = FixedBitSet::with_capacity(columns.ordinals_end());
    for (ordinal, row) in columns.rows() {
        allowed.set(ordinal as usize, filter.matches(row));
    }
    Some(allowed)
}

/// Browsing: every product matches.
fn everything(view: &View, allowed: Option<&FixedBitSet>) -> Candidates {
    let ordinals = view.generation.columns.rows().map(|(ordinal, _)| ordinal);
    let passing = ordinals
        .filter(|ordinal| allowed.is_none_or(|allowed| allowed.contains(*ordinal as usize)));
    let list = passing.map(|ordinal| Candidate { ordinal, ..Candidate::default() }).collect();
    Candidates { list, ..Candidates::default() }
}

/// One query against one snapshot.
struct Search<'a> {
    query: &'a Query,
    view: &'a View,
    mode: Mode,
    allowed: Option<FixedBitSet>,
    meanings: &'a Meanings,
}

/// Products that were found, by ordinal.
type Found = HashMap<Ordinal, Candidate>;

impl Search<'_> {
    fn candidates(&self) -> Result<Candidates> {
        let generation = &self.view.generation;
        let ends = generation.columns.ordinals_end();
        let scorer = Scorer::new(&generation.lexical, &self.view.settings.fields, ends);
        let mut found = Found::new();
        let mut candidates = Candidates { tier: Some(Tier::Meaning), ..Candidates::default() };
        if self.mode != Mode::Semantic {
            let matches = scorer.matches(&self.query.terms, &|ordinal| self.allows(ordinal))?;
            let choice = Choice::of(&matches);
            let enough = matches.list.iter().filter(|one| choice.admits(one));
            found.extend(enough.map(|one| (one.ordinal, self.by_word(one))));
            candidates.tier = Some(choice.tier);
            candidates.relaxed = choice.relaxed(&matches);
            self.add_alike(&mut found, &matches.list);
            candidates.term_weights = matches.term_weights;
        }
        let alone = self.mode == Mode::Hybrid && found.is_empty();
        if let Some(meaning) = &self.meanings.wanted {
            self.add_by_meaning(&mut found, meaning, alone);
        }
        self.add_whole(&mut found, &scorer)?;
        if self.add_identified(&mut found, &scorer)? {
            candidates.tier = Some(Tier::All);
            candidates.relaxed = None;
        }
        self.exclude(&mut found, &scorer)?;
        candidates.list = found.into_values().collect();
        Ok(candidates)
    }

    fn allows(&self, ordinal: Ordinal) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(ordinal as usize))
    }

    /// Adds what is near in meaning; `alone` says that no product has any of the words.
    fn add_by_meaning(&self, found: &mut Found, meaning: &Meaning, alone: bool) {
        let semantic = &self.view.generation.semantic;
        let settings = &self.view.settings.semantic;
        let one_word = self.query.terms.len() < 2;
        let (deviations, count) = if one_word {
            (settings.gate_one_word_deviations, settings.candidates_max.div_ceil(2))
        } else {
            (settings.gate_deviations, settings.candidates_max)
        };
        let mut gate = meaning.gate(deviations);
        if alone {
            gate = gate.max(semantic.sure(settings.gate_alone_deviations));
        }
        for near in semantic.nearest(meaning, count, self.allowed.as_ref()) {
            if near.similarity < gate {
                break;
            }
            let ordinal = near.ordinal;
            found.entry(ordinal).or_insert_with(|| self.by_meaning(ordinal));
        }
    }

    /// Adds what answers the query with what is to be absent taken for wanted, and notes how well:
    /// who wants boxes without lids is answered by what speaks of boxes and of lids, and by none
    /// that speaks of neither.
    fn add_whole(&self, found: &mut Found, scorer: &Scorer<'_>) -> Result<()> {
        let terms = &self.query.whole_terms;
        if terms.is_empty() {
            return Ok(());
        }
        let mut scores: HashMap<Ordinal, f32> = HashMap::new();
        if self.mode != Mode::Semantic {
            let matches = scorer.matches(terms, &|ordinal| self.allows(ordinal))?;
            let choice = Choice::of(&matches);
            for one in matches.list.iter().filter(|one| choice.admits(one)) {
                found.entry(one.ordinal).or_insert_with(|| self.by_meaning(one.ordinal));
                scores.insert(one.ordinal, one.score + WHOLE_COVERAGE * one.coverage);
            }
        }
        let meaning = self.meanings.whole.as_ref();
        if let Some(meaning) = meaning {
            self.add_by_meaning(found, meaning, false);
        }
        let semantic = &self.view.generation.semantic;
        for candidate in found.values_mut() {
            let by_word = scores.get(&candidate.ordinal).copied().unwrap_or(0.0);
            let near = |meaning| semantic.nearness(meaning, candidate.ordinal);
            let by_meaning = meaning.map_or(0.0, near);
            candidate.whole = Some(by_word + WHOLE_SEMANTIC * by_meaning);
        }
        Ok(())
    }

    /// Where few products have the words, adds what is like the best of them: a name that the model
    /// has never heard says nothing, its products do.
    fn add_alike(&self, found: &mut Found, matches: &[LexicalMatch]) {
        let few = (1..=FEW).contains(&found.len());
        if self.meanings.wanted.is_none() || !few {
            return;
        }
        let semantic = &self.view.generation.semantic;
        let mut best: Vec<&LexicalMatch> =
            matches.iter().filter(|one| found.contains_key(&one.ordinal)).collect();
        best.sort_unstable_by(|one, other| {
            other.score.total_cmp(&one.score).then(one.ordinal.cmp(&other.ordinal))
        });
        let best = best.iter().take(BEST).map(|one| one.ordinal);
        let Some(centre) = semantic.centre(best) else {
            return;
        };
        let gate = centre.gate(ALIKE_DEVIATIONS);
        for near in semantic.nearest(&centre, FEW, self.allowed.as_ref()) {
            if near.similarity < gate {
                break;
            }
            let ordinal = near.ordinal;
            found.entry(ordinal).or_insert_with(|| self.by_meaning(ordinal));
        }
    }

    /// Adds what the query names by an identifier; whether there is any.
    fn add_identified(&self, found: &mut Found, scorer: &Scorer<'_>) -> Result<bool> {
        let mut any = false;
        for (identifiers, how) in [
            (&self.query.begun_identifiers, Identified::Begun),
            (&self.query.identifiers, Identified::Whole),
        ] {
            for ordinal in scorer.identified(identifiers)? {
                if self.allows(ordinal) {
                    let candidate =
                        found.entry(ordinal).or_insert_with(|| self.by_meaning(ordinal));
                    candidate.identified = how;
                    any = true;
                }
            }
        }
        Ok(any)
    }

    /// Notes what products say of what the query excludes.
    fn exclude(&self, found: &mut Found, scorer: &Scorer<'_>) -> Result<()> {
        let count = self.query.excluded.len() as f32;
        for excluded in &self.query.excluded {
            let stances = scorer.stances(excluded)?;
            if excluded.is_filter {
                found.retain(|ordinal, _| stances.get(ordinal).is_none_or(|says| *says >= 0.0));
            }
            for (ordinal, says) in stances {
                if let Some(candidate) = found.get_mut(&ordinal) {
                    candidate.exclusion += says / count;
                }
            }
        }
        Ok(())
    }

    fn by_word(&self, one: &LexicalMatch) -> Candidate {
        Candidate { lexical: one.score, coverage: one.coverage, ..self.by_meaning(one.ordinal) }
    }

    fn by_meaning(&self, ordinal: Ordinal) -> Candidate {
        let semantic = &self.view.generation.semantic;
        let meaning = self.meanings.wanted.as_ref();
        let nearness = meaning.map_or(0.0, |meaning| semantic.nearness(meaning, ordinal));
        Candidate { ordinal, semantic: nearness, ..Candidate::default() }
    }
}
