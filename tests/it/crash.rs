//! Killed at any moment, a server loses nothing that it acknowledged.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vitrine::domain::event::Visitor;
use vitrine::domain::id::{IndexName, ProductId, ShopperId};
use vitrine::settings::Settings;
use vitrine::store::embedded::Embedded;
use vitrine::store::{Store, Write};

use crate::process::{PATIENCE, Server, call, vitrine};

/// How long the server is written to before it is killed.
const RUNS: [Duration; 3] =
    [Duration::from_millis(60), Duration::from_millis(250), Duration::from_millis(700)];

const PRODUCTS_AT_ONCE: usize = 7;

/// What the server said is safe.
#[derive(Default)]
struct Acknowledged {
    products: Mutex<Vec<String>>,
    events: Mutex<Vec<String>>,
}

fn post_products(address: SocketAddr, round: usize, acknowledged: &Acknowledged) {
    for batch in 0.. {
        let ids: Vec<String> =
            (0..PRODUCTS_AT_ONCE).map(|place| format!("p{round}-{batch}-{place}")).collect();
        let products: Vec<Value> =
            ids.iter().map(|id| json!({"id": id, "title": format!("Shoe {id}")})).collect();
        match call(address, "POST", "/v1/indexes/shop/products", &json!(products)) {
            Some((200, answer)) => {
                assert_eq!(answer["accepted"], PRODUCTS_AT_ONCE, "{answer}");
                acknowledged.products.lock().expect("no panic").extend(ids);
            }
            Some(other) => panic!("{other:?}"),
            None => return,
        }
    }
}

fn post_events(address: SocketAddr, round: usize, acknowledged: &Acknowledged) {
    for number in 0.. {
        let id = format!("e{round}-{number}");
        let event = json!([{
            "type": "view", "id": id, "shopper": "s", "index": "shop", "product_id": "base"
        }]);
        match call(address, "POST", "/v1/events", &event) {
            Some((200, answer)) => {
                assert_eq!(answer["accepted"], 1, "{answer}");
                acknowledged.events.lock().expect("no panic").push(id);
            }
            Some(other) => panic!("{other:?}"),
            None => return,
        }
    }
}

fn search_total(address: SocketAddr) -> u64 {
    let search = json!({"q": "shoe", "mode": "lexical", "per_page": 0});
    let (status, page) =
        call(address, "POST", "/v1/indexes/shop/search", &search).expect("an answer");
    assert_eq!(status, 200, "{page}");
    page["total"].as_u64().expect("a total")
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let acknowledged = Acknowledged::default();
    for (round, run) in RUNS.into_iter().enumerate() {
        let mut server = Server::start(folder.path());
        let address = server.address;
        if round == 0 {
            let made = call(address, "PUT", "/v1/indexes/shop", &json!({})).expect("an answer");
            assert!((200..300).contains(&made.0), "{made:?}");
            let base = json!([{"id": "base", "title": "Base"}]);
            let put = call(address, "POST", "/v1/indexes/shop/products", &base);
            assert_eq!(put.expect("an answer").0, 200);
        }
        thread::scope(|scope| {
            scope.spawn(|| post_products(address, round, &acknowledged));
            scope.spawn(|| post_events(address, round, &acknowledged));
            thread::sleep(run);
            server.kill();
        });
    }
    let products = acknowledged.products.into_inner().expect("no panic");
    let events = acknowledged.events.into_inner().expect("no panic");
    assert!(!products.is_empty() && !events.is_empty(), "nothing was acknowledged at all");

    // The indexes catch up with the store by themselves.
    let mut server = Server::start(folder.path());
    let start = Instant::now();
    while search_total(server.address) < products.len() as u64 {
        assert!(start.elapsed() < PATIENCE, "products are missing from the index");
        thread::sleep(Duration::from_millis(50));
    }
    server.kill();

    let store = Embedded::open(&folder.path().join("data")).expect("the store opens");
    let index = IndexName::parse("shop").expect("a name");
    for id in &products {
        let id = ProductId::parse(id).expect("an id");
        assert!(store.product(&index, &id).expect("readable").is_some(), "product {id} is lost");
    }
    let shopper = Visitor::Shopper(ShopperId::parse("s").expect("an id"));
    let kept = store.events_of(&shopper).expect("readable");
    let kept: std::collections::HashSet<&str> =
        kept.iter().filter_map(|(_, event)| event.event.id.as_deref()).collect();
    for id in &events {
        assert!(kept.contains(id.as_str()), "event {id} is lost");
    }
}

#[test]
fn an_acknowledged_erasure_survives_a_kill_and_an_older_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path());
    let done = |method: &str, path: &str, body: Value| {
        let (status, _) = call(server.address, method, path, &body).expect("an answer");
        assert!((200..300).contains(&status), "{method} {path}: {status}");
    };
    let event = |shopper: Option<&str>, id: &str| {
        json!({"type": "view", "shopper": shopper, "session": "s", "id": id, "index": "shop",
            "product_id": "a"})
    };
    done("PUT", "/v1/indexes/shop", json!({}));
    done("POST", "/v1/indexes/shop/products", json!([{"id": "a", "title": "Shoe"}]));
    done("POST", "/v1/events", json!([event(None, "anonymous"), event(Some("ben"), "signed-in")]));
    done("POST", "/v1/backup", json!({"name": "older"}));
    done("DELETE", "/v1/shoppers/ben", json!({}));
    done("POST", "/v1/events", json!([event(Some("ben"), "later")]));
    server.kill();

    let data = folder.path().join("data");
    let ids = || -> Vec<Option<String>> {
        let store = Embedded::open(&data).expect("the store opens");
        let events = store.events_after(0, usize::MAX).expect("readable").into_iter();
        events.map(|(_, event)| event.event.id).collect()
    };
    assert_eq!(ids(), [Some("later".to_owned())]);
    fs::copy(data.join("backups/older/store.redb"), data.join("store.redb")).expect("copied");
    assert_eq!(ids(), []);
}

/// A folder with a store of so many products whose ids begin with `mark`.
fn store_of(folder: &Path, mark: &str, products: usize) -> Embedded {
    let store = Embedded::open(folder).expect("a store");
    let index = IndexName::parse("shop").expect("a name");
    let settings = Box::new(Settings::defaults().expect("the defaults"));
    let made = Write::CreateIndex { index: index.clone(), settings };
    let puts = (0..products).map(|number| {
        let product = json!({"id": format!("{mark}{number}"), "title": "Shoe"});
        let product = serde_json::from_value(product).expect("a product");
        Write::PutProduct { index: index.clone(), product, expected: None }
    });
    let written = store.write([made].into_iter().chain(puts).collect()).expect("written");
    assert!(written.iter().all(Result::is_ok));
    store
}

/// The first letters of the ids of all products, each once.
fn marks(data: &Path) -> Option<BTreeSet<char>> {
    let store = Embedded::open(data).ok()?;
    let index = IndexName::parse("shop").expect("a name");
    let changes = store.changes(&index, 0, usize::MAX).expect("readable");
    assert_eq!(changes.len(), PRODUCTS_IN_STORE, "there in part");
    Some(changes.iter().filter_map(|change| change.id.as_str().chars().next()).collect())
}

const PRODUCTS_IN_STORE: usize = 300;

/// Moments of a restore at which it is killed.
const KILLS: u32 = 10;

#[test]
fn a_restore_that_is_killed_leaves_the_former_store_or_the_new_one_and_can_be_repeated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backup = folder.path().join("backup");
    let copied = store_of(&folder.path().join("source"), "n", PRODUCTS_IN_STORE);
    copied.back_up(&backup, &|_| Ok(())).expect("a backup");
    let restore = |data: &str| {
        vitrine(folder.path(), &["restore", "--replace", "--data-dir", data, "backup"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    drop(store_of(&folder.path().join("first"), "o", PRODUCTS_IN_STORE));
    let begun = Instant::now();
    assert!(restore("first").wait().expect("it ends").success());
    let whole = begun.elapsed();
    let (former, new) = (BTreeSet::from(['o']), BTreeSet::from(['n']));
    assert_eq!(marks(&folder.path().join("first")), Some(new.clone()));
    for number in 1..=KILLS {
        let name = format!("data{number}");
        let data = folder.path().join(&name);
        let is_damaged = number % 2 == 0;
        drop(store_of(&data, "o", PRODUCTS_IN_STORE));
        if is_damaged {
            fs::write(data.join("store.redb"), [7; 5_000]).expect("written");
        }
        let mut process = restore(&name);
        thread::sleep(whole * number / KILLS);
        // It may have ended.
        let _ = process.kill();
        process.wait().expect("it ends");
        assert!(data.join("store.redb").exists(), "there is a store at every moment");
        match marks(&data) {
            Some(found) => assert!(found == new || (found == former && !is_damaged), "{found:?}"),
            None => assert!(is_damaged, "a good store was spoiled"),
        }
        assert!(restore(&name).wait().expect("it ends").success());
        assert_eq!(marks(&data), Some(new.clone()));
        assert!(!data.join("restoring").exists());
    }
}

#[test]
fn a_data_directory_has_one_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path());
    let output = vitrine(folder.path(), &["keys", "list", "--data-dir", "data"])
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("in use by another Vitrine process"), "{errors}");
    drop(server);
}

#[test]
fn a_running_server_is_backed_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path());
    let made = call(server.address, "PUT", "/v1/indexes/shop", &json!({})).expect("an answer");
    assert!((200..300).contains(&made.0), "{made:?}");
    let product = json!([{"id": "a", "title": "Shoe"}]);
    let put = call(server.address, "POST", "/v1/indexes/shop/products", &product);
    assert_eq!(put.expect("an answer").0, 200);
    let back_up = |rest: &[&str]| {
        vitrine(folder.path(), &["backup", "--data-dir", "data", "copy"])
            .args(rest)
            .output()
            .expect("the program starts")
    };
    let without = back_up(&[]);
    assert_eq!(without.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&without.stderr).contains("--server"));
    let address = server.address.to_string();
    let done = back_up(&["--server", &address]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let store = Embedded::open(&folder.path().join("copy")).expect("the copy opens");
    let index = IndexName::parse("shop").expect("a name");
    let id = ProductId::parse("a").expect("an id");
    assert!(store.product(&index, &id).expect("readable").is_some());
    assert!(folder.path().join("copy/secret").is_file());
    let escape = call(server.address, "POST", "/v1/backup", &json!({"name": "../out"}));
    assert_eq!(escape.expect("an answer").0, 400);
}

#[test]
fn another_language_serves_soon_while_a_shop_writes_without_a_pause() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path());
    server.ok("PUT", "/v1/indexes/shop", &json!({"language": "en"}));
    let products: Vec<Value> =
        (0..200).map(|n| json!({"id": format!("p{n}"), "title": format!("Shoe {n}")})).collect();
    server.ok("POST", "/v1/indexes/shop/products", &json!(products));
    let address = server.address;
    let patch = move || {
        let body = |n: u64| json!([{"id": format!("p{}", n % 200), "stock": n}]);
        let path = "/v1/indexes/shop/products";
        (0..).all(|n| matches!(call(address, "PATCH", path, &body(n)), Some((200, _))))
    };
    let served = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(patch);
        }
        thread::sleep(Duration::from_millis(100));
        server.ok("PUT", "/v1/indexes/shop/settings", &json!({"language": "de"}));
        let start = Instant::now();
        let summary = || server.ok("GET", "/v1/indexes/shop", &Value::Null);
        let mut served = false;
        while !served && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
            served = summary()["rebuilding"] == false;
        }
        server.kill();
        served
    });
    assert!(served, "the generation in the other language never caught up");
}
