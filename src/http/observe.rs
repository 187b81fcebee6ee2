//! Around every call: its id, its log line, its counters, and headers that keep browsers safe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument;

use super::access::SHOPPER_TOKEN;
use super::failure::Code;
use super::state::{AppState, now};
use crate::telemetry::{Answered, Call};

/// Names a request in its answer and in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the trace that a request is a part of: W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of a request, for those who handle it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// A caller's own request ids are taken up to this length.
const REQUEST_ID_LENGTH_MAX: usize = 64;

/// Browsers may remember the answer to a preflight for so long.
const CORS_MAX_AGE: Duration = Duration::from_secs(600);

/// Gives the request an id and counts and logs its answer.
pub(super) async fn observe(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let text = id.to_str().unwrap_or_default().to_owned();
    request.extensions_mut().insert(RequestId(text));
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = method_name(request.method());
    let trace_id = trace_id(request.headers());
    let id_text = id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", id = id_text, trace_id, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = started.elapsed();
    tracing::debug!(parent: &span, status, took_ms = took.as_secs_f64() * 1_000.0, "answered");
    if let Some(call) = watched(method, &route).filter(|_| status < 400) {
        state.metrics().took(call, took);
    }
    if let Some(Code(code)) = response.extensions().get() {
        state.metrics().refused(code);
    }
    state.metrics().answered(Answered { route, method, status });
    response.headers_mut().insert(REQUEST_ID, id);
    protect(response.headers_mut(), state.config().tls.is_some());
    response
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let own = headers.get(&REQUEST_ID).filter(|id| {
        let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=REQUEST_ID_LENGTH_MAX).contains(&id.len()) && id.as_bytes().iter().all(harmless)
    });
    own.cloned().unwrap_or_else(|| {
        let id = format!("{:x}-{:x}", now().as_ms(), COUNT.fetch_add(1, Ordering::Relaxed));
        HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}

/// The id of the caller's trace: 32 lower-case hexadecimal digits, not all 0. Later versions of the
/// standard begin in the same way.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&TRACEPARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |part: &str, length: usize| {
        let digits = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        part.len() == length && digits && part.bytes().any(|byte| byte != b'0')
    };
    let is_version = version == "00" || (is_id(version, 2) && version != "ff");
    (is_version && is_id(trace, 32) && is_id(parent, 16)).then_some(trace)
}

/// Whatever callers invent, the counters keep few labels.
fn method_name(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.iter().find(|(other, _)| other == method).map_or("OTHER", |(_, name)| name)
}

fn watched(method: &str, route: &str) -> Option<Call> {
    match (method, route) {
        ("POST", "/v1/indexes/{index}/search") => Some(Call::Search),
        ("GET", "/v1/indexes/{index}/suggest") => Some(Call::Suggest),
        ("POST", "/v1/events") => Some(Call::Events),
        ("POST" | "PATCH", "/v1/indexes/{index}/products") => Some(Call::Products),
        _ => None,
    }
}

/// What browsers are told of every answer. `Cross-Origin-Resource-Policy` keeps foreign pages from
/// loading answers as if they were pictures or scripts; calls that CORS allows are not its matter.
fn protect(headers: &mut HeaderMap, tls: bool) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    // Answers tell of shoppers and keys unless a handler says that they do not.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if tls {
        let a_year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, a_year);
    }
}

/// Which pages of other origins may call; `None` when none may.
pub(super) fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(methods)
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            SHOPPER_TOKEN,
            REQUEST_ID,
            TRACEPARENT,
        ])
        .expose_headers([ETAG, REQUEST_ID, RETRY_AFTER])
        .max_age(CORS_MAX_AGE);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_of_a_caller_is_read_and_nothing_else() {
        let of = |text: &str| {
            let value = HeaderValue::from_str(text).expect("a value");
            let headers = HeaderMap::from_iter([(TRACEPARENT, value)]);
            trace_id(&headers).map(str::to_owned)
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(of(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        assert_eq!(of(&format!("01-{trace}-00f067aa0ba902b7-01-more")).as_deref(), Some(trace));
        for wrong in [
            "",
            "00",
            trace,
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
