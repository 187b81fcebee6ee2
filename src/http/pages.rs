//! Pages for people: the storefront and an overview for admins, without any inline script.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::params::Names;

/// Scripts, styles and calls come from this server alone; pictures may come from the shop.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' https: http: data:; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'";

const STOREFRONT: &str = include_str!("pages/storefront.html");
const ADMIN: &str = include_str!("pages/admin.html");

/// What browsers must be told of a style sheet.
const CSS: &str = "text/css; charset=utf-8";

/// What browsers must be told of a script, or they refuse to run it as a module.
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Files that pages load: name, media type, content.
const ASSETS: [(&str, &str, &str); 9] = [
    ("storefront.css", CSS, include_str!("pages/storefront.css")),
    ("storefront.js", SCRIPT, include_str!("pages/storefront.js")),
    ("storefront-calls.js", SCRIPT, include_str!("pages/storefront-calls.js")),
    ("storefront-card.js", SCRIPT, include_str!("pages/storefront-card.js")),
    ("storefront-combobox.js", SCRIPT, include_str!("pages/storefront-combobox.js")),
    ("storefront-dom.js", SCRIPT, include_str!("pages/storefront-dom.js")),
    ("storefront-panels.js", SCRIPT, include_str!("pages/storefront-panels.js")),
    ("storefront-pictures.js", SCRIPT, include_str!("pages/storefront-pictures.js")),
    ("admin.css", CSS, include_str!("pages/admin.css")),
];

/// `GET /`.
pub(super) async fn storefront() -> Response {
    file("text/html; charset=utf-8", STOREFRONT)
}

/// `GET /admin`.
pub(super) async fn admin() -> Response {
    file("text/html; charset=utf-8", ADMIN)
}

/// `GET /assets/{file}`.
pub(super) async fn asset(names: Names) -> Result<Response, Failure> {
    let asked = names.file();
    let found = ASSETS.iter().find(|(name, _, _)| *name == asked);
    found.map(|(_, media_type, content)| file(media_type, content)).ok_or_else(|| {
        let message = format!("there is no file '{asked}'");
        Failure::new(StatusCode::NOT_FOUND, "unknown_file", message, "")
    })
}

fn file(media_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, content).into_response()
}
