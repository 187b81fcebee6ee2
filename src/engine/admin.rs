//! The path of an admin and of a merchandiser: indexes, settings, rules and boosts, versioned.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Engine;
use super::indexing::Index;
use crate::domain::id::{IndexName, RuleId, Sequence};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::settings::boosts::Boosts;
use crate::settings::rules::Rule;
use crate::settings::suggestions::SuggestionSettings;
use crate::store::Write;

/// How often a change is made again when another writer came first.
const TRIES: usize = 100;

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

    /// Makes an index with the default settings and `patch` laid over them.
    ///
    /// # Errors
    /// Conflict when it exists, `BadRequest` for invalid settings, Unavailable or Internal when
    /// the disk fails.
    pub fn create_index(&self, name: &IndexName, patch: &Value) -> Result<IndexSummary> {
        let settings = Settings::defaults()?.patched(patch)?;
        self.check_embedder(&settings)?;
        self.write_one(Write::CreateIndex { index: name.clone(), settings: Box::new(settings) })?;
        self.open_index(name)?;
        self.index_summary(name)
    }

    /// Removes an index with its products and settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Unavailable or Internal when the disk fails.
    pub fn delete_index(&self, name: &IndexName) -> Result<()> {
        self.index(name)?;
        let folder = self.index_folder(name)?;
        self.write_one(Write::DeleteIndex { index: name.clone() })?;
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

    /// Copies the store to the new folder `target`, consistently, while others read and write.
    ///
    /// # Errors
    /// Conflict when `target` exists, Unavailable or Internal when the disk fails.
    pub fn back_up(&self, target: &Path) -> Result<()> {
        self.store.back_up(target)
    }

    /// The latest settings.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Internal when the disk fails.
    pub fn settings(&self, index: &IndexName) -> Result<Settings> {
        self.index(index)?;
        self.store.settings(index)?.ok_or_else(|| super::unknown_index(index))
    }

    /// Lays `patch` over the settings (RFC 7396). A patch with a `version` changes just that one.
    ///
    /// # Errors
    /// `BadRequest` for invalid settings, Conflict when `version` is no longer the latest,
    /// `NotFound` for an unknown index.
    pub fn patch_settings(&self, index: &IndexName, patch: &Value) -> Result<Settings> {
        let asked = patch.get("version").and_then(Value::as_u64);
        self.change_settings(index, asked, |settings| {
            let mut changed = settings.patched(patch)?;
            changed.version = settings.version;
            self.check_embedder(&changed)?;
            Ok(changed)
        })
    }

    /// Adds or replaces a rule.
    ///
    /// # Errors
    /// `BadRequest` for an invalid rule, `NotFound` for an unknown index.
    pub fn put_rule(&self, index: &IndexName, id: &RuleId, rule: Rule) -> Result<Settings> {
        rule.check()?;
        self.change_settings(index, None, |settings| {
            let mut changed = settings.clone();
            changed.rules.insert(id.clone(), rule.clone());
            changed.check()?;
            Ok(changed)
        })
    }

    /// One rule.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or rule.
    pub fn rule(&self, index: &IndexName, id: &RuleId) -> Result<Rule> {
        self.settings(index)?.rules.remove(id).ok_or_else(|| unknown_rule(id))
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or rule.
    pub fn delete_rule(&self, index: &IndexName, id: &RuleId) -> Result<Settings> {
        self.change_settings(index, None, |settings| {
            let mut changed = settings.clone();
            changed.rules.remove(id).ok_or_else(|| unknown_rule(id))?;
            Ok(changed)
        })
    }

    /// Replaces the boosts.
    ///
    /// # Errors
    /// `BadRequest` for an invalid boost, `NotFound` for an unknown index.
    pub fn put_boosts(&self, index: &IndexName, boosts: Boosts) -> Result<Settings> {
        boosts.check()?;
        self.change_settings(index, None, |settings| {
            Ok(Settings { boosts: boosts.clone(), ..settings.clone() })
        })
    }

    /// Replaces pinned and blocked suggestions; the next call follows them.
    ///
    /// # Errors
    /// `BadRequest` for lists outside their limits, `NotFound` for an unknown index.
    pub fn put_suggestions(
        &self,
        index: &IndexName,
        suggestions: SuggestionSettings,
    ) -> Result<Settings> {
        suggestions.check()?;
        self.change_settings(index, None, |settings| {
            Ok(Settings { suggestions: suggestions.clone(), ..settings.clone() })
        })
    }

    /// Makes the next version of the settings, again from the latest when another writer came
    /// first, unless the caller named the version it knows.
    fn change_settings(
        &self,
        index: &IndexName,
        asked: Option<u64>,
        change: impl Fn(&Settings) -> Result<Settings>,
    ) -> Result<Settings> {
        let open = self.index(index)?;
        for _ in 0..TRIES {
            let present = self.settings(index)?;
            if asked.is_some_and(|asked| asked != present.version) {
                return Err(settings_changed(present.version));
            }
            let settings = Box::new(change(&present)?);
            match self.write_one(Write::PutSettings { index: index.clone(), settings }) {
                Err(Error::Conflict(_)) if asked.is_none() => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    let latest = self.settings(index)?;
                    open.use_settings(latest.clone());
                    return Ok(latest);
                }
            }
        }
        Err(settings_changed(self.settings(index)?.version))
    }

    /// A model that cannot be had is refused before anything is written.
    fn check_embedder(&self, settings: &Settings) -> Result<()> {
        if settings.semantic.enabled {
            (self.embedders)(&settings.semantic.embedder)?;
        }
        Ok(())
    }
}

fn settings_changed(version: u64) -> Error {
    Error::conflict(
        "settings_changed",
        format!("the settings are at version {version} by now"),
        "read them again and repeat the change",
    )
}

fn unknown_rule(id: &RuleId) -> Error {
    Error::not_found("unknown_rule", format!("there is no rule '{id}'"), "see GET …/rules")
}
