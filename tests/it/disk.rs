//! Full, broken and torn disks.
//!
//! 1. On a full disk writes are refused with 507 and the reason, and reads go on.
//! 2. Once there is room again, writes are taken and indexes follow, without anybody's help.
//! 3. A server starts on a full disk.
//! 4. Whatever is torn of what is derived is made anew; a store beyond repair is never replaced
//!    unsaid.
//!
//! The disk is made to fail by failpoints, and by a small file system where one can be mounted.

mod torn;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{PATIENCE, Server, call};
use std::thread;
use std::time::{Duration, Instant};

/// A folder whose server's disk fails while a file is there.
struct Failing {
    folder: tempfile::TempDir,
    flag: PathBuf,
}

impl Failing {
    /// With a shop of two products.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flag = folder.path().join("fails");
        let server = Server::start(folder.path());
        make_shop(&server);
        Self { folder, flag }
    }

    /// A server with a plan, in which FLAG stands for the file.
    fn start(&self, plan: &str) -> Server {
        let plan = plan.replace("FLAG", self.flag.to_str().expect("UTF-8"));
        let server = Server::start_with(self.folder.path(), Some(&plan)).expect("it starts");
        if !self.flag.exists() {
            server.caught_up();
        }
        server
    }

    fn fails(&self, fails: bool) {
        match fails {
            true => fs::write(&self.flag, "").expect("written"),
            false => fs::remove_file(&self.flag).expect("removed"),
        }
    }
}

fn make_shop(server: &Server) {
    server.ok("PUT", "/v1/indexes/shop", &json!({}));
    let products = json!([{"id": "a", "title": "Red shoe"}, {"id": "b", "title": "Blue shoe"}]);
    server.ok("POST", "/v1/indexes/shop/products", &products);
    record(server, "first");
    server.caught_up();
}

fn record(server: &Server, id: &str) {
    let event = json!({"type": "view", "id": id, "shopper": "s", "index": "shop",
        "product_id": "a"});
    server.ok("POST", "/v1/events", &event);
}

fn put(server: &Server, id: &str) -> (u16, Value) {
    let product = json!([{"id": id, "title": format!("Green shoe {id}")}]);
    call(server.address, "POST", "/v1/indexes/shop/products", &product).expect("an answer")
}

fn total(server: &Server, q: &str) -> Value {
    let search = json!({"q": q, "shopper": "s", "mode": "lexical"});
    server.ok("POST", "/v1/indexes/shop/search", &search)["total"].clone()
}

fn assert_full(answer: &(u16, Value)) {
    assert_eq!(
        (answer.0, answer.1["error"]["code"].as_str()),
        (507, Some("disk_full")),
        "{answer:?}"
    );
    let message = answer.1["error"]["message"].as_str().expect("a message");
    assert!(message.contains("full"), "{message}");
}

fn assert_reads_go_on(server: &Server) {
    assert_eq!(total(server, "shoe"), 2);
    server.ok("GET", "/v1/indexes/shop/products/a", &Value::Null);
    let log = server.ok("GET", "/v1/shoppers/s/events", &Value::Null);
    assert_eq!(log["events"].as_array().map(Vec::len), Some(1));
}

/// Waits until a search finds so many.
fn finds_soon(server: &Server, q: &str, expected: u64) {
    let start = Instant::now();
    while total(server, q) != expected {
        assert!(start.elapsed() < PATIENCE, "{q}: {}\n{}", total(server, q), server.errors());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn writes_are_refused_while_the_disk_is_full_and_resume_by_themselves() {
    for point in ["store.space", "store.write", "store.grow", "store.sync"] {
        let failing = Failing::new();
        let server = failing.start(&format!("{point}=full:FLAG"));
        failing.fails(true);
        let mut refused = 0;
        for n in 0..3 {
            let answer = put(&server, &format!("lost-{n}"));
            // A file that need not grow takes the write.
            if point != "store.grow" || answer.0 != 200 {
                assert_full(&answer);
                refused += 1;
            }
        }
        assert!(refused == 3 || point == "store.grow", "{point}");
        match point {
            "store.space" => assert_reads_go_on(&server),
            // Where the disk failed in the middle of a transaction, what only the store has waits.
            "store.write" | "store.sync" => assert_eq!(total(&server, "shoe"), 2),
            _ => {}
        }
        failing.fails(false);
        assert_eq!(put(&server, "c").0, 200, "{point}");
        record(&server, "second");
        finds_soon(&server, "c", 1);
        // What a failed sync was to make durable may be there; then it stays.
        let found = total(&server, "green");
        let kept = found.as_u64().expect("a number");
        assert!((4 - refused..=4).contains(&kept), "{point}: {kept}");
        assert!(point == "store.sync" || kept == 4 - refused, "{point}: {kept}");
        drop(server);
        let server = Server::start(failing.folder.path());
        server.caught_up();
        assert_eq!(total(&server, "green"), found, "{point}");
    }
}

#[test]
fn a_broken_disk_is_told_and_left_behind() {
    let failing = Failing::new();
    let server = failing.start("store.sync=broken:FLAG");
    failing.fails(true);
    assert_eq!(put(&server, "lost").0, 500);
    assert_eq!(total(&server, "shoe"), 2);
    failing.fails(false);
    assert_eq!(put(&server, "c").0, 200);
}

#[test]
fn an_erasure_that_the_disk_refused_is_not_half_done() {
    let failing = Failing::new();
    let server = failing.start("erasures.append=full:FLAG");
    failing.fails(true);
    assert_full(
        &call(server.address, "DELETE", "/v1/shoppers/s", &Value::Null).expect("an answer"),
    );
    assert_reads_go_on(&server);
    failing.fails(false);
    server.ok("DELETE", "/v1/shoppers/s", &Value::Null);
    let log = server.ok("GET", "/v1/shoppers/s/events", &Value::Null);
    assert_eq!(log["events"], json!([]));
}

#[test]
fn indexes_follow_once_their_disk_has_room() {
    for point in ["index.commit", "embeddings.write"] {
        let failing = Failing::new();
        let server = failing.start(&format!("{point}=full:FLAG"));
        failing.fails(true);
        assert_eq!(put(&server, "c").0, 200, "the store has room");
        thread::sleep(Duration::from_millis(100));
        assert_reads_go_on_for_old(&server);
        failing.fails(false);
        finds_soon(&server, "shoe", 3);
        server.caught_up();
    }
}

fn assert_reads_go_on_for_old(server: &Server) {
    let found = total(server, "shoe");
    assert!(found == 2 || found == 3, "{found}");
}

#[test]
fn a_server_starts_where_no_index_can_be_made_and_makes_it_later() {
    let failing = Failing::new();
    let indexes = failing.folder.path().join("data/indexes");
    fs::remove_dir_all(&indexes).expect("removed");
    failing.fails(true);
    let server = failing.start("index.claim=full:FLAG");
    finds_soon(&server, "shoe", 2);
    assert_eq!(put(&server, "c").0, 200);
    finds_soon(&server, "shoe", 3);
    failing.fails(false);
    let start = Instant::now();
    let summary = || server.ok("GET", "/v1/indexes/shop", &Value::Null);
    while summary()["rebuilding"] != false || summary()["embedder"].is_null() {
        assert!(start.elapsed() < PATIENCE, "{}", summary());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(total(&server, "shoe"), 3);
    let kept = fs::read_dir(&indexes).expect("made").flatten().next().expect("a folder").path();
    let generation = fs::read_dir(kept).expect("it").flatten().next().expect("a folder").path();
    assert!(generation.join("manifest.json").is_file());
}

/// A file system of its own, unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: &Path, mebibytes: u32) -> Option<Self> {
        let place = folder.join("data");
        fs::create_dir(&place).expect("made");
        let size = format!("size={mebibytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(place))
    }

    /// Leaves so little room.
    fn fill(&self, free_bytes: u64) {
        let room = rustix::fs::statvfs(&self.0).expect("it tells");
        let bytes = (room.f_bavail * room.f_frsize).saturating_sub(free_bytes);
        fs::write(self.0.join("filler"), vec![1; bytes as usize]).expect("there is room");
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_small_disk_that_fills_up_is_survived() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(disk) = Mounted::new(folder.path(), 64) else {
        eprintln!("SKIPPED: no file system can be mounted here; the failpoints stand in");
        return;
    };
    let mut server = Server::start(folder.path());
    make_shop(&server);
    // Below what is held in reserve, and with nothing left at all.
    for free_bytes in [8 << 20, 0] {
        disk.fill(free_bytes);
        for _ in 0..2 {
            assert_full(&put(&server, "lost"));
        }
        assert_reads_go_on(&server);
        server.kill();
        server = Server::start(folder.path());
        server.caught_up();
        assert_full(&put(&server, "lost"));
        assert_reads_go_on(&server);
        disk.empty();
        let id = format!("after-{free_bytes}");
        assert_eq!(put(&server, &id).0, 200);
        finds_soon(&server, &id, 1);
        let path = format!("/v1/indexes/shop/products/{id}?wait=true");
        server.ok("DELETE", &path, &Value::Null);
    }
}
