//! Vitrine: a personalised semantic product search engine that a shop runs itself.
//!
//! ```text
//! catalogue ─catalog─▶ Product ─store─▶ (truth) ─index::build─▶ Index generation ─┐
//! events ──shopper──▶ store ──▶ Profile ─────────────────────────────┐           │
//! admin ──settings──▶ Settings (versioned) ───────────┐              │           │
//!                                                     ▼              ▼           ▼
//! text ─▶ query::understand ─▶ Query ─▶ retrieve ─▶ Candidates ─▶ rank ─▶ Ranked ─▶ merch ─▶ Page
//! prefix ─▶ autocomplete::complete ─▶ Suggestions         all called from engine.rs, and only there
//! ```
//!
//! The modules below are in reading order: each uses only those listed for it in `ARCHITECTURE.md`.

pub mod background;
pub mod domain;
pub mod error;
pub mod failpoint;
pub mod text;

pub mod catalog;
pub mod embed;
pub mod settings;
pub mod shopper;
pub mod store;

pub mod index;
pub mod query;
pub mod retrieve;

pub mod merch;
pub mod rank;

pub mod autocomplete;

pub mod engine;
pub mod eval;

pub mod config;
pub mod startup;
pub mod telemetry;

pub mod cli;
pub mod http;
