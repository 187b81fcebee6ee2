//! The program as a process: started, called over HTTP, killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a step may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command with these arguments, in `folder`.
pub(crate) fn vitrine(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrine"));
    command.args(arguments).current_dir(folder).env_remove("VITRINE_FAILPOINTS");
    command
}

/// A server on a free port with the data directory `data` in its folder, killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    errors: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, None).unwrap_or_else(|errors| panic!("no start:\n{errors}"))
    }

    /// Starts with a plan of failpoints; what it wrote to standard error where it did not come up.
    pub(crate) fn start_with(folder: &Path, failpoints: Option<&str>) -> Result<Self, String> {
        let mut process = spawn(folder, failpoints);
        let mut lines = BufReader::new(process.stderr.take().expect("standard error")).lines();
        let mut said = String::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            said.push_str(&line);
            said.push('\n');
            line.strip_prefix("Vitrine serves http://")?.trim_end_matches('/').parse().ok()
        });
        let Some(address) = address else {
            let _ = process.wait();
            return Err(said);
        };
        let errors = Arc::new(Mutex::new(said));
        let shared = Arc::clone(&errors);
        // Nobody may wait for room in the pipe.
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut errors = shared.lock().expect("no panic");
                errors.push_str(&line);
                errors.push('\n');
            }
        });
        Ok(Self { process, address, errors, reader: Some(reader) })
    }

    /// SIGKILL: the process gets no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        // It may have ended by a failpoint.
        let _ = self.process.kill();
        self.process.wait().expect("it ends");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with the pipe");
        }
    }

    /// Whether it ends by itself within this time.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.process.try_wait().expect("it can be asked").is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(3));
        }
        false
    }

    /// What it wrote to standard error; all of it once it was killed.
    pub(crate) fn errors(&self) -> String {
        self.errors.lock().expect("no panic").clone()
    }

    /// The JSON of a call that succeeds.
    pub(crate) fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = call(self.address, method, path, body);
        match answer {
            Some((200..300, answer)) => answer,
            other => panic!("{method} {path}: {other:?}\n{}", self.errors()),
        }
    }

    /// Waits until everything stored is searchable.
    pub(crate) fn caught_up(&self) {
        let start = Instant::now();
        let ready = || call(self.address, "GET", "/readyz", &Value::Null);
        while !matches!(ready(), Some((200, _))) {
            assert!(start.elapsed() < PATIENCE, "it does not catch up:\n{}", self.errors());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that nobody waits for.
pub(crate) fn spawn(folder: &Path, failpoints: Option<&str>) -> Child {
    std::fs::write(folder.join("config.toml"), "embedder = 'hashing'\n").expect("written");
    let serve = ["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", "data"];
    let mut command = vitrine(folder, &serve);
    command.args(["--config", "config.toml"]).stderr(Stdio::piped());
    if let Some(plan) = failpoints {
        command.env("VITRINE_FAILPOINTS", plan);
    }
    command.spawn().expect("the program starts")
}

/// One request on a connection of its own; `None` when no whole answer came.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    let (status, body) = call_text(address, method, path, body)?;
    Some((status, serde_json::from_str(&body).ok()?))
}

/// As `call`, for answers that need not be JSON.
pub(crate) fn call_text(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &Value,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// How much the threads of this process yield to others, by name.
#[cfg(target_os = "linux")]
fn niceness() -> Vec<(String, i32)> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the tasks").flatten();
    let of = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        // The name stands in brackets and may hold anything; niceness is the 17th field after it.
        let (head, fields) = stat.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        Some((name.to_owned(), fields.split_whitespace().nth(16)?.parse().ok()?))
    };
    tasks.filter_map(of).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn indexing_yields_to_those_who_answer() {
    let shop = crate::support::TestEngine::shop();
    let found = niceness();
    let of = |mark: &str| -> Vec<i32> {
        found.iter().filter(|(name, _)| name.starts_with(mark)).map(|(_, nice)| *nice).collect()
    };
    let (indexing, writing) = (of("index-shop"), of("store-writer"));
    assert!(!indexing.is_empty() && indexing.iter().all(|nice| *nice > 0), "{found:?}");
    assert!(writing.iter().all(|nice| *nice == 0), "{found:?}");
    drop(shop);
}
