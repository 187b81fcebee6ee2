//! The same search for two parties: what personalisation changes, for whom, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Caller, Engine, unhurried};
use crate::domain::id::{IndexName, SessionId, ShopperId};
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::error::{Error, Result};

/// A search and the two who make it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareRequest {
    /// The search, without `shopper` and `session`; hits of both pages carry their explanation.
    #[serde(default)]
    pub search: SearchRequest,
    /// Who makes it first.
    #[serde(default)]
    pub before: Party,
    /// Who makes it then.
    #[serde(default)]
    pub after: Party,
}

/// One who searches; without shopper and session, nobody that is known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Party {
    /// The shopper.
    pub shopper: Option<ShopperId>,
    /// The session.
    pub session: Option<SessionId>,
    /// Strength of personalisation, 0–1, in place of the search's.
    pub personalize: Option<f32>,
}

impl Party {
    fn search(self, common: &SearchRequest) -> SearchRequest {
        SearchRequest {
            shopper: self.shopper,
            session: self.session,
            personalize: self.personalize.unwrap_or(common.personalize),
            explain: true,
            ..common.clone()
        }
    }
}

/// The same search twice: without and with a draft, or for one party and another.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// As it is, or for the first party.
    pub before: Page,
    /// As it would be, or for the second party.
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

impl Comparison {
    /// Two pages with the moves between them, in the order of the page after, then of the products
    /// that are gone.
    pub(super) fn of(before: Page, after: Page) -> Self {
        let moves = moves(&before, &after);
        Self { before, after, moves }
    }
}

impl Engine {
    /// Makes a search for two parties, on one state of the index and at one time.
    ///
    /// # Errors
    /// As [`Engine::search`], and `BadRequest` when the search itself names who searches.
    pub fn compare(
        &self,
        index: &IndexName,
        request: CompareRequest,
        caller: Caller,
    ) -> Result<Comparison> {
        let CompareRequest { search, before, after } = request;
        if search.shopper.is_some() || search.session.is_some() {
            return Err(Error::bad_request(
                "invalid_comparison",
                "'search' names who searches, and that is what differs",
                "name the shopper or the session in 'before' or 'after'",
            ));
        }
        let snapshot = self.index(index)?.snapshot();
        let deadline = unhurried();
        let before = self.search_in(&snapshot, &before.search(&search), (caller, &deadline))?;
        let after = self.search_in(&snapshot, &after.search(&search), (caller, &deadline))?;
        Ok(Comparison::of(before, after))
    }
}

fn moves(before: &Page, after: &Page) -> Vec<Move> {
    let places = |page: &Page| -> BTreeMap<String, usize> {
        page.hits.iter().map(|hit| hit.id.clone()).zip(1..).collect()
    };
    let (was, is) = (places(before), places(after));
    let gone = before.hits.iter().filter(|hit| !is.contains_key(&hit.id));
    let hits = after.hits.iter().chain(gone);
    let moves = hits.map(|hit| Move {
        id: hit.id.clone(),
        before: was.get(&hit.id).copied(),
        after: is.get(&hit.id).copied(),
    });
    moves.filter(|one| one.before != one.after).collect()
}
