//! Whose an anonymous event is.

use crate::domain::id::ShopperId;
use crate::domain::time::Timestamp;

/// Who signed in to one session, and when: every event that names a shopper and the session is a
/// sign-in. An anonymous event of the session belongs to the shopper whose sign-in is the next at or
/// after it; so of two shoppers in turn, each gets what was done since the other, and neither the
/// other's. What was done after the last sign-in belongs to nobody: it may be another's.
///
/// Only times count, so the order in which events come does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignIns(Vec<(Timestamp, ShopperId)>);

impl SignIns {
    /// The sign-ins of a session, in any order.
    pub fn new(mut sign_ins: Vec<(Timestamp, ShopperId)>) -> Self {
        sign_ins.sort_unstable();
        Self(sign_ins)
    }

    /// The shopper to whom an anonymous event of this time belongs.
    pub fn owner(&self, at: Timestamp) -> Option<&ShopperId> {
        let next = self.0.partition_point(|(signed_in, _)| *signed_in < at);
        self.0.get(next).map(|(_, shopper)| shopper)
    }

    /// Whether an anonymous event of this time goes when the shopper is erased: it belongs to the
    /// shopper, or to nobody and the shopper was the last to sign in before it.
    pub(super) fn goes_with(&self, shopper: &ShopperId, at: Timestamp) -> bool {
        let last = || self.0.last().map(|(_, shopper)| shopper);
        self.owner(at).or_else(last) == Some(shopper)
    }

    /// Everybody who signed in, each once.
    pub(super) fn shoppers(self) -> Vec<ShopperId> {
        let mut shoppers: Vec<ShopperId> = self.0.into_iter().map(|(_, shopper)| shopper).collect();
        shoppers.sort_unstable();
        shoppers.dedup();
        shoppers
    }
}
