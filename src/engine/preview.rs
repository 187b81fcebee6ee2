//! What a draft of rules and boosts would change, before it goes live.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::snapshot::Snapshot;
use super::{Caller, Engine, unhurried};
use crate::domain::id::{IndexName, RuleId};
use crate::domain::search::SearchRequest;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::index::View;
use crate::merch::{self, Report};
use crate::rank::Ranked;
use crate::settings::Settings;
use crate::settings::boosts::Boosts;
use crate::settings::rules::Rule;

/// A draft and the search to try it on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// Rules to add or replace; `null` removes one.
    #[serde(default)]
    pub rules: BTreeMap<RuleId, Option<Rule>>,
    /// Boosts in place of the present ones.
    #[serde(default)]
    pub boosts: Option<Boosts>,
    /// The search.
    pub search: SearchRequest,
}

/// What a draft changes on a page, and what is wrong with the rules it makes.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The search without and with the draft.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// What is wrong with the rules with the draft.
    pub conflicts: Report,
}

impl Snapshot {
    /// What is wrong with the rules at a time.
    fn rule_conflicts(&self, now: Timestamp) -> Result<Report> {
        let (generation, settings) = (&self.view.generation, &self.view.settings);
        let catalogue = Ranked::new(Vec::new(), false, &generation.columns, &generation.statistics);
        merch::lint(settings, &self.rulebook, &catalogue, now)
    }
}

impl Engine {
    /// What is wrong with the rules at a time: those that never fire, pins that show nothing, and
    /// rules that work against one another.
    ///
    /// # Errors
    /// `NotFound` for an unknown index.
    pub fn rule_conflicts(&self, index: &IndexName, now: Timestamp) -> Result<Report> {
        self.index(index)?.snapshot().rule_conflicts(now)
    }

    /// Tries a draft on a search; nothing is written.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for an invalid draft or search.
    pub fn preview(
        &self,
        index: &IndexName,
        draft: PreviewRequest,
        caller: Caller,
    ) -> Result<Preview> {
        let snapshot = self.index(index)?.snapshot();
        let mut settings = Settings::clone(&snapshot.view.settings);
        for (id, rule) in draft.rules {
            match rule {
                Some(rule) => settings.rules.insert(id, rule),
                None => settings.rules.remove(&id),
            };
        }
        if let Some(boosts) = draft.boosts {
            settings.boosts = boosts;
        }
        settings.check()?;
        let generation = Arc::clone(&snapshot.view.generation);
        let view = View { generation, settings: Arc::new(settings) };
        let drafted = snapshot.with_view(view, Arc::clone(&snapshot.suggestions));
        let deadline = unhurried();
        let before = self.search_in(&snapshot, &draft.search, (caller, &deadline))?;
        let after = self.search_in(&drafted, &draft.search, (caller, &deadline))?;
        let conflicts = drafted.rule_conflicts(caller.now)?;
        Ok(Preview { comparison: Comparison::of(before, after), conflicts })
    }
}
