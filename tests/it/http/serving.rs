//! The server on a real socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vitrine::config::Config;
use vitrine::error::{Error, Result};
use vitrine::http::{AppState, serve};

use crate::support::TestEngine;

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<Result<()>>,
}

impl Server {
    fn start(bind: Ipv4Addr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(TcpListener::bind((bind, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config { dev: true, ..Config::defaults().unwrap() };
        let state = AppState::new(Arc::clone(&TestEngine::shop().engine), config, [7; 32]);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async move {
                let _ = stopped.await;
            };
            runtime.block_on(serve(state, listener, stopped))
        });
        Self { address, stop: Some(stop), thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn stop(mut self) -> Result<()> {
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.join().unwrap()
    }
}

/// The status line and the body of one answer.
fn answer(stream: &mut TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (status.trim().to_owned(), String::from_utf8(body).unwrap())
}

#[test]
fn calls_are_served_until_the_server_is_stopped() {
    let server = Server::start(Ipv4Addr::LOCALHOST);
    let mut stream = server.connect();
    for _ in 0..2 {
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let (status, body) = answer(&mut stream);
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert!(body.contains("ok"));
    }
    let address = server.address;
    drop(stream);
    server.stop().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_caller_that_sends_too_much_still_reads_why_not() {
    let server = Server::start(Ipv4Addr::LOCALHOST);
    let length = 100 << 20;
    let head = format!(
        "POST /v1/indexes/shop/products HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    );
    // Refused before a byte of the body is sent,
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let (status, body) = answer(&mut stream);
    assert_eq!(status, "HTTP/1.1 413 Payload Too Large");
    assert!(body.contains("body_too_large"));
    drop(stream);
    // and also to a caller that reads only after it has sent everything.
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..100 {
        stream.write_all(&chunk).unwrap();
    }
    assert_eq!(answer(&mut stream).0, "HTTP/1.1 413 Payload Too Large");
    drop(stream);
    server.stop().unwrap();
}

#[test]
fn development_mode_is_not_served_to_a_network() {
    let server = Server::start(Ipv4Addr::UNSPECIFIED);
    let refused = server.thread.join().unwrap();
    assert!(matches!(refused, Err(Error::BadRequest(problem)) if problem.code == "open_network"));
}
