//! The listener and its connections: so many at the same time, and none that keeps the server
//! waiting for long, whether by sending, by not sending or by not reading.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::open_files;
use super::patient::Patient;
use super::places::{Places, Refusal};
use super::state::AppState;
use super::tls::Certificate;
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::telemetry::Metrics;

/// Bytes that are kept of what a connection sends or is sent at once; no request head is longer.
const BUFFER_BYTES: usize = 128 * 1_024;

/// Connections that are told at the same time that there are too many; others are just closed.
const REFUSALS_AT_ONCE: usize = 64;

/// Whoever is refused gets so long to read why, and so many bytes of a request are thrown away.
const REFUSAL_LIMIT: Duration = Duration::from_secs(1);
const REFUSAL_BYTES: u64 = 64 * 1_024;

/// Without open files the listener waits so long.
const PAUSE: Duration = Duration::from_millis(200);

/// Makes of a connection the stream that HTTP is spoken on.
pub(super) trait Accept: Clone + Send + 'static {
    /// That stream.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Whether a connection can be told in plain HTTP why it is closed.
    const SPEAKS_PLAIN: bool;

    /// Agrees with the other side, who gets as long as for a request head.
    fn accept(
        &self,
        connection: TcpStream,
    ) -> impl Future<Output = std::io::Result<Self::Stream>> + Send;
}

/// HTTP as it is.
#[derive(Clone)]
pub(super) struct Plain;

impl Accept for Plain {
    type Stream = TcpStream;
    const SPEAKS_PLAIN: bool = true;

    async fn accept(&self, connection: TcpStream) -> std::io::Result<TcpStream> {
        Ok(connection)
    }
}

impl Accept for Arc<Certificate> {
    type Stream = TlsStream<TcpStream>;
    const SPEAKS_PLAIN: bool = false;

    async fn accept(&self, connection: TcpStream) -> std::io::Result<Self::Stream> {
        Certificate::accept(self, connection).await
    }
}

/// Serves until `shutdown` is done, then lets running calls end within the configured grace.
///
/// # Errors
/// `BadRequest` when the development mode would be open to a network, Unavailable when the
/// listener fails or the certificate cannot be used.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let address = listener.local_addr().map_err(|error| listener_failed(&error))?;
    let config = state.config();
    if config.dev && !address.ip().is_loopback() {
        return Err(Error::bad_request(
            "open_network",
            format!(
                "the development mode opens everything, and {address} is not a loopback address"
            ),
            "listen on 127.0.0.1, or leave the development mode",
        ));
    }
    if config.dev {
        tracing::warn!("development mode: every call is open to this machine, without keys");
    }
    let certificate = config.tls.as_ref().map(Certificate::load).transpose()?;
    tracing::info!(%address, tls = certificate.is_some(), "listening");
    match certificate {
        Some(certificate) => {
            Server::new(state, Arc::new(certificate)).run(listener, shutdown).await;
        }
        None => Server::new(state, Plain).run(listener, shutdown).await,
    }
    Ok(())
}

fn listener_failed(error: &std::io::Error) -> Error {
    Error::unavailable("listener_failed", format!("the listener failed: {error}"), "")
}

/// What every connection needs.
#[derive(Clone)]
struct Server<A> {
    limits: Limits,
    places: Arc<Places>,
    metrics: Arc<Metrics>,
    router: Router,
    accept: A,
}

impl<A: Accept> Server<A> {
    fn new(state: AppState, accept: A) -> Self {
        let config = state.config();
        Self {
            limits: config.limits,
            places: Places::new(open_files::room_for(config.limits.connections_max), config),
            metrics: Arc::clone(state.metrics()),
            router: super::router(state),
            accept,
        }
    }

    async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let refusals = Arc::new(Semaphore::new(REFUSALS_AT_ONCE));
        let graceful = GracefulShutdown::new();
        tokio::pin!(shutdown);
        loop {
            let (connection, peer) = tokio::select! {
                accepted = next(&listener) => accepted,
                () = &mut shutdown => break,
            };
            let refusal = match self.places.take(peer.ip()) {
                Ok(place) => {
                    let (server, watcher) = (self.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        server.talk(connection, peer, watcher).await;
                        drop(place);
                    });
                    continue;
                }
                Err(refusal) => refusal,
            };
            self.metrics.refused(refusal.code());
            let turn = Arc::clone(&refusals).try_acquire_owned();
            if let Ok(turn) = turn
                && A::SPEAKS_PLAIN
            {
                tokio::spawn(async move {
                    let _ = timeout(REFUSAL_LIMIT, refuse(connection, refusal)).await;
                    drop(turn);
                });
            }
        }
        drop(listener);
        let grace = Duration::from_millis(self.limits.shutdown_grace_ms);
        if timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("calls still run after the grace period; stopping");
        }
    }

    /// Answers the calls of one connection, one after the other.
    async fn talk(self, connection: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let _open = self.metrics.connected();
        // Answers are small; waiting to fill a packet only delays them.
        let _ = connection.set_nodelay(true);
        let idle = Duration::from_millis(self.limits.idle_timeout_ms);
        let Ok(Ok(stream)) = timeout(idle, self.accept.accept(connection)).await else {
            tracing::debug!(%peer, "no agreement with the other side");
            return;
        };
        let unread = Duration::from_millis(self.limits.answer_timeout_ms);
        let stream = TokioIo::new(Patient::new(stream, unread));
        let router = self.router;
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let talk = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(stream, answer);
        if let Err(error) = watcher.watch(talk).await {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }
}

/// The next connection; what goes wrong with one is nobody else's matter.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                let of_one = [ConnectionAborted, ConnectionRefused, ConnectionReset];
                if !of_one.contains(&error.kind()) {
                    tracing::error!(%error, "no connection can be accepted for now");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Says that there are too many connections, and waits until that was read: closing while bytes of
/// the request come would take the answer back.
async fn refuse(mut connection: TcpStream, refusal: Refusal) {
    let (code, message) = (refusal.code(), refusal.message());
    let body = format!(
        "{{\"error\":{{\"code\":\"{code}\",\"message\":\"{message}\",\
         \"hint\":\"try again after the time in Retry-After\"}}}}"
    );
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
         retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    if connection.write_all(answer.as_bytes()).await.is_ok() && connection.shutdown().await.is_ok()
    {
        let mut rest = connection.take(REFUSAL_BYTES);
        let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
    }
}

/// Done when the process is asked to stop, by ctrl-c or SIGTERM.
pub async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
