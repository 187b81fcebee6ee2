//! Merchandising rules: when they fire and what they do.

use serde::{Deserialize, Deserializer, Serialize};

use super::segments::Segment;
use crate::domain::filter::Filter;
use crate::domain::id::ProductId;
use crate::domain::moment::{Moment, is_time_zone};
use crate::domain::schedule::Schedule;
use crate::error::{Error, Result};

/// A merchandiser's rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is for, in the merchandiser's words.
    #[serde(default)]
    pub description: String,
    /// Whether it may fire.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Rules with a higher priority act first; the first to place a product decides.
    #[serde(default)]
    pub priority: i32,
    /// When it fires: every given condition must hold.
    #[serde(default)]
    pub when: When,
    /// What it does.
    pub then: Vec<Action>,
}

fn enabled() -> bool {
    true
}

/// Conditions that must all hold; none given means always.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// On the text of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryCondition>,
    /// The request filters for this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The request names at least one of these contexts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<String>,
    /// Not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Not at or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// By whose clocks `from` and `until` are where they name none, as the IANA names it:
    /// `Europe/Berlin`; UTC without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Only in these hours of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Only for shoppers of this segment.
    #[serde(deserialize_with = "segment", skip_serializing_if = "Option::is_none")]
    pub shopper: Option<Segment>,
    /// Only for this share of visitors, 0–100 percent: by shopper, else by session, always the
    /// same ones; not for who names neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_percent: Option<f64>,
}

impl When {
    /// What is wrong with it, in words.
    fn mistake(&self) -> Option<&'static str> {
        if self.share_percent.is_some_and(|share| !(0.0..=100.0).contains(&share)) {
            return Some("'when.share_percent' is from 0 to 100");
        }
        if let Some(schedule) = &self.schedule {
            if !(1..=50).contains(&schedule.hours.len()) {
                return Some("'when.schedule.hours' has 1 to 50 entries");
            }
            if schedule.calendar().is_none() {
                return Some("'when.schedule.time_zone' is a name such as 'Europe/Berlin'");
            }
        }
        if self.time_zone.as_deref().is_some_and(|name| !is_time_zone(name)) {
            return Some("'when.time_zone' is a name such as 'Europe/Berlin'");
        }
        self.shopper.as_ref().and_then(Segment::mistake)
    }
}

/// A list of no conditions is none.
fn segment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Segment>, D::Error> {
    let segment = Option::<Segment>::deserialize(deserializer)?;
    Ok(segment.filter(|segment| !segment.is_nothing()))
}

/// A condition on the normalised text of the query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryCondition {
    /// The whole text.
    Is(String),
    /// The whole text, or what synonyms of the index make of it: what is typed to find it.
    Means(String),
    /// These words, next to one another and in order.
    Contains(String),
    /// The first words.
    StartsWith(String),
}

/// What a rule does when it fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Puts a product at a position, from 1, if it passes the shopper's filter.
    Pin {
        /// Which product.
        product_id: ProductId,
        /// Where, from 1.
        position: usize,
        /// Whether it stays when the shopper sorts by a field.
        #[serde(default)]
        keep: bool,
    },
    /// Lifts products that match.
    Boost {
        /// Which products.
        filter: Filter,
        /// By how many percent of their score, 0–100.
        percent: f32,
    },
    /// Lowers products that match.
    Bury {
        /// Which products.
        filter: Filter,
        /// By how many percent of their score, 0–100.
        percent: f32,
    },
    /// Takes products out of the answer, its totals and facets.
    Hide {
        /// Which products.
        filter: Filter,
    },
    /// Adds a condition to the search.
    Filter {
        /// What products must be.
        filter: Filter,
    },
    /// Searches for other words in place of these.
    Replace {
        /// Which words of the query, next to one another and in order.
        words: String,
        /// What is searched for instead.
        with: String,
    },
    /// Searches without these words.
    Remove {
        /// Which words of the query, next to one another and in order.
        words: String,
    },
    /// Sends the shopper to another page.
    Redirect {
        /// Where to.
        url: String,
    },
    /// Shows something beside the hits.
    Banner {
        /// What the storefront needs to show it.
        content: serde_json::Value,
    },
}

/// A path of the shop or an address on the web: nothing that a browser would run.
fn is_web_address(url: &str) -> bool {
    ["/", "https://", "http://"].iter().any(|start| url.starts_with(start))
}

impl Rule {
    /// Checks positions, strengths, shares and sizes.
    ///
    /// # Errors
    /// `BadRequest` that names the value and its range.
    pub fn check(&self) -> Result<()> {
        let invalid =
            |message: &str| Err(Error::bad_request("invalid_rule", message, "nothing was changed"));
        if self.then.is_empty() || self.then.len() > 100 {
            return invalid("a rule has 1 to 100 actions in 'then'");
        }
        if let Some(mistake) = self.when.mistake() {
            return invalid(mistake);
        }
        for action in &self.then {
            match action {
                Action::Pin { position, .. } if !(1..=1_000).contains(position) => {
                    return invalid("a pin's position is from 1 to 1,000");
                }
                Action::Hide { filter }
                | Action::Filter { filter }
                | Action::Boost { filter, .. }
                | Action::Bury { filter, .. }
                    if filter.is_empty() =>
                {
                    return invalid("the filter of an action must say which products");
                }
                Action::Redirect { url } if !is_web_address(url) => {
                    return invalid("a redirect goes to '/…', 'https://…' or 'http://…'");
                }
                Action::Boost { percent, .. } | Action::Bury { percent, .. }
                    if !(0.0..=100.0).contains(percent) =>
                {
                    return invalid("the percent of a boost or bury is from 0 to 100");
                }
                Action::Pin { .. }
                | Action::Boost { .. }
                | Action::Bury { .. }
                | Action::Hide { .. }
                | Action::Filter { .. }
                | Action::Replace { .. }
                | Action::Remove { .. }
                | Action::Redirect { .. }
                | Action::Banner { .. } => {}
            }
        }
        Ok(())
    }
}
