//! The HTTP edge, called without a socket: every call of the contract, and bad input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

mod access;
mod access_matrix;
mod attacks;
mod audit;
mod bad_input;
mod ceilings;
mod client;
mod events;
mod indexes;
mod keys;
mod limits;
mod merchandising;
mod operations;
mod overload;
mod private;
mod products;
mod rates;
mod search;
mod serving;
mod shoppers;
mod socket;
mod suggest;
mod tls;
mod versions;
mod watching;
