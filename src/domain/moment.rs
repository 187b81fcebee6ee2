//! Points in time as people name them: an instant, or a date and perhaps a time by the clocks of
//! some place.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// An instant, or a local date or date and time that a place makes one. In JSON RFC 3339 text, a
/// number of milliseconds since 1970, or a text such as `2026-12-24` or `2026-12-24T18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The same everywhere.
    At(Timestamp),
    /// The beginning of a day, by local clocks.
    Day(Date),
    /// A date and time, by local clocks.
    Local(DateTime),
}

impl Moment {
    /// Reads the text of an instant or a local date, with a time or without.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self::At(Timestamp::from_ms(instant.as_millisecond())));
        }
        let is_day = text.len() <= "2026-12-24".len();
        match is_day {
            true => text.parse().ok().map(Self::Day),
            false => text.parse().ok().map(Self::Local),
        }
    }

    /// The instant at a place, named as the IANA does (`Europe/Berlin`), or in UTC. A local time
    /// that clocks skip is the one as much later, the first of two where they go back. `None` where
    /// there is no such place.
    pub fn at(self, time_zone: Option<&str>) -> Option<Timestamp> {
        let local = match self {
            Self::At(instant) => return Some(instant),
            Self::Day(day) => day.at(0, 0, 0, 0),
            Self::Local(local) => local,
        };
        let zone = time_zone.map_or(Ok(TimeZone::UTC), TimeZone::get).ok()?;
        let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(Timestamp::from_ms(instant.as_millisecond()))
    }
}

/// Whether there is a time zone of this name.
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

impl From<Timestamp> for Moment {
    fn from(instant: Timestamp) -> Self {
        Self::At(instant)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(instant) => instant.serialize(serializer),
            Self::Day(day) => serializer.collect_str(day),
            Self::Local(local) => serializer.collect_str(local),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Ms(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Ms(ms) => Ok(Self::At(Timestamp::from_ms(ms))),
            Written::Text(text) => Self::parse(text.trim()).ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "'{text}' is no time such as 2026-12-24T18:00:00Z, and no local date or time \
                     such as 2026-12-24 or 2026-12-24T18:00"
                ))
            }),
        }
    }
}
