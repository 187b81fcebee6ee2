//! What is known of a shopper: a pure fold of events with decay, and the shopper's own word.
//!
//! [`profile::Profile`] is the fold, [`affinity::Affinities`] judges products by it against what
//! the shop's average shopper does, [`view::ProfileView`] shows it to the shopper.

mod acts;
pub mod affinity;
pub mod evidence;
mod fold;
mod gift;
mod levels;
mod lift;
pub mod profile;
pub mod size;
pub mod tally;
pub mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How much of a shopper's behaviour may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nothing is recorded or used.
    None,
    /// Only the present session.
    SessionOnly,
    /// The whole history.
    #[default]
    Full,
}

/// What a shopper said explicitly; outranks what is inferred.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// How much behaviour may be used.
    pub consent: Consent,
    /// Sizes by size system, such as `{"shoe_eu": ["44"]}`.
    pub sizes: BTreeMap<String, Vec<String>>,
    /// Brands to prefer.
    pub liked_brands: Vec<String>,
    /// Brands to show last.
    pub blocked_brands: Vec<String>,
}
