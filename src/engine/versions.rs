//! Versions of an index's settings: who changed what, and when.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Engine;
use crate::domain::id::{IndexName, RuleId};
use crate::error::{Error, Result};
use crate::settings::boosts::Boosts;
use crate::settings::difference::{Difference, differences};
use crate::settings::rules::Rule;
use crate::settings::suggestions::SuggestionSettings;
use crate::settings::{Change, Settings};

/// A list tells at most so many paths of one version.
const PATHS_MAX: usize = 100;

/// A version in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VersionSummary {
    /// Its number.
    pub version: u64,
    /// Who made it, and when, as far as that is known.
    #[serde(flatten)]
    pub change: Option<Change>,
    /// What differs from the version before, or of the first one from the defaults, as JSON
    /// pointers (RFC 6901); at most 100.
    pub paths: Vec<String>,
    /// How many there are.
    pub paths_total: usize,
}

/// Versions, the latest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Versions {
    /// Those asked for.
    pub versions: Vec<VersionSummary>,
    /// Where the list goes on; `None` at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// Which part of the settings somebody may see and restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// A merchandiser's: rules, boosts and suggestions.
    Merchandising,
}

impl Part {
    /// Whether a path of the settings, as a JSON pointer, is of this part.
    fn has(self, path: &str) -> bool {
        let first = path.split('/').nth(1);
        match self {
            Self::Whole => true,
            Self::Merchandising => matches!(first, Some("rules" | "boosts" | "suggestions")),
        }
    }
}

/// Settings as far as somebody may see them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum VersionSettings {
    /// All of them.
    Whole(Box<Settings>),
    /// A merchandiser's part.
    Merchandising {
        /// The version.
        version: u64,
        /// Rules by id.
        rules: BTreeMap<RuleId, Rule>,
        /// Boosts.
        boosts: Boosts,
        /// Pinned and blocked suggestions.
        suggestions: SuggestionSettings,
    },
}

impl VersionSettings {
    /// A part of the settings.
    pub fn of(settings: Settings, part: Part) -> Self {
        match part {
            Part::Whole => Self::Whole(Box::new(settings)),
            Part::Merchandising => {
                let Settings { version, rules, boosts, suggestions, .. } = settings;
                Self::Merchandising { version, rules, boosts, suggestions }
            }
        }
    }
}

/// A version, whole or a part of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    /// Its number.
    pub version: u64,
    /// Who made it, and when, as far as that is known.
    #[serde(flatten)]
    pub change: Option<Change>,
    /// What differs from the version before, or of the first one from the defaults.
    pub changes: Vec<Difference>,
    /// The settings as they were.
    pub settings: VersionSettings,
}

impl Engine {
    /// Up to `limit` versions of a part of the settings before the version `before`, the latest
    /// first; those that changed nothing of it have no paths.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Internal when the disk fails.
    pub fn settings_versions(
        &self,
        index: &IndexName,
        (before, limit): (Option<u64>, usize),
        part: Part,
    ) -> Result<Versions> {
        let latest = self.settings(index)?.version;
        let mut number = before.map_or(latest, |before| latest.min(before.saturating_sub(1)));
        let mut versions = Vec::new();
        while number > 0 && versions.len() < limit {
            versions.push(self.settings_version(index, number, part)?.summary());
            number -= 1;
        }
        let next_before = (number > 0).then_some(number + 1);
        Ok(Versions { versions, next_before })
    }

    /// The settings at a version, with what it changed.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or version, Internal when the disk fails.
    pub fn settings_version(&self, index: &IndexName, version: u64, part: Part) -> Result<Version> {
        let settings = self.settings_at(index, version)?;
        let earlier = match version.checked_sub(1).filter(|earlier| *earlier > 0) {
            Some(earlier) => self.store.settings_at(index, earlier)?,
            None => None,
        };
        let earlier = earlier.map_or_else(Settings::defaults, Ok)?;
        let mut changes = differences(&earlier, &settings)?;
        changes.retain(|change| part.has(&change.path));
        let change = settings.change.clone();
        Ok(Version { version, change, changes, settings: VersionSettings::of(settings, part) })
    }

    /// Whether the present settings and those of a version differ in a merchandiser's part.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or version, Internal when the disk fails.
    pub fn merchandising_differs(
        &self,
        index: &IndexName,
        present: &Settings,
        version: u64,
    ) -> Result<bool> {
        let old = self.settings_at(index, version)?;
        let same = old.rules == present.rules
            && old.boosts == present.boosts
            && old.suggestions == present.suggestions;
        Ok(!same)
    }

    /// The settings as they were at a version.
    pub(super) fn settings_at(&self, index: &IndexName, version: u64) -> Result<Settings> {
        self.index(index)?;
        self.store.settings_at(index, version)?.ok_or_else(|| unknown_version(version))
    }
}

impl Version {
    fn summary(self) -> VersionSummary {
        let paths_total = self.changes.len();
        let paths = self.changes.into_iter().map(|one| one.path).take(PATHS_MAX).collect();
        VersionSummary { version: self.version, change: self.change, paths, paths_total }
    }
}

fn unknown_version(version: u64) -> Error {
    let message = format!("the settings have no version {version}");
    Error::not_found("unknown_version", message, "see GET …/settings/versions")
}
