//! Segments of shoppers: what must be known of a shopper for a rule to be for them.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Conditions of one segment, over all its levels.
const CONDITIONS_MAX: usize = 20;

/// Levels of `all`, `any` and `not` in one another.
const LEVELS_MAX: usize = 5;

/// A condition on a shopper. In JSON `{"all": […]}`, `{"any": […]}`, `{"not": …}`, a liking or a
/// fact; a list stands for all of its conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Json")]
pub enum Segment {
    /// All of these, written as a list.
    List(Vec<Segment>),
    /// All of these.
    All {
        /// At least one condition.
        all: Vec<Segment>,
    },
    /// At least one of these.
    Any {
        /// At least one condition.
        any: Vec<Segment>,
    },
    /// Not this.
    Not {
        /// A condition.
        not: Box<Segment>,
    },
    /// How much the shopper wants something.
    Liking(Liking),
    /// Something known of the shopper.
    Fact(Fact),
}

/// A condition on how much a shopper wants one thing, from −1 to 1: value × confidence of what is
/// known. Exactly one thing is named, as the catalogue writes it. It holds for nobody of whom
/// nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Liking {
    /// A brand, over the whole shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// A category, by its path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    /// A colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A size of any size system: 1 where the shopper stated it, else its share of what was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// At least so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f32>,
    /// At most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f32>,
}

/// A condition on something known of a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What.
    pub fact: FactName,
    /// At least so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f32>,
    /// At most so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f32>,
}

/// What may be known of a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    /// Products bought, each counted once a day; 0 for who is new.
    Purchases,
    /// How dear the shopper buys beside what is usual in each category, as a factor: 1.2 is a fifth
    /// dearer. Little evidence draws it towards 1. Unknown while nothing was chosen.
    PriceLevel,
}

/// Whether a value is within bounds.
fn within(value: f32, at_least: Option<f32>, at_most: Option<f32>) -> bool {
    at_least.is_none_or(|least| value >= least) && at_most.is_none_or(|most| value <= most)
}

impl TryFrom<Json> for Segment {
    type Error = String;

    fn try_from(value: Json) -> Result<Self, String> {
        let list = |items: Vec<Json>| -> Result<Vec<Self>, String> {
            items.into_iter().map(Self::try_from).collect()
        };
        let mut fields = match value {
            Json::Array(items) => return list(items).map(Self::List),
            Json::Object(fields) => fields,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                return Err("a condition on the shopper is an object or a list".to_owned());
            }
        };
        for name in ["all", "any", "not"] {
            let Some(inner) = fields.remove(name) else { continue };
            if !fields.is_empty() {
                return Err(format!("'{name}' stands by itself in a condition on the shopper"));
            }
            return match (name, inner) {
                ("all", Json::Array(items)) => list(items).map(|all| Self::All { all }),
                ("any", Json::Array(items)) => list(items).map(|any| Self::Any { any }),
                ("not", inner) => Self::try_from(inner).map(|not| Self::Not { not: not.into() }),
                (name, _) => Err(format!("'{name}' is a list of conditions")),
            };
        }
        let is_fact = fields.contains_key("fact");
        let fields = Json::Object(fields);
        let read = match is_fact {
            true => serde_json::from_value(fields).map(Self::Fact),
            false => serde_json::from_value(fields).map(Self::Liking),
        };
        read.map_err(|error| error.to_string())
    }
}

impl Segment {
    /// Whether it is a list of no conditions, which everybody meets.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::List(list) if list.is_empty())
    }

    /// What is wrong with it, in words.
    pub(super) fn mistake(&self) -> Option<&'static str> {
        if self.levels() > LEVELS_MAX {
            return Some("'when.shopper' has at most 5 levels of all, any and not");
        }
        if self.conditions() > CONDITIONS_MAX {
            return Some("'when.shopper' has at most 20 conditions");
        }
        self.mistake_within()
    }

    fn mistake_within(&self) -> Option<&'static str> {
        match self {
            Self::All { all: inner } | Self::Any { any: inner } if inner.is_empty() => {
                Some("'all' and 'any' of 'when.shopper' have at least one condition")
            }
            Self::List(inner) | Self::All { all: inner } | Self::Any { any: inner } => {
                inner.iter().find_map(Self::mistake_within)
            }
            Self::Not { not } => not.mistake_within(),
            Self::Liking(liking) => liking.mistake(),
            Self::Fact(fact) => fact.mistake(),
        }
    }

    fn levels(&self) -> usize {
        match self {
            Self::List(inner) | Self::All { all: inner } | Self::Any { any: inner } => {
                1 + inner.iter().map(Self::levels).max().unwrap_or(0)
            }
            Self::Not { not } => 1 + not.levels(),
            Self::Liking(_) | Self::Fact(_) => 0,
        }
    }

    fn conditions(&self) -> usize {
        match self {
            Self::List(inner) | Self::All { all: inner } | Self::Any { any: inner } => {
                inner.iter().map(Self::conditions).sum()
            }
            Self::Not { not } => not.conditions(),
            Self::Liking(_) | Self::Fact(_) => 1,
        }
    }
}

impl Liking {
    /// Whether a value is within the bounds.
    pub fn holds(&self, value: f32) -> bool {
        within(value, self.at_least, self.at_most)
    }

    fn mistake(&self) -> Option<&'static str> {
        let named = [
            self.brand.is_some(),
            !self.category.is_empty(),
            self.color.is_some(),
            self.size.is_some(),
        ];
        let bounds = [self.at_least, self.at_most];
        if named.into_iter().filter(|named| *named).count() != 1 {
            return Some("each of 'when.shopper' names one of brand, category, color and size");
        }
        if bounds.iter().flatten().any(|bound| !(-1.0..=1.0).contains(bound)) {
            return Some("'at_least' and 'at_most' of a liking are from -1 to 1");
        }
        mistaken_bounds(self.at_least, self.at_most)
    }
}

impl Fact {
    /// Whether a value is within the bounds.
    pub fn holds(&self, value: f32) -> bool {
        within(value, self.at_least, self.at_most)
    }

    fn mistake(&self) -> Option<&'static str> {
        let bounds = [self.at_least, self.at_most];
        if bounds.iter().flatten().any(|bound| !(0.0..=1e9).contains(bound)) {
            return Some("'at_least' and 'at_most' of a fact are not negative");
        }
        mistaken_bounds(self.at_least, self.at_most)
    }
}

fn mistaken_bounds(at_least: Option<f32>, at_most: Option<f32>) -> Option<&'static str> {
    match (at_least, at_most) {
        (None, None) => Some("each of 'when.shopper' has 'at_least' or 'at_most'"),
        (Some(least), Some(most)) if least > most => {
            Some("'at_least' of 'when.shopper' is not above 'at_most'")
        }
        (Some(_), _) | (_, Some(_)) => None,
    }
}
