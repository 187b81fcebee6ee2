//! Who may call what: keys and shoppers' tokens from the request's headers.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use super::failure::Failure;
use super::identity::Identity;
use super::state::{AppState, now};
use super::token::is_shopper_token;
use crate::domain::id::{IndexName, ShopperId};
use crate::domain::time::Timestamp;
use crate::engine::Caller;
use crate::settings::access::{Key, Scope};

/// The header of a shopper's token beside a search key.
pub(super) const SHOPPER_TOKEN: HeaderName = HeaderName::from_static("x-shopper-token");

/// The caller's credentials and time of call.
pub(super) struct Access {
    state: AppState,
    token: Option<String>,
    key: Option<Arc<Key>>,
    shopper_token: Option<String>,
    /// When the call came.
    pub(super) now: Timestamp,
}

impl FromRequestParts<AppState> for Access {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        if state.config().dev {
            refuse_foreign_pages(&parts.headers, &state.config().cors_origins)?;
        }
        let identity = parts.extensions.get::<Identity>();
        Ok(Self {
            state: state.clone(),
            token: bearer(&parts.headers)?,
            key: identity.and_then(|identity| identity.key.clone()),
            shopper_token: text(&parts.headers, &SHOPPER_TOKEN).map(str::to_owned),
            now: now(),
        })
    }
}

impl Access {
    /// The call goes on only with a key that opens `scope` on `index`.
    pub(super) fn demand(&self, scope: Scope, index: Option<&IndexName>) -> Result<(), Failure> {
        match self.demand_key()? {
            Some(key) if !key.opens(scope, index, self.now) => Err(closed(scope, index)),
            Some(_) | None => Ok(()),
        }
    }

    /// The name of the caller's key, where there is one and it has a name.
    pub(super) fn key_name(&self) -> Option<String> {
        let name = self.key.as_ref().map(|key| key.name.clone());
        name.filter(|name| !name.is_empty())
    }

    /// The call goes on only with a key that is known and has not ended, whatever it opens; in
    /// development mode without any.
    pub(super) fn demand_key(&self) -> Result<Option<&Key>, Failure> {
        if self.state.config().dev {
            return Ok(None);
        }
        let token = self.token.as_deref().ok_or_else(missing_key)?;
        let key = self.key.as_deref().ok_or_else(|| unknown_key(token))?;
        if key.is_alive(self.now) { Ok(Some(key)) } else { Err(expired()) }
    }

    /// The call goes on only with the shopper's own token or an admin's key.
    pub(super) fn demand_shopper(
        &self,
        shopper: &ShopperId,
        index: Option<&IndexName>,
    ) -> Result<(), Failure> {
        if self.is_shopper(shopper) { Ok(()) } else { self.demand(Scope::Admin, index) }
    }

    /// Whether a key opens `scope` on `index`.
    pub(super) fn opens(&self, scope: Scope, index: Option<&IndexName>) -> bool {
        self.demand(scope, index).is_ok()
    }

    /// What answers to this caller may contain.
    pub(super) fn caller(&self, index: &IndexName) -> Caller {
        let sees_private = [Scope::Catalog, Scope::Merchandise]
            .into_iter()
            .any(|scope| self.opens(scope, Some(index)));
        Caller { now: self.now, sees_private }
    }

    /// Whether the caller may read what is known of the shopper that a search names.
    pub(super) fn may_read(&self, shopper: Option<&ShopperId>, index: &IndexName) -> bool {
        shopper.is_some_and(|shopper| self.is_shopper(shopper))
            || self.opens(Scope::Merchandise, Some(index))
    }

    /// Where the server is set up so, naming a shopper needs the right to read what is known.
    pub(super) fn demand_known(
        &self,
        shopper: Option<&ShopperId>,
        index: &IndexName,
    ) -> Result<(), Failure> {
        let required = self.state.config().require_shopper_token && shopper.is_some();
        if !required || self.may_read(shopper, index) {
            return Ok(());
        }
        Err(Failure::new(
            StatusCode::FORBIDDEN,
            "shopper_token_required",
            "naming a shopper needs a token signed for that shopper",
            "send it in X-Shopper-Token; POST /v1/shoppers/{id}/token signs one",
        ))
    }

    fn is_shopper(&self, shopper: &ShopperId) -> bool {
        let tokens = [&self.token, &self.shopper_token].into_iter().flatten();
        tokens
            .filter_map(|token| self.state.tokens().shopper(token, self.now))
            .any(|signed| signed == *shopper)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        Some(_) | None => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "invalid_authorization",
            "the Authorization header is not 'Bearer' and a key",
            "send 'Authorization: Bearer ID.SECRET'",
        )),
    }
}

fn missing_key() -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "missing_key",
        "this call needs a key",
        "send 'Authorization: Bearer ID.SECRET'; 'vitrine keys' makes one",
    )
}

fn unknown_key(token: &str) -> Failure {
    let unauthorized = StatusCode::UNAUTHORIZED;
    if is_shopper_token(token) {
        let hint = "it may be forged or have ended, or is for another shopper or call";
        return Failure::new(unauthorized, "invalid_shopper_token", "the token is not valid", hint);
    }
    let hint = "it may be mistyped or revoked; 'vitrine keys' lists the keys";
    Failure::new(unauthorized, "unknown_key", "there is no such key", hint)
}

fn expired() -> Failure {
    let hint = "make another one with 'vitrine keys create' or POST /v1/keys";
    Failure::new(StatusCode::UNAUTHORIZED, "expired_key", "the key has expired", hint)
}

fn closed(scope: Scope, index: Option<&IndexName>) -> Failure {
    let scope = format!("{scope:?}").to_lowercase();
    let place = index.map_or_else(|| "all indexes".to_owned(), |index| format!("index '{index}'"));
    Failure::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        format!("the key does not open '{scope}' on {place}"),
        "use a key with this scope that is not limited to other indexes",
    )
}

/// An open server must not be open to every web page that a developer visits.
fn refuse_foreign_pages(headers: &HeaderMap, allowed: &[String]) -> Result<(), Failure> {
    let host = text(headers, &HOST);
    let origin = text(headers, &ORIGIN);
    let foreign = host.is_some_and(|host| !is_loopback(host))
        || origin.is_some_and(|origin| {
            let host = origin.split_once("://").map_or(origin, |(_, host)| host);
            !is_loopback(host) && !allowed.iter().any(|allowed| allowed == origin || allowed == "*")
        });
    if !foreign {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::FORBIDDEN,
        "foreign_page",
        "an open development server answers only to this machine's own addresses",
        "call it as localhost, or list the page's origin in cors_origins",
    ))
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_a_loopback_authority() {
        for own in ["localhost", "localhost:7700", "127.0.0.1:80", "[::1]:7700", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in ["shop.example", "localhost.example:80", "192.168.0.2:7700", "", "null"] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }
}
