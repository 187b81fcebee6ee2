//! How often somebody may call: by key, and by address for those without a valid one.
//!
//! The table of addresses is bounded: who called longest ago is forgotten, and begins anew.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use lru::LruCache;
use parking_lot::Mutex;

use super::failure::Failure;
use super::identity::Identity;
use crate::config::Rate;

/// So many times the calls of a period may come at once.
const BURST: u64 = 2;

/// Microseconds of a second.
const SECOND_US: u64 = 1_000_000;

/// Keys whose pace is remembered; there are hardly ever more.
const KEYS_MAX: usize = 10_000;

/// Refused calls of one key that are lines of the audit log, per minute.
const REFUSALS_KEPT: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// A pace by the generic cell rate algorithm: one number per caller, the time at which all of its
/// calls would be paid off.
struct Paces<K> {
    paid_at_us: Mutex<LruCache<K, u64>>,
    most: usize,
}

impl<K: Hash + Eq> Paces<K> {
    fn new(most: usize) -> Self {
        Self { paid_at_us: Mutex::new(LruCache::unbounded()), most }
    }

    /// Takes one of `calls` per `period_us`, or says after how many microseconds there is one.
    fn take(&self, who: K, (calls, period_us): (NonZeroU32, u64), now_us: u64) -> Result<(), u64> {
        let price_us = (period_us / u64::from(calls.get())).max(1);
        let ahead_us_max = BURST * period_us.max(price_us) - price_us;
        let mut table = self.paid_at_us.lock();
        let paid_at_us = table.get(&who).map_or(now_us, |paid| now_us.max(*paid));
        if let Some(wait_us) = (paid_at_us - now_us).checked_sub(ahead_us_max + 1) {
            return Err(wait_us + 1);
        }
        table.put(who, paid_at_us + price_us);
        if table.len() > self.most {
            table.pop_lru();
        }
        Ok(())
    }
}

/// The paces of all callers.
pub(super) struct Rates {
    started: Instant,
    keys: Paces<String>,
    addresses: Paces<IpAddr>,
    failures: Paces<IpAddr>,
    refusals: Paces<String>,
    address_per_second: Option<NonZeroU32>,
    failures_per_minute: Option<NonZeroU32>,
    key_per_second: Option<NonZeroU32>,
}

impl Rates {
    pub(super) fn new(rate: &Rate) -> Self {
        Self {
            started: Instant::now(),
            keys: Paces::new(KEYS_MAX),
            addresses: Paces::new(rate.addresses_max),
            failures: Paces::new(rate.addresses_max),
            refusals: Paces::new(KEYS_MAX),
            address_per_second: NonZeroU32::new(rate.address_per_second),
            failures_per_minute: NonZeroU32::new(rate.failures_per_minute),
            key_per_second: NonZeroU32::new(rate.key_per_second),
        }
    }

    /// One more call of somebody.
    pub(super) fn admit(&self, identity: &Identity) -> Result<(), Failure> {
        let now_us = self.now_us();
        let waiting = match (&identity.key, identity.address) {
            (Some(key), _) => {
                let pace = key.per_second.or(self.key_per_second);
                pace.map(|pace| self.keys.take(key.id.clone(), (pace, SECOND_US), now_us))
            }
            (None, Some(address)) => {
                let pace = self.address_per_second;
                pace.map(|pace| self.addresses.take(block(address), (pace, SECOND_US), now_us))
            }
            (None, None) => None,
        };
        waiting.unwrap_or(Ok(())).map_err(too_often)
    }

    /// A call of somebody has failed for want of a valid key or token. Valid ones are never held
    /// up by that: 192 random bits are not guessed, and whoever shares an address with a shop's
    /// own server could shut it out.
    pub(super) fn failed(&self, identity: &Identity) -> Result<(), Failure> {
        let (Some(address), Some(pace)) = (identity.address, self.failures_per_minute) else {
            return Ok(());
        };
        let pace = (pace, 60 * SECOND_US);
        self.failures.take(block(address), pace, self.now_us()).map_err(too_often)
    }

    /// Whether another refused call of a key may be a line of the audit log.
    pub(super) fn may_keep_refusal(&self, key: &str) -> bool {
        let pace = (REFUSALS_KEPT, 60 * SECOND_US);
        self.refusals.take(key.to_owned(), pace, self.now_us()).is_ok()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }
}

/// As what an address counts: whoever has an IPv6 address has the whole /64 around it.
pub(super) fn block(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn too_often(wait_us: u64) -> Failure {
    let wait = Duration::from_micros(wait_us);
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "too many calls from this key or address",
        "come back after the time in Retry-After; [rate] in the configuration has the limits",
    )
    .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(calls: u32) -> (NonZeroU32, u64) {
        (NonZeroU32::new(calls).expect("not zero"), SECOND_US)
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_pace_holds() {
        let paces = Paces::new(10);
        let taken = |at_us, times: u64| {
            (0..times).filter(|_| paces.take("a", pace(10), at_us).is_ok()).count()
        };
        assert_eq!(taken(0, 100), 20, "twice a second's calls at once");
        assert_eq!(paces.take("a", pace(10), 0), Err(100_000));
        assert_eq!(taken(99_999, 5), 0);
        assert_eq!(taken(100_000, 5), 1);
        assert_eq!(taken(1_100_000, 50), 10, "ten in the next second");
        assert_eq!(taken(60_000_000, 50), 20, "and no more for having waited longer");
    }

    #[test]
    fn callers_do_not_share_a_pace_and_the_table_is_bounded() {
        let paces = Paces::new(2);
        let spent = |who| while paces.take(who, pace(1), 0).is_ok() {};
        spent("a");
        assert!(paces.take("b", pace(1), 0).is_ok());
        assert!(paces.take("a", pace(1), 0).is_err());
        assert!(paces.take("c", pace(1), 0).is_ok());
        assert_eq!(paces.paid_at_us.lock().len(), 2);
        assert!(paces.take("a", pace(1), 0).is_err(), "who called lately is remembered");
    }

    #[test]
    fn addresses_of_version_6_count_by_their_network() {
        let of = |text: &str| block(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
