//! Places for connections: so many altogether, and so many of them for one address, so that nobody
//! alone can take them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rate::block;
use crate::config::{Config, Network};

/// All places of a listener.
pub(super) struct Places {
    all: Arc<Semaphore>,
    of_one_max: usize,
    trusted: Vec<Network>,
    /// How many each address has, where there is a limit; no more entries than places.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place; it is free again once this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
    _one: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// All are taken.
    Everybody,
    /// The address has as many as it may.
    OneAddress,
}

impl Refusal {
    /// The code of the error.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Everybody => "too_many_connections",
            Self::OneAddress => "too_many_of_address",
        }
    }

    /// In words.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Everybody => "the server has as many connections as it may",
            Self::OneAddress => "this address has as many connections as it may",
        }
    }
}

impl Places {
    /// So many places, with the limits of a configuration.
    pub(super) fn new(places: usize, config: &Config) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(places)),
            of_one_max: config.limits.connections_per_address_max,
            trusted: config.rate.trusted_proxies.clone(),
            taken: Mutex::default(),
        })
    }

    /// A place for a connection from an address.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Refusal> {
        let one = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Refusal::Everybody)?;
        let address = self.counted(peer.to_canonical());
        if let Some(address) = address {
            let mut taken = self.taken.lock();
            let own = taken.get(&address).copied().unwrap_or(0);
            if own >= self.of_one_max {
                return Err(Refusal::OneAddress);
            }
            taken.insert(address, own + 1);
        }
        Ok(Place { places: Arc::clone(self), address, _one: one })
    }

    /// As what an address counts; a trusted proxy calls for many, and has no limit of its own.
    fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        let is_trusted = self.trusted.iter().any(|network| network.contains(peer));
        (self.of_one_max > 0 && !is_trusted).then(|| block(peer))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut taken = self.places.taken.lock();
        match taken.get_mut(&address) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(taken.remove(&address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: usize, of_one: usize, trusted: &[&str]) -> Arc<Places> {
        let mut config = Config::defaults().unwrap();
        config.limits.connections_per_address_max = of_one;
        config.rate.trusted_proxies = trusted.iter().map(|one| one.parse().unwrap()).collect();
        Places::new(all, &config)
    }

    fn take(places: &Arc<Places>, address: &str) -> Result<Place, Refusal> {
        places.take(address.parse().unwrap())
    }

    #[test]
    fn an_address_gets_no_more_than_its_places_and_has_them_again() {
        let places = places(10, 2, &["10.0.0.0/8"]);
        let held = [take(&places, "192.0.2.1").unwrap(), take(&places, "192.0.2.1").unwrap()];
        assert_eq!(take(&places, "192.0.2.1").err(), Some(Refusal::OneAddress));
        assert_eq!(take(&places, "::ffff:192.0.2.1").err(), Some(Refusal::OneAddress));
        assert!(take(&places, "192.0.2.2").is_ok());
        let [first, _second] = held;
        drop(first);
        let _again = take(&places, "192.0.2.1").unwrap();
        assert_eq!(take(&places, "192.0.2.1").err(), Some(Refusal::OneAddress));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_nothing_is_kept_of_who_left() {
        let places = places(10, 1, &[]);
        let held = take(&places, "2001:db8:1:2::1").unwrap();
        assert_eq!(take(&places, "2001:db8:1:2:ffff::9").err(), Some(Refusal::OneAddress));
        assert!(take(&places, "2001:db8:1:3::1").is_ok());
        drop(held);
        assert!(places.taken.lock().is_empty());
    }

    #[test]
    fn proxies_have_no_limit_of_their_own_and_all_together_have_one() {
        let places = places(4, 1, &["10.0.0.0/8"]);
        let held: Vec<_> = (0..4).map(|_| take(&places, "10.1.2.3").unwrap()).collect();
        assert_eq!(take(&places, "192.0.2.1").err(), Some(Refusal::Everybody));
        drop(held);
        assert!(take(&places, "192.0.2.1").is_ok());
        let unlimited = self::places(4, 0, &[]);
        let held: Vec<_> = (0..4).filter_map(|_| take(&unlimited, "192.0.2.1").ok()).collect();
        assert_eq!(held.len(), 4, "0 stands for no limit");
    }
}
