//! What every handler shares: the engine behind its gates, the configuration and the counters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::audit::AuditLog;
use super::failure::Failure;
use super::rate::Rates;
use super::token::TokenSigner;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::error::Error;
use crate::telemetry::Metrics;

/// Calls that may wait for their write to become searchable at the same time.
const WAITS_AT_ONCE: usize = 64;

/// What the router is made of; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    engine: Arc<Engine>,
    config: Config,
    tokens: TokenSigner,
    metrics: Metrics,
    rates: Rates,
    audit: OnceLock<Arc<AuditLog>>,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    ready: AtomicBool,
    creation: Mutex<()>,
}

impl AppState {
    /// A server's state. `secret` signs shoppers' tokens: whoever knows it can read any shopper's
    /// data; another one makes all tokens void.
    pub fn new(engine: Arc<Engine>, config: Config, secret: [u8; 32]) -> Self {
        let limits = config.limits;
        Self(Arc::new(Shared {
            engine,
            tokens: TokenSigner::new(&secret),
            metrics: Metrics::default(),
            rates: Rates::new(&config.rate),
            audit: OnceLock::new(),
            reads: Arc::new(Semaphore::new(limits.reads_at_once())),
            writes: Arc::new(Semaphore::new(limits.concurrent_writes_max)),
            waits: Arc::new(Semaphore::new(WAITS_AT_ONCE)),
            ready: AtomicBool::new(false),
            creation: Mutex::default(),
            config,
        }))
    }

    /// Administrative calls are kept in `log` from now on, if they are not in another one.
    pub fn keep_audit(&self, log: AuditLog) {
        self.0.audit.get_or_init(|| Arc::new(log));
    }

    pub(super) fn audit(&self) -> Option<&Arc<AuditLog>> {
        self.0.audit.get()
    }

    pub(super) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    /// For look-ups in memory only; everything else goes through the gates below.
    pub(super) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn tokens(&self) -> &TokenSigner {
        &self.0.tokens
    }

    /// Whether every index has caught up once since the start.
    pub(super) fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }

    pub(super) fn set_ready(&self) {
        self.0.ready.store(true, Ordering::Relaxed);
    }

    /// Runs a read on a thread that may block.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        self.run(&self.0.reads, self.0.config.limits.request_timeout(), work).await
    }

    /// Runs a write on a thread that may block.
    pub(super) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        self.run(&self.0.writes, self.0.config.limits.write_timeout(), work).await
    }

    /// Runs a write that may make something of which there may be only so many: one at a time, so
    /// that two calls cannot both take the last place.
    pub(super) async fn create<T, E>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let state = self.clone();
        self.write(move |engine| {
            let _turn = state.0.creation.lock();
            work(engine)
        })
        .await
    }

    /// Runs a wait on a thread that may block; `work` is told how long it may take.
    pub(super) async fn wait<T, E>(
        &self,
        work: impl FnOnce(&Engine, Duration) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let limit = self.0.config.limits.write_timeout();
        let longer = limit + Duration::from_secs(1);
        self.run(&self.0.waits, longer, move |engine| work(engine, limit)).await
    }

    async fn run<T, E>(
        &self,
        gate: &Arc<Semaphore>,
        limit: Duration,
        work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let turn = self.turn(gate).await?;
        let engine = Arc::clone(&self.0.engine);
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when the caller has given up waiting for it.
            let _turn = turn;
            span.in_scope(|| work(&engine))
        });
        match tokio::time::timeout(limit, task).await {
            Ok(Ok(answer)) => answer.map_err(Into::into),
            Ok(Err(broken)) => Err(Error::internal("broken_task", broken.to_string(), "").into()),
            Err(_) => Err(too_slow(limit)),
        }
    }

    async fn turn(&self, gate: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = Arc::clone(gate).acquire_owned();
        let waited = tokio::time::timeout(self.0.config.limits.queue_wait(), turn).await;
        if let Ok(Ok(turn)) = waited {
            return Ok(turn);
        }
        self.0.metrics.refused_busy();
        let hint = "try again after the time in Retry-After";
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        Err(Failure::new(busy, "busy", "the server is busy", hint).retry_after(1))
    }
}

fn too_slow(limit: Duration) -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "timeout",
        format!("the call took longer than {} ms", limit.as_millis()),
        "a write may still be carried out; sending it again does no harm",
    )
    .retry_after(5)
}

/// The clock, read once per request.
#[allow(clippy::disallowed_methods, reason = "the edge is where the clock is read")]
pub(super) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Timestamp::from_ms(ms)
}
