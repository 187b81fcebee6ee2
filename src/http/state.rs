//! What every handler shares: the engine behind its gates, the configuration and the counters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::audit::AuditLog;
use super::failure::Failure;
use super::gate::Gate;
use super::rate::Rates;
use super::token::TokenSigner;
use crate::config::Config;
use crate::domain::deadline::{Clock, Deadline};
use crate::domain::time::Timestamp;
use crate::engine::{Engine, machine_clock};
use crate::error::Error;
use crate::telemetry::{GateGauges, Metrics};

/// Calls that may wait for their write to become searchable at the same time.
const WAITS_AT_ONCE: usize = 64;

/// What the router is made of; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    engine: Arc<Engine>,
    config: Config,
    tokens: TokenSigner,
    metrics: Arc<Metrics>,
    rates: Rates,
    audit: OnceLock<Arc<AuditLog>>,
    clock: Clock,
    reads: Gate,
    writes: Gate,
    waits: Gate,
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
            metrics: Arc::default(),
            rates: Rates::new(&config.rate),
            audit: OnceLock::new(),
            clock: machine_clock(),
            reads: Gate::new("reads", limits.reads_at_once(), limits.waiting_calls_max),
            writes: Gate::new("writes", limits.concurrent_writes_max, limits.waiting_calls_max),
            waits: Gate::new("waits", WAITS_AT_ONCE, limits.waiting_calls_max),
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

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
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

    /// The state of every gate.
    pub(super) fn gates(&self) -> Vec<GateGauges> {
        [&self.0.reads, &self.0.writes, &self.0.waits].map(Gate::gauges).to_vec()
    }

    /// The deadline of a search that comes now: the configured one, or an earlier one.
    pub(super) fn search_deadline(&self, wish_ms: Option<u64>) -> Deadline {
        let configured_ms = self.0.config.limits.search_deadline_ms;
        let limit_ms = wish_ms.map_or(configured_ms, |wish_ms| wish_ms.min(configured_ms));
        Deadline::within(self.0.clock.clone(), Duration::from_millis(limit_ms))
    }

    /// The deadline of a call for suggestions that comes now.
    pub(super) fn suggest_deadline(&self) -> Deadline {
        let limit = Duration::from_millis(self.0.config.limits.suggest_deadline_ms);
        Deadline::within(self.0.clock.clone(), limit)
    }

    /// Runs a read on a thread that may block, and that is told its deadline: the wait for a turn
    /// counts.
    pub(super) async fn read_within<T, E>(
        &self,
        deadline: Deadline,
        work: impl FnOnce(&Engine, &Deadline) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let wait_max = self.0.config.limits.queue_wait().min(deadline.remaining());
        let turn = self.0.reads.turn(wait_max).await?;
        let limit = self.0.config.limits.request_timeout();
        self.run(turn, limit, move |engine| work(engine, &deadline)).await
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
        let turn = self.turn(&self.0.reads).await?;
        self.run(turn, self.0.config.limits.request_timeout(), work).await
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
        let turn = self.turn(&self.0.writes).await?;
        self.run(turn, self.0.config.limits.write_timeout(), work).await
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
        let turn = self.turn(&self.0.waits).await?;
        self.run(turn, longer, move |engine| work(engine, limit)).await
    }

    async fn run<T, E>(
        &self,
        turn: OwnedSemaphorePermit,
        limit: Duration,
        work: impl FnOnce(&Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
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

    async fn turn(&self, gate: &Gate) -> Result<OwnedSemaphorePermit, Failure> {
        gate.turn(self.0.config.limits.queue_wait()).await
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
