//! The one integration-test binary: a file per surface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod autocomplete;
mod catalog;
mod cli;
mod crash;
mod crasher;
mod disk;
mod embed;
mod engine;
mod erasure;
mod eval;
mod first_start;
mod formats;
mod fuzz;
mod http;
mod index;
mod ladder;
mod merch;
mod process;
mod queries;
mod rank;
mod shopper;
mod sign_in;
mod spelling;
mod store;
mod support;
mod taste;
mod text;
mod tidy;
mod train;
mod understand;
mod vector;
