//! A caller of the server over one kept connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection that was not used for so long is made anew: the server closes idle ones.
const STALE: Duration = Duration::from_secs(30);

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A call: method with path, and body.
pub(crate) struct Call {
    /// `POST /v1/…`.
    pub(crate) head: String,
    /// JSON, or nothing.
    pub(crate) body: String,
}

/// An answer.
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: String,
}

impl Reply {
    /// Status and beginning of the body.
    pub(crate) fn summary(&self) -> String {
        let beginning: String = self.body.chars().take(80).collect();
        format!("{} {beginning}", self.status)
    }
}

/// Who calls.
pub(crate) struct Caller {
    address: SocketAddr,
    connection: Option<(BufReader<TcpStream>, Instant)>,
}

impl Caller {
    /// A caller without a connection yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Calls and reads the whole answer.
    pub(crate) fn call(&mut self, call: &Call) -> std::io::Result<Reply> {
        let kept = self.connection.take().filter(|(_, used)| used.elapsed() < STALE);
        let mut stream = match kept {
            Some((stream, _)) => stream,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        let reply = exchange(&mut stream, call)?;
        self.connection = Some((stream, Instant::now()));
        Ok(reply)
    }
}

fn exchange(stream: &mut BufReader<TcpStream>, call: &Call) -> std::io::Result<Reply> {
    let Call { head, body } = call;
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("no answer"))?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned() })
}
