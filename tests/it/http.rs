//! The HTTP edge, called without a socket: every call of the contract, and bad input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

mod access;
mod bad_input;
mod client;
mod events;
mod indexes;
mod limits;
mod merchandising;
mod operations;
mod overload;
mod products;
mod search;
mod serving;
mod shoppers;
mod socket;
mod suggest;
mod versions;
mod watching;
