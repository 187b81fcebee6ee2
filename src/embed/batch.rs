//! Splits many texts into batches of like length, runs them side by side, and restores the order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Embedding;
use crate::error::{Error, Result};

/// Texts in one batch. More of them do not run faster on one thread (`cargo bench --bench embed`);
/// they only take more memory and keep a waiting query longer.
pub(super) const BATCH: usize = 4;

/// Embeds all texts by calling `run` with at most `batch` of them, from up to `workers` threads.
///
/// A batch is as wide as its longest text, so texts of like length go together.
pub(super) fn in_batches(
    texts: &[&str],
    batch: usize,
    workers: usize,
    run: impl Fn(&[&str]) -> Result<Vec<Embedding>> + Sync,
) -> Result<Vec<Embedding>> {
    if texts.len() <= 1 {
        return if texts.is_empty() { Ok(Vec::new()) } else { run(texts) };
    }
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&at| texts[at].len());
    let chunks: Vec<&[usize]> = order.chunks(batch).collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![None; texts.len()]);
    let work = || -> Result<()> {
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let members: Vec<&str> = chunk.iter().map(|&at| texts[at]).collect();
            let embeddings = run(&members)?;
            let mut found = found.lock().map_err(|_| broken())?;
            for (&at, embedding) in chunk.iter().zip(embeddings) {
                found[at] = Some(embedding);
            }
        }
        Ok(())
    };
    side_by_side(workers.clamp(1, chunks.len()), &work)?;
    let found = found.into_inner().map_err(|_| broken())?;
    found.into_iter().map(|embedding| embedding.ok_or_else(broken)).collect()
}

/// Runs `work` on this thread and on as many others as make `workers`; the first error wins.
fn side_by_side(workers: usize, work: &(impl Fn() -> Result<()> + Sync)) -> Result<()> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|other| other.join().unwrap_or_else(|_| Err(broken())));
        joined.fold(own, Result::and)
    })
}

fn broken() -> Error {
    Error::internal(
        "embedding_incomplete",
        "the embedding model did not answer for every text",
        "report this with the log of the server",
    )
}
