//! Settings as they were stored, perhaps by an earlier version of the program.

use serde_json::{Map, Value};

use super::Settings;
use crate::error::{Error, Result};

impl Settings {
    /// Reads settings as they were stored. What an earlier version did not know yet gets its
    /// default. Weights of ranking belong together: where one of them is no longer known, they are
    /// of an earlier model, and all of them get their defaults.
    ///
    /// # Errors
    /// Internal when the stored text is damaged.
    pub fn from_stored(json: &[u8]) -> Result<Self> {
        let damaged = |error: serde_json::Error| {
            Error::internal(
                "stored_settings",
                format!("the stored settings cannot be read: {error}"),
                "restore a backup, or put the settings anew",
            )
        };
        let mut stored: Value = serde_json::from_slice(json).map_err(damaged)?;
        let defaults = serde_json::to_value(Self::defaults()?).map_err(damaged)?;
        if let (Value::Object(stored), Value::Object(defaults)) = (&mut stored, &defaults) {
            let ranking = |all: &Map<String, Value>| all.get("ranking").cloned();
            if let (Some(Value::Object(own)), Some(Value::Object(known))) =
                (ranking(stored), ranking(defaults))
                && own.keys().any(|name| !known.contains_key(name))
            {
                stored.remove("ranking");
            }
            let change = stored.remove("change");
            complete(stored, defaults);
            stored.extend(change.map(|change| ("change".to_owned(), change)));
        }
        serde_json::from_value(stored).map_err(damaged)
    }
}

/// Leaves out what is no longer known and adds defaults for what was not known yet, in sections of
/// fixed names.
fn complete(stored: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    stored.retain(|name, _| defaults.contains_key(name));
    for (name, default) in defaults {
        match (stored.get_mut(name), default) {
            (Some(Value::Object(own)), Value::Object(section)) if is_fixed(name) => {
                complete(own, section);
            }
            (Some(_), _) => {}
            (None, _) => {
                stored.insert(name.clone(), default.clone());
            }
        }
    }
}

/// Whether the names in a section are the program's own, not the shop's.
fn is_fixed(section: &str) -> bool {
    matches!(section, "fields" | "ranking" | "semantic" | "personalisation")
}
