//! What the server tells of itself: log lines on standard error, and counters for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::error::{Error, Result};

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

/// Upper ends of the latency buckets, in milliseconds.
const BUCKETS_MS: [f64; 13] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0];

#[derive(Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    fn observe(&self, latency: Duration) {
        let latency_ms = latency.as_secs_f64() * 1_000.0;
        if let Some(bucket) = BUCKETS_MS.iter().position(|end| latency_ms <= *end) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(latency_us, Ordering::Relaxed);
    }

    fn render(&self, call: &str, out: &mut String) {
        let name = "vitrine_call_seconds";
        let mut below = 0;
        for (end_ms, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let end = end_ms / 1_000.0;
            line(out, &format!("{name}_bucket{{call=\"{call}\",le=\"{end}\"}}"), below);
        }
        let count = self.count.load(Ordering::Relaxed);
        line(out, &format!("{name}_bucket{{call=\"{call}\",le=\"+Inf\"}}"), count);
        let sum = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        line(out, &format!("{name}_sum{{call=\"{call}\"}}"), sum);
        line(out, &format!("{name}_count{{call=\"{call}\"}}"), count);
    }
}

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexGauges {
    /// Its name.
    pub name: String,
    /// Products that can be searched.
    pub products: usize,
    /// Products whose meaning is not known yet.
    pub waiting_embeddings: usize,
    /// Whether another generation is being built.
    pub rebuilding: bool,
}

/// Counters since the start of the process.
#[derive(Default)]
pub struct Metrics {
    answered: Mutex<BTreeMap<Answered, u64>>,
    latencies: [Histogram; CALLS.len()],
    without_result: Mutex<BTreeMap<String, u64>>,
    refused_busy: AtomicU64,
    events: AtomicU64,
    waiting_events: AtomicU64,
}

impl Metrics {
    /// Counts an answered request.
    pub fn answered(&self, answered: Answered) {
        *self.answered.lock().entry(answered).or_default() += 1;
    }

    /// Counts the latency of a call that was carried out.
    pub fn took(&self, call: Call, latency: Duration) {
        for ((other, _), histogram) in CALLS.iter().zip(&self.latencies) {
            if *other == call {
                histogram.observe(latency);
            }
        }
    }

    /// Counts a search that found nothing in an index.
    pub fn found_nothing(&self, index: &str) {
        *self.without_result.lock().entry(index.to_owned()).or_default() += 1;
    }

    /// Counts a call that was refused because the server was busy.
    pub fn refused_busy(&self) {
        self.refused_busy.fetch_add(1, Ordering::Relaxed);
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
    pub fn render(&self, indexes: &[IndexGauges]) -> String {
        let mut out = String::with_capacity(8 * 1024);
        head(&mut out, "vitrine_build_info", "gauge", "The running version.");
        let version = env!("CARGO_PKG_VERSION");
        line(&mut out, &format!("vitrine_build_info{{version=\"{version}\"}}"), 1);
        head(&mut out, "vitrine_requests_total", "counter", "Requests answered.");
        for (answered, count) in self.answered.lock().iter() {
            let Answered { route, method, status } = answered;
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            line(&mut out, &format!("vitrine_requests_total{{{labels}}}"), count);
        }
        head(&mut out, "vitrine_call_seconds", "histogram", "Time from request to answer.");
        for ((_, call), histogram) in CALLS.iter().zip(&self.latencies) {
            histogram.render(call, &mut out);
        }
        self.render_counters(&mut out);
        render_indexes(indexes, &mut out);
        out
    }

    fn render_counters(&self, out: &mut String) {
        let name = "vitrine_searches_without_result_total";
        head(out, name, "counter", "Searches that found nothing.");
        for (index, count) in self.without_result.lock().iter() {
            line(out, &format!("{name}{{index=\"{index}\"}}"), count);
        }
        head(out, "vitrine_events_total", "counter", "Events recorded.");
        line(out, "vitrine_events_total", self.events.load(Ordering::Relaxed));
        let name = "vitrine_events_waiting_total";
        head(out, name, "counter", "Events that came before their product.");
        line(out, name, self.waiting_events.load(Ordering::Relaxed));
        head(out, "vitrine_refused_busy_total", "counter", "Calls refused for want of a turn.");
        line(out, "vitrine_refused_busy_total", self.refused_busy.load(Ordering::Relaxed));
    }
}

/// A gauge's name, its help and its value for an index.
type Gauge = (&'static str, &'static str, fn(&IndexGauges) -> usize);

fn render_indexes(indexes: &[IndexGauges], out: &mut String) {
    let gauges: [Gauge; 3] = [
        ("vitrine_products", "Products that can be searched.", |index| index.products),
        ("vitrine_waiting_embeddings", "Products whose meaning is not known yet.", |index| {
            index.waiting_embeddings
        }),
        ("vitrine_rebuilding", "1 while another generation is being built.", |index| {
            usize::from(index.rebuilding)
        }),
    ];
    for (name, help, value) in gauges {
        head(out, name, "gauge", help);
        for index in indexes {
            line(out, &format!("{name}{{index=\"{}\"}}", index.name), value(index));
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_buckets_add_up() {
        let metrics = Metrics::default();
        metrics.took(Call::Search, Duration::from_micros(1_500));
        metrics.took(Call::Search, Duration::from_millis(30));
        metrics.took(Call::Search, Duration::from_secs(60));
        metrics.found_nothing("shop");
        let answered = Answered { route: "/v1/x".to_owned(), method: "GET", status: 200 };
        metrics.answered(answered.clone());
        metrics.answered(answered);
        let index = IndexGauges {
            name: "shop".to_owned(),
            products: 7,
            waiting_embeddings: 2,
            rebuilding: true,
        };
        let text = metrics.render(&[index]);
        for expected in [
            "vitrine_requests_total{route=\"/v1/x\",method=\"GET\",status=\"200\"} 2\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.001\"} 0\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.002\"} 1\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"0.05\"} 2\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"10\"} 2\n",
            "vitrine_call_seconds_bucket{call=\"search\",le=\"+Inf\"} 3\n",
            "vitrine_call_seconds_sum{call=\"search\"} 60.0315\n",
            "vitrine_call_seconds_count{call=\"suggest\"} 0\n",
            "vitrine_searches_without_result_total{index=\"shop\"} 1\n",
            "vitrine_products{index=\"shop\"} 7\n",
            "vitrine_waiting_embeddings{index=\"shop\"} 2\n",
            "vitrine_rebuilding{index=\"shop\"} 1\n",
        ] {
            assert!(text.contains(expected), "'{expected}' is missing in\n{text}");
        }
    }
}
