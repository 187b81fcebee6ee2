//! Names of things: checked once, where they enter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A product's position in the columns and vectors of one index: dense from 0, given by the store
/// when the product is first seen and kept for ever.
pub type Ordinal = u32;

/// A position in the store's order of writes; only grows. 0 is before the first write.
pub type Sequence = u64;

/// A name that does not keep its type's rule; the text says the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId(pub &'static str);

impl fmt::Display for InvalidId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks the rule of this kind of name.
            ///
            /// # Errors
            /// The rule, when `text` does not keep it.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId($rule)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

fn printable(text: &str, bytes_max: usize) -> bool {
    !text.trim().is_empty() && text.len() <= bytes_max && !text.chars().any(char::is_control)
}

fn name_like(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

id!(
    /// The name of an index.
    IndexName,
    "an index name has 1 to 64 letters, digits, '-' or '_'",
    name_like
);
id!(
    /// A product's identifier, as the shop gives it.
    ProductId,
    "a product id has 1 to 256 bytes and no control characters",
    |text| printable(text, 256)
);
id!(
    /// A shopper's identifier, as the shop gives it.
    ShopperId,
    "a shopper id has 1 to 128 bytes and no control characters",
    |text| printable(text, 128)
);
id!(
    /// A browsing session's identifier.
    SessionId,
    "a session id has 1 to 128 bytes and no control characters",
    |text| printable(text, 128)
);
id!(
    /// A merchandising rule's identifier within its index.
    RuleId,
    "a rule id has 1 to 64 letters, digits, '-' or '_'",
    name_like
);
