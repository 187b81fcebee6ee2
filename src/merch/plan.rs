//! What the rules that fire want done, with every filter compiled once.

use super::boost::{Boosting, Lift};
use super::{Situation, Skipped};
use crate::domain::filter::Filter;
use crate::domain::id::{Ordinal, RuleId};
use crate::error::{Error, Result};
use crate::query::Query;
use crate::rank::{Matcher, Ranked};
use crate::settings::Settings;
use crate::settings::rules::{Action, Rule};

/// All that rules and boosts want done for one request.
pub(super) struct Plan<'v> {
    /// Rules that act, in order of precedence.
    pub(super) fired: Vec<(&'v RuleId, &'v Rule)>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) redirect: Option<String>,
    pub(super) banners: Vec<serde_json::Value>,
    pub(super) boosting: Boosting<'v>,
    required: Vec<Matcher<'v>>,
    hidden: Vec<Matcher<'v>>,
}

/// The compiled filters of one rule.
#[derive(Default)]
pub(super) struct Compiled<'v> {
    required: Vec<Matcher<'v>>,
    hidden: Vec<Matcher<'v>>,
    lifts: Vec<Lift<'v>>,
}

/// A merchandiser's mistake is told in words; anything else is a defect and ends the search.
pub(super) fn mistake<T>(result: Result<T>) -> Result<std::result::Result<T, String>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::BadRequest(problem)) => Ok(Err(problem.to_string())),
        Err(error) => Err(error),
    }
}

impl<'v> Plan<'v> {
    pub(super) fn new(
        ranked: &Ranked<'v>,
        query: &Query,
        settings: &'v Settings,
        situation: &Situation<'_>,
    ) -> Result<Self> {
        let firing = situation.rulebook.firing(query, situation);
        let mut plan = Self {
            fired: Vec::with_capacity(firing.len()),
            skipped: Vec::new(),
            redirect: None,
            banners: Vec::new(),
            boosting: Boosting::new(settings.boosts.percent_max),
            required: Vec::new(),
            hidden: Vec::new(),
        };
        for (id, rule) in firing.into_iter().filter_map(|id| settings.rules.get_key_value(id)) {
            plan.add(id, rule, ranked)?;
        }
        if ranked.sorted_by_field {
            plan.boosting = Boosting::default();
        } else {
            plan.skipped.extend(plan.boosting.add(&settings.boosts, ranked, situation)?);
        }
        Ok(plan)
    }

    fn add(&mut self, id: &'v RuleId, rule: &'v Rule, ranked: &Ranked<'v>) -> Result<()> {
        match mistake(Compiled::new(id, rule, ranked))? {
            Ok(mut compiled) => {
                self.required.append(&mut compiled.required);
                self.hidden.append(&mut compiled.hidden);
                self.boosting.rules.append(&mut compiled.lifts);
                self.fired.push((id, rule));
                self.show(rule);
            }
            Err(reason) => self.skipped.push(Skipped { name: format!("rule:{id}"), reason }),
        }
        Ok(())
    }

    fn show(&mut self, rule: &Rule) {
        for action in &rule.then {
            match action {
                Action::Redirect { url } if self.redirect.is_none() => {
                    self.redirect = Some(url.clone());
                }
                Action::Banner { content } => self.banners.push(content.clone()),
                Action::Redirect { .. }
                | Action::Pin { .. }
                | Action::Boost { .. }
                | Action::Bury { .. }
                | Action::Hide { .. }
                | Action::Filter { .. }
                | Action::Replace { .. }
                | Action::Remove { .. } => {}
            }
        }
    }

    /// Whether any rule leaves products out.
    pub(super) fn restricts(&self) -> bool {
        !self.required.is_empty() || !self.hidden.is_empty()
    }

    /// Whether no rule leaves the product out.
    pub(super) fn admits(&self, ordinal: Ordinal) -> bool {
        admits(&self.required, &self.hidden, ordinal)
    }
}

impl<'v> Compiled<'v> {
    pub(super) fn new(id: &'v RuleId, rule: &'v Rule, ranked: &Ranked<'v>) -> Result<Self> {
        let mut compiled = Self::default();
        for action in &rule.then {
            match action {
                Action::Filter { filter } => compiled.required.push(ranked.matcher(filter)?),
                Action::Hide { filter } => compiled.hidden.push(ranked.matcher(filter)?),
                Action::Boost { filter, percent } => {
                    let matcher = ranked.matcher(filter)?;
                    compiled.lifts.push(Lift {
                        rule: Some(id),
                        filter,
                        matcher,
                        percent: *percent,
                    });
                }
                Action::Bury { filter, percent } => {
                    let matcher = ranked.matcher(filter)?;
                    let percent = -percent;
                    compiled.lifts.push(Lift { rule: Some(id), filter, matcher, percent });
                }
                Action::Pin { .. }
                | Action::Replace { .. }
                | Action::Remove { .. }
                | Action::Redirect { .. }
                | Action::Banner { .. } => {}
            }
        }
        Ok(compiled)
    }
}

impl Compiled<'_> {
    /// Whether the rule leaves any product out or lowers any.
    pub(super) fn is_against_some(&self) -> bool {
        !self.required.is_empty()
            || !self.hidden.is_empty()
            || self.lifts.iter().any(|lift| lift.percent < 0.0)
    }

    /// Whether the rule does not leave the product out.
    pub(super) fn admits(&self, ordinal: Ordinal) -> bool {
        admits(&self.required, &self.hidden, ordinal)
    }

    /// Whether the rule lowers the product.
    pub(super) fn buries(&self, ordinal: Ordinal) -> bool {
        self.lifts.iter().any(|lift| lift.percent < 0.0 && lift.matcher.matches(ordinal))
    }
}

fn admits(required: &[Matcher<'_>], hidden: &[Matcher<'_>], ordinal: Ordinal) -> bool {
    required.iter().all(|matcher| matcher.matches(ordinal))
        && !hidden.iter().any(|matcher| matcher.matches(ordinal))
}

/// A filter in words: its JSON.
pub(super) fn label(filter: &Filter) -> String {
    serde_json::to_string(filter).unwrap_or_default()
}
