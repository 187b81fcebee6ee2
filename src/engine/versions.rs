//! Versions of an index's settings: who changed what, and when.

use serde::Serialize;

use super::Engine;
use crate::domain::id::IndexName;
use crate::error::{Error, Result};
use crate::settings::difference::{Difference, differences};
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

/// A version whole.
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
    pub settings: Settings,
}

impl Engine {
    /// Up to `limit` versions of the settings before the version `before`, the latest first.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Internal when the disk fails.
    pub fn settings_versions(
        &self,
        index: &IndexName,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Versions> {
        let latest = self.settings(index)?.version;
        let mut number = before.map_or(latest, |before| latest.min(before.saturating_sub(1)));
        let mut versions = Vec::new();
        while number > 0 && versions.len() < limit {
            versions.push(self.settings_version(index, number)?.summary());
            number -= 1;
        }
        let next_before = (number > 0).then_some(number + 1);
        Ok(Versions { versions, next_before })
    }

    /// The settings at a version, with what it changed.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or version, Internal when the disk fails.
    pub fn settings_version(&self, index: &IndexName, version: u64) -> Result<Version> {
        self.index(index)?;
        let settings = self.store.settings_at(index, version)?;
        let settings = settings.ok_or_else(|| unknown_version(version))?;
        let earlier = match version.checked_sub(1).filter(|earlier| *earlier > 0) {
            Some(earlier) => self.store.settings_at(index, earlier)?,
            None => None,
        };
        let earlier = earlier.map_or_else(Settings::defaults, Ok)?;
        let changes = differences(&earlier, &settings)?;
        Ok(Version { version, change: settings.change.clone(), changes, settings })
    }
}

impl Version {
    fn summary(self) -> VersionSummary {
        let paths_total = self.changes.len();
        let paths = self.changes.into_iter().map(|one| one.path).take(PATHS_MAX).collect();
        VersionSummary { version: self.version, change: self.change, paths, paths_total }
    }
}

pub(super) fn unknown_version(version: u64) -> Error {
    let message = format!("the settings have no version {version}");
    Error::not_found("unknown_version", message, "see GET …/settings/versions")
}
