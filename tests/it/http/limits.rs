//! A busy server, a slow call, and data that grows when it is decompressed.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::{Condvar, Mutex};
use serde_json::json;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::embed::{Embedder, Embedding};
use vitrine::engine::{Engine, Parts};
use vitrine::error::Result;
use vitrine::store::memory::Memory;

use super::client::Client;
use crate::support::TestEngine;

const PRODUCTS: &str = "/v1/indexes/shop/products";
const SEARCH: &str = "/v1/indexes/shop/search";

/// An embedder that tells when it is asked, and answers when it may.
#[derive(Default)]
struct Held {
    asked: Mutex<Option<mpsc::Sender<()>>>,
    released: Mutex<bool>,
    change: Condvar,
}

impl Held {
    fn release(&self) {
        *self.released.lock() = true;
        self.change.notify_all();
    }
}

impl Embedder for Held {
    fn id(&self) -> &str {
        "held"
    }

    fn dimensions(&self) -> usize {
        HashingEmbedder.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        if let Some(asked) = &*self.asked.lock() {
            let _ = asked.send(());
        }
        let mut released = self.released.lock();
        while !*released {
            self.change.wait(&mut released);
        }
        HashingEmbedder.embed(texts)
    }
}

fn held_engine() -> (TestEngine, Arc<Held>) {
    let held = Arc::new(Held::default());
    let embedder: Arc<dyn Embedder> = held.clone();
    let embedders = move |_: &str| Ok(Arc::clone(&embedder));
    let store = Arc::new(Memory::default());
    let parts = Parts { store, embedders: Arc::new(embedders), folder: None };
    let engine = Arc::new(Engine::open(parts).unwrap());
    let index = "shop".to_owned().try_into().unwrap();
    engine.create_index(&index, &json!({})).unwrap();
    (TestEngine { engine }, held)
}

/// A shop with one product whose queries are held.
fn held_client(change: impl FnOnce(&mut vitrine::config::Config)) -> (Client, Arc<Held>) {
    let (engine, held) = held_engine();
    let client = Client::configured(engine, |config| {
        config.dev = true;
        change(config);
    });
    held.release();
    client.post(&format!("{PRODUCTS}?wait=true"), &json!({ "id": "p", "title": "Pen" })).ok();
    client
        .engine
        .wait_settled(&"shop".to_owned().try_into().unwrap(), Duration::from_secs(20), &|_| ())
        .unwrap();
    *held.released.lock() = false;
    (client, held)
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    let (client, held) = held_client(|config| {
        config.limits.concurrent_searches_max = 1;
        config.limits.queue_wait_ms = 10;
    });
    let (tell, asked) = mpsc::channel();
    *held.asked.lock() = Some(tell);
    let first = client.with_key(None);
    let running = std::thread::spawn(move || first.post(SEARCH, &json!({ "q": "pen" })).status);
    asked.recv_timeout(Duration::from_secs(20)).expect("the first search begins");
    let busy = client.post(SEARCH, &json!({ "q": "ink" }));
    assert_eq!(busy.header("retry-after"), "1");
    busy.refused(503, "busy");
    let written = client.post(PRODUCTS, &json!({ "id": "q", "title": "Quill" }));
    assert_eq!(written.status, 200, "writes have turns of their own");
    held.release();
    assert_eq!(running.join().unwrap(), 200);
    assert_eq!(client.post(SEARCH, &json!({ "q": "ink" })).status, 200);
    assert!(client.get("/metrics").text.contains("vitrine_refused_total{code=\"busy\"} 1\n"));
}

#[test]
fn a_search_that_takes_too_long_is_given_up() {
    let (client, held) = held_client(|config| config.limits.request_timeout_ms = 50);
    let slow = client.post(SEARCH, &json!({ "q": "pen" }));
    held.release();
    assert_eq!(slow.header("retry-after"), "5");
    slow.refused(503, "timeout");
}

#[test]
fn a_server_is_ready_once_its_indexes_have_caught_up() {
    let (engine, held) = held_engine();
    let client = Client::configured(engine, |config| config.dev = true);
    client.post(PRODUCTS, &json!({ "id": "p", "title": "Pen" })).ok();
    let waiting = client.get("/readyz");
    assert_eq!(waiting.header("retry-after"), "1");
    waiting.refused(503, "not_ready");
    held.release();
    let ready = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        client.get("/readyz").status == 200
    });
    assert!(ready);
    *held.released.lock() = false;
    client.post(PRODUCTS, &json!({ "id": "q", "title": "Quill" })).ok();
    assert_eq!(client.get("/readyz").status, 200, "once ready, new products do not change that");
    held.release();
}

#[test]
fn data_that_grows_too_much_is_refused_before_anything_is_stored() {
    let client = Client::configured(TestEngine::shop(), |config| {
        config.dev = true;
        config.limits.products_unpacked_bytes_max = 100_000;
    });
    let line = "{\"id\":\"bomb\",\"title\":\"Bomb\"}\n";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..10_000 {
        encoder.write_all(line.as_bytes()).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 10_000);
    let refused = client.send("POST", PRODUCTS, &[], bomb.clone()).refused(413, "body_too_large");
    assert!(refused["error"]["message"].as_str().unwrap().contains("100000"));
    let cut = bomb[..bomb.len() / 50].to_vec();
    let reply = client.send("POST", PRODUCTS, &[], cut);
    assert!(matches!(reply.code().as_str(), "broken_gzip" | "body_too_large"), "{}", reply.text);
    assert!(!client.has("bomb"));
    let gzip = [("content-encoding", "gzip")];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 2 << 20]).unwrap();
    client.send("POST", SEARCH, &gzip, encoder.finish().unwrap()).refused(413, "body_too_large");
}
