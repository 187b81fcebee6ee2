//! Two hours of a shop's busiest time, compressed to minutes, against a real server process.
//!
//! What: a server on its default configuration, with the model, and everything that a shop does to
//! it at once. Printed are its memory over time, the errors that are none of the caller's, the
//! latency of each kind of call beside that on the idle server, and what was left out of searches.
//! Targets: resident memory in the last third of the run within 5 % of that in the middle third
//! (medians of samples taken each second), no error, p99 of searches at most 3 times that of the
//! idle server.
//!
//! The shop: 30,000 visits a day, a tenth of them in the busiest hour; a visit makes 3 searches,
//! 5 calls for suggestions before each, and 8 events. Each hour, 3,000 prices change (in patches of
//! 50), 500 products are written anew, and 5 rules are saved. That is 2.5 searches a second;
//! compressed 12 times, 30. Calls come by a Poisson process, in an open loop: latency counts from
//! when a call was due, so that a slow answer hides no other.
//! Searches: 3 in 10 filtered, 3 in 10 with facets, 2 in 10 misspelt, 2 in 10 never typed before,
//! half by one of 200 shoppers, 1 in 10 for the second page.
//! Corpus: `data/products.jsonl` and `data/queries.tsv`. Seed: 7 (SplitMix64). Callers and server
//! share the machine. Baseline: none kept.
//!
//! ```text
//! cargo bench --bench soak [-- --minutes 10 --compress 12]
//! ```

#[path = "soak/calls.rs"]
mod calls;
#[path = "soak/client.rs"]
mod client;
#[path = "soak/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use vitrine::error::{Error, Result};
use vitrine::eval::latency::Percentiles;

use calls::{Calls, KINDS, Kind};
use client::{Caller, Reply};
use server::Server;

/// The idle server answers so many searches, one after the other.
const IDLE_SEARCHES: usize = 600;

/// The targets.
const MEMORY_GROWTH_MAX: f64 = 0.05;
const SLOWER_MAX: f64 = 3.0;

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal("bench", error.to_string(), "")
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// What came of the calls of one kind.
#[derive(Default)]
struct Outcome {
    times_ms: Vec<f64>,
    errors: BTreeMap<String, usize>,
    degraded: BTreeMap<&'static str, usize>,
}

impl Outcome {
    fn take(&mut self, kind: Kind, reply: std::io::Result<Reply>, since: Instant) {
        self.times_ms.push(since.elapsed().as_secs_f64() * 1e3);
        let reply = match reply {
            Ok(reply) if reply.status < 300 => reply,
            Ok(reply) => return *self.errors.entry(reply.summary()).or_default() += 1,
            Err(error) => return *self.errors.entry(error.to_string()).or_default() += 1,
        };
        if kind == Kind::Search {
            let rungs = ["smaller_window", "lexical", "popular"];
            let named = |rung: &&str| reply.body.contains(&format!("\"degraded\":\"{rung}\""));
            *self.degraded.entry(rungs.into_iter().find(named).unwrap_or("full")).or_default() += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.times_ms.extend(other.times_ms);
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        for (rung, count) in other.degraded {
            *self.degraded.entry(rung).or_default() += count;
        }
    }
}

struct Options {
    minutes: f64,
    compress: f64,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self { minutes: 10.0, compress: 12.0 };
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        for pair in arguments.windows(2) {
            match pair[0].as_str() {
                "--minutes" => options.minutes = pair[1].parse().map_err(failed)?,
                "--compress" => options.compress = pair[1].parse().map_err(failed)?,
                _ => {}
            }
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    let options = Options::read()?;
    let server = Server::start()?;
    let calls = Calls::read()?;
    server.fill()?;
    let idle = idle(&server, &calls);
    say(&format!("idle: {}", row(Kind::Search, &idle)));
    let run = Duration::from_secs_f64(60.0 * options.minutes);
    let rate = |kind: Kind| kind.per_second() * options.compress;
    let rates: Vec<String> =
        KINDS.iter().map(|kind| format!("{} {:.2}", kind.name(), rate(*kind))).collect();
    say(&format!("load for {:.0} s, calls a second: {}", run.as_secs_f64(), rates.join(", ")));
    let (outcomes, memory) = load(&server, &calls, run, &rate);
    report(&outcomes, &idle);
    report_memory(&memory);
    server.stop()
}

/// One search after the other, by one caller.
fn idle(server: &Server, calls: &Calls) -> Outcome {
    let mut caller = Caller::new(server.address);
    let mut outcome = Outcome::default();
    let mut random = calls::Random(1);
    for number in 0..IDLE_SEARCHES {
        let call = calls.next(Kind::Search, &mut random);
        let begun = Instant::now();
        let reply = caller.call(&call);
        // The first ones load what is loaded once.
        if number >= IDLE_SEARCHES / 10 {
            outcome.take(Kind::Search, reply, begun);
        }
    }
    outcome
}

/// All kinds of calls at their rates; what came of them, and the memory each second in MiB.
fn load(
    server: &Server,
    calls: &Calls,
    run: Duration,
    rate: &(dyn Fn(Kind) -> f64 + Sync),
) -> (Vec<(Kind, Outcome)>, Vec<f64>) {
    let end = Instant::now() + run;
    std::thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut samples = Vec::new();
            while Instant::now() < end {
                samples.extend(server.resident_mib());
                std::thread::sleep(Duration::from_secs(1));
            }
            samples
        });
        let mut callers = Vec::new();
        for (seed, (kind, number)) in (1..).zip(
            KINDS.iter().flat_map(|kind| (0..kind.callers()).map(move |number| (*kind, number))),
        ) {
            let per_second = rate(kind) / kind.callers() as f64;
            let run = (calls::Random(seed * 1_000 + number as u64), per_second, end);
            callers.push((kind, scope.spawn(move || call_until(server, calls, kind, run))));
        }
        let mut outcomes: Vec<(Kind, Outcome)> =
            KINDS.iter().map(|kind| (*kind, Outcome::default())).collect();
        for (kind, caller) in callers {
            let all = outcomes.iter_mut().find(|(other, _)| *other == kind);
            if let (Some((_, all)), Ok(outcome)) = (all, caller.join()) {
                all.add(outcome);
            }
        }
        (outcomes, sampler.join().unwrap_or_default())
    })
}

/// Calls at a mean rate until the end; each is due at a time that no answer changes.
fn call_until(
    server: &Server,
    calls: &Calls,
    kind: Kind,
    (mut random, per_second, end): (calls::Random, f64, Instant),
) -> Outcome {
    let mut caller = Caller::new(server.address);
    let mut outcome = Outcome::default();
    let mut due = Instant::now();
    loop {
        due += Duration::from_secs_f64(-random.share().max(1e-9).ln() / per_second);
        if due >= end {
            return outcome;
        }
        let call = calls.next(kind, &mut random);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let reply = caller.call(&call);
        outcome.take(kind, reply, due);
    }
}

fn row(kind: Kind, outcome: &Outcome) -> String {
    let Percentiles { p50_ms, p99_ms, max_ms, .. } = Percentiles::of(&outcome.times_ms);
    let (calls, name) = (outcome.times_ms.len(), kind.name());
    let errors: usize = outcome.errors.values().sum();
    format!(
        "{name:<9} {calls:>7} calls, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, slowest {max_ms:.1} \
         ms, errors {errors} {:?}",
        outcome.errors
    )
}

fn report(outcomes: &[(Kind, Outcome)], idle: &Outcome) {
    for (kind, outcome) in outcomes {
        say(&row(*kind, outcome));
    }
    let errors: usize = outcomes.iter().flat_map(|(_, one)| one.errors.values()).sum();
    let searches = outcomes.iter().find(|(kind, _)| *kind == Kind::Search);
    let Some((_, searches)) = searches else { return };
    let p99 = |outcome: &Outcome| Percentiles::of(&outcome.times_ms).p99_ms;
    let slower = p99(searches) / p99(idle);
    say(&format!("errors: {errors} (target 0): {}", verdict(errors == 0)));
    say(&format!(
        "p99 of searches: {:.1} ms, {slower:.2} times that of the idle server, {:.1} ms (target \
         at most {SLOWER_MAX}): {}",
        p99(searches),
        p99(idle),
        verdict(slower <= SLOWER_MAX)
    ));
    say(&format!("searches by how much was done: {:?}", searches.degraded));
}

fn report_memory(samples: &[f64]) {
    let third = samples.len() / 3;
    let median = |part: &[f64]| {
        let mut sorted = part.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (first, middle, last) =
        (&samples[..third], &samples[third..2 * third], &samples[2 * third..]);
    let growth = median(last) / median(middle) - 1.0;
    say(&format!(
        "memory, medians of thirds: {:.0}, {:.0}, {:.0} MiB; last against middle {:+.1} % (target \
         within {:.0} %): {}",
        median(first),
        median(middle),
        median(last),
        100.0 * growth,
        100.0 * MEMORY_GROWTH_MAX,
        verdict(growth.abs() <= MEMORY_GROWTH_MAX)
    ));
}

fn verdict(holds: bool) -> &'static str {
    if holds { "met" } else { "MISSED" }
}
