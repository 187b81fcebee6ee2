//! Group commit: one thread writes; all writers that wait share one transaction and one disk sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use crate::domain::id::Sequence;
use crate::error::{Error, Result};
use crate::store::Write;

use super::apply::{self, Job};
use super::database::Connection;

/// A group takes no further request once it has so many writes, which bounds how long the first
/// one waits.
const GROUP_WRITES_MAX: usize = 4_096;

/// One answer per write of a request.
type Answers = Vec<Result<Sequence>>;

/// The writes of one caller, and where it waits.
struct Request {
    jobs: Vec<Job>,
    reply: mpsc::SyncSender<Result<Answers>>,
}

/// The writer thread; dropping it finishes what was sent and waits for the end.
pub(super) struct Writer {
    sender: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Arc<Connection>) -> Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&connection, &receiver))
            .map_err(|error| Error::internal("no_thread", error.to_string(), ""))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Sends the writes and waits until they are durable.
    pub(super) fn write(&self, writes: Vec<Write>) -> Result<Answers> {
        let jobs = writes.into_iter().map(apply::prepare).collect();
        let (reply, answer) = mpsc::sync_channel(1);
        let sender = self.sender.as_ref().ok_or_else(stopped)?;
        sender.send(Request { jobs, reply }).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported to those who waited for it.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Error {
    Error::internal("writer_stopped", "the store's writer thread has stopped", "restart Vitrine")
}

fn run(connection: &Connection, receiver: &mpsc::Receiver<Request>) {
    while let Ok(first) = receiver.recv() {
        let mut writes = first.jobs.len();
        let mut group = vec![first];
        while writes < GROUP_WRITES_MAX
            && let Ok(next) = receiver.try_recv()
        {
            writes += next.jobs.len();
            group.push(next);
        }
        commit(connection, group);
    }
}

/// One transaction for the whole group; a caller that no longer waits is no error.
fn commit(connection: &Connection, group: Vec<Request>) {
    let (requests, replies): (Vec<_>, Vec<_>) =
        group.into_iter().map(|request| (request.jobs, request.reply)).unzip();
    let write = || {
        connection.write(|tables| {
            let mut request = |jobs: Vec<Job>| -> Result<Answers> {
                let mut apply = |job| apply::apply(tables, &connection.erasures, job);
                jobs.into_iter().map(&mut apply).collect()
            };
            requests.into_iter().map(&mut request).collect::<Result<Vec<Answers>>>()
        })
    };
    // A panic of the engine must not end the thread: nothing could be written until a restart.
    let outcome = catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|_| {
        connection.leave_behind();
        Err(Error::internal("store_failed", "the store's engine panicked", "look at the log"))
    });
    match outcome {
        Ok(answers) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                let _ = reply.send(Ok(answer));
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
