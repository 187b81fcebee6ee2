//! A caller of the router.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use vitrine::config::Config;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Engine, KeyWish};
use vitrine::http::{AppState, AuditLog, router};
use vitrine::settings::access::Scope;

use crate::support::TestEngine;

/// Calls one router, with a key or without.
pub(super) struct Client {
    pub(super) engine: Arc<Engine>,
    router: Router,
    runtime: Runtime,
    key: Option<String>,
    peer: Option<SocketAddr>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(super) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of a success.
    pub(super) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.json()
    }

    /// Asserts an error with a code, a message and a status.
    pub(super) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
        assert!(!self.json()["error"]["message"].as_str().unwrap().is_empty());
        self.json()
    }
}

impl Client {
    /// In development mode, with the sample products.
    pub(super) fn open() -> Self {
        Self::configured(TestEngine::shop(), |config| config.dev = true)
    }

    /// With the sample products, keys required, and an admin's key.
    pub(super) fn guarded() -> Self {
        let mut client = Self::configured(TestEngine::shop(), |_| ());
        client.key = Some(client.make_key(&[Scope::Admin], &[]));
        client
    }

    pub(super) fn configured(engine: TestEngine, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::defaults().unwrap();
        // What these tests see shall not depend on how busy the machine is.
        config.limits.search_deadline_ms = 60_000;
        config.limits.suggest_deadline_ms = 60_000;
        change(&mut config);
        let engine = engine.engine;
        let router = router(AppState::new(Arc::clone(&engine), config, [7; 32]));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { engine, router, runtime, key: None, peer: None }
    }

    /// With the sample products, keys required, an admin's key, and what is done kept in `folder`.
    pub(super) fn audited(folder: &Path) -> Self {
        Self::audited_within(folder, Config::defaults().unwrap().audit.file_bytes_max)
    }

    /// The same with files of so many bytes.
    pub(super) fn audited_within(folder: &Path, file_bytes_max: u64) -> Self {
        let engine = TestEngine::shop().engine;
        let mut config = Config::defaults().unwrap();
        config.audit.file_bytes_max = file_bytes_max;
        let log = AuditLog::open(folder, config.audit).unwrap();
        let state = AppState::new(Arc::clone(&engine), config, [7; 32]);
        state.keep_audit(log);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut client = Self { engine, router: router(state), runtime, key: None, peer: None };
        client.key = Some(client.make_key(&[Scope::Admin], &[]));
        client
    }

    /// The same caller, at an address.
    pub(super) fn at(&self, address: &str) -> Self {
        let peer = Some(SocketAddr::new(address.parse().unwrap(), 4711));
        Self { peer, ..self.with_key(self.key.as_deref()) }
    }

    /// The same server, called with another key.
    pub(super) fn with_key(&self, key: Option<&str>) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            router: self.router.clone(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            key: key.map(str::to_owned),
            peer: self.peer,
        }
    }

    /// A key with these scopes on these indexes; all where none is given.
    pub(super) fn make_key(&self, scopes: &[Scope], indexes: &[&str]) -> String {
        let indexes = indexes.iter().map(|name| (*name).to_owned().try_into().unwrap()).collect();
        let scopes = scopes.to_vec();
        let wish = KeyWish { name: "test".to_owned(), scopes, indexes, ..KeyWish::default() };
        self.engine.create_key(wish, Timestamp::from_ms(0)).unwrap().key
    }

    /// The same server, called with a key of these scopes.
    pub(super) fn scoped(&self, scopes: &[Scope], indexes: &[&str]) -> Self {
        self.with_key(Some(&self.make_key(scopes, indexes)))
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::empty())
    }

    pub(super) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], Body::empty())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, body)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Reply {
        self.call("PUT", path, body)
    }

    pub(super) fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let json = [("content-type", "application/json")];
        self.send(method, path, &json, Body::from(body.to_string()))
    }

    /// A search in the sample shop.
    pub(super) fn search(&self, body: &Value) -> Value {
        self.post("/v1/indexes/shop/search", body).ok()
    }

    /// Whether a product is stored in the sample shop.
    pub(super) fn has(&self, id: &str) -> bool {
        let (shop, id) = ("shop".to_owned().try_into().unwrap(), id.to_owned().try_into().unwrap());
        self.engine.product(&shop, &id).is_ok()
    }

    /// Sends a request and does not wait for its answer.
    pub(super) fn send_and_leave(&self, method: &str, path: &str, body: &Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let call = self.router.clone().oneshot(request);
        self.runtime.block_on(async {
            let waited = tokio::time::timeout(Duration::ZERO, call).await;
            assert!(waited.is_err(), "the work is done elsewhere");
        });
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Reply { status: parts.status.as_u16(), headers: parts.headers, text }
        })
    }
}

/// Ids of a page's hits.
pub(super) fn ids(page: &Value) -> Vec<String> {
    let hits = page["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

/// A token as the server signs it, with the secret that [`Client::configured`] gives it.
pub(super) fn token_of(shopper: &str, expires_at: Timestamp) -> String {
    let claim = format!("shopper.{}.{}", URL_SAFE_NO_PAD.encode(shopper), expires_at.as_ms());
    let mut key = [0_u8; 64];
    key[..32].copy_from_slice(&[7; 32]);
    let mac = Hmac::<Sha256>::new(&key.into()).chain_update(&claim).finalize().into_bytes();
    format!("{claim}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// An event of the sample shop.
pub(super) fn event(kind: &str, shopper: &str, product: &str) -> Value {
    json!({ "type": kind, "shopper": shopper, "index": "shop", "product_id": product })
}
