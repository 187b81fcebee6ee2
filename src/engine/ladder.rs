//! What is left out of a search so that its answer is in time: decided between its stages, from
//! the time that is left and from what the stages to come cost of late.

use std::time::Duration;

use super::measures::{Cost, Costs, Expected};
use crate::domain::deadline::{Deadline, Rung, Stage};
use crate::domain::page::Page;
use crate::error::{Error, Result};
use crate::rank::{SMALL_WINDOW, WINDOW};

/// What a search needs of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Nothing: it goes by words.
    NotAsked,
    /// What the model said before.
    Remembered,
    /// That it runs, which nothing can interrupt.
    MustRun,
}

/// One search on its way down the ladder, with a look at the clock after each stage.
pub(super) struct Descent<'a> {
    deadline: &'a Deadline,
    costs: &'a Costs,
    expected: Expected,
    rung: Rung,
    model: Model,
    begun: Duration,
    lap_begun: Duration,
    stages: Vec<(Stage, Duration)>,
    taken: Vec<(Cost, Duration)>,
    left_out: Vec<Cost>,
}

/// What is still to be done of a search by word, from each point on; its window is small.
const BY_WORD: [Cost; 4] = [Cost::Understand, Cost::RetrieveWords, Cost::RankFew, Cost::Finish];
const BY_WORD_UNDERSTOOD: &[Cost] = &[Cost::RetrieveWords, Cost::RankFew, Cost::Finish];
const BY_MEANING: &[Cost] = &[Cost::RetrieveAll, Cost::RankFew, Cost::Finish];
const BY_MEANING_EMBEDDING: &[Cost] =
    &[Cost::Embed, Cost::RetrieveAll, Cost::RankFew, Cost::Finish];

impl<'a> Descent<'a> {
    /// Begins a search that does no more than `at_best`.
    ///
    /// # Errors
    /// Unavailable when there is no time for any answer.
    pub(super) fn begin(deadline: &'a Deadline, costs: &'a Costs, at_best: Rung) -> Result<Self> {
        let begun = deadline.elapsed();
        let mut descent = Self {
            deadline,
            costs,
            expected: costs.expected(),
            rung: at_best,
            model: Model::NotAsked,
            begun,
            lap_begun: begun,
            stages: Vec::with_capacity(Stage::ALL.len()),
            taken: Vec::with_capacity(Stage::ALL.len()),
            left_out: Vec::new(),
        };
        let by_word = at_best < Rung::Popular && descent.has_time_for(&BY_WORD);
        if !by_word && !descent.has_time_for(&[Cost::Popular]) {
            costs.learn(&[], &[Cost::Popular]);
            return Err(too_late());
        }
        if !by_word {
            descent.step_down(Rung::Popular, &BY_WORD);
        }
        Ok(descent)
    }

    fn has_time_for(&self, costs: &[Cost]) -> bool {
        let remaining = self.deadline.remaining();
        remaining > Duration::ZERO && remaining >= self.expected.of(costs)
    }

    fn step_down(&mut self, rung: Rung, left_out: &[Cost]) {
        if self.rung < rung {
            self.rung = rung;
            self.left_out.extend_from_slice(left_out);
        }
    }

    /// How much is done.
    pub(super) fn rung(&self) -> Rung {
        self.rung
    }

    /// After a text was understood: how much is done from here on. Running the model is not begun
    /// unless there is time for it and for what follows.
    pub(super) fn before_retrieving(&mut self, model: Model) -> Rung {
        self.model = model;
        let (by_word, popular) =
            (self.expected.of(BY_WORD_UNDERSTOOD), self.expected.of(&[Cost::Popular]));
        if !self.has_time_for(BY_WORD_UNDERSTOOD) && popular <= by_word {
            self.step_down(Rung::Popular, BY_WORD_UNDERSTOOD);
        }
        let by_meaning = match model {
            Model::NotAsked => return self.rung,
            Model::Remembered => BY_MEANING,
            Model::MustRun => BY_MEANING_EMBEDDING,
        };
        if !self.has_time_for(by_meaning) {
            self.step_down(Rung::Lexical, by_meaning);
        }
        self.rung
    }

    /// After products were found: how many of the best get the costly signals.
    pub(super) fn window(&mut self) -> usize {
        let ranking = [Cost::RankAll, Cost::Finish];
        if !self.has_time_for(&ranking) {
            self.step_down(Rung::SmallerWindow, &ranking);
        }
        match self.rung {
            Rung::Full => WINDOW,
            Rung::SmallerWindow | Rung::Lexical => SMALL_WINDOW,
            Rung::Popular => 0,
        }
    }

    /// A stage has ended.
    pub(super) fn lap(&mut self, stage: Stage) {
        let now = self.deadline.elapsed();
        let took = now.saturating_sub(self.lap_begun);
        self.lap_begun = now;
        if stage != Stage::Embed || self.runs_model() {
            self.stages.push((stage, took));
        }
        let Some(cost) = self.cost_of(stage) else { return };
        match self.taken.iter_mut().find(|(other, _)| *other == cost) {
            Some((_, sum)) => *sum += took,
            None => self.taken.push((cost, took)),
        }
    }

    fn goes_by_meaning(&self) -> bool {
        self.model != Model::NotAsked && self.rung < Rung::Lexical
    }

    fn runs_model(&self) -> bool {
        self.goes_by_meaning() && self.model == Model::MustRun
    }

    fn cost_of(&self, stage: Stage) -> Option<Cost> {
        let by_meaning = self.goes_by_meaning();
        if self.rung == Rung::Popular {
            return Some(Cost::Popular);
        }
        match stage {
            Stage::Profile | Stage::Understand => Some(Cost::Understand),
            Stage::Embed => self.runs_model().then_some(Cost::Embed),
            Stage::Retrieve if by_meaning => Some(Cost::RetrieveAll),
            Stage::Retrieve => Some(Cost::RetrieveWords),
            Stage::Rank if self.rung == Rung::Full => Some(Cost::RankAll),
            Stage::Rank => Some(Cost::RankFew),
            Stage::Merch | Stage::Present => Some(Cost::Finish),
        }
    }

    /// The search is done: its page tells how, and later ones go by what this one took.
    pub(super) fn end(self, page: &mut Page) {
        self.costs.learn(&self.taken, &self.left_out);
        page.degraded = self.rung;
        page.took_ms = self.lap_begun.saturating_sub(self.begun).as_secs_f64() * 1_000.0;
        page.stages = self.stages;
    }
}

fn too_late() -> Error {
    Error::unavailable(
        "overloaded",
        "the search waited too long for any answer to be in time",
        "try again after the time in Retry-After; /metrics tells what the server is busy with",
    )
}
