//! What a draft of rules and boosts would change on the first pages of what is searched for of late.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::preview::DraftRules;
use super::queries::{QueryCount, QueryOrder};
use super::snapshot::Snapshot;
use super::{Caller, Engine, unhurried};
use crate::domain::id::IndexName;
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::error::{Error, Result};
use crate::settings::boosts::Boosts;

/// At most so many texts are tried, each with two searches.
const QUERIES_MAX: usize = 50;

/// Places of the first page.
const PAGE: usize = 20;

/// A piece of the work is over after this time, so that other calls get their turn.
const PIECE: Duration = Duration::from_millis(100);

/// The whole work is over after this time in searches.
const WHOLE: Duration = Duration::from_secs(5);

/// A draft to try on what is searched for of late.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryPreviewRequest {
    /// Rules to add or replace; `null` removes one.
    pub rules: DraftRules,
    /// Boosts in place of the present ones.
    pub boosts: Option<Boosts>,
    /// How many texts to try, 1–50, the most searched for first.
    pub limit: usize,
    /// Where the searches happen, for rules.
    pub contexts: Vec<String>,
}

impl Default for QueryPreviewRequest {
    fn default() -> Self {
        Self {
            rules: DraftRules::default(),
            boosts: None,
            limit: QUERIES_MAX,
            contexts: Vec::new(),
        }
    }
}

/// What a draft changes on first pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueryPreview {
    /// Texts whose first page changes, the most changed first: by searches × what changes.
    pub queries: Vec<ChangedQuery>,
    /// How many texts were tried.
    pub tried: usize,
    /// How many of them change.
    pub changed: usize,
}

/// What changes on the first page of one text.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChangedQuery {
    /// The text.
    pub q: String,
    /// How often it was searched for of late.
    pub searches: u32,
    /// Products of both pages that change their place.
    pub moves: usize,
    /// Products that come to the page.
    pub entered: usize,
    /// Products that go from the page.
    pub left: usize,
    /// The first place, from 1, that has another product; absent where none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_changed: Option<usize>,
    /// Matching products without the draft.
    pub total_before: usize,
    /// Matching products with it.
    pub total_after: usize,
    /// Whether the shopper is sent elsewhere, or no longer.
    pub redirect_changed: bool,
    /// Whether other banners are shown.
    pub banners_changed: bool,
}

impl ChangedQuery {
    fn new(text: &QueryCount, before: &Page, after: &Page) -> Self {
        let places = |page: &Page| -> HashMap<String, usize> {
            page.hits.iter().map(|hit| hit.id.clone()).zip(1..).collect()
        };
        let (was, is) = (places(before), places(after));
        let moves = is.iter().filter(|(id, place)| was.get(*id).is_some_and(|one| one != *place));
        let id = |page: &Page, place: usize| page.hits.get(place).map(|hit| hit.id.clone());
        let longer = before.hits.len().max(after.hits.len());
        let differs = |place: &usize| id(before, *place) != id(after, *place);
        Self {
            q: text.q.clone(),
            searches: text.searches,
            moves: moves.count(),
            entered: is.keys().filter(|id| !was.contains_key(*id)).count(),
            left: was.keys().filter(|id| !is.contains_key(*id)).count(),
            first_changed: (0..longer).find(differs).map(|place| place + 1),
            total_before: before.total,
            total_after: after.total,
            redirect_changed: before.redirect != after.redirect,
            banners_changed: before.banners != after.banners,
        }
    }

    fn is_change(&self) -> bool {
        self.change() > 0 || self.total_before != self.total_after
    }

    /// How much changes; another address replaces the whole page, banners are one thing more.
    fn change(&self) -> usize {
        let redirect = if self.redirect_changed { PAGE } else { 0 };
        self.moves + self.entered + self.left + redirect + usize::from(self.banners_changed)
    }

    fn weight(&self) -> u64 {
        u64::from(self.searches) * self.change() as u64
    }
}

/// A trial of a draft, piece by piece.
pub struct QueryPreviewRun {
    present: Arc<Snapshot>,
    drafted: Snapshot,
    contexts: Vec<String>,
    caller: Caller,
    /// What is left to try, the last one first.
    texts: Vec<QueryCount>,
    worked: Duration,
    found: QueryPreview,
}

impl Engine {
    /// Begins to try a draft on what is searched for of late; nothing is written.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for an invalid draft or limit.
    pub fn preview_queries(
        &self,
        index: &IndexName,
        draft: QueryPreviewRequest,
        caller: Caller,
    ) -> Result<QueryPreviewRun> {
        let QueryPreviewRequest { rules, boosts, limit, contexts } = draft;
        if !(1..=QUERIES_MAX).contains(&limit) {
            let message = format!("'limit' is from 1 to {QUERIES_MAX}");
            return Err(Error::bad_request("over_limit", message, "ask for less"));
        }
        let index = self.index(index)?;
        let present = index.snapshot();
        let drafted = present.drafted(rules, boosts)?;
        let mut texts = index.queries().recent(QueryOrder::Frequent, limit, caller.now).queries;
        texts.reverse();
        let (worked, found) = (Duration::ZERO, QueryPreview::default());
        Ok(QueryPreviewRun { present, drafted, contexts, caller, texts, worked, found })
    }
}

impl QueryPreviewRun {
    /// Tries some texts more: a tenth of a second's work.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn go_on(mut self, engine: &Engine) -> Result<Self> {
        let started = Instant::now();
        while started.elapsed() < PIECE
            && let Some(text) = self.texts.pop()
        {
            self.try_text(engine, &text)?;
        }
        self.worked += started.elapsed();
        if self.worked >= WHOLE {
            self.texts.clear();
        }
        Ok(self)
    }

    fn try_text(&mut self, engine: &Engine, text: &QueryCount) -> Result<()> {
        let request = SearchRequest {
            q: text.q.clone(),
            per_page: PAGE,
            contexts: self.contexts.clone(),
            ..SearchRequest::default()
        };
        let deadline = unhurried();
        let before = engine.search_in(&self.present, &request, (self.caller, &deadline))?;
        let after = engine.search_in(&self.drafted, &request, (self.caller, &deadline))?;
        let change = ChangedQuery::new(text, &before, &after);
        self.found.tried += 1;
        if change.is_change() {
            self.found.changed += 1;
            self.found.queries.push(change);
        }
        Ok(())
    }

    /// Whether nothing is left to try.
    pub fn is_done(&self) -> bool {
        self.texts.is_empty()
    }

    /// What was found so far.
    pub fn found(mut self) -> QueryPreview {
        let queries = &mut self.found.queries;
        queries.sort_by_key(|one| Reverse(one.weight()));
        self.found
    }
}
