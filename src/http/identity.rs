//! Who calls: the key, where it is a known one, and the address, through proxies that are trusted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::http::header::FORWARDED;

use super::access::bearer;
use super::state::{AppState, now};
use crate::config::{ForwardedHeader, Rate};
use crate::settings::access::Key;

/// Who calls, found out once per call.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    /// The key that the call bears, when there is such a one and its secret is right.
    pub(super) key: Option<Arc<Key>>,
    /// Where the call comes from; unknown without a socket.
    pub(super) address: Option<IpAddr>,
}

impl Identity {
    pub(super) fn of(request: &Request, state: &AppState) -> Self {
        let token = bearer(request.headers()).ok().flatten();
        let key = token.and_then(|token| state.engine().key(&token, now()));
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let rate = &state.config().rate;
        let address = peer.map(|peer| caller(peer.0.ip().to_canonical(), request.headers(), rate));
        Self { key, address }
    }
}

/// The address that calls: behind trusted proxies the last one that is none of them. Everything to
/// the left of it may be made up.
fn caller(peer: IpAddr, headers: &HeaderMap, rate: &Rate) -> IpAddr {
    let is_trusted = |address: IpAddr| rate.trusted_proxies.iter().any(|one| one.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    let mut said = forwarded(headers, rate.forwarded_header).into_iter().rev();
    while is_trusted(nearest) {
        match said.next().flatten() {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// The addresses that proxies have added, the nearest last; `None` where it is not an address.
fn forwarded(headers: &HeaderMap, header: ForwardedHeader) -> Vec<Option<IpAddr>> {
    let lines = |name: &str| -> String {
        let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
        values.collect::<Vec<_>>().join(",")
    };
    let split = |text: &str, parse: fn(&str) -> Option<IpAddr>| {
        let items = text.split(',').filter(|item| !item.trim().is_empty());
        items.map(parse).collect()
    };
    match header {
        ForwardedHeader::XForwardedFor => split(&lines("x-forwarded-for"), address),
        ForwardedHeader::Forwarded => split(&lines(FORWARDED.as_str()), forwarded_for),
    }
}

/// The `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().and_then(|(_, value)| address(value.trim().trim_matches('"')))
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let plain = bare.parse().ok();
    let address = plain.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::config::Config;

    fn called(peer: &str, header: (&'static str, &str), kind: ForwardedHeader) -> String {
        let mut rate = Config::defaults().expect("defaults").rate;
        rate.trusted_proxies =
            ["10.0.0.1", "10.0.0.2/31"].map(|one| one.parse().expect("one")).into();
        rate.forwarded_header = kind;
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(header.1).expect("a value");
        headers.append(HeaderName::from_static(header.0), value);
        caller(peer.parse().expect("an address"), &headers, &rate).to_string()
    }

    #[test]
    fn only_trusted_proxies_say_who_calls() {
        let by =
            |peer, line| called(peer, ("x-forwarded-for", line), ForwardedHeader::XForwardedFor);
        assert_eq!(by("10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(by("10.0.0.1", "1.1.1.1, 198.51.100.7"), "198.51.100.7", "the left is made up");
        assert_eq!(by("10.0.0.1", "198.51.100.7:4711, 10.0.0.2"), "198.51.100.7");
        assert_eq!(by("10.0.0.1", "[2001:db8::1]:99"), "2001:db8::1");
        assert_eq!(by("10.0.0.1", "::ffff:198.51.100.7"), "198.51.100.7");
        assert_eq!(by("203.0.113.9", "198.51.100.7"), "203.0.113.9", "no proxy of ours");
        assert_eq!(by("10.0.0.1", "198.51.100.7, unknown"), "10.0.0.1", "nobody knows");
        assert_eq!(by("10.0.0.1", "10.0.0.2"), "10.0.0.2");
        assert_eq!(by("10.0.0.3", "198.51.100.7"), "198.51.100.7", "in the range");
        assert_eq!(by("10.0.0.4", "198.51.100.7"), "10.0.0.4", "beyond it");
    }

    #[test]
    fn only_the_configured_header_is_read() {
        let standard = ("forwarded", "for=1.1.1.1, For=\"[2001:db8::7]:4711\";proto=https");
        assert_eq!(called("10.0.0.1", standard, ForwardedHeader::Forwarded), "2001:db8::7");
        assert_eq!(called("10.0.0.1", standard, ForwardedHeader::XForwardedFor), "10.0.0.1");
        let usual = ("x-forwarded-for", "1.1.1.1");
        assert_eq!(called("10.0.0.1", usual, ForwardedHeader::Forwarded), "10.0.0.1");
    }
}
