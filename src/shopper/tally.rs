//! Decayed evidence: how much is known, for how long, and from how many acts.

use serde::Serialize;

use super::profile::Table;

/// The decayed weight of one act at the time of the fold; negative for a rejection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    /// Faded with the long half-life.
    pub(super) long: f64,
    /// Faded with the session's half-life.
    pub(super) session: f64,
}

impl Mark {
    /// The same act where it is taken for a gift: forgotten as fast as the session.
    pub(super) fn as_gift(self) -> Self {
        Self { long: self.session, session: self.session }
    }
}

/// Evidence for one thing, such as a brand or a colour. A fresh purchase has weight 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Weight of choices, faded with the long half-life, ≥ 0.
    pub long: f64,
    /// Weight of choices, faded with the session's half-life, ≥ 0.
    pub session: f64,
    /// Weight of rejections, faded with the long half-life, ≥ 0.
    pub long_rejected: f64,
    /// Weight of rejections, faded with the session's half-life, ≥ 0.
    pub session_rejected: f64,
    /// Choices behind this, not decayed.
    pub choices: u32,
    /// Rejections behind this, not decayed.
    pub rejections: u32,
}

impl Tally {
    pub(super) fn add(&mut self, mark: Mark) {
        if mark.long < 0.0 {
            self.long_rejected -= mark.long;
            self.session_rejected -= mark.session;
            self.rejections += 1;
        } else {
            self.long += mark.long;
            self.session += mark.session;
            self.choices += 1;
        }
    }

    /// Choices less rejections over the long term.
    pub fn net(&self) -> f64 {
        self.long - self.long_rejected
    }

    /// Choices less rejections in the present session.
    pub fn session_net(&self) -> f64 {
        self.session - self.session_rejected
    }

    /// Whether nothing at all stands behind this.
    pub fn is_empty(&self) -> bool {
        self.choices == 0 && self.rejections == 0
    }

    /// What remains of this evidence outside `part`, which is a part of it.
    pub(super) fn outside(&self, part: &Self) -> Self {
        Self {
            long: (self.long - part.long).max(0.0),
            session: (self.session - part.session).max(0.0),
            long_rejected: (self.long_rejected - part.long_rejected).max(0.0),
            session_rejected: (self.session_rejected - part.session_rejected).max(0.0),
            choices: self.choices.saturating_sub(part.choices),
            rejections: self.rejections.saturating_sub(part.rejections),
        }
    }

    /// How sure the choices make, 0–1: each half-life knows `n / (n + prior)`, and it is enough
    /// that one of the two knows. A fresh act speaks in both, an old one only in the long term.
    pub fn confidence(&self, prior_events: f64) -> f64 {
        either(self.long, self.session, prior_events)
    }

    /// How sure the rejections make, 0–1, in the same way. The two are apart, so that a rejection
    /// never makes a liking surer.
    pub fn rejection_confidence(&self, prior_events: f64) -> f64 {
        either(self.long_rejected, self.session_rejected, prior_events)
    }
}

fn either(long: f64, session: f64, prior_events: f64) -> f64 {
    let unsure = |weight| 1.0 - known_share(weight, prior_events);
    1.0 - unsure(long) * unsure(session)
}

/// `n / (n + prior)`: 0 without evidence, towards 1 with much.
pub(super) fn known_share(weight: f64, prior_events: f64) -> f64 {
    if weight <= 0.0 { 0.0 } else { weight / (weight + prior_events) }
}

/// Changes the value under a key, made when absent; the key is copied only then.
pub(super) fn update<T: Default>(table: &mut Table<T>, key: &str, change: impl FnOnce(&mut T)) {
    if let Some(value) = table.get_mut(key) {
        change(value);
    } else {
        let mut value = T::default();
        change(&mut value);
        table.insert(key.into(), value);
    }
}
