//! A caller of the router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use vitrine::config::Config;
use vitrine::domain::time::Timestamp;
use vitrine::engine::{Engine, KeyWish};
use vitrine::http::{AppState, router};
use vitrine::settings::access::Scope;

use crate::support::TestEngine;

/// Calls one router, with a key or without.
pub(super) struct Client {
    pub(super) engine: Arc<Engine>,
    router: Router,
    runtime: Runtime,
    key: Option<String>,
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
        Self { engine, router, runtime, key: None }
    }

    /// The same server, called with another key.
    pub(super) fn with_key(&self, key: Option<&str>) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            router: self.router.clone(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            key: key.map(str::to_owned),
        }
    }

    /// A key with these scopes on these indexes; all where none is given.
    pub(super) fn make_key(&self, scopes: &[Scope], indexes: &[&str]) -> String {
        let indexes = indexes.iter().map(|name| (*name).to_owned().try_into().unwrap()).collect();
        let wish =
            KeyWish { name: "test".to_owned(), scopes: scopes.to_vec(), indexes, expires_at: None };
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
        let request = request.body(body.into()).unwrap();
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

/// An event of the sample shop.
pub(super) fn event(kind: &str, shopper: &str, product: &str) -> Value {
    json!({ "type": kind, "shopper": shopper, "index": "shop", "product_id": product })
}
