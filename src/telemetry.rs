//! What the server tells of itself: log lines on standard error, and counters for Prometheus.

mod prometheus;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::domain::deadline::{Rung, Stage};
use crate::error::{Error, Result};

use prometheus::{CALL_MS, Histogram, STAGE_MS, Text};

/// Sends log lines to standard error for the rest of the process.
///
/// # Errors
/// `BadRequest` when the filter is not understood, Conflict when logging was set up before.
pub fn start_logging(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| {
        Error::bad_request(
            "invalid_log_filter",
            format!("the log filter '{}' is not understood: {error}", log.filter),
            "give a level such as 'info', or 'info,vitrine::http=debug'",
        )
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Error::conflict("logging_started", error.to_string(), ""))
}

/// A kind of call whose latency is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Searches.
    Search,
    /// Suggestions.
    Suggest,
    /// Events.
    Events,
    /// Products written.
    Products,
}

/// All watched calls with the value of their label.
const CALLS: [(Call, &str); 4] = [
    (Call::Search, "search"),
    (Call::Suggest, "suggest"),
    (Call::Events, "events"),
    (Call::Products, "products"),
];

/// One answered request, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// The route's pattern, never the path itself: it may name shoppers.
    pub route: String,
    /// A known HTTP method, or `OTHER`.
    pub method: &'static str,
    /// The HTTP status.
    pub status: u16,
}

/// The state of one index at the moment of rendering.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexGauges {
    /// Its name.
    pub name: String,
    /// Products that can be searched.
    pub products: usize,
    /// Products whose meaning is not known yet.
    pub waiting_embeddings: usize,
    /// Whether another generation is being built.
    pub rebuilding: bool,
    /// Sequence numbers between the last stored change and the last searchable one.
    pub changes_behind: u64,
    /// Seconds since every stored change could last be searched.
    pub seconds_behind: f64,
}

/// The state of one gate at the moment of rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateGauges {
    /// Its name.
    pub name: &'static str,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
}

/// How a cache was used since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheCounts {
    /// Its name.
    pub name: &'static str,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
}

/// What is not counted here but asked for when everything is rendered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Every index.
    pub indexes: Vec<IndexGauges>,
    /// Every gate.
    pub gates: Vec<GateGauges>,
    /// Every cache.
    pub caches: Vec<CacheCounts>,
}

/// Counters since the start of the process.
pub struct Metrics {
    answered: Mutex<BTreeMap<Answered, u64>>,
    calls: [Histogram; CALLS.len()],
    stages: [Histogram; Stage::ALL.len()],
    degraded: [AtomicU64; Rung::ALL.len()],
    without_result: Mutex<BTreeMap<String, u64>>,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    connections: AtomicU64,
    events: AtomicU64,
    waiting_events: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            answered: Mutex::default(),
            calls: std::array::from_fn(|_| Histogram::new(CALL_MS)),
            stages: std::array::from_fn(|_| Histogram::new(STAGE_MS)),
            degraded: Default::default(),
            without_result: Mutex::default(),
            refused: Mutex::default(),
            connections: AtomicU64::default(),
            events: AtomicU64::default(),
            waiting_events: AtomicU64::default(),
        }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub fn answered(&self, answered: Answered) {
        *self.answered.lock().entry(answered).or_default() += 1;
    }

    /// Counts the latency of a call that was carried out.
    pub fn took(&self, call: Call, latency: Duration) {
        for ((other, _), histogram) in CALLS.iter().zip(&self.calls) {
            if *other == call {
                histogram.observe(latency);
            }
        }
    }

    /// Counts a search: what its stages took, and how much was done.
    pub fn searched(&self, stages: &[(Stage, Duration)], rung: Rung) {
        for (stage, took) in stages {
            self.stages[*stage as usize].observe(*took);
        }
        self.degraded[rung as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a search that found nothing in an index.
    pub fn found_nothing(&self, index: &str) {
        *self.without_result.lock().entry(index.to_owned()).or_default() += 1;
    }

    /// Counts a call that was refused or failed, by the code of its error.
    pub fn refused(&self, code: &'static str) {
        *self.refused.lock().entry(code).or_default() += 1;
    }

    /// Counts a connection until what is returned is dropped.
    pub fn connected(self: &Arc<Self>) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    /// Counts events that were recorded.
    pub fn recorded_events(&self, count: usize) {
        self.events.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Counts events whose product was not known when they came.
    pub fn waiting_events(&self, count: usize) {
        self.waiting_events.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self, gauges: &Gauges) -> String {
        let mut out = Text(String::with_capacity(16 * 1024));
        self.render_calls(&mut out);
        self.render_counters(&mut out);
        render_indexes(&gauges.indexes, &mut out);
        render_server(gauges, &mut out);
        out.0
    }

    fn render_calls(&self, out: &mut Text) {
        let version = label("version", env!("CARGO_PKG_VERSION"));
        out.values(("vitrine_build_info", "gauge", "The running version."), [(version, 1)]);
        let answered = self.answered.lock().clone().into_iter().map(|(answered, count)| {
            let Answered { route, method, status } = answered;
            (format!("route=\"{route}\",method=\"{method}\",status=\"{status}\""), count)
        });
        out.values(("vitrine_requests_total", "counter", "Requests answered."), answered);
        let refused = self.refused.lock().clone().into_iter();
        out.values(
            ("vitrine_refused_total", "counter", "Calls refused or failed, by code."),
            refused.map(|(code, count)| (label("code", code), count)),
        );
        let calls = CALLS.iter().map(|(_, name)| *name).zip(&self.calls);
        out.histograms(("vitrine_call_seconds", "Time from request to answer.", "call"), calls);
        let stages = Stage::ALL.iter().map(|(_, name)| *name).zip(&self.stages);
        out.histograms(("vitrine_stage_seconds", "Time of a part of a search.", "stage"), stages);
    }

    fn render_counters(&self, out: &mut Text) {
        let rungs = Rung::ALL.iter().zip(&self.degraded);
        out.values(
            ("vitrine_searches_total", "counter", "Searches, by how much of them was done."),
            rungs.map(|((_, name), count)| (label("rung", name), count.load(Ordering::Relaxed))),
        );
        let nothing = self.without_result.lock().clone().into_iter();
        out.values(
            ("vitrine_searches_without_result_total", "counter", "Searches that found nothing."),
            nothing.map(|(index, count)| (label("index", &index), count)),
        );
        let one = |count: &AtomicU64| [(String::new(), count.load(Ordering::Relaxed))];
        out.values(("vitrine_events_total", "counter", "Events recorded."), one(&self.events));
        let help = "Events that came before their product.";
        let name = "vitrine_events_waiting_total";
        out.values((name, "counter", help), one(&self.waiting_events));
        let help = "Connections that are open.";
        out.values(("vitrine_connections", "gauge", help), one(&self.connections));
    }
}

/// A connection that is counted as open.
pub struct Connected(Arc<Metrics>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{name}=\"{value}\"")
}

/// A gauge's name, its help and its value for an index.
type Gauge = (&'static str, &'static str, fn(&IndexGauges) -> f64);

const INDEX_GAUGES: [Gauge; 5] = [
    ("vitrine_products", "Products that can be searched.", |index| index.products as f64),
    ("vitrine_waiting_embeddings", "Products whose meaning is not known yet.", |index| {
        index.waiting_embeddings as f64
    }),
    ("vitrine_rebuilding", "1 while another generation is being built.", |index| {
        f64::from(u8::from(index.rebuilding))
    }),
    ("vitrine_changes_behind", "Sequence numbers from searchable to stored.", |index| {
        index.changes_behind as f64
    }),
    ("vitrine_seconds_behind", "Seconds since every change was searchable.", |index| {
        index.seconds_behind
    }),
];

fn render_indexes(indexes: &[IndexGauges], out: &mut Text) {
    for (name, help, value) in INDEX_GAUGES {
        let values = indexes.iter().map(|index| (label("index", &index.name), value(index)));
        out.values((name, "gauge", help), values);
    }
}

fn render_server(gauges: &Gauges, out: &mut Text) {
    let gates = || gauges.gates.iter();
    let name = |gate: &GateGauges| label("gate", gate.name);
    let running = gates().map(|gate| (name(gate), gate.running));
    out.values(("vitrine_running_calls", "gauge", "Calls that run."), running);
    let waiting = gates().map(|gate| (name(gate), gate.waiting));
    out.values(("vitrine_waiting_calls", "gauge", "Calls that wait for their turn."), waiting);
    let caches = || gauges.caches.iter();
    let name = |cache: &CacheCounts| label("cache", cache.name);
    let hits = caches().map(|cache| (name(cache), cache.hits));
    out.values(("vitrine_cache_hits_total", "counter", "Found in memory."), hits);
    let misses = caches().map(|cache| (name(cache), cache.misses));
    out.values(("vitrine_cache_misses_total", "counter", "Not found in memory."), misses);
    let resident = resident_bytes().map(|bytes| (String::new(), bytes));
    let head = ("process_resident_memory_bytes", "gauge", "Memory of the process that is in use.");
    out.values(head, resident);
}

/// Memory of this process that is in use, where the system tells: Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_buckets_add_up() {
        let metrics = Arc::new(Metrics::default());
        metrics.took(Call::Search, Duration::from_micros(1_500));
        metrics.took(Call::Search, Duration::from_millis(30));
        metrics.took(Call::Search, Duration::from_secs(60));
        metrics.searched(&[(Stage::Embed, Duration::from_millis(7))], Rung::Lexical);
        metrics.found_nothing("shop");
        metrics.refused("busy");
        let answered = Answered { route: "/v1/x".to_owned(), method: "GET", status: 200 };
        metrics.answered(answered.clone());
        metrics.answered(answered);
        let (open, closed) = (metrics.connected(), metrics.connected());
        drop(closed);
        let index = IndexGauges {
            name: "shop".to_owned(),
            products: 7,
            waiting_embeddings: 2,
            rebuilding: true,
            changes_behind: 3,
            seconds_behind: 0.5,
        };
        let gauges = Gauges {
            indexes: vec![index],
            gates: vec![GateGauges { name: "reads", running: 4, waiting: 9 }],
            caches: vec![CacheCounts { name: "profiles", hits: 5, misses: 6 }],
        };
        let text = metrics.render(&gauges);
        drop(open);
        for expected in [
            "vitrine_requests_total{route=\"/v1/x\",method=\"GET\",status=\"200\"} 2\n",
            "vitrine_refused_total{code=\"busy\"} 1\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.001\"} 0\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.002\"} 1\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.05\"} 2\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"10\"} 2\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"+Inf\"} 3\n",
            "vitrine_call_seconds_sum{call=\"search\"} 60.0315\n",
            "vitrine_call_seconds_count{call=\"suggest\"} 0\n",
            "vitrine_stage_seconds_bucket{stage=\"embed\",le=\"0.005\"} 0\n",
            "vitrine_stage_seconds_bucket{stage=\"embed\",le=\"0.01\"} 1\n",
            "vitrine_stage_seconds_count{stage=\"rank\"} 0\n",
            "vitrine_searches_total{rung=\"full\"} 0\n",
            "vitrine_searches_total{rung=\"lexical\"} 1\n",
            "vitrine_searches_without_result_total{index=\"shop\"} 1\n",
            "vitrine_connections 1\n",
            "vitrine_products{index=\"shop\"} 7\n",
            "vitrine_waiting_embeddings{index=\"shop\"} 2\n",
            "vitrine_rebuilding{index=\"shop\"} 1\n",
            "vitrine_changes_behind{index=\"shop\"} 3\n",
            "vitrine_seconds_behind{index=\"shop\"} 0.5\n",
            "vitrine_running_calls{gate=\"reads\"} 4\n",
            "vitrine_waiting_calls{gate=\"reads\"} 9\n",
            "vitrine_cache_hits_total{cache=\"profiles\"} 5\n",
            "vitrine_cache_misses_total{cache=\"profiles\"} 6\n",
        ] {
            assert!(text.contains(expected), "'{expected}' is missing in\n{text}");
        }
    }

    #[test]
    fn stages_and_rungs_are_numbered_as_they_are_listed() {
        for (place, (stage, _)) in Stage::ALL.iter().enumerate() {
            assert_eq!(*stage as usize, place);
        }
        for (place, (rung, name)) in Rung::ALL.iter().enumerate() {
            assert_eq!(*rung as usize, place);
            assert_eq!(serde_json::to_value(rung).expect("a name"), *name);
        }
    }
}
