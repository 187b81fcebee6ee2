//! Request bodies: bounded, decompressed, and read as JSON with errors that name the place.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::failure::Failure;
use super::state::AppState;

/// An unwanted body is thrown away for so long at most.
const LINGER: Duration = Duration::from_secs(10);

/// So many bytes of an unwanted body are thrown away at most; then the connection is closed.
const LINGER_BYTES: usize = 256 << 20;

/// A body that was not read yet, so that nobody's bytes are taken before their key is known.
pub(super) struct Incoming {
    state: AppState,
    headers: HeaderMap,
    body: Remains,
}

impl FromRequest<AppState> for Incoming {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        Ok(Self { state: state.clone(), headers: parts.headers, body: Remains(body) })
    }
}

impl Incoming {
    /// The media type without parameters, in lower case; empty when there is none.
    pub(super) fn media_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = value.unwrap_or_default().split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    }

    /// The body as it was sent, perhaps compressed by gzip.
    pub(super) async fn bytes(mut self, bytes_max: usize) -> Result<Bytes, Failure> {
        self.is_gzip()?;
        let declared = self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let declared = declared.and_then(|text| text.parse::<u64>().ok());
        if declared.is_some_and(|length| length > bytes_max as u64) {
            return Err(too_large(bytes_max as u64));
        }
        let limit = self.state.config().limits.write_timeout();
        match tokio::time::timeout(limit, self.body.collect(bytes_max)).await {
            Ok(collected) => collected,
            Err(_) => Err(Failure::new(
                StatusCode::REQUEST_TIMEOUT,
                "slow_body",
                format!("the body did not arrive within {} ms", limit.as_millis()),
                "send less at once",
            )),
        }
    }

    /// The body as any JSON; an empty one stands for `{}`.
    pub(super) async fn value(self) -> Result<Value, Failure> {
        let bytes_max = self.state.config().limits.body_bytes_max;
        parse(&self.plain(bytes_max).await?)
    }

    /// The body as a JSON object; an empty one stands for `{}`.
    pub(super) async fn object<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let bytes_max = self.state.config().limits.body_bytes_max;
        let bytes = self.plain(bytes_max).await?;
        if bytes.trim_ascii_start().starts_with(b"[") {
            // Fields in the order of their declaration would be taken as well.
            parse::<IgnoredAny>(&bytes)?;
            let hint = "GET /openapi.json has the shape of every request";
            let message = "the body is an array, and an object is expected";
            return Err(Failure::bad_request("invalid_request", message, hint));
        }
        parse(&bytes)
    }

    /// The body decompressed.
    pub(super) async fn plain(self, bytes_max: usize) -> Result<Bytes, Failure> {
        let gzip = self.is_gzip()?;
        let bytes = self.bytes(bytes_max).await?;
        if gzip { unpacked(&bytes, bytes_max).map(Bytes::from) } else { Ok(bytes) }
    }

    fn is_gzip(&self) -> Result<bool, Failure> {
        let Some(encoding) = self.headers.get(CONTENT_ENCODING) else {
            return Ok(false);
        };
        match encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Ok(true),
            "" | "identity" => Ok(false),
            other => Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                format!("the content encoding '{other}' is not understood"),
                "send the body plain or compressed by gzip",
            )),
        }
    }
}

/// The limit that a body exceeds.
pub(super) fn too_large(bytes_max: u64) -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is larger than {bytes_max} bytes"),
        "send it in several calls, or raise the limit in the server's configuration",
    )
}

/// The bytes of a body that nobody read yet. Whatever is left unread is taken and thrown away in
/// the background for a while: a caller that still sends could not read the answer otherwise.
struct Remains(Body);

impl Remains {
    async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, Failure> {
        let mut bytes = Vec::new();
        while let Some(frame) = self.0.frame().await {
            let frame = frame.map_err(|error| {
                let message = format!("the body did not arrive whole: {error}");
                Failure::bad_request("broken_body", message, "send it again")
            })?;
            let data = frame.into_data().unwrap_or_default();
            if bytes.len() + data.len() > bytes_max {
                return Err(too_large(bytes_max as u64));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.into())
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        let body = std::mem::replace(&mut self.0, Body::empty());
        if body.is_end_stream() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LINGER, throw_away(body)));
        }
    }
}

async fn throw_away(mut body: Body) {
    let mut left = LINGER_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(less) => left = less,
            None => return,
        }
    }
}

fn unpacked(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut plain = Vec::new();
    let most = bytes_max as u64;
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut plain);
    read.map_err(|error| broken_gzip(&error))?;
    if plain.len() > bytes_max { Err(too_large(most)) } else { Ok(plain) }
}

pub(super) fn broken_gzip(error: &std::io::Error) -> Failure {
    Failure::bad_request(
        "broken_gzip",
        format!("the gzip data is broken: {error}"),
        "compress and send it again",
    )
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let text = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(error.inner(), &error.path().to_string()))?;
    reader.end().map_err(|error| malformed(&error, ""))?;
    Ok(value)
}

/// A value that is read already, as a type of its own.
/// # Errors
/// The field and what is wrong with it.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    if !value.is_object() {
        return Err(("record".to_owned(), "expected an object".to_owned()));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { "record".to_owned() } else { field };
        (field, in_words(&error.inner().to_string()))
    })
}

/// Why a text is no JSON, or not the JSON that the call takes; `path` names the field.
pub(super) fn malformed(error: &serde_json::Error, path: &str) -> Failure {
    if error.is_data() {
        let place = if matches!(path, "" | ".") { String::new() } else { format!("'{path}': ") };
        let message = format!("{place}{}", in_words(&error.to_string()));
        let hint = "GET /openapi.json has the shape of every request";
        return Failure::bad_request("invalid_request", message, hint);
    }
    Failure::bad_request(
        "malformed_json",
        format!("the body is not valid JSON: {error}"),
        "check the text at this line and column",
    )
}

/// Replaces names of types, which mean nothing to a caller.
fn in_words(message: &str) -> String {
    const WORDS: [(&str, &str); 3] = [
        (
            "data did not match any variant of untagged enum Condition",
            "a condition is a value, a list of values, or an object with gte, gt, lte, lt or not",
        ),
        (
            "data did not match any variant of untagged enum Written",
            "a time is RFC 3339 text or ms",
        ),
        (
            "data did not match any variant of untagged enum Synonym",
            "a synonym is a list of words, or an object with from and to",
        ),
    ];
    let mut message = message.to_owned();
    for (type_name, words) in WORDS {
        message = message.replace(type_name, words);
    }
    // Only the first is ever there: errors name one place.
    match message.split_once("expected struct ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|letter: char| letter.is_alphanumeric());
            format!("{before}expected an object{rest}")
        }
        None => message,
    }
}
