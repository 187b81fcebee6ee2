//! Too many who call at once, and some who keep the server waiting: others are served all the same.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::socket::{Server, answer, send};

const SEARCH: &str = "POST /v1/indexes/shop/search";

/// Whatever shall come comes within this.
const PATIENCE: Duration = Duration::from_secs(20);

fn assert_serves(server: &Server) {
    let reply = server.call(SEARCH, r#"{"q": "shoe"}"#);
    assert_eq!(reply.status, "HTTP/1.1 200 OK", "{reply:?}");
    assert!(reply.body.contains("shoe-1"));
}

/// Waits until the other side has closed the connection; gives what it said before.
fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return said,
            Ok(length) => said.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return said,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }
}

fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// The value of a metric without labels.
fn metric(server: &Server, name: &str) -> f64 {
    let text = server.call("GET /metrics", "").body;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} in\n{text}")).parse().unwrap()
}

#[test]
fn whoever_sends_no_whole_head_is_closed() {
    let server = Server::configured(|config| config.limits.idle_timeout_ms = 150);
    let mut slow = server.connect();
    write!(slow, "GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    let mut silent = server.connect();
    let mut between = server.connect();
    send(&mut between, "GET /healthz", "");
    assert_eq!(answer(&mut between).status, "HTTP/1.1 200 OK");
    assert_serves(&server);
    for stream in [&mut slow, &mut silent, &mut between] {
        assert_eq!(until_closed(stream), b"");
    }
    assert!(eventually(|| metric(&server, "vitrine_connections") <= 1.0));
    server.stop().unwrap();
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let server = Server::configured(|config| config.limits.write_timeout_ms = 150);
    let mut slow = server.connect();
    let head = "Host: localhost\r\nContent-Length: 100";
    write!(slow, "POST /v1/indexes/shop/products HTTP/1.1\r\n{head}\r\n\r\n{{").unwrap();
    let reply = answer(&mut slow);
    assert_eq!(reply.status, "HTTP/1.1 408 Request Timeout");
    assert!(reply.body.contains("slow_body"));
    assert_serves(&server);
    drop(slow);
    server.stop().unwrap();
}

#[test]
fn whoever_does_not_read_the_answers_is_closed() {
    let server = Server::configured(|config| config.limits.answer_timeout_ms = 200);
    let mut greedy = server.connect();
    greedy.set_write_timeout(Some(PATIENCE)).unwrap();
    let calls = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    // The server stops reading when nobody takes its answers.
    let mut sent = 0;
    while sent < 1_000 && greedy.write_all(calls.as_bytes()).is_ok() {
        sent += 100;
    }
    assert_serves(&server);
    assert!(eventually(|| metric(&server, "vitrine_connections") <= 1.0));
    let said = until_closed(&mut greedy);
    let answers = String::from_utf8_lossy(&said).matches("HTTP/1.1 200 OK").count();
    assert!(answers < sent, "{answers} answers to {sent} calls");
    server.stop().unwrap();
}

#[test]
fn a_thousand_idle_connections_hinder_nobody() {
    let server = Server::start();
    let idle: Vec<TcpStream> = (0..1_000).map(|_| server.connect()).collect();
    assert!(eventually(|| metric(&server, "vitrine_connections") > 1_000.0));
    for _ in 0..10 {
        assert_serves(&server);
    }
    drop(idle);
    assert!(eventually(|| metric(&server, "vitrine_connections") <= 1.0));
    server.stop().unwrap();
}

#[test]
fn connections_beyond_the_limit_are_told_when_to_come_back() {
    let server = Server::configured(|config| config.limits.connections_max = 8);
    let mut held: Vec<TcpStream> = (0..8).map(|_| server.connect()).collect();
    for stream in &mut held {
        send(stream, "GET /healthz", "");
        assert_eq!(answer(stream).status, "HTTP/1.1 200 OK");
    }
    let refused: Vec<_> = (0..40).map(|_| server.call(SEARCH, r#"{"q": "shoe"}"#)).collect();
    for reply in &refused {
        assert_eq!(reply.status, "HTTP/1.1 503 Service Unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["error"]["code"], "too_many_connections");
    }
    // Whoever is connected is served on.
    send(&mut held[0], SEARCH, r#"{"q": "shoe"}"#);
    assert_eq!(answer(&mut held[0]).status, "HTTP/1.1 200 OK");
    send(&mut held[0], "GET /metrics", "");
    let counted = "vitrine_refused_total{code=\"too_many_connections\"} 40\n";
    assert!(answer(&mut held[0]).body.contains(counted));
    drop(held);
    assert!(eventually(|| server.call("GET /healthz", "").status == "HTTP/1.1 200 OK"));
    assert_serves(&server);
    server.stop().unwrap();
}

// Elsewhere 127.0.0.2 is not this machine.
#[cfg(target_os = "linux")]
#[test]
fn one_address_cannot_take_all_connections() {
    let server = Server::configured(|config| config.limits.connections_per_address_max = 3);
    let held: Vec<TcpStream> = (0..3).map(|_| server.connect()).collect();
    let refused = server.call(SEARCH, r#"{"q": "shoe"}"#);
    assert_eq!(refused.status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.body.contains("too_many_of_address"), "{refused:?}");
    let mut neighbour = connect_from("127.0.0.2", server.address);
    send(&mut neighbour, SEARCH, r#"{"q": "shoe"}"#);
    assert_eq!(answer(&mut neighbour).status, "HTTP/1.1 200 OK");
    drop(held);
    assert!(eventually(|| server.call("GET /healthz", "").status == "HTTP/1.1 200 OK"));
    assert_serves(&server);
    server.stop().unwrap();
}

/// A connection from another address of this machine.
#[cfg(target_os = "linux")]
fn connect_from(from: &str, to: std::net::SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connected = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(std::net::SocketAddr::new(from.parse().unwrap(), 0))?;
        socket.connect(to).await?.into_std()
    });
    let stream = connected.unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn a_flood_is_answered_or_refused_and_passes() {
    let server = Server::configured(|config| {
        config.limits.concurrent_searches_max = 1;
        config.limits.waiting_calls_max = 2;
        config.limits.search_deadline_ms = 300;
    });
    let calls = || {
        let mut statuses = Vec::new();
        let mut stream = server.connect();
        for number in 0..30 {
            send(&mut stream, SEARCH, &format!(r#"{{"q": "running shoe {number}"}}"#));
            let reply = answer(&mut stream);
            let refused = reply.status == "HTTP/1.1 503 Service Unavailable";
            assert!(!refused || !reply.header("retry-after").is_empty(), "{reply:?}");
            statuses.push(reply.status);
        }
        statuses
    };
    let statuses: Vec<String> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(calls)).collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let count = |status: &str| statuses.iter().filter(|one| *one == status).count();
    let (good, busy) = (count("HTTP/1.1 200 OK"), count("HTTP/1.1 503 Service Unavailable"));
    assert_eq!(good + busy, 240, "{statuses:?}");
    assert!(good > 0 && busy > 0, "{good} answered, {busy} refused");
    assert_serves(&server);
    server.stop().unwrap();
}

#[test]
fn a_call_that_came_before_the_stop_is_answered() {
    let mut server = Server::start();
    let body = r#"{"id": "late", "title": "Late hat"}"#;
    let (first, rest) = body.split_at(10);
    let mut stream = server.connect();
    let idle = server.connect();
    let head = format!("Host: localhost\r\nContent-Length: {}", body.len());
    write!(stream, "POST /v1/indexes/shop/products HTTP/1.1\r\n{head}\r\n\r\n{first}").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.tell_to_stop();
    assert!(eventually(|| TcpStream::connect(server.address).is_err()));
    stream.write_all(rest.as_bytes()).unwrap();
    let reply = answer(&mut stream);
    assert_eq!(reply.status, "HTTP/1.1 200 OK");
    assert!(reply.body.contains("\"accepted\":1"));
    assert_eq!(reply.header("connection"), "close");
    let begun = Instant::now();
    server.end().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "idle connections are not waited for");
    drop(idle);
}

#[test]
#[cfg(unix)]
fn a_write_in_flight_when_sigterm_comes_is_answered_and_kept() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        std::fs::write(folder.path().join("config.toml"), "embedder = 'hashing'\n").unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_vitrine"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", "data"])
            .args(["--config", "config.toml"])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("Vitrine serves http://")?.trim_end_matches('/').to_owned().into()
        });
        std::thread::spawn(move || lines.for_each(drop));
        (process, address.unwrap())
    };
    let (mut process, address) = start();
    let mut stream = TcpStream::connect(&address).unwrap();
    send(&mut stream, "PUT /v1/indexes/shop", "{}");
    assert_eq!(answer(&mut stream).status, "HTTP/1.1 201 Created");
    let body = r#"{"id": "late", "title": "Late hat"}"#;
    let (first, rest) = body.split_at(10);
    let head = format!("Host: localhost\r\nContent-Length: {}", body.len());
    write!(stream, "POST /v1/indexes/shop/products HTTP/1.1\r\n{head}\r\n\r\n{first}").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
    assert!(eventually(|| TcpStream::connect(&address).is_err()));
    stream.write_all(rest.as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).status, "HTTP/1.1 200 OK");
    assert!(process.wait().unwrap().success());
    let (mut process, address) = start();
    let mut stream = TcpStream::connect(&address).unwrap();
    send(&mut stream, "GET /v1/indexes/shop/products/late", "");
    assert_eq!(answer(&mut stream).status, "HTTP/1.1 200 OK");
    process.kill().unwrap();
    process.wait().unwrap();
}
