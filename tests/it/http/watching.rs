//! What a monitor sees: metrics, the dashboard and the alerts made of them, readiness, and a log
//! that has each failure once.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::embed::{Embedder, Embedding};
use vitrine::engine::{Engine, Parts};
use vitrine::error::{Error, Result};
use vitrine::store::memory::Memory;

use super::client::Client;
use crate::support::TestEngine;

const DASHBOARD: &str = include_str!("../../../docs/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../../docs/alerts.yaml");
const OPERATIONS: &str = include_str!("../../../docs/operations.md");

/// The names of all metrics, with those that histograms are made of.
fn known_metrics() -> BTreeSet<String> {
    let client = Client::open();
    client.search(&json!({ "q": "shoe" }));
    let text = client.get("/metrics").text;
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        names.insert(name.to_owned());
        if kind == "histogram" {
            names.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
        }
    }
    names
}

/// The words of a text that look like metrics.
fn named_metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_metric = |word: &&str| {
        ["vitrine_", "process_"].iter().any(|start| word.starts_with(start) && word.len() > 12)
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

/// The queries of all panels.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| expressions(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_dashboard_shows_metrics_that_exist() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("valid JSON");
    assert!(dashboard["title"].is_string() && dashboard["schemaVersion"].is_u64());
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels {
        assert!(panel["gridPos"]["w"].is_u64() && panel["title"].is_string(), "{panel}");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel}");
    }
    let mut queries = Vec::new();
    expressions(&dashboard, &mut queries);
    assert!(queries.len() >= panels.len());
    let named = named_metrics(&queries.join("\n"));
    let unknown: Vec<_> = named.difference(&known_metrics()).cloned().collect();
    assert_eq!(unknown, [""; 0], "metrics of the dashboard that the server does not have");
}

#[test]
fn alerts_ask_for_metrics_that_exist_and_say_what_to_do() {
    let named = named_metrics(ALERTS);
    assert!(named.len() > 8, "{named:?}");
    let unknown: Vec<_> = named.difference(&known_metrics()).cloned().collect();
    assert_eq!(unknown, [""; 0], "metrics of the alerts that the server does not have");
    let count =
        |key: &str| ALERTS.lines().filter(|line| line.trim_start().starts_with(key)).count();
    let alerts = count("- alert:");
    assert!(alerts > 8);
    for key in ["expr:", "for:", "severity:", "summary:", "description:"] {
        assert_eq!(count(key), alerts, "every alert has {key}");
    }
    assert!(ALERTS.lines().all(|line| !line.contains('\t')), "YAML has no tabs");
}

#[test]
fn every_metric_is_documented() {
    let documented = named_metrics(OPERATIONS);
    let is_part =
        |name: &str| ["_bucket", "_sum", "_count"].iter().any(|part| name.ends_with(part));
    let known: BTreeSet<String> =
        known_metrics().into_iter().filter(|name| !is_part(name)).collect();
    assert_eq!(known.difference(&documented).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(documented.difference(&known).collect::<Vec<_>>(), [""; 0]);
}

/// The value of a metric with its labels.
fn metric(client: &Client, name: &str) -> f64 {
    let text = client.get("/metrics").text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} in\n{text}")).parse().unwrap()
}

#[test]
fn searches_are_counted_by_what_was_done_and_by_stage() {
    let client = Client::open();
    client.search(&json!({ "q": "running shoe", "session": "s" }));
    client.search(&json!({ "q": "running shoe", "session": "s", "degraded": "lexical" }));
    let degraded = client.search(&json!({ "q": "no such thing", "degraded": "popular" }));
    assert_eq!(degraded["degraded"], "popular");
    assert!(client.search(&json!({ "q": "mug" }))["degraded"].is_null());
    for (name, value) in [
        ("vitrine_searches_total{rung=\"full\"}", 2.0),
        ("vitrine_searches_total{rung=\"smaller_window\"}", 0.0),
        ("vitrine_searches_total{rung=\"lexical\"}", 1.0),
        ("vitrine_searches_total{rung=\"popular\"}", 1.0),
        ("vitrine_stage_seconds_count{stage=\"embed\"}", 2.0),
        ("vitrine_stage_seconds_count{stage=\"rank\"}", 4.0),
        ("vitrine_cache_misses_total{cache=\"profiles\"}", 1.0),
        ("vitrine_cache_hits_total{cache=\"profiles\"}", 1.0),
        ("vitrine_changes_behind{index=\"shop\"}", 0.0),
        ("vitrine_seconds_behind{index=\"shop\"}", 0.0),
        ("vitrine_running_calls{gate=\"reads\"}", 0.0),
        ("vitrine_waiting_calls{gate=\"reads\"}", 0.0),
    ] {
        let seen = metric(&client, name);
        assert!((seen - value).abs() < 1e-9, "{name} is {seen}, not {value}");
    }
    if cfg!(target_os = "linux") {
        assert!(metric(&client, "process_resident_memory_bytes") > 1e6);
    }
}

#[test]
fn refusals_are_counted_by_their_reason() {
    let client = Client::open();
    client.post("/v1/indexes/none/search", &json!({})).refused(404, "unknown_index");
    let search = json!({ "deadline_ms": 0 });
    client.post("/v1/indexes/shop/search", &search).refused(400, "over_limit");
    client.get("/nowhere").refused(404, "unknown_route");
    client.get("/nowhere").refused(404, "unknown_route");
    for (code, count) in [("unknown_index", 1.0), ("over_limit", 1.0), ("unknown_route", 2.0)] {
        let seen = metric(&client, &format!("vitrine_refused_total{{code=\"{code}\"}}"));
        assert!((seen - count).abs() < 1e-9, "{code}: {seen}");
    }
}

/// An embedder that answers nothing before it is told to.
#[derive(Default)]
struct Closed(Mutex<bool>);

impl Embedder for Closed {
    fn id(&self) -> &str {
        "closed"
    }

    fn dimensions(&self) -> usize {
        HashingEmbedder.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        if *self.0.lock() {
            return HashingEmbedder.embed(texts);
        }
        Err(Error::internal("model_broke", "the model broke down", ""))
    }
}

#[test]
fn a_server_with_much_to_catch_up_on_is_not_ready_before_it_has() {
    let store = Arc::new(Memory::default());
    let model = Arc::new(Closed::default());
    let open = || {
        let embedder: Arc<dyn Embedder> = model.clone();
        let embedders = move |_: &str| Ok(Arc::clone(&embedder));
        let parts = Parts { store: store.clone(), embedders: Arc::new(embedders), folder: None };
        Arc::new(Engine::open(parts).unwrap())
    };
    let first = Client::configured(TestEngine { engine: open() }, |config| config.dev = true);
    first.put("/v1/indexes/shop", &json!({})).ok();
    let products: Vec<Value> =
        (0..3_000).map(|number| json!({ "id": format!("p{number}"), "title": "Pen" })).collect();
    first.post("/v1/indexes/shop/products", &Value::from(products)).ok();
    drop(first);
    let client = Client::configured(TestEngine { engine: open() }, |config| config.dev = true);
    client.get("/readyz").refused(503, "not_ready");
    let behind = ["vitrine_changes_behind", "vitrine_waiting_embeddings"];
    let behind = behind.map(|name| metric(&client, &format!("{name}{{index=\"shop\"}}")));
    assert!(behind.iter().sum::<f64>() > 0.0, "{behind:?}");
    *model.0.lock() = true;
    let begun = std::time::Instant::now();
    while client.get("/readyz").status != 200 {
        assert!(begun.elapsed().as_secs() < 60, "{}", client.get("/readyz").text);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(client.search(&json!({ "q": "pen" }))["total"], 3_000);
    let seconds = metric(&client, "vitrine_seconds_behind{index=\"shop\"}");
    assert!(seconds.abs() < 1e-9, "{seconds}");
}

/// Log lines that were written, as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failure_is_logged_once_with_the_id_of_its_request() {
    let model: Arc<dyn Embedder> = Arc::new(Closed::default());
    let embedders = move |_: &str| Ok(Arc::clone(&model));
    let store = Arc::new(Memory::default());
    let parts = Parts { store, embedders: Arc::new(embedders), folder: None };
    let engine = TestEngine { engine: Arc::new(Engine::open(parts).unwrap()) };
    let client = Client::configured(engine, |config| config.dev = true);
    client.put("/v1/indexes/shop", &json!({})).ok();
    client.post("/v1/indexes/shop/products?wait=true", &json!({"id": "p", "title": "Pen"})).ok();
    let lines = Lines::default();
    let log = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || log.clone())
        .finish();
    let reply = tracing::subscriber::with_default(subscriber, || {
        let headers = [("x-request-id", "call-17"), ("content-type", "application/json")];
        client.send("POST", "/v1/indexes/shop/search", &headers, "{\"q\": \"pen\"}")
    });
    assert_eq!(reply.header("x-request-id"), "call-17");
    reply.refused(500, "internal");
    let written = String::from_utf8(lines.0.lock().clone()).unwrap();
    let failures: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object per line"))
        .filter(|line: &Value| line["level"] == "ERROR" || line["level"] == "WARN")
        .collect();
    assert_eq!(failures.len(), 1, "{written}");
    assert_eq!(failures[0]["fields"]["code"], "model_broke");
    assert_eq!(failures[0]["span"]["id"], "call-17");
}
