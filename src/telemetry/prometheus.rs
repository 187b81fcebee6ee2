//! Prometheus' text format, and histograms that many threads fill.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many upper ends of buckets a histogram has.
const BUCKETS: usize = 13;

/// Upper ends of buckets for whole calls, in milliseconds.
pub(super) const CALL_MS: [f64; BUCKETS] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1_000.0, 2_000.0, 10_000.0];

/// Upper ends of buckets for the parts of a search, in milliseconds.
pub(super) const STAGE_MS: [f64; BUCKETS] =
    [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Counts of durations by length.
pub(super) struct Histogram {
    ends_ms: [f64; BUCKETS],
    buckets: [AtomicU64; BUCKETS],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    pub(super) fn new(ends_ms: [f64; BUCKETS]) -> Self {
        let (buckets, count, sum_us) = Default::default();
        Self { ends_ms, buckets, count, sum_us }
    }

    pub(super) fn observe(&self, took: Duration) {
        let took_ms = took.as_secs_f64() * 1_000.0;
        if let Some(bucket) = self.ends_ms.iter().position(|end| took_ms <= *end) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    fn render(&self, name: &str, label: &str, out: &mut String) {
        let mut below = 0;
        for (end_ms, bucket) in self.ends_ms.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let end = end_ms / 1_000.0;
            line(out, &format!("{name}_bucket{{{label},le=\"{end}\"}}"), below);
        }
        let count = self.count.load(Ordering::Relaxed);
        line(out, &format!("{name}_bucket{{{label},le=\"+Inf\"}}"), count);
        let sum = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        line(out, &format!("{name}_sum{{{label}}}"), sum);
        line(out, &format!("{name}_count{{{label}}}"), count);
    }
}

/// A name with its kind and what it means.
pub(super) type Head = (&'static str, &'static str, &'static str);

/// Text that grows metric by metric.
pub(super) struct Text(pub(super) String);

impl Text {
    /// One metric with a value for each label; a label is `name="value"`, or empty.
    pub(super) fn values<V: std::fmt::Display>(
        &mut self,
        (name, kind, help): Head,
        values: impl IntoIterator<Item = (String, V)>,
    ) {
        self.head((name, kind, help));
        for (label, value) in values {
            let labels = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
            line(&mut self.0, &format!("{name}{labels}"), value);
        }
    }

    /// A histogram for each value of a label.
    pub(super) fn histograms<'h>(
        &mut self,
        (name, help, label): Head,
        histograms: impl IntoIterator<Item = (&'static str, &'h Histogram)>,
    ) {
        self.head((name, "histogram", help));
        for (value, histogram) in histograms {
            histogram.render(name, &format!("{label}=\"{value}\""), &mut self.0);
        }
    }

    fn head(&mut self, (name, kind, help): Head) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} {value}");
}
