//! Who belongs to a segment, and which segments nobody can belong to both of.

use std::collections::BTreeMap;

use crate::rank::tastes::Tastes;
use crate::settings::segments::{FactName, Liking, Segment};

/// Whether a shopper belongs to a segment.
pub(super) fn belongs(segment: &Segment, tastes: &Tastes<'_>) -> bool {
    match segment {
        Segment::List(all) | Segment::All { all } => all.iter().all(|one| belongs(one, tastes)),
        Segment::Any { any } => any.iter().any(|one| belongs(one, tastes)),
        Segment::Not { not } => !belongs(not, tastes),
        Segment::Liking(liking) => tastes.has(liking),
        Segment::Fact(fact) => tastes.fact(fact.fact).is_some_and(|value| fact.holds(value)),
    }
}

/// What a condition is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Brand(String),
    Category(Vec<String>),
    Color(String),
    Size(String),
    Fact(FactName),
}

impl Subject {
    fn of(liking: &Liking) -> Self {
        match (&liking.brand, &liking.color, &liking.size) {
            (Some(brand), _, _) => Self::Brand(brand.clone()),
            (None, Some(color), _) => Self::Color(color.clone()),
            (None, None, Some(size)) => Self::Size(size.clone()),
            (None, None, None) => Self::Category(liking.category.clone()),
        }
    }
}

/// An end of a range: a value, and whether it is left out.
type End = (f32, bool);

/// The values that a shopper of a segment may have for one subject: never fewer than there are.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: End,
    high: End,
    /// Whether nothing may be known of it.
    unknown: bool,
}

impl Range {
    fn of(at_least: Option<f32>, at_most: Option<f32>) -> Self {
        let low = (at_least.unwrap_or(f32::NEG_INFINITY), false);
        let high = (at_most.unwrap_or(f32::INFINITY), false);
        Self { low, high, unknown: false }
    }

    /// All values outside of bounds; `None` where these are on both sides.
    fn outside(at_least: Option<f32>, at_most: Option<f32>) -> Option<Self> {
        let everything = Self { unknown: true, ..Self::of(None, None) };
        match (at_least, at_most) {
            (Some(least), None) => Some(Self { high: (least, true), ..everything }),
            (None, Some(most)) => Some(Self { low: (most, true), ..everything }),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn both(self, other: Self) -> Self {
        let low = match self.low.0.total_cmp(&other.low.0) {
            std::cmp::Ordering::Less => other.low,
            std::cmp::Ordering::Greater => self.low,
            std::cmp::Ordering::Equal => (self.low.0, self.low.1 || other.low.1),
        };
        let high = match self.high.0.total_cmp(&other.high.0) {
            std::cmp::Ordering::Less => self.high,
            std::cmp::Ordering::Greater => other.high,
            std::cmp::Ordering::Equal => (self.high.0, self.high.1 || other.high.1),
        };
        Self { low, high, unknown: self.unknown && other.unknown }
    }

    fn either(self, other: Self) -> Self {
        let low = match self.low.0.total_cmp(&other.low.0) {
            std::cmp::Ordering::Less => self.low,
            std::cmp::Ordering::Greater => other.low,
            std::cmp::Ordering::Equal => (self.low.0, self.low.1 && other.low.1),
        };
        let high = match self.high.0.total_cmp(&other.high.0) {
            std::cmp::Ordering::Less => other.high,
            std::cmp::Ordering::Greater => self.high,
            std::cmp::Ordering::Equal => (self.high.0, self.high.1 && other.high.1),
        };
        Self { low, high, unknown: self.unknown || other.unknown }
    }

    fn is_empty(self) -> bool {
        let ((low, low_open), (high, high_open)) = (self.low, self.high);
        let is_point = low.total_cmp(&high).is_eq();
        !self.unknown && (low > high || (is_point && (low_open || high_open)))
    }
}

/// What every shopper of a segment has, by subject; a subject that is not in it may be anything.
/// It leaves out what it cannot tell, so it never says too much.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs(BTreeMap<Subject, Range>);

impl Needs {
    pub(super) fn of(segment: &Segment) -> Self {
        Self::read(segment, true)
    }

    /// Of who belongs to the segment, or of who does not.
    fn read(segment: &Segment, belongs: bool) -> Self {
        let one = |subject, at_least, at_most| {
            let range = match belongs {
                true => Some(Range::of(at_least, at_most)),
                false => Range::outside(at_least, at_most),
            };
            Self(range.map(|range| (subject, range)).into_iter().collect())
        };
        let parts =
            |parts: &[Segment]| parts.iter().map(|part| Self::read(part, belongs)).collect();
        match segment {
            Segment::Liking(liking) => one(Subject::of(liking), liking.at_least, liking.at_most),
            Segment::Fact(fact) => one(Subject::Fact(fact.fact), fact.at_least, fact.at_most),
            Segment::Not { not } => Self::read(not, !belongs),
            Segment::List(all) | Segment::All { all } if belongs => Self::all(parts(all)),
            Segment::Any { any } if !belongs => Self::all(parts(any)),
            Segment::List(any) | Segment::All { all: any } | Segment::Any { any } => {
                Self::any(parts(any))
            }
        }
    }

    fn all(parts: Vec<Self>) -> Self {
        let mut needs = BTreeMap::new();
        for (subject, range) in parts.into_iter().flat_map(|part| part.0) {
            let known = needs.get(&subject).copied();
            needs.insert(subject, known.map_or(range, |known: Range| known.both(range)));
        }
        Self(needs)
    }

    /// Only what each part says something of; one that nobody meets says nothing.
    fn any(parts: Vec<Self>) -> Self {
        let mut possible = parts.into_iter().filter(|part| !part.is_impossible());
        let Some(first) = possible.next() else {
            return Self::default();
        };
        possible.fold(first, |needs, part| {
            let joined = needs.0.into_iter().filter_map(|(subject, range)| {
                let other = part.0.get(&subject).copied()?;
                Some((subject, range.either(other)))
            });
            Self(joined.collect())
        })
    }

    /// Whether nobody can meet it.
    pub(super) fn is_impossible(&self) -> bool {
        self.0.values().any(|range| range.is_empty())
    }

    /// Whether nobody can meet both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let both = self
            .0
            .iter()
            .filter_map(|(subject, range)| other.0.get(subject).map(|other| range.both(*other)));
        both.into_iter().any(Range::is_empty)
    }
}
