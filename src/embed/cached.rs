//! Remembers the embeddings of recent queries, which many shoppers type.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use super::{Embedder, Embedding};
use crate::error::Result;

/// Longer texts are not kept: they are not queries, and the bound on entries is one on memory too.
const TEXT_BYTES_MAX: usize = 256;

/// An embedder in front of another that keeps the latest embeddings of texts that came alone, as
/// queries do: what comes with others is a catalogue's, and would push queries out.
pub struct CachedEmbedder {
    inner: Arc<dyn Embedder>,
    recent: Mutex<LruCache<String, Embedding>>,
}

impl CachedEmbedder {
    /// Keeps up to `capacity` embeddings of `inner`; about 2 KiB each at 384 dimensions.
    pub fn new(inner: Arc<dyn Embedder>, capacity: NonZeroUsize) -> Self {
        Self { inner, recent: Mutex::new(LruCache::new(capacity)) }
    }

    /// Embeddings kept at the moment.
    pub fn len(&self) -> usize {
        self.recent.lock().len()
    }

    /// Whether nothing is kept yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn recall(&self, texts: &[&str]) -> Vec<Option<Embedding>> {
        let mut recent = self.recent.lock();
        texts.iter().map(|text| recent.get(*text).cloned()).collect()
    }

    fn remember(&self, text: &str, embedding: &Embedding) {
        if text.len() <= TEXT_BYTES_MAX {
            self.recent.lock().put(text.to_owned(), embedding.clone());
        }
    }
}

impl Embedder for CachedEmbedder {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn dimensions(&self) -> usize {
        self.inner.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let is_query = texts.len() == 1;
        let mut found = self.recall(texts);
        let missing: Vec<usize> = (0..texts.len()).filter(|&at| found[at].is_none()).collect();
        if !missing.is_empty() {
            let wanted: Vec<&str> = missing.iter().map(|&at| texts[at]).collect();
            for (at, embedding) in missing.into_iter().zip(self.inner.embed(&wanted)?) {
                if is_query {
                    self.remember(texts[at], &embedding);
                }
                found[at] = Some(embedding);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn remembers(&self, text: &str) -> bool {
        self.recent.lock().contains(text)
    }
}
