//! A server on a real socket, and answers read from one byte by byte.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vitrine::config::Config;
use vitrine::error::Result;
use vitrine::http::{AppState, serve};

use crate::support::TestEngine;

/// A server in development mode with the sample products.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<Result<()>>,
}

impl Server {
    pub(super) fn start() -> Self {
        Self::configured(|_| ())
    }

    pub(super) fn configured(change: impl FnOnce(&mut Config)) -> Self {
        Self::bound_to(Ipv4Addr::LOCALHOST, change)
    }

    pub(super) fn bound_to(address: Ipv4Addr, change: impl FnOnce(&mut Config)) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(TcpListener::bind((address, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = Config { dev: true, ..Config::defaults().unwrap() };
        config.limits.search_deadline_ms = 60_000;
        change(&mut config);
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

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// One call on a connection of its own.
    pub(super) fn call(&self, head: &str, body: &str) -> Reply {
        let mut stream = self.connect();
        send(&mut stream, head, body);
        answer(&mut stream)
    }

    /// Tells the server to stop; it goes on with what it has begun.
    pub(super) fn tell_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(super) fn stop(mut self) -> Result<()> {
        self.tell_to_stop();
        self.end()
    }

    /// Waits until the server has ended by itself.
    pub(super) fn end(self) -> Result<()> {
        self.thread.join().unwrap()
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }
}

/// Sends one call; `head` is its method and path.
pub(super) fn send(stream: &mut impl std::io::Write, head: &str, body: &str) {
    let length = body.len();
    let head = format!("{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}

/// Reads one answer.
pub(super) fn answer(stream: &mut impl Read) -> Reply {
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let status = status.trim().to_owned();
    let mut reply = Reply { status, headers, body: String::new() };
    let length: usize = reply.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reply.body = String::from_utf8(body).unwrap();
    reply
}
