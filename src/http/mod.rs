//! The HTTP edge: who calls, what is asked, one call of the engine, and its answer as JSON.
//!
//! One file per resource; `docs/api.md` is the reference and `openapi.json` its machine-readable
//! form. Handlers check the key before they read the body.

mod access;
mod audit;
mod backup;
mod body;
mod ceilings;
mod editing;
mod events;
mod failure;
mod gate;
mod guard;
mod identity;
mod indexes;
mod keys;
mod merchandising;
mod observe;
mod open_files;
mod operations;
mod pages;
mod params;
mod patient;
mod places;
mod products;
mod rate;
mod search;
mod serve;
mod shoppers;
mod state;
mod suggest;
mod tls;
mod token;
mod upload;
mod versions;

pub use audit::AuditLog;
pub use serve::{serve, stop_signal};
pub use state::AppState;
pub use tls::check_certificate;

use axum::routing::{delete, get, post, put};
use axum::{Router, middleware};
use tower_http::compression::CompressionLayer;

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
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard));
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes
        .layer(middleware::from_fn_with_state(state.clone(), observe::observe))
        .layer(CompressionLayer::new().gzip(true))
        .with_state(state)
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
        .route("/v1/indexes/{index}/rules/preview/queries", post(merchandising::preview_queries))
        .route("/v1/indexes/{index}/queries", get(merchandising::recent_queries))
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
        .route("/v1/indexes/{index}/boosts/effect", post(merchandising::boost_effect))
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
        .route("/v1/keys/own", get(keys::own))
        .route("/v1/keys/{id}", delete(keys::delete))
        .route("/v1/keys/{id}/rotate", post(keys::rotate))
        .route("/v1/audit", get(guard::list))
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
