//! Size systems: which sizes can be compared with one another.

use serde::{Deserialize, Serialize};

/// One size system: sizes in order, and where they are worn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SizeSystem {
    /// Sizes of anything, from small to large.
    Anywhere(Vec<String>),
    /// Sizes that are worn in some categories only: forty-four is a shoe, and is a dress.
    In {
        /// From small to large.
        sizes: Vec<String>,
        /// Words, of which one must end a word of the category path.
        categories: Vec<String>,
    },
}

impl SizeSystem {
    /// The sizes, from small to large.
    pub fn sizes(&self) -> &[String] {
        match self {
            Self::Anywhere(sizes) | Self::In { sizes, .. } => sizes,
        }
    }

    /// Words of the categories where they are worn; empty for anywhere.
    pub fn categories(&self) -> &[String] {
        match self {
            Self::Anywhere(_) => &[],
            Self::In { categories, .. } => categories,
        }
    }
}
