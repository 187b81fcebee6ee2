//! The value of an attribute or of a filter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A scalar as catalogues write it.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`; matched as the texts "true" and "false".
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(formatter),
            Self::Number(value) => value.fmt(formatter),
            Self::Text(value) => value.fmt(formatter),
        }
    }
}

/// The value of an attribute: one scalar or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// One scalar.
    One(Scalar),
    /// Several, in the catalogue's order.
    Many(Vec<Scalar>),
}

impl Value {
    /// The scalars in order.
    pub fn scalars(&self) -> &[Scalar] {
        match self {
            Self::One(scalar) => std::slice::from_ref(scalar),
            Self::Many(scalars) => scalars,
        }
    }
}
