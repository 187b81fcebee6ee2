//! The conditions of a rule made ready to be compared, and which of two rules comes first.

use std::cmp::Reverse;

use super::Situation;
use super::segment::{Needs, belongs};
use super::wording::Wording;
use crate::domain::filter::{Bounds, Condition, Filter};
use crate::domain::id::RuleId;
use crate::domain::schedule::{Calendar, Schedule};
use crate::domain::time::Timestamp;
use crate::domain::value::Scalar;
use crate::settings::rules::{QueryCondition, Rule, When};
use crate::settings::segments::Segment;

/// When a rule begins or ends whose time zone this program does not know.
const NEVER: Timestamp = Timestamp::from_ms(i64::MAX);
const OVER: Timestamp = Timestamp::from_ms(i64::MIN);

/// Conditions with their texts folded once.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) text: Option<Text>,
    pub(super) category: Option<String>,
    pub(super) contexts: Vec<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// `None` inside where there is no such time zone; then it never holds.
    pub(super) hours: Option<Option<Calendar>>,
    pub(super) shopper: Option<Segment>,
    /// What every shopper of it has.
    pub(super) needs: Needs,
    pub(super) share_percent: Option<f64>,
}

/// A condition on the query's words.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) way: Way,
    /// Any of these, with one space between words.
    pub(super) texts: Vec<String>,
}

/// How the query has a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Is,
    StartsWith,
    Contains,
}

impl Text {
    fn new(condition: &QueryCondition, wording: &Wording) -> Self {
        let text = |text| wording.words(text);
        let (way, texts) = match condition {
            QueryCondition::Is(whole) => (Way::Is, vec![text(whole)]),
            QueryCondition::Means(whole) => (Way::Is, wording.same_meaning(whole)),
            QueryCondition::StartsWith(first) => (Way::StartsWith, vec![text(first)]),
            QueryCondition::Contains(part) => (Way::Contains, vec![text(part)]),
        };
        // A text without words would fire on every query; only "is nothing" has a meaning: browsing.
        let has_meaning =
            |text: &String| !text.is_empty() || matches!(condition, QueryCondition::Is(_));
        Self { way, texts: texts.into_iter().filter(has_meaning).collect() }
    }
}

impl Conditions {
    pub(super) fn new(when: &When, wording: &Wording) -> Self {
        let time_zone = when.time_zone.as_deref();
        Self {
            text: when.query.as_ref().map(|condition| Text::new(condition, wording)),
            category: when.category.as_ref().map(|category| (wording.fold)(category.trim())),
            contexts: when.contexts.clone(),
            from: when.from.map(|from| from.at(time_zone).unwrap_or(NEVER)),
            until: when.until.map(|until| until.at(time_zone).unwrap_or(OVER)),
            hours: when.schedule.as_ref().map(Schedule::calendar),
            needs: when.shopper.as_ref().map(Needs::of).unwrap_or_default(),
            shopper: when.shopper.clone(),
            share_percent: when.share_percent,
        }
    }

    /// Whether no text meets the condition on the query.
    pub(super) fn is_unreadable(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.texts.is_empty())
    }

    /// Whether one request may meet these conditions and those of another rule, besides the ones
    /// on the query; it may name the contexts of both.
    pub(super) fn may_hold_with(&self, other: &Self) -> bool {
        let same_category = match (&self.category, &other.category) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let overlap = match (from, until) {
            (Some(from), Some(until)) => from < until,
            (None, _) | (_, None) => true,
        };
        let same_hours = match (&self.hours, &other.hours) {
            (Some(Some(one)), Some(Some(other))) => one.may_meet(other),
            (Some(_) | None, Some(_) | None) => true,
        };
        same_category && overlap && same_hours && !self.needs.excludes(&other.needs)
    }

    /// Whether everything but the condition on the query holds.
    pub(super) fn hold(
        &self,
        id: &RuleId,
        situation: &Situation<'_>,
        category: Option<&str>,
    ) -> bool {
        let now = situation.now;
        self.from.is_none_or(|from| now >= from)
            && self.until.is_none_or(|until| now < until)
            && (self.contexts.is_empty()
                || self.contexts.iter().any(|context| situation.contexts.contains(context)))
            && self.category.as_deref().is_none_or(|wanted| category == Some(wanted))
            && self
                .hours
                .as_ref()
                .is_none_or(|hours| hours.as_ref().is_some_and(|calendar| calendar.includes(now)))
            && self.share_percent.is_none_or(|share| is_of_share(id, situation.visitor, share))
            && self.shopper.as_ref().is_none_or(|segment| {
                situation.tastes.is_some_and(|tastes| belongs(segment, tastes))
            })
    }
}

/// Whether a visitor is of the share that gets a rule: the same on every visit, and by each rule's
/// own lot. Who is nobody gets only rules for all.
fn is_of_share(id: &RuleId, visitor: Option<&str>, share_percent: f64) -> bool {
    share_percent >= 100.0 || visitor.is_some_and(|visitor| lot(id, visitor) < share_percent)
}

/// A number that a visitor draws for a rule, from 0 to below 100: FNV-1a, whose high bits a
/// multiplication mixes (the finaliser of SplitMix64).
fn lot(id: &RuleId, visitor: &str) -> f64 {
    let bytes = id.as_str().bytes().chain([0]).chain(visitor.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 * 100.0
}

/// The one category that a filter asks for; none when it leaves a choice.
pub(super) fn category_of(filter: &Filter) -> Option<&str> {
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
        Some(QueryCondition::Is(_)) => 4,
        Some(QueryCondition::Means(_)) => 3,
        Some(QueryCondition::StartsWith(_)) => 2,
        Some(QueryCondition::Contains(_)) => 1,
        None => 0,
    };
    let others = [
        when.category.is_some(),
        !when.contexts.is_empty(),
        when.from.is_some(),
        when.until.is_some(),
        when.schedule.is_some(),
        when.shopper.is_some(),
        when.share_percent.is_some(),
    ];
    let others = others.into_iter().filter(|given| *given).count();
    (Reverse(rule.priority), Reverse(closeness), Reverse(others), id)
}
