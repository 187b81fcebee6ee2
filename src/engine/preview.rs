//! What a draft of rules and boosts would change, before it goes live.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Caller, Engine};
use crate::domain::id::{IndexName, RuleId};
use crate::domain::page::Page;
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

/// The same search without and with a draft.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// As it is.
    pub before: Page,
    /// As it would be.
    pub after: Page,
    /// Products of either page whose place changes.
    pub moves: Vec<Move>,
}

/// A product whose place changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// Which product.
    pub id: String,
    /// Its place on the page before, from 1.
    pub before: Option<usize>,
    /// Its place on the page after, from 1.
    pub after: Option<usize>,
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
        let before = self.search_in(&snapshot, &draft.search, caller)?;
        let after = self.search_in(&drafted, &draft.search, caller)?;
        let moves = moves(&before, &after);
        Ok(Preview { before, after, moves })
    }
}

fn moves(before: &Page, after: &Page) -> Vec<Move> {
    let places = |page: &Page| -> BTreeMap<String, usize> {
        page.hits.iter().map(|hit| hit.id.clone()).zip(1..).collect()
    };
    let (before, after) = (places(before), places(after));
    let ids = before.keys().chain(after.keys().filter(|id| !before.contains_key(*id)));
    ids.map(|id| Move {
        id: id.clone(),
        before: before.get(id).copied(),
        after: after.get(id).copied(),
    })
    .filter(|one| one.before != one.after)
    .collect()
}
