//! When a rule fires, and which of two rules comes first.

use std::cmp::Reverse;

use super::Situation;
use crate::domain::filter::{Bounds, Condition, Filter};
use crate::domain::id::RuleId;
use crate::domain::value::Scalar;
use crate::query::Query;
use crate::settings::rules::{QueryCondition, Rule, When};

/// A request as conditions see it.
pub(super) struct Occasion<'a> {
    words: Vec<&'a str>,
    category: Option<String>,
    situation: &'a Situation<'a>,
}

/// Words of a folded text, without hyphens and signs: the query's tokeniser drops them, too.
fn words(folded: &str) -> impl Iterator<Item = &str> + Clone {
    folded.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

impl<'a> Occasion<'a> {
    pub(super) fn new(query: &'a Query, situation: &'a Situation<'a>) -> Self {
        let category = category_of(situation.filter).map(|category| (situation.fold)(category));
        Self { words: words(&query.text).collect(), category, situation }
    }

    /// Whether a rule fires; what is cheap to check comes first.
    pub(super) fn fires(&self, rule: &Rule) -> bool {
        let (when, now) = (&rule.when, self.situation.now);
        rule.enabled
            && when.from.is_none_or(|from| now >= from)
            && when.until.is_none_or(|until| now < until)
            && self.is_in_context(when)
            && when.category.as_deref().is_none_or(|category| self.is_in_category(category))
            && when.query.as_ref().is_none_or(|condition| self.asks(condition))
    }

    fn is_in_context(&self, when: &When) -> bool {
        let named = |context: &String| self.situation.contexts.contains(context);
        when.contexts.is_empty() || when.contexts.iter().any(named)
    }

    fn is_in_category(&self, category: &str) -> bool {
        let folded = |wanted: &String| *wanted == (self.situation.fold)(category.trim());
        self.category.as_ref().is_some_and(folded)
    }

    fn asks(&self, condition: &QueryCondition) -> bool {
        let (QueryCondition::Is(text)
        | QueryCondition::StartsWith(text)
        | QueryCondition::Contains(text)) = condition;
        let folded = (self.situation.fold)(text);
        let wanted = words(&folded);
        // A text without words would fire on every query; only "is nothing" has a meaning: browsing.
        let is_empty = wanted.clone().next().is_none();
        match condition {
            QueryCondition::Is(_) => self.words.iter().copied().eq(wanted),
            QueryCondition::StartsWith(_) => !is_empty && begins(&self.words, wanted),
            QueryCondition::Contains(_) => {
                let begins_at = |first| begins(&self.words[first..], wanted.clone());
                !is_empty && (0..self.words.len()).any(begins_at)
            }
        }
    }
}

fn begins<'w>(words: &[&str], mut wanted: impl Iterator<Item = &'w str>) -> bool {
    let mut words = words.iter();
    wanted.all(|word| words.next().is_some_and(|other| *other == word))
}

/// The one category that a filter asks for; none when it leaves a choice.
fn category_of(filter: &Filter) -> Option<&str> {
    let scalar = match filter.0.get("category")? {
        Condition::Is(scalar) => scalar,
        Condition::AnyOf(scalars) => match scalars.as_slice() {
            [scalar] => scalar,
            _ => return None,
        },
        Condition::Bounds(Bounds { .. }) => return None,
    };
    match scalar {
        Scalar::Text(category) => Some(category.trim()),
        Scalar::Number(_) | Scalar::Bool(_) => None,
    }
}

/// Orders rules: higher priority, then the closer condition on the query, then more conditions,
/// then the id.
pub(super) fn precedence<'r>(
    id: &'r RuleId,
    rule: &Rule,
) -> (Reverse<i32>, Reverse<u8>, Reverse<usize>, &'r RuleId) {
    let when = &rule.when;
    let closeness = match when.query {
        Some(QueryCondition::Is(_)) => 3,
        Some(QueryCondition::StartsWith(_)) => 2,
        Some(QueryCondition::Contains(_)) => 1,
        None => 0,
    };
    let others = [
        when.category.is_some(),
        !when.contexts.is_empty(),
        when.from.is_some(),
        when.until.is_some(),
    ];
    let others = others.into_iter().filter(|given| *given).count();
    (Reverse(rule.priority), Reverse(closeness), Reverse(others), id)
}
