//! Changes of settings, rules and boosts: each makes a version that says who made it, and when.

use serde_json::Value;

use super::Engine;
use super::admin::{IndexSummary, unknown_rule};
use super::versions::Part;
use crate::domain::id::{IndexName, RuleId};
use crate::error::{Error, Result};
use crate::settings::boosts::Boosts;
use crate::settings::rules::Rule;
use crate::settings::suggestions::SuggestionSettings;
use crate::settings::{Change, Settings};
use crate::store::Write;

/// How often a change is made again when another writer came first.
const TRIES: usize = 100;

/// Who changes settings, when, and from which version.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// When, and who; `None` leaves it untold.
    pub change: Option<Change>,
    /// Changes just this version; `None` changes the latest, whichever it is.
    pub version: Option<u64>,
}

/// Makes changes in somebody's name.
pub struct Editor<'e> {
    engine: &'e Engine,
    edit: Edit,
}

impl Engine {
    /// Lets somebody make changes.
    pub fn editor(&self, edit: Edit) -> Editor<'_> {
        Editor { engine: self, edit }
    }
}

/// Every change but the first is a Conflict when the edit names a version that is no longer the
/// latest.
impl Editor<'_> {
    /// Makes an index with the default settings and `patch` laid over them.
    ///
    /// # Errors
    /// Conflict when it exists, `BadRequest` for invalid settings, Unavailable or Internal when
    /// the disk fails.
    pub fn create_index(&self, name: &IndexName, patch: &Value) -> Result<IndexSummary> {
        let mut settings = Settings::defaults()?.patched(patch)?;
        settings.change.clone_from(&self.edit.change);
        self.engine.check_embedder(&settings)?;
        let settings = Box::new(settings);
        self.engine.write_one(Write::CreateIndex { index: name.clone(), settings })?;
        self.engine.open_index(name)?;
        self.engine.index_summary(name)
    }

    /// Lays `patch` over the settings (RFC 7396). A patch with a `version` changes just that one.
    ///
    /// # Errors
    /// `BadRequest` for invalid settings, Conflict when `version` is no longer the latest,
    /// `NotFound` for an unknown index.
    pub fn patch(&self, index: &IndexName, patch: &Value) -> Result<Settings> {
        let named = patch.get("version").and_then(Value::as_u64);
        self.change(index, named.or(self.edit.version), |settings| {
            let changed = settings.patched(patch)?;
            self.engine.check_embedder(&changed)?;
            Ok(changed)
        })
    }

    /// Adds or replaces a rule.
    ///
    /// # Errors
    /// `BadRequest` for an invalid rule, `NotFound` for an unknown index.
    pub fn put_rule(&self, index: &IndexName, id: &RuleId, rule: Rule) -> Result<Settings> {
        rule.check()?;
        self.change(index, self.edit.version, |settings| {
            let mut changed = settings.clone();
            changed.rules.insert(id.clone(), rule.clone());
            changed.check()?;
            Ok(changed)
        })
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or rule.
    pub fn delete_rule(&self, index: &IndexName, id: &RuleId) -> Result<Settings> {
        self.change(index, self.edit.version, |settings| {
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
        self.change(index, self.edit.version, |settings| {
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
        self.change(index, self.edit.version, |settings| {
            Ok(Settings { suggestions: suggestions.clone(), ..settings.clone() })
        })
    }

    /// Makes the settings, or a part of them, again what they were at a version; that is a version
    /// of its own.
    ///
    /// # Errors
    /// `NotFound` for an unknown index or version, `BadRequest` when what was valid then no longer
    /// is.
    pub fn restore(&self, index: &IndexName, version: u64, part: Part) -> Result<Settings> {
        let old = self.engine.settings_at(index, version)?;
        self.change(index, self.edit.version, |present| {
            let mut restored = old.clone();
            if part == Part::Merchandising {
                let Settings { rules, boosts, suggestions, .. } = restored;
                restored = Settings { rules, boosts, suggestions, ..present.clone() };
            }
            restored.check()?;
            self.engine.check_embedder(&restored)?;
            Ok(restored)
        })
    }

    /// The settings that a change would start from.
    ///
    /// # Errors
    /// `NotFound` for an unknown index, Conflict when the edit names another version.
    pub fn settings(&self, index: &IndexName) -> Result<Settings> {
        self.base(index, self.edit.version)
    }

    fn base(&self, index: &IndexName, asked: Option<u64>) -> Result<Settings> {
        let present = self.engine.settings(index)?;
        match asked {
            Some(asked) if asked != present.version => Err(settings_changed(&present)),
            Some(_) | None => Ok(present),
        }
    }

    /// Makes the next version of the settings, again from the latest when another writer came
    /// first, unless the caller named the version it knows.
    fn change(
        &self,
        index: &IndexName,
        asked: Option<u64>,
        change: impl Fn(&Settings) -> Result<Settings>,
    ) -> Result<Settings> {
        let open = self.engine.index(index)?;
        for _ in 0..TRIES {
            let present = self.base(index, asked)?;
            let mut settings = Box::new(change(&present)?);
            settings.version = present.version;
            settings.change.clone_from(&self.edit.change);
            let write = Write::PutSettings { index: index.clone(), settings };
            match self.engine.write_one(write) {
                Err(Error::Conflict(_)) => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    let latest = self.engine.settings(index)?;
                    open.use_settings(latest.clone());
                    return Ok(latest);
                }
            }
        }
        Err(settings_changed(&self.engine.settings(index)?))
    }
}

fn settings_changed(present: &Settings) -> Error {
    let mut message = format!("the settings are at version {} by now", present.version);
    if let Some(Change { at, by }) = &present.change {
        let by = by.as_ref().map(|by| format!(" by \"{by}\"")).unwrap_or_default();
        message.push_str(&format!(", changed{by} at {}", at.to_text()));
    }
    Error::conflict("settings_changed", message, "read them again and repeat the change")
}
