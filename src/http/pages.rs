//! Pages for people: the storefront and the merchandiser's console, without any inline script.

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::params::Names;

/// Scripts, styles and calls come from this server alone; pictures may come from the shop.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' https: http: data:; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'";

/// What browsers must be told of a page.
const HTML: &str = "text/html; charset=utf-8";

/// What browsers must be told of a style sheet.
const CSS: &str = "text/css; charset=utf-8";

/// What browsers must be told of a script, or they refuse to run it as a module.
const SCRIPT: &str = "text/javascript; charset=utf-8";

static STOREFRONT: LazyLock<File> =
    LazyLock::new(|| File::new("", HTML, include_str!("pages/storefront.html")));

/// What is in `pages/console/` is built from `console/`.
static CONSOLE: LazyLock<File> =
    LazyLock::new(|| File::new("", HTML, include_str!("pages/console/console.html")));

/// Files that pages load.
static ASSETS: LazyLock<[File; 10]> = LazyLock::new(|| {
    [
        File::new("storefront.css", CSS, include_str!("pages/storefront.css")),
        File::new("storefront.js", SCRIPT, include_str!("pages/storefront.js")),
        File::new("storefront-calls.js", SCRIPT, include_str!("pages/storefront-calls.js")),
        File::new("storefront-card.js", SCRIPT, include_str!("pages/storefront-card.js")),
        File::new("storefront-combobox.js", SCRIPT, include_str!("pages/storefront-combobox.js")),
        File::new("storefront-dom.js", SCRIPT, include_str!("pages/storefront-dom.js")),
        File::new("storefront-panels.js", SCRIPT, include_str!("pages/storefront-panels.js")),
        File::new("storefront-pictures.js", SCRIPT, include_str!("pages/storefront-pictures.js")),
        File::new("console.css", CSS, include_str!("pages/console/console.css")),
        File::new("console.js", SCRIPT, include_str!("pages/console/console.js")),
    ]
});

/// A file that is part of the program.
struct File {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
    /// Changes with the content; weak, since the content may be sent compressed.
    tag: String,
}

impl File {
    fn new(name: &'static str, media_type: &'static str, content: &'static str) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..12]);
        Self { name, media_type, content, tag: format!("W/\"{hash}\"") }
    }

    /// The file, or that the browser has it already.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let headers = [
            (CONTENT_TYPE, self.media_type),
            (CONTENT_SECURITY_POLICY, POLICY),
            (CACHE_CONTROL, "no-cache"),
            (ETAG, &self.tag),
        ];
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.content).into_response()
    }

    fn is_known(&self, asked: &HeaderMap) -> bool {
        let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == self.tag))
    }
}

/// `GET /`.
pub(super) async fn storefront(asked: HeaderMap) -> Response {
    STOREFRONT.answer(&asked)
}

/// `GET /admin`.
pub(super) async fn console(asked: HeaderMap) -> Response {
    CONSOLE.answer(&asked)
}

/// `GET /assets/{file}`.
pub(super) async fn asset(names: Names, asked: HeaderMap) -> Result<Response, Failure> {
    let name = names.file();
    let found = ASSETS.iter().find(|file| file.name == name);
    found.map(|file| file.answer(&asked)).ok_or_else(|| {
        let message = format!("there is no file '{name}'");
        Failure::new(StatusCode::NOT_FOUND, "unknown_file", message, "")
    })
}
