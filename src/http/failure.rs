//! How errors leave: a status, and a JSON body that says what is wrong and what to do.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::error::{Error, Problem};

/// Refusals that are no failures: they are counted, and a line for each would be load on top.
const EXPECTED: [&str; 3] = ["busy", "overloaded", "not_ready"];

/// The error that an answer tells, for those who count.
#[derive(Clone, Copy)]
pub(super) struct Code(pub(super) &'static str);

/// An answer other than success.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    problem: Problem,
    retry_after_s: Option<u32>,
    beside: Option<Box<Map<String, Value>>>,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let problem = Problem { code, message: message.into(), hint: hint.into() };
        Self { status, problem, retry_after_s: None, beside: None }
    }

    pub(super) fn bad_request(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, hint)
    }

    /// The caller may come back after so many seconds.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Puts the fields of `details` beside `error` in the body.
    pub(super) fn beside(mut self, details: Value) -> Self {
        if let Value::Object(details) = details {
            self.beside = Some(Box::new(details));
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, retry_after_s) = match &error {
            Error::BadRequest(_) => (StatusCode::BAD_REQUEST, None),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, None),
            Error::Conflict(_) => (StatusCode::CONFLICT, None),
            Error::Unavailable(problem) if problem.code == "disk_full" => {
                (StatusCode::INSUFFICIENT_STORAGE, Some(60))
            }
            Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        let problem = error.problem().clone();
        Self { status, problem, retry_after_s, beside: None }
    }
}

impl IntoResponse for Failure {
    fn into_response(mut self) -> Response {
        if self.status.is_server_error() {
            let Problem { code, message, .. } = &self.problem;
            let (status, reason) = (self.status.as_u16(), message.as_str());
            if EXPECTED.contains(code) {
                tracing::debug!(status, code, reason, "a call was refused");
            } else {
                tracing::error!(status, code, reason, "a call failed");
            }
        }
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            self.problem = Problem {
                code: "internal",
                message: "something failed inside the server".to_owned(),
                hint: "its log has the details under the request id of this answer".to_owned(),
            };
        }
        let code = Code(self.problem.code);
        let Problem { code: name, message, hint } = self.problem;
        let mut body = json!({ "error": { "code": name, "message": message, "hint": hint } });
        if let (Some(fields), Some(mut beside)) = (body.as_object_mut(), self.beside) {
            fields.append(&mut beside);
        }
        let mut response = (self.status, Json(body)).into_response();
        response.extensions_mut().insert(code);
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// The answer where no route is.
pub(super) async fn unknown_route() -> Failure {
    let hint = "GET /openapi.json lists every call";
    Failure::new(StatusCode::NOT_FOUND, "unknown_route", "there is nothing at this path", hint)
}

/// The answer where a route does not know the method.
pub(super) async fn wrong_method() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "this path does not take this method",
        "the Allow header names those that it takes; GET /openapi.json lists every call",
    )
}
