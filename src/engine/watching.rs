//! What a monitor asks an engine: how far its indexes have come, and how its caches are used.

use std::sync::Arc;

use super::Engine;
use super::indexing::Index;
use super::measures::{CacheUse, Measures, Tally};
use crate::domain::id::IndexName;

/// How far an index has come.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexState {
    /// Which index.
    pub name: IndexName,
    /// Products that can be searched.
    pub products: usize,
    /// Products whose meaning is not known yet.
    pub waiting_embeddings: usize,
    /// Whether another generation is being built behind the one that serves.
    pub rebuilding: bool,
    /// Sequence numbers between the last stored change and the last searchable one; 0 when every
    /// change can be searched. After a start an upper bound, until the index has caught up.
    pub changes_behind: u64,
    /// Seconds since every stored change could last be searched; 0 when every one can.
    pub seconds_behind: f64,
}

impl IndexState {
    /// Whether everything stored can be searched, by word and by meaning.
    pub fn is_settled(&self) -> bool {
        self.changes_behind == 0 && self.waiting_embeddings == 0 && !self.rebuilding
    }
}

impl Engine {
    /// How far every index has come, by name; reads memory only.
    pub fn index_states(&self) -> Vec<IndexState> {
        self.indexes.read().iter().map(|(name, index)| state_of(name, index)).collect()
    }

    /// How the caches are used, since the start; one that each index has is added up.
    pub fn caches(&self) -> Vec<CacheUse> {
        let indexes = self.indexes.read();
        let measures: Vec<Arc<Measures>> =
            indexes.values().map(|index| Arc::clone(&index.snapshot().measures)).collect();
        let sum = |name, tally: fn(&Measures) -> &Tally| {
            CacheUse::of(name, measures.iter().map(|measures| tally(measures)))
        };
        vec![
            CacheUse::of("profiles", std::iter::once(self.profiles.tally())),
            sum("query_embeddings", |measures| &measures.embeddings),
            sum("suggestion_judges", |measures| &measures.judges),
            sum("suggestion_finds", |measures| &measures.finds),
        ]
    }
}

fn state_of(name: &IndexName, index: &Index) -> IndexState {
    let snapshot = index.snapshot();
    let progress = index.progress();
    IndexState {
        name: name.clone(),
        products: snapshot.view.generation.columns.len(),
        waiting_embeddings: progress.waiting_embeddings,
        rebuilding: progress.rebuilding,
        changes_behind: progress.changes_behind(),
        seconds_behind: progress.behind_for.as_secs_f64(),
    }
}
