//! What a draft of boosts would do over the whole index, before it goes live.

use super::{Caller, Engine};
use crate::domain::id::{IndexName, Ordinal};
use crate::domain::search::SearchRequest;
use crate::error::Result;
use crate::merch::{self, Effect, Situation};
use crate::rank::Ranked;
use crate::settings::boosts::Boosts;

/// Products × boosts that are worked out, each for itself and for the sum: half a second's work
/// (`benches/queries.rs`). Of more, every n-th product is looked at.
const WORK_MAX: usize = 5_000_000;

impl Engine {
    /// What boosts would do over the products of an index; nothing is written.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for an invalid boost.
    pub fn boost_effect(
        &self,
        index: &IndexName,
        boosts: &Boosts,
        caller: Caller,
    ) -> Result<Effect> {
        boosts.check()?;
        let snapshot = self.index(index)?.snapshot();
        let generation = &snapshot.view.generation;
        let columns = &generation.columns;
        // Each boost is asked once by itself and once for the sum.
        let work = columns.len() * 2 * (boosts.attributes.len() + boosts.numeric.len() + 1);
        let step = work.div_ceil(WORK_MAX).max(1);
        let ordinals: Vec<Ordinal> =
            columns.rows().step_by(step).map(|(ordinal, _)| ordinal).collect();
        let catalogue = Ranked::new(Vec::new(), false, columns, &generation.statistics);
        let nobody = SearchRequest::default();
        let situation = Situation::of(&nobody, caller.now, &snapshot.rulebook);
        merch::effect(boosts, &catalogue, (&ordinals, columns.len()), &situation)
    }
}
