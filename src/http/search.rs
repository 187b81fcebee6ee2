//! Search.

use axum::Json;
use axum::extract::State;

use super::access::Access;
use super::body::Incoming;
use super::ceilings;
use super::failure::Failure;
use super::params::Names;
use super::state::AppState;
use crate::domain::deadline::Deadline;
use crate::domain::page::{Factor, Page};
use crate::domain::search::SearchRequest;
use crate::engine::{Engine, PERSONAL};
use crate::settings::access::Scope;

/// `POST /v1/indexes/{index}/search`.
pub(super) async fn search(
    State(state): State<AppState>,
    access: Access,
    names: Names,
    body: Incoming,
) -> Result<Json<Page>, Failure> {
    let index = names.index()?;
    access.demand(Scope::Search, Some(&index))?;
    let request: SearchRequest = body.object().await?;
    ceilings::check_search(&request, &state.config().limits)?;
    let shopper = request.shopper.as_ref();
    access.demand_known(shopper, &index)?;
    let may_explain = !request.explain || access.may_read(shopper, &index);
    let caller = access.caller(&index);
    let deadline = state.search_deadline(request.deadline_ms);
    let name = index.clone();
    let search = move |engine: &Engine, deadline: &Deadline| {
        engine.search_within(&name, &request, caller, deadline)
    };
    let mut page = state.read_within(deadline, search).await?;
    if !may_explain {
        hide_personal_evidence(&mut page);
    }
    state.metrics().searched(&page.stages, page.degraded);
    if page.total == 0 && page.degraded.is_full() {
        state.metrics().found_nothing(index.as_str());
    }
    Ok(Json(page))
}

/// What is known of a shopper is not told to whoever knows the shopper's id: all of it becomes one
/// part without reasons, which tells no more than the score does.
fn hide_personal_evidence(page: &mut Page) {
    for explanation in page.hits.iter_mut().filter_map(|hit| hit.explain.as_mut()) {
        let is_personal = |factor: &Factor| PERSONAL.contains(&factor.name.as_str());
        let (personal, mut others): (Vec<Factor>, Vec<Factor>) =
            explanation.factors.drain(..).partition(is_personal);
        if !personal.is_empty() {
            let contribution = personal.iter().map(|factor| factor.contribution).sum();
            let (name, evidence) = ("personalisation".to_owned(), String::new());
            others.push(Factor { name, contribution, evidence });
        }
        explanation.factors = others;
    }
}
