//! Values of arguments, checked where they enter.

use clap::ValueEnum;

use crate::domain::filter::Filter;
use crate::domain::id::{IndexName, SessionId, ShopperId};
use crate::domain::page::SuggestionKind;
use crate::domain::search::{Mode, SearchRequest};
use crate::domain::time::Timestamp;

/// Which candidates a search considers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ModeName {
    /// Words and meaning
    Hybrid,
    /// Words only
    Lexical,
    /// Meaning only
    Semantic,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Hybrid => Self::Hybrid,
            ModeName::Lexical => Self::Lexical,
            ModeName::Semantic => Self::Semantic,
        }
    }
}

pub(super) fn index_name(text: &str) -> Result<IndexName, String> {
    IndexName::parse(text).map_err(|rule| rule.to_string())
}

pub(super) fn shopper(text: &str) -> Result<ShopperId, String> {
    ShopperId::parse(text).map_err(|rule| rule.to_string())
}

pub(super) fn session(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).map_err(|rule| rule.to_string())
}

pub(super) fn suggestion_kind(text: &str) -> Result<SuggestionKind, String> {
    let known = SuggestionKind::ALL.into_iter().find(|kind| kind.name() == text);
    known.ok_or_else(|| {
        format!("kinds are {}", SuggestionKind::ALL.map(SuggestionKind::name).join(", "))
    })
}

pub(super) fn filter(text: &str) -> Result<Filter, String> {
    serde_json::from_str(text).map_err(|error| {
        format!("{error}; a filter is an object such as {{\"price\": {{\"lte\": 100}}}}")
    })
}

pub(super) fn request(text: &str) -> Result<SearchRequest, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("{error}; a request is an object such as {{\"typo\": false}}"))
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "a time is written as 2026-12-31T00:00:00Z".to_owned())
}

/// `ranking.lexical=0.8` as a path and a value; a value that is not JSON is a text.
pub(super) fn setting(text: &str) -> Result<(String, serde_json::Value), String> {
    let (path, value) = text.split_once('=').ok_or("a setting is written as name=value")?;
    if path.split('.').any(str::is_empty) {
        return Err("a name is made of names joined by dots".to_owned());
    }
    let text = || serde_json::Value::String(value.to_owned());
    Ok((path.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| text())))
}

/// Settings by path as one patch; a later one overrides an earlier.
pub(super) fn patch(settings: &[(String, serde_json::Value)]) -> serde_json::Value {
    let mut patch = serde_json::Map::new();
    for (path, value) in settings {
        put(&mut patch, path, value.clone());
    }
    serde_json::Value::Object(patch)
}

fn put(
    object: &mut serde_json::Map<String, serde_json::Value>,
    path: &str,
    value: serde_json::Value,
) {
    let Some((first, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    let inner = object.entry(first).or_insert_with(|| serde_json::json!({}));
    if !inner.is_object() {
        *inner = serde_json::json!({});
    }
    if let Some(inner) = inner.as_object_mut() {
        put(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_nest_and_keep_their_types() {
        let given = ["ranking.lexical=0.8", "ranking.semantic=1", "language=de"];
        let settings: Vec<_> = given.iter().map(|text| setting(text).expect("valid")).collect();
        assert_eq!(
            patch(&settings),
            serde_json::json!({"ranking": {"lexical": 0.8, "semantic": 1}, "language": "de"})
        );
        assert!(setting("ranking").is_err());
        assert!(setting("ranking..x=1").is_err());
    }
}
