//! The first start of the program: its admin key, its files, and what its log never says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// How long a step may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a free port, killed when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
    said: String,
    lines: Option<BufReader<ChildStderr>>,
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrine"));
    command.current_dir(folder).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn keys(folder: &Path, arguments: &[&str]) -> Value {
    let place = ["--data-dir", "data", "--json"];
    let output = program(folder).arg("keys").args(arguments).args(place).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn serve(folder: &Path) -> Command {
    let mut command = program(folder);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
    command.args(["--config", "config.toml"]);
    command
}

impl Server {
    fn start(folder: &Path, filter: &str) -> Self {
        let config = format!("embedder = 'hashing'\n[log]\nfilter = '{filter}'\n");
        fs::write(folder.join("config.toml"), config).unwrap();
        let mut process = serve(folder).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            said.push_str(&line);
            if let Some(address) = line.trim().strip_prefix("Vitrine serves http://") {
                break address.parse().unwrap();
            }
        };
        Self { process, address, said, lines: Some(lines) }
    }

    /// One request; the status and the body.
    fn call(&self, head: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn bearer(key: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {key}"))
}

#[test]
fn a_first_start_makes_an_admin_key_that_only_its_file_tells() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), "info");
    let file = folder.path().join("data/first-admin-key");
    let key = fs::read_to_string(&file).unwrap();
    assert_eq!(mode(&file), 0o600);
    for private in ["data/secret", "data/audit.jsonl"] {
        assert_eq!(mode(&folder.path().join(private)), 0o600, "{private}");
    }
    assert!(server.said.contains("first-admin-key"), "{}", server.said);
    assert!(!server.said.contains(key.trim()), "standard error may be a log");
    let (name, value) = bearer(key.trim());
    assert_eq!(server.call("GET /v1/keys", &[(name, &value)], "").0, 200);
    assert_eq!(server.call("GET /v1/keys", &[], "").0, 401);
    assert!(server.address.ip().is_loopback());
    drop(server);
    fs::remove_file(&file).unwrap();
    // The second start has its key.
    let server = Server::start(folder.path(), "info");
    assert!(!file.exists());
    assert_eq!(server.call("GET /v1/keys", &[(name, &value)], "").0, 200);
}

fn refused(folder: &Path) -> Output {
    fs::write(folder.join("config.toml"), "embedder = 'hashing'\n").unwrap();
    serve(folder).output().unwrap()
}

#[test]
fn a_folder_whose_keys_open_less_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    keys(folder.path(), &["create", "--scope", "search"]);
    keys(folder.path(), &["create", "--scope", "admin", "--index", "shop"]);
    keys(folder.path(), &["create", "--scope", "admin", "--expires", "2020-01-01T00:00:00Z"]);
    let output = refused(folder.path());
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("vitrine keys create"), "{said}");
    assert!(!folder.path().join("data/first-admin-key").exists());
}

#[test]
fn a_certificate_that_cannot_be_read_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "embedder = 'hashing'\n").unwrap();
    let alone = serve(folder.path()).args(["--tls-key", "k.pem"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2), "a key needs its certificate");
    let both = ["--tls-key", "k.pem", "--tls-certificate", "c.pem"];
    let output = serve(folder.path()).args(both).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("'c.pem' cannot be used for TLS"), "{said}");
}

#[test]
fn a_key_is_rotated_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let made = keys(folder.path(), &["create", "--scope", "search", "--per-second", "9"]);
    assert_eq!(made["per_second"], 9);
    let id = made["id"].as_str().unwrap();
    let rotated = keys(folder.path(), &["rotate", id, "--overlap-s", "60"]);
    assert_eq!(rotated["id"], id);
    assert_ne!(rotated["key"], made["key"]);
    assert!(rotated["previous_until"].is_string());
    let at_once = keys(folder.path(), &["rotate", id, "--overlap-s", "0"]);
    assert!(at_once.get("previous_until").is_none());
    let unknown =
        program(folder.path()).args(["keys", "rotate", "no", "--data-dir", "data"]).output();
    assert_eq!(unknown.unwrap().status.code(), Some(1));
}

#[test]
fn the_log_never_has_a_secret_whatever_it_is_asked_to_tell() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), "trace");
    let mut log = server.lines.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = log.read_to_string(&mut text);
        text
    });
    let admin = fs::read_to_string(folder.path().join("data/first-admin-key")).unwrap();
    let admin = bearer(admin.trim());
    let as_admin = |head: &str, body: Value| {
        let (status, text) = server.call(head, &[(admin.0, &admin.1)], &body.to_string());
        assert!((200..300).contains(&status), "{head}: {text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    as_admin("PUT /v1/indexes/shop", json!({}));
    as_admin("POST /v1/indexes/shop/products?wait=true", json!({ "id": "p", "title": "Pen" }));
    let made =
        as_admin("POST /v1/keys", json!({ "scopes": ["search", "events"], "name": "window" }));
    let rotate = format!("POST /v1/keys/{}/rotate", made["id"].as_str().unwrap());
    let rotated = as_admin(&rotate, json!({ "overlap_s": 60 }));
    let signed = as_admin("POST /v1/shoppers/anna/token", json!({}));
    let token = signed["token"].as_str().unwrap();
    let mut secrets = vec![admin.1.split_once('.').unwrap().1.to_owned()];
    for made in [&made, &rotated] {
        let key = made["key"].as_str().unwrap();
        let (name, value) = bearer(key);
        let headers = [(name, value.as_str()), ("X-Shopper-Token", token)];
        let ask = json!({ "q": "pen", "shopper": "anna" }).to_string();
        assert_eq!(server.call("POST /v1/indexes/shop/search", &headers, &ask).0, 200);
        assert_eq!(server.call("GET /v1/shoppers/anna?index=shop", &headers, "").0, 200);
        assert_eq!(server.call("GET /v1/keys", &headers, "").0, 403);
        // Mistakes with a secret in them.
        let broken = format!("{{\"q\": \"pen\", \"key\": \"{key}\"}}");
        assert_eq!(server.call("POST /v1/indexes/shop/search", &headers, &broken).0, 400);
        let wrong = format!("Bearer {key}x");
        assert_eq!(server.call("GET /v1/keys/own", &[("Authorization", &wrong)], "").0, 401);
        let basic = format!("Basic {key}");
        assert_eq!(server.call("GET /v1/keys/own", &[("Authorization", &basic)], "").0, 401);
        secrets.push(key.split_once('.').unwrap().1.to_owned());
    }
    secrets.push(token.rsplit_once('.').unwrap().1.to_owned());
    let signing = fs::read(folder.path().join("data/secret")).unwrap();
    secrets.push(signing.iter().map(|byte| format!("{byte:02x}")).collect());
    server.process.kill().unwrap();
    let log = reading.join().unwrap();
    assert!(log.contains("administrative call") && log.contains("answered"), "it does log: {log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
    assert!(!log.contains("anna"), "nor who the shopper is");
}
