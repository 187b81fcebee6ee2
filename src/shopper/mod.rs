//! What is known of a shopper: a pure fold of events with decay, and the shopper's own word.
//!
//! [`profile::Profile`] is the fold, [`affinity::Affinities`] judges products by it against what
//! the shop's average shopper does, [`view::ProfileView`] shows it to the shopper, and
//! [`packed::Packed`] keeps it.

mod acts;
pub mod affinity;
pub mod evidence;
mod fold;
mod gift;
mod levels;
mod lift;
pub mod packed;
pub mod profile;
pub mod size;
pub mod tally;
pub mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

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

/// Brands that a shopper may like, and block.
const BRANDS_MAX: usize = 100;

/// Size systems that a shopper may name sizes of.
const SIZE_SYSTEMS_MAX: usize = 50;

/// Sizes that a shopper may have of one system.
const SIZES_MAX: usize = 50;

/// Characters of a brand, a size system and a size.
const NAME_CHARS_MAX: usize = 200;

impl Preferences {
    /// Checks that nothing is longer than anybody's word could be.
    ///
    /// # Errors
    /// `BadRequest` naming the list and its limit.
    pub fn check(&self) -> Result<()> {
        at_most("liked_brands", self.liked_brands.len(), BRANDS_MAX)?;
        at_most("blocked_brands", self.blocked_brands.len(), BRANDS_MAX)?;
        at_most("sizes", self.sizes.len(), SIZE_SYSTEMS_MAX)?;
        for (system, sizes) in &self.sizes {
            at_most("sizes of one system", sizes.len(), SIZES_MAX)?;
            std::iter::once(system).chain(sizes).try_for_each(|name| short("sizes", name))?;
        }
        self.liked_brands.iter().try_for_each(|name| short("liked_brands", name))?;
        self.blocked_brands.iter().try_for_each(|name| short("blocked_brands", name))
    }
}

fn at_most(list: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    let message = format!("'{list}' has {count} entries, and at most {most} are allowed");
    Err(Error::bad_request("over_limit", message, "leave out what matters least"))
}

fn short(list: &str, name: &str) -> Result<()> {
    if name.chars().count() <= NAME_CHARS_MAX {
        return Ok(());
    }
    let message = format!("a name in '{list}' has more than {NAME_CHARS_MAX} characters");
    Err(Error::bad_request("over_limit", message, "write the name as the catalogue does"))
}
