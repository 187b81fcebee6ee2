//! Why a single write is refused: the same rules and words in every implementation.

use crate::domain::id::{IndexName, Ordinal, ProductId, Sequence};
use crate::domain::product::{Product, Variant};
use crate::domain::value::Scalar;
use crate::error::{Error, Result};

pub(super) fn no_index(index: &IndexName) -> Error {
    Error::not_found(
        "index_not_found",
        format!("there is no index '{index}'"),
        "PUT /v1/indexes/{index} makes one",
    )
}

pub(super) fn index_exists(index: &IndexName) -> Error {
    Error::conflict(
        "index_exists",
        format!("there is already an index '{index}'"),
        "change its settings, or delete it first",
    )
}

pub(super) fn stale_settings(index: &IndexName, latest: u64) -> Error {
    Error::conflict(
        "settings_changed",
        format!("the settings of '{index}' have changed; their latest version is {latest}"),
        "read them again and repeat the change",
    )
}

pub(super) fn no_product(index: &IndexName, id: &ProductId) -> Error {
    Error::not_found("product_not_found", format!("there is no product '{id}' in '{index}'"), "")
}

pub(super) fn stale_product(index: &IndexName, id: &ProductId) -> Error {
    Error::conflict(
        "product_changed",
        format!("the product '{id}' in '{index}' has changed meanwhile"),
        "read it again and repeat the change",
    )
}

pub(super) fn index_full(index: &IndexName) -> Error {
    Error::bad_request(
        "index_full",
        format!("the index '{index}' has had {} different products", Ordinal::MAX),
        "make a new index",
    )
}

pub(super) fn no_key(id: &str) -> Error {
    Error::not_found("key_not_found", format!("there is no key '{id}'"), "")
}

pub(super) fn no_visitor() -> Error {
    Error::bad_request("event_without_visitor", "the event names no shopper and no session", "")
}

pub(super) fn no_event(event: Sequence) -> Error {
    Error::not_found(
        "event_not_found",
        format!("there is no event {event} of this shopper"),
        "GET /v1/shoppers/{id}/events lists them with their numbers",
    )
}

pub(super) fn not_waiting(event: Sequence) -> Error {
    Error::not_found("event_not_waiting", format!("the event {event} no longer waits"), "")
}

/// JSON has no infinite numbers: a product with one could be written and never read again.
pub(super) fn check_product(product: &Product) -> Result<()> {
    let own = [product.price, product.rating, product.popularity, product.margin];
    let prices = product.variants.iter().map(|variant: &Variant| variant.price);
    let numbers = own.into_iter().chain(prices).flatten();
    let attributes = product.attributes.values().flat_map(|value| value.scalars());
    let finite = numbers.into_iter().all(f64::is_finite)
        && attributes.into_iter().all(|scalar| match scalar {
            Scalar::Number(number) => number.is_finite(),
            Scalar::Bool(_) | Scalar::Text(_) => true,
        });
    if finite {
        return Ok(());
    }
    Err(Error::bad_request(
        "number_not_finite",
        format!("a number of product '{}' is infinite or not a number", product.id),
        "correct or leave out the field",
    ))
}
