//! The HTTP edge: who calls, what is asked, one call of the engine, and its answer as JSON.
//!
//! One file per resource; `docs/api.md` is the reference and `openapi.json` its machine-readable
//! form. Handlers check the key before they read the body.

mod access;
mod backup;
mod body;
mod editing;
mod events;
mod failure;
mod indexes;
mod keys;
mod merchandising;
mod observe;
mod operations;
mod pages;
mod params;
mod products;
mod search;
mod shoppers;
mod state;
mod suggest;
mod token;
mod upload;
mod versions;

pub use state::AppState;

use std::future::Future;
use std::time::Duration;

use axum::routing::{delete, get, post, put};
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::compression::CompressionLayer;

use crate::error::{Error, Result};

/// All calls, ready to be served or to be called without a socket.
pub fn router(state: AppState) -> Router {
    let cors = observe::cors(&state.config().cors_origins);
    let routes = Router::new()
        .merge(index_routes())
        .merge(merchandising_routes())
        .merge(shop_routes())
        .merge(operation_routes())
        .fallback(failure::unknown_route)
        .method_not_allowed_fallback(failure::wrong_method)
        .layer(middleware::from_fn_with_state(state.clone(), observe::observe))
        .layer(CompressionLayer::new().gzip(true));
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.with_state(state)
}

fn index_routes() -> Router<AppState> {
    Router::new()
        .route("/v1/indexes", get(indexes::list))
        .route("/v1/indexes/{index}", get(indexes::get).put(indexes::put).delete(indexes::delete))
        .route(
            "/v1/indexes/{index}/settings",
            get(indexes::get_settings).put(indexes::put_settings),
        )
        .route("/v1/indexes/{index}/settings/versions", get(versions::list))
        .route("/v1/indexes/{index}/settings/versions/{number}", get(versions::get))
        .route("/v1/indexes/{index}/settings/versions/{number}/restore", post(versions::restore))
        .route("/v1/indexes/{index}/products", post(products::upsert).patch(products::patch))
        .route("/v1/indexes/{index}/products/{id}", get(products::get).delete(products::delete))
        .route("/v1/indexes/{index}/search", post(search::search))
        .route("/v1/indexes/{index}/suggest", get(suggest::suggest))
}

fn merchandising_routes() -> Router<AppState> {
    Router::new()
        .route("/v1/indexes/{index}/search/compare", post(merchandising::compare))
        .route("/v1/indexes/{index}/rules", get(merchandising::list_rules))
        .route("/v1/indexes/{index}/rules/conflicts", get(merchandising::conflicts))
        .route("/v1/indexes/{index}/rules/preview", post(merchandising::preview))
        .route(
            "/v1/indexes/{index}/rules/{id}",
            get(merchandising::get_rule)
                .put(merchandising::put_rule)
                .delete(merchandising::delete_rule),
        )
        .route(
            "/v1/indexes/{index}/boosts",
            get(merchandising::get_boosts).put(merchandising::put_boosts),
        )
        .route(
            "/v1/indexes/{index}/suggestions",
            get(suggest::get_settings).put(suggest::put_settings),
        )
}

fn shop_routes() -> Router<AppState> {
    Router::new()
        .route("/v1/events", post(events::record))
        .route("/v1/shoppers/{id}", get(shoppers::get).delete(shoppers::erase))
        .route("/v1/shoppers/{id}/preferences", put(shoppers::put_preferences))
        .route("/v1/shoppers/{id}/events", get(shoppers::export))
        .route("/v1/shoppers/{id}/events/{number}", delete(shoppers::remove_event))
        .route("/v1/shoppers/{id}/token", post(shoppers::sign_token))
        .route("/v1/keys", get(keys::list).post(keys::create))
        .route("/v1/keys/{id}", delete(keys::delete))
}

fn operation_routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route("/v1/backup", post(backup::create))
        .route("/openapi.json", get(operations::openapi))
        .route("/", get(pages::storefront))
        .route("/admin", get(pages::console))
        .route("/assets/{file}", get(pages::asset))
}

/// Serves until `shutdown` is done, then lets running calls end within the configured grace.
///
/// # Errors
/// `BadRequest` when the development mode would be open to a network, Unavailable when the
/// listener fails.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let address = listener.local_addr().map_err(|error| listener_failed(&error))?;
    let config = state.config();
    if config.dev && !address.ip().is_loopback() {
        return Err(Error::bad_request(
            "open_network",
            format!(
                "the development mode opens everything, and {address} is not a loopback address"
            ),
            "listen on 127.0.0.1, or leave the development mode",
        ));
    }
    if config.dev {
        tracing::warn!("development mode: every call is open to this machine, without keys");
    }
    let grace = Duration::from_millis(config.limits.shutdown_grace_ms);
    let (tell, told) = oneshot::channel();
    let listener = listener.tap_io(|connection| {
        // Answers are small; waiting to fill a packet only delays them.
        let _ = connection.set_nodelay(true);
    });
    let server = axum::serve(listener, router(state)).with_graceful_shutdown(async move {
        shutdown.await;
        let _ = tell.send(());
    });
    tracing::info!(%address, "listening");
    tokio::select! {
        served = server.into_future() => served.map_err(|error| listener_failed(&error)),
        () = grace_over(told, grace) => {
            tracing::warn!("calls still run after the grace period; stopping");
            Ok(())
        }
    }
}

async fn grace_over(told: oneshot::Receiver<()>, grace: Duration) {
    if told.await.is_ok() {
        tokio::time::sleep(grace).await;
    } else {
        std::future::pending::<()>().await;
    }
}

fn listener_failed(error: &std::io::Error) -> Error {
    Error::unavailable("listener_failed", format!("the listener failed: {error}"), "")
}

/// Done when the process is asked to stop, by ctrl-c or SIGTERM.
pub async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
