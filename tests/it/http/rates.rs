//! How often somebody may call, by key and by address.

use serde_json::json;
use vitrine::config::Config;
use vitrine::settings::access::Scope;

use super::client::Client;
use crate::support::TestEngine;

const SEARCH: &str = "/v1/indexes/shop/search";

fn client(change: impl FnOnce(&mut Config)) -> Client {
    Client::configured(TestEngine::shop(), change)
}

/// How many of `times` calls are answered otherwise than with 429.
fn answered(times: usize, call: impl Fn() -> super::client::Reply) -> usize {
    (0..times).filter(|_| call().status != 429).count()
}

#[test]
fn an_address_without_a_key_is_held_up_and_told_when_to_come_back() {
    let one = client(|config| config.rate.address_per_second = 1).at("192.0.2.1");
    assert_eq!(answered(3, || one.get("/healthz")), 2, "twice as many at once");
    let held = one.get("/");
    assert_eq!(held.header("retry-after"), "1");
    assert_eq!(held.header("x-content-type-options"), "nosniff");
    let held = held.refused(429, "rate_limited");
    assert!(held["error"]["hint"].as_str().unwrap().contains("Retry-After"));
    one.at("192.0.2.2").get("/healthz").ok();
    // A key that is valid has its own limit; one that is not has none.
    let key = one.make_key(&[Scope::Search], &[]);
    assert_eq!(answered(20, || one.with_key(Some(&key)).post(SEARCH, &json!({}))), 20);
    one.with_key(Some("no.key")).post(SEARCH, &json!({})).refused(429, "rate_limited");
}

#[test]
fn who_guesses_is_held_up_and_a_valid_key_from_there_is_not() {
    let client = client(|config| config.rate.failures_per_minute = 5).at("192.0.2.1");
    let key = client.make_key(&[Scope::Search], &[]);
    let guess = |n: usize| client.with_key(Some(&format!("guess.{n}"))).get("/v1/keys");
    let refused: Vec<u16> = (0..14).map(|n| guess(n).status).collect();
    assert_eq!(refused.iter().filter(|status| **status == 401).count(), 10, "{refused:?}");
    assert_eq!(&refused[10..], [429; 4]);
    let token = [("x-shopper-token", "shopper.YW5uYQ.9999999999999.AAAA")];
    client.send("GET", "/v1/shoppers/anna", &token, "").refused(429, "rate_limited");
    client.with_key(Some(&key)).post(SEARCH, &json!({})).ok();
    client.get("/healthz").ok();
    client.at("192.0.2.2").with_key(Some("no.key")).get("/v1/keys").refused(401, "unknown_key");
}

#[test]
fn a_key_has_its_own_limit_or_the_servers() {
    let client = client(|config| config.rate.key_per_second = 2);
    let admin = client.scoped(&[Scope::Admin], &[]);
    let wish = json!({ "scopes": ["search"], "per_second": 1 });
    let own = admin.post("/v1/keys", &wish).ok()["key"].as_str().unwrap().to_owned();
    let own = client.with_key(Some(&own));
    assert_eq!(answered(8, || own.post(SEARCH, &json!({}))), 2);
    let others = client.scoped(&[Scope::Search], &[]);
    assert_eq!(answered(8, || others.post(SEARCH, &json!({}))), 4);
    let held = others.post(SEARCH, &json!({}));
    assert_eq!(held.header("retry-after"), "1");
    held.refused(429, "rate_limited");
}

#[test]
fn callers_behind_a_trusted_proxy_are_told_apart_and_others_cannot_pretend() {
    let client = client(|config| {
        config.rate.address_per_second = 1;
        config.rate.trusted_proxies = vec!["10.0.0.5".parse().unwrap()];
    });
    let via = |client: &Client, from: &str| {
        client.send("GET", "/healthz", &[("x-forwarded-for", from)], "").status
    };
    let proxy = client.at("10.0.0.5");
    for n in 0..20 {
        assert_eq!(via(&proxy, &format!("192.0.2.{n}")), 200);
    }
    let same: Vec<u16> = (0..4).map(|n| via(&proxy, &format!("1.1.1.{n}, 198.51.100.1"))).collect();
    assert_eq!(same, [200, 200, 429, 429]);
    let stranger = client.at("203.0.113.7");
    let pretended: Vec<u16> = (0..4).map(|n| via(&stranger, &format!("192.0.2.1{n}"))).collect();
    assert_eq!(pretended, [200, 200, 429, 429]);
}

#[test]
fn limits_can_be_turned_off_and_development_has_none() {
    let off = client(|config| {
        config.rate.address_per_second = 0;
        config.rate.failures_per_minute = 0;
    });
    let off = off.at("192.0.2.1");
    assert_eq!(answered(150, || off.get("/v1/keys")), 150);
    let open = client(|config| {
        config.dev = true;
        config.rate.address_per_second = 1;
    });
    let open = open.at("127.0.0.1");
    assert_eq!(answered(10, || open.get("/v1/keys")), 10);
}
