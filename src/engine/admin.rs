//! What an admin and a merchandiser see: indexes, their settings and rules.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Engine;
use super::editing::Edit;
use super::indexing::{Index, remove_other_folders};
use crate::domain::id::{IndexName, RuleId, Sequence};
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::settings::Settings;
use crate::settings::rules::Rule;
use crate::store::Write;

/// What there is to know of an index at a glance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndexSummary {
    /// Its name.
    pub name: IndexName,
    /// Products that can be searched.
    pub products: usize,
    /// Products whose meaning is not known yet.
    pub waiting_embeddings: usize,
    /// Whether another generation is being built behind the one that serves.
    pub rebuilding: bool,
    /// The store's sequence number that searches see.
    pub searchable: Sequence,
    /// The version of the settings that searches see.
    pub settings_version: u64,
    /// What embeds its texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedder: Option<String>,
    /// Suggestions ready to be given.
    pub suggestions: usize,
}

impl Engine {
    /// Where an index lies. One that was deleted and made again gets another folder, so that
    /// nothing of the old one comes back.
    pub(super) fn index_folder(&self, name: &IndexName) -> Result<Option<PathBuf>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let created = self.store.created(name)?.unwrap_or_default();
        Ok(Some(folder.join(format!("{name}-{created}"))))
    }

    /// Removes the folders of indexes that were deleted right before the process was killed.
    pub(super) fn remove_orphans(&self) -> Result<()> {
        let names = self.store.indexes()?.into_iter();
        let folders = names.map(|name| self.index_folder(&name)).collect::<Result<Vec<_>>>()?;
        remove_other_folders(self.folder.as_deref(), |one| {
            folders.iter().any(|folder| folder.as_deref() == Some(one))
        });
        Ok(())
    }

    pub(super) fn open_index(&self, name: &IndexName) -> Result<()> {
        let Some(settings) = self.store.settings(name)? else {
            return Ok(());
        };
        let index = Index::open(self, name, settings)?;
        // Whatever it replaces ends outside the lock, which every search takes.
        let replaced = self.indexes.write().insert(name.clone(), Arc::new(index));
        drop(replaced);
        Ok(())
    }

    /// Makes an index, in nobody's name: [`super::Editor::create_index`].
    ///
    /// # Errors
    /// As there.
    pub fn create_index(&self, name: &IndexName, patch: &Value) -> Result<IndexSummary> {
        self.editor(Edit::default()).create_index(name, patch)
    }

    /// Removes an index with its products and settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable or Internal when the disk fails.
    pub fn delete_index(&self, name: &IndexName) -> Result<()> {
        self.index(name)?;
        let folder = self.index_folder(name)?;
        self.write_one(Write::DeleteIndex { index: name.clone() })?;
        failpoint::pass(Point::IndexRemove);
        let removed = self.indexes.write().remove(name);
        if let Some(removed) = removed {
            removed.stop();
        }
        if let Some(folder) = folder.filter(|folder| folder.exists())
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(%error, path = %folder.display(), "a removed index's folder stays");
        }
        Ok(())
    }

    /// All indexes, by name.
    pub fn indexes(&self) -> Vec<IndexSummary> {
        let names: Vec<IndexName> = self.indexes.read().keys().cloned().collect();
        names.iter().filter_map(|name| self.index_summary(name).ok()).collect()
    }

    /// One index at a glance.
    ///
    /// # Errors
    /// `NotFound` for an unknown index.
    pub fn index_summary(&self, name: &IndexName) -> Result<IndexSummary> {
        let index = self.index(name)?;
        let snapshot = index.snapshot();
        let progress = index.progress();
        let generation = &snapshot.view.generation;
        Ok(IndexSummary {
            name: name.clone(),
            products: generation.columns.len(),
            waiting_embeddings: progress.waiting_embeddings,
            rebuilding: progress.rebuilding,
            searchable: generation.sequence,
            settings_version: snapshot.view.settings.version,
            embedder: generation.embedder.as_ref().map(|embedder| embedder.id().to_owned()),
            suggestions: snapshot.suggestions.len(),
        })
    }

    /// The latest settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Internal when the disk fails.
    pub fn settings(&self, index: &IndexName) -> Result<Settings> {
        self.index(index)?;
        self.store.settings(index)?.ok_or_else(|| super::unknown_index(index))
    }

    /// Lays `patch` over the settings, in nobody's name: [`super::Editor::patch`].
    ///
    /// # Errors
    /// As there.
    pub fn patch_settings(&self, index: &IndexName, patch: &Value) -> Result<Settings> {
        self.editor(Edit::default()).patch(index, patch)
    }

    /// One rule, with the version of the settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or rule.
    pub fn rule(&self, index: &IndexName, id: &RuleId) -> Result<(u64, Rule)> {
        let mut settings = self.settings(index)?;
        let rule = settings.rules.remove(id).ok_or_else(|| unknown_rule(id))?;
        Ok((settings.version, rule))
    }

    /// A model that cannot be had is refused before anything is written.
    pub(super) fn check_embedder(&self, settings: &Settings) -> Result<()> {
        if settings.semantic.enabled {
            (self.embedders)(&settings.semantic.embedder)?;
        }
        Ok(())
    }
}

pub(super) fn unknown_rule(id: &RuleId) -> Error {
    Error::not_found("unknown_rule", format!("there is no rule '{id}'"), "see GET …/rules")
}
