//! An index as it would be with other settings: for tuning and measuring; nothing is written.

use std::sync::Arc;

use serde_json::Value;

use super::snapshot::Snapshot;
use super::{Caller, Engine};
use crate::domain::id::IndexName;
use crate::domain::page::Page;
use crate::domain::search::SearchRequest;
use crate::error::Result;
use crate::index::View;
use crate::query::understand;
use crate::text::vocabulary::Vocabulary;

/// One state of an index under settings of its own. Language and embedder stay those that the
/// index was built with.
pub struct Trial<'e> {
    pub(super) engine: &'e Engine,
    pub(super) snapshot: Snapshot,
}

impl Engine {
    /// The present state of an index with `patch` laid over its settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, `BadRequest` for invalid settings.
    pub fn trial(&self, index: &IndexName, patch: &Value) -> Result<Trial<'_>> {
        let present = self.index(index)?.snapshot();
        let settings = Arc::new(present.view.settings.patched(patch)?);
        let view = View { generation: Arc::clone(&present.view.generation), settings };
        let snapshot = present.with_view(view, Arc::clone(&present.suggestions));
        Ok(Trial { engine: self, snapshot })
    }
}

impl Trial<'_> {
    /// Searches this state.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn search(&self, request: &SearchRequest, caller: Caller) -> Result<Page> {
        self.engine.search_in(&self.snapshot, request, caller)
    }

    /// The text with misspelt words put right; `None` when it stands as it is.
    pub fn corrected(&self, text: &str) -> Option<String> {
        let request = SearchRequest { q: text.to_owned(), ..SearchRequest::default() };
        understand(&request, self.snapshot.known()).corrected
    }

    /// Whether a product has the folded word.
    pub fn knows(&self, word: &str) -> bool {
        self.snapshot.view.generation.lexical.count(word) > 0
    }
}
