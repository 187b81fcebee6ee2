//! Clients write to a server at random until it is killed, at a random moment or at a failpoint;
//! after each restart everything is compared with what they know.
//!
//! 1. What was acknowledged is there; what was under way is there whole or not at all.
//! 2. Who was erased stays erased, also where an older backup is put in place.
//! 3. The server starts by itself, catches up, and searches find exactly what is stored.
//! 4. A backup made under load is of one moment, and serves.
//!
//! A longer run, with the table of what was hit:
//!
//! ```text
//! CRASHER_KILLS=200 CRASHER_SEED=1 scripts/test --release --test it -- crasher --nocapture
//! ```

mod load;
mod model;
mod observe;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vitrine::failpoint::POINTS;
use vitrine::store::embedded::Embedded;

use crate::process::{Server, call, call_text, spawn, vitrine};
use load::Client;
use model::State;
use observe::{check_searches, observe};

const CLIENTS: u64 = 4;

/// SplitMix64.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// How a round ends.
enum End {
    /// SIGKILL so long after the start of the process, which may still be starting.
    Early(Duration),
    /// SIGKILL so long after the clients began.
    Later(Duration),
    /// At a failpoint.
    Point(String),
}

impl End {
    fn draw(random: &mut Random) -> Self {
        match random.below(10) {
            0 => Self::Early(Duration::from_millis(random.below(150))),
            1..4 => Self::Later(Duration::from_millis(10 + random.below(500))),
            _ => {
                let (_, name) = POINTS[random.below(POINTS.len() as u64) as usize];
                let torn = matches!(name, "store.write" | "erasures.append" | "index.claim");
                let action = if torn && random.below(2) == 0 { "torn" } else { "kill" };
                let most = 1 << random.below(7);
                Self::Point(format!("{name}={action}@{}", 1 + random.below(most)))
            }
        }
    }
}

/// What a run did.
#[derive(Default)]
struct Tally {
    kills: u64,
    starts: u64,
    backups: u64,
    /// Hits, and kills there, by failpoint.
    points: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    /// Adds the counters that a server told, over HTTP or with its last words.
    fn count_hits(&mut self, report: &str) {
        for line in report.lines() {
            let rest = line.strip_prefix("vitrine_failpoint_hits_total{point=\"");
            if let Some((name, hits)) = rest.and_then(|rest| rest.split_once("\"} ")) {
                self.points.entry(name.to_owned()).or_default().0 += hits.parse::<u64>().unwrap();
            }
        }
    }

    fn print(&self, clients: &[Client]) {
        let acknowledged: u64 = clients.iter().map(|client| client.acknowledged).sum();
        eprintln!(
            "{} kills, {} starts, {acknowledged} acknowledged calls, {} backups under load",
            self.kills, self.starts, self.backups
        );
        eprintln!("| failpoint | hits | kills there |\n| --- | ---: | ---: |");
        for (_, name) in POINTS {
            let (hits, kills) = self.points.get(*name).copied().unwrap_or_default();
            eprintln!("| {name} | {hits} | {kills} |");
        }
    }
}

struct Crasher {
    folder: tempfile::TempDir,
    clients: Vec<Client>,
    random: Random,
    tally: Tally,
}

impl Crasher {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let clients =
            (0..CLIENTS).map(|number| Client::new(number, Random(random.below(u64::MAX))));
        let clients = clients.collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, clients, random, tally: Tally::default() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn set_up(&mut self) {
        let server = Server::start(self.path());
        server.ok("PUT", "/v1/indexes/shop", &json!({}));
        let base = json!([{"id": "base", "title": "Base"}]);
        server.ok("POST", "/v1/indexes/shop/products", &base);
        for client in &mut self.clients {
            client.model.acknowledged = observe(&server, client.number);
        }
    }

    /// One server from its start to its kill, with a backup where there is one to check.
    fn round(&mut self, round: u64) -> Option<(PathBuf, (Instant, Instant))> {
        let end = End::draw(&mut self.random);
        let plan = if let End::Point(plan) = &end { plan.as_str() } else { "" };
        self.tally.kills += 1;
        if let End::Early(after) = end {
            let mut process = spawn(self.path(), Some(plan));
            thread::sleep(after);
            process.kill().expect("it can be killed");
            process.wait().expect("it ends");
            return None;
        }
        let mut server = match Server::start_with(self.path(), Some(plan)) {
            Ok(server) => server,
            Err(errors) => {
                assert!(errors.contains("ends the process"), "it did not start:\n{errors}");
                self.ended_by_plan(plan, &errors);
                return None;
            }
        };
        let backs_up = plan.starts_with("backup") || self.random.below(4) == 0;
        let address = server.address;
        let (ended, made) = thread::scope(|scope| {
            for client in &mut self.clients {
                client.model.begin_round();
                scope.spawn(move || client.run(address));
            }
            let backup = scope.spawn(move || backs_up.then(|| back_up(address, round))?);
            let ended = match end {
                End::Later(after) => server.ends_within(after),
                End::Early(_) | End::Point(_) => server.ends_within(Duration::from_millis(1_200)),
            };
            if !ended && let Some((_, report)) = call_text(address, "GET", "/metrics", &Value::Null)
            {
                self.tally.count_hits(&report);
            }
            server.kill();
            (ended, backup.join().expect("no panic"))
        });
        if ended {
            self.ended_by_plan(plan, &server.errors());
        }
        let name = self.path().join(format!("data/backups/b{round}"));
        made.map(|moments| (name, moments))
    }

    fn ended_by_plan(&mut self, plan: &str, errors: &str) {
        assert!(errors.contains("ends the process"), "it ended by itself:\n{errors}");
        self.tally.count_hits(errors);
        let name = plan.split_once('=').map_or(plan, |(name, _)| name);
        self.tally.points.entry(name.to_owned()).or_default().1 += 1;
    }

    /// Starts the server, which nobody has touched since the kill, and compares.
    fn check(&mut self, backup: Option<(PathBuf, (Instant, Instant))>) -> Result<(), String> {
        if let Some((backup, moments)) = backup {
            self.check_backup(&backup, moments)?;
        }
        let mut server = Server::start_with(self.path(), Some(""))?;
        self.tally.starts += 1;
        let mut states = Vec::new();
        for client in &mut self.clients {
            let observed = observe(&server, client.number);
            states.push(observed.clone());
            client.model.settle(observed).map_err(|why| format!("c{}: {why}", client.number))?;
        }
        check_searches(&server, &states)?;
        self.check_folders(&states)?;
        if let Some((_, report)) = call_text(server.address, "GET", "/metrics", &Value::Null) {
            self.tally.count_hits(&report);
        }
        server.kill();
        Ok(())
    }

    /// Nothing is left behind of deleted indexes.
    fn check_folders(&self, states: &[State]) -> Result<(), String> {
        let extra = states.iter().any(|state| state.contains_key("extra"));
        let folders = std::fs::read_dir(self.path().join("data/indexes")).expect("indexes").count();
        match folders == 1 + usize::from(extra) {
            true => Ok(()),
            false => Err(format!("{folders} folders of indexes, extra: {extra}")),
        }
    }

    /// The backup serves, elsewhere, and is of a moment of the call that made it.
    fn check_backup(&mut self, backup: &Path, moments: (Instant, Instant)) -> Result<(), String> {
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        let data = elsewhere.path().join("data");
        Embedded::restore(backup, &data).map_err(|error| format!("no restore: {error}"))?;
        let server = Server::start_with(elsewhere.path(), None)?;
        let mut states = Vec::new();
        for client in &self.clients {
            let observed = observe(&server, client.number);
            let checked = client.model.check_moment(&observed, moments);
            checked.map_err(|why| format!("backup, c{}: {why}", client.number))?;
            states.push(observed);
        }
        check_searches(&server, &states)?;
        self.tally.backups += 1;
        Ok(())
    }

    /// An old backup in the place of the store brings nothing of the erased back.
    fn check_erased(&self, oldest: &Path) -> Result<(), String> {
        let oldest = oldest.to_str().expect("UTF-8");
        let restored =
            vitrine(self.path(), &["restore", "--data-dir", "data", "--replace", oldest])
                .output()
                .expect("the program starts");
        if !restored.status.success() {
            return Err(String::from_utf8_lossy(&restored.stderr).into_owned());
        }
        let server = Server::start_with(self.path(), None)?;
        for client in &self.clients {
            let observed = observe(&server, client.number);
            let back = observed.keys().find(|thing| client.model.erased.contains(*thing));
            if let Some(thing) = back {
                return Err(format!("{thing} is back"));
            }
        }
        Ok(())
    }
}

/// When the call began and ended; `None` when the server ended first.
fn back_up(address: std::net::SocketAddr, round: u64) -> Option<(Instant, Instant)> {
    thread::sleep(Duration::from_millis(20));
    let begun = Instant::now();
    let body = json!({"name": format!("b{round}"), "embeddings": round.is_multiple_of(2)});
    let (status, answer) = call(address, "POST", "/v1/backup", &body)?;
    assert_eq!(status, 201, "{answer}");
    Some((begun, Instant::now()))
}

fn run(kills: u64, seed: u64) {
    let mut crasher = Crasher::new(seed);
    crasher.set_up();
    let mut oldest = None;
    for round in 0..kills {
        let backup = crasher.round(round);
        oldest = oldest.or_else(|| backup.as_ref().map(|(name, _)| name.clone()));
        if let Err(why) = crasher.check(backup) {
            let data = crasher.folder.keep();
            panic!("seed {seed}, round {round}, files in {}: {why}", data.display());
        }
    }
    if let Some(oldest) = oldest {
        crasher.check_erased(&oldest).expect("the erased stay erased");
    }
    crasher.tally.print(&crasher.clients);
}

#[test]
fn kills_lose_nothing() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
    };
    run(number("CRASHER_KILLS", 6), number("CRASHER_SEED", 1));
}
