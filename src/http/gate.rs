//! A gate lets so many calls run at the same time and so many more wait, none of them for long;
//! whoever comes beyond that is told at once to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::Failure;
use crate::telemetry::GateGauges;

/// What calls of one kind pass one by one.
pub(super) struct Gate {
    name: &'static str,
    turns: Arc<Semaphore>,
    turns_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Gate {
    pub(super) fn new(name: &'static str, turns_max: usize, waiting_max: usize) -> Self {
        let turns = Arc::new(Semaphore::new(turns_max));
        Self { name, turns, turns_max, waiting: AtomicUsize::new(0), waiting_max }
    }

    /// A turn, after a wait of at most `wait_max`; it lasts until it is dropped.
    pub(super) async fn turn(&self, wait_max: Duration) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let Some(_place) = self.place() else {
            return Err(busy("as many calls wait already as may"));
        };
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(wait_max, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(busy("the call waited for its turn as long as it may")),
        }
    }

    /// A place among those who wait, unless all are taken.
    fn place(&self) -> Option<Place<'_>> {
        let place = Place(&self.waiting);
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        (before < self.waiting_max).then_some(place)
    }

    pub(super) fn gauges(&self) -> GateGauges {
        GateGauges {
            name: self.name,
            running: self.turns_max.saturating_sub(self.turns.available_permits()),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

/// Ends with the wait, also where the caller went away.
struct Place<'g>(&'g AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn busy(why: &str) -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        format!("the server is busy: {why}"),
        "try again after the time in Retry-After",
    )
    .retry_after(1)
}
