//! Until when an answer is wanted, and what is left out of it to be in time. The time comes from a
//! clock that whoever stands at the edge, or a test, brings along.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Tells the time since some moment of its own; never goes back.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// A clock that is read by `read`.
    pub fn new(read: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The time since the clock's own beginning.
    pub fn now(&self) -> Duration {
        (self.0)()
    }
}

/// When a call came, and when its answer is wanted.
#[derive(Clone)]
pub struct Deadline {
    clock: Clock,
    begun: Duration,
    limit: Option<Duration>,
}

impl Deadline {
    /// An answer is wanted within `limit` from now on.
    pub fn within(clock: Clock, limit: Duration) -> Self {
        Self { begun: clock.now(), clock, limit: Some(limit) }
    }

    /// An answer may take as long as it takes.
    pub fn none(clock: Clock) -> Self {
        Self { begun: clock.now(), clock, limit: None }
    }

    /// Time since the call came.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.begun)
    }

    /// Time that is left, 0 when it is over; the longest there is without a deadline.
    pub fn remaining(&self) -> Duration {
        self.limit.map_or(Duration::MAX, |limit| limit.saturating_sub(self.elapsed()))
    }
}

/// How much of a search is done, from all of it down to what hardly takes time. Each rung leaves
/// out what the one before does, and more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// All of it.
    #[default]
    Full,
    /// Fewer of the best candidates get the costly signals and the shopper's part. What is found,
    /// totals and facets are those of the whole search.
    SmallerWindow,
    /// Nothing is looked for by meaning.
    Lexical,
    /// The text is not looked at: the shop's best products, under the filters.
    Popular,
}

impl Rung {
    /// All rungs with their names, as answers and counters have them.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Full, "full"),
        (Self::SmallerWindow, "smaller_window"),
        (Self::Lexical, "lexical"),
        (Self::Popular, "popular"),
    ];

    /// Whether nothing is left out.
    pub fn is_full(&self) -> bool {
        *self == Self::Full
    }
}

/// A part of a search whose time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Reading what is known of the shopper.
    Profile,
    /// From a text to a query.
    Understand,
    /// From a query to vectors; only what was not remembered.
    Embed,
    /// Finding candidates.
    Retrieve,
    /// Putting them in order.
    Rank,
    /// Rules and boosts.
    Merch,
    /// Making the page.
    Present,
}

impl Stage {
    /// All stages in their order, with the value of their label.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Profile, "profile"),
        (Self::Understand, "understand"),
        (Self::Embed, "embed"),
        (Self::Retrieve, "retrieve"),
        (Self::Rank, "rank"),
        (Self::Merch, "merch"),
        (Self::Present, "present"),
    ];
}
