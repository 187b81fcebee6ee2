//! The shipped model run by rten: pure Rust, nothing to install.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use tokenizers::{Tokenizer, TruncationParams};

use super::batch::{BATCH, in_batches};
use super::model::{DIMENSIONS, ID, MODEL, TOKENIZER, TOKENS_MAX};
use super::{Embedder, Embedding};
use crate::background;
use crate::error::{Error, Result};

/// The shipped model in pure Rust.
pub struct BuiltinEmbedder {
    model: Model,
    tokenizer: Tokenizer,
    inputs: [NodeId; 3],
    output: NodeId,
    /// For the few texts of a query.
    queries: Vec<Pool>,
    /// For the many texts of a catalogue, for which no query waits.
    catalogue: Vec<Pool>,
}

/// More texts than this are no query's.
const QUERY_TEXTS_MAX: usize = 4;

/// One thread, so that a query keeps one core busy and several run side by side.
struct Pool {
    threads: Arc<ThreadPool>,
    /// Runs that it has taken on.
    running: AtomicUsize,
}

impl Pool {
    fn new() -> Self {
        Self { threads: Arc::new(ThreadPool::with_num_threads(1)), running: AtomicUsize::new(0) }
    }

    fn in_background() -> Self {
        let pool = Self::new();
        pool.threads.run(background::yield_to_others);
        pool
    }

    /// Has the least busy of some pools carry out a run of the model.
    fn least_busy<T>(pools: &[Self], run: impl FnOnce(RunOptions) -> T) -> Option<T> {
        let pool = pools.iter().min_by_key(|pool| pool.running.load(Ordering::Relaxed))?;
        let _run = Run::of(pool);
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&pool.threads));
        Some(run(options))
    }
}

/// A run that counts until it ends, also by a panic.
struct Run<'p>(&'p Pool);

impl<'p> Run<'p> {
    fn of(pool: &'p Pool) -> Self {
        pool.running.fetch_add(1, Ordering::Relaxed);
        Self(pool)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl BuiltinEmbedder {
    /// Loads the model that is part of the program, for `workers` texts or batches at a time.
    ///
    /// # Errors
    /// Internal when the model inside the program cannot be read.
    pub fn new(workers: usize) -> Result<Self> {
        // The weights stay where they are in the program's file: only their packed form is memory.
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_static_slice(MODEL)
            .map_err(unreadable)?;
        let node = |name| model.node_id(name).map_err(unreadable);
        let inputs = [node("input_ids")?, node("attention_mask")?, node("token_type_ids")?];
        let output = node("last_hidden_state")?;
        let pools = |new: fn() -> Pool| (0..workers.max(1)).map(|_| new()).collect();
        let (queries, catalogue) = (pools(Pool::new), pools(Pool::in_background));
        let tokenizer = load_tokenizer()?;
        Ok(Self { model, tokenizer, inputs, output, queries, catalogue })
    }

    fn embed_batch(&self, texts: &[&str], pools: &[Pool]) -> Result<Vec<Embedding>> {
        let tokens: Vec<Vec<i32>> =
            texts.iter().map(|text| self.tokens(text)).collect::<Result<_>>()?;
        let width = tokens.iter().map(Vec::len).max().unwrap_or(0);
        let mut ids = vec![0; texts.len() * width];
        let mut mask = vec![0; texts.len() * width];
        for (row, tokens) in tokens.iter().enumerate() {
            let start = row * width;
            ids[start..start + tokens.len()].copy_from_slice(tokens);
            mask[start..start + tokens.len()].fill(1);
        }
        let hidden = self.run((ids, mask), [texts.len(), width], pools)?;
        let rows = hidden.chunks(width.max(1) * DIMENSIONS);
        Ok(rows.zip(&tokens).map(|(row, tokens)| mean(&row[..tokens.len() * DIMENSIONS])).collect())
    }

    /// Runs the model on padded tokens; the answer is `[texts, width, DIMENSIONS]`.
    fn run(
        &self,
        (ids, mask): (Vec<i32>, Vec<i32>),
        shape: [usize; 2],
        pools: &[Pool],
    ) -> Result<Vec<f32>> {
        let types = vec![0; ids.len()];
        let value = |data: Vec<i32>| Value::from_shape(shape, data).map_err(failed);
        let [id_node, mask_node, type_node] = self.inputs;
        let inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![
            (id_node, value(ids)?.into()),
            (mask_node, value(mask)?.into()),
            (type_node, value(types)?.into()),
        ];
        let run = |options| self.model.run_n(inputs, [self.output], Some(options));
        let ran = Pool::least_busy(pools, run).ok_or_else(|| failed("it has no thread"))?;
        let [hidden] = ran.map_err(failed)?;
        let (_, values) = hidden.into_shape_vec::<f32, 3>().map_err(failed)?;
        Ok(values)
    }

    fn tokens(&self, text: &str) -> Result<Vec<i32>> {
        let encoding = self.tokenizer.encode_fast(text, true).map_err(failed)?;
        encoding.get_ids().iter().map(|&id| i32::try_from(id).map_err(failed)).collect()
    }
}

impl Embedder for BuiltinEmbedder {
    fn id(&self) -> &str {
        &ID
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let is_query = texts.len() <= QUERY_TEXTS_MAX;
        let pools = if is_query { &self.queries } else { &self.catalogue };
        in_batches(texts, BATCH, pools.len(), |batch| self.embed_batch(batch, pools))
    }
}

fn load_tokenizer() -> Result<Tokenizer> {
    let mut tokenizer = Tokenizer::from_bytes(TOKENIZER).map_err(unreadable)?;
    let cut = TruncationParams { max_length: TOKENS_MAX, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(cut)).map_err(unreadable)?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

/// The mean over a text's tokens, at unit length.
fn mean(hidden: &[f32]) -> Embedding {
    let mut sum = vec![0.0; DIMENSIONS];
    for token in hidden.chunks_exact(DIMENSIONS) {
        sum.iter_mut().zip(token).for_each(|(sum, value)| *sum += value);
    }
    Embedding::normalised(sum)
}

fn unreadable(error: impl Display) -> Error {
    Error::internal(
        "model_unreadable",
        format!("the built-in embedding model cannot be read: {error}"),
        "the program's file is damaged; install it again",
    )
}

fn failed(error: impl Display) -> Error {
    Error::internal(
        "embedding_failed",
        format!("the built-in embedding model failed: {error}"),
        "report this with the text that was being embedded",
    )
}
