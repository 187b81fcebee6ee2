//! Hours of the week in a time zone.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

const DAY_MINUTES: usize = 24 * 60;
const WEEK_MINUTES: usize = 7 * DAY_MINUTES;

/// Hours that come again every week, by the clocks of a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The place, as the IANA names it: `Europe/Berlin`.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Any of these.
    pub hours: Vec<Hours>,
}

/// The same hours on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On which days they begin; none given means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// From this minute on.
    #[serde(default)]
    pub from: TimeOfDay,
    /// Up to this one, without it; on the next day where it is not after `from`.
    #[serde(default = "midnight")]
    pub until: TimeOfDay,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the days of the week")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A minute of the day, 0–1,440. In JSON a text from `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// A text that is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTime;

impl fmt::Display for InvalidTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time of day is written as 00:00 to 24:00")
    }
}

impl std::error::Error for InvalidTime {}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        let (hour, minute) = text.split_once(':').ok_or(InvalidTime)?;
        let number = |text: &str| match text.as_bytes() {
            [b'0'..=b'9', b'0'..=b'9'] => text.parse::<u16>().map_err(|_| InvalidTime),
            _ => Err(InvalidTime),
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        let minutes = hour * 60 + minute;
        if minute < 60 && usize::from(minutes) <= DAY_MINUTES {
            Ok(Self(minutes))
        } else {
            Err(InvalidTime)
        }
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn midnight() -> TimeOfDay {
    TimeOfDay(24 * 60)
}

/// A schedule made ready to be asked.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    /// A bit for every minute of the week, from Monday.
    week: Vec<u64>,
}

impl Schedule {
    /// Makes it ready; `None` when there is no such time zone.
    pub fn calendar(&self) -> Option<Calendar> {
        let zone = TimeZone::get(&self.time_zone).ok()?;
        let mut week = vec![0_u64; WEEK_MINUTES.div_ceil(64)];
        for hours in &self.hours {
            let (from, until) = (usize::from(hours.from.0), usize::from(hours.until.0));
            let until = if until > from { until } else { until + DAY_MINUTES };
            for day in hours.days() {
                for minute in from..until {
                    let minute = (day * DAY_MINUTES + minute) % WEEK_MINUTES;
                    week[minute / 64] |= 1 << (minute % 64);
                }
            }
        }
        Some(Calendar { zone, week })
    }
}

impl Hours {
    /// From 0 for Monday.
    fn days(&self) -> Vec<usize> {
        if self.weekdays.is_empty() {
            return (0..7).collect();
        }
        self.weekdays.iter().map(|day| *day as usize).collect()
    }
}

impl Calendar {
    /// Whether the schedule has the time.
    pub fn includes(&self, time: Timestamp) -> bool {
        let Ok(instant) = jiff::Timestamp::from_millisecond(time.as_ms()) else { return false };
        let local = instant.to_zoned(self.zone.clone());
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let minute = day * DAY_MINUTES + usize::try_from(minute).unwrap_or_default();
        self.week.get(minute / 64).is_some_and(|bits| bits >> (minute % 64) & 1 == 1)
    }

    /// Whether both may have the same time; those of two time zones are taken to.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.zone != other.zone
            || self.week.iter().zip(&other.week).any(|(one, other)| one & other != 0)
    }
}
