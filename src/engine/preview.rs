//! What a draft of rules and boosts would change, before it goes live.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::compare::Comparison;
use super::{Caller, Engine};
use crate::domain::id::{IndexName, RuleId};
use crate::domain::search::SearchRequest;
use crate::error::Result;
use crate::index::View;
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

impl Engine {
    /// Tries a draft on a search; nothing is written.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for an invalid draft or search.
    pub fn preview(
        &self,
        index: &IndexName,
        draft: PreviewRequest,
        caller: Caller,
    ) -> Result<Comparison> {
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
        let before = self.search_in(&snapshot, &draft.search, caller)?;
        let after = self.search_in(&drafted, &draft.search, caller)?;
        Ok(Comparison::of(before, after))
    }
}
