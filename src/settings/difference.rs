//! What differs between two versions of settings.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::Settings;
use crate::error::{Error, Result};

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where, as a JSON pointer (RFC 6901): `/rules/spring/priority`.
    pub path: String,
    /// What was there; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What differs between two settings besides their version and who made it, by path. Objects are
/// compared name by name, lists whole.
///
/// # Errors
/// Internal when settings cannot be written as JSON, which is a defect.
pub fn differences(before: &Settings, after: &Settings) -> Result<Vec<Difference>> {
    let json = |settings: &Settings| {
        let settings = Settings { version: 0, change: None, ..settings.clone() };
        serde_json::to_value(settings)
            .map_err(|error| Error::internal("settings_difference", error.to_string(), ""))
    };
    let mut found = Vec::new();
    collect("", Some(&json(before)?), Some(&json(after)?), &mut found);
    Ok(found)
}

fn collect(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if let (Some(Value::Object(one)), Some(Value::Object(other))) = (before, after) {
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in names {
            let below = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            collect(&below, one.get(name), other.get(name), found);
        }
    } else if before != after {
        let (before, after) = (before.cloned(), after.cloned());
        found.push(Difference { path: path.to_owned(), before, after });
    }
}
