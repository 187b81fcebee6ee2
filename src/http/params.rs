//! Names from the path and parameters from the query string.

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::state::AppState;
use crate::domain::id::{IndexName, InvalidId, ProductId, RuleId, Sequence, ShopperId};

/// The decoded names in a request's path.
pub(super) struct Names(Vec<(String, String)>);

impl FromRequestParts<AppState> for Names {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|error| {
            let hint = "write names as UTF-8, percent-encoded";
            Failure::bad_request("invalid_path", error.body_text(), hint)
        })?;
        Ok(Self(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl Names {
    fn get<T>(&self, name: &str, parse: fn(&str) -> Result<T, InvalidId>) -> Result<T, Failure> {
        parse(self.text(name)).map_err(|rule| {
            Failure::bad_request("invalid_name", rule.to_string(), "check the path")
        })
    }

    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// A name as it is in the path, where the path has one of this kind.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn index(&self) -> Result<IndexName, Failure> {
        self.get("index", IndexName::parse)
    }

    pub(super) fn product(&self) -> Result<ProductId, Failure> {
        self.get("id", ProductId::parse)
    }

    pub(super) fn rule(&self) -> Result<RuleId, Failure> {
        self.get("id", RuleId::parse)
    }

    pub(super) fn shopper(&self) -> Result<ShopperId, Failure> {
        self.get("id", ShopperId::parse)
    }

    /// The number of an event.
    pub(super) fn number(&self) -> Result<Sequence, Failure> {
        self.text("number").parse().map_err(|_| {
            let hint = "GET /v1/shoppers/{id}/events tells the number of each event";
            Failure::bad_request("invalid_number", "an event's number is a whole number", hint)
        })
    }

    /// The number of a version of the settings.
    pub(super) fn version(&self) -> Result<u64, Failure> {
        self.text("number").parse().map_err(|_| {
            let hint = "GET …/settings/versions tells the number of each version";
            Failure::bad_request("invalid_version", "a version is a whole number", hint)
        })
    }

    pub(super) fn key(&self) -> String {
        self.text("id").to_owned()
    }

    pub(super) fn file(&self) -> String {
        self.text("file").to_owned()
    }
}

/// The parameters after the question mark.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let Query(asked) = Query::<T>::try_from_uri(&parts.uri).map_err(|error| {
            let hint = "GET /openapi.json names the parameters of every call";
            Failure::bad_request("invalid_parameter", error.body_text(), hint)
        })?;
        Ok(Self(asked))
    }
}

/// Whether a write answers only once it is searchable.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wait {
    pub(super) wait: bool,
}
