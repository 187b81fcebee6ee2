//! The value of an attribute or of a filter.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A scalar as catalogues write it.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`; matched as the texts "true" and "false".
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Bool(value) => value.hash(state),
            // Both zeros are equal.
            Self::Number(value) => (value + 0.0).to_bits().hash(state),
            Self::Text(value) => value.hash(state),
        }
    }
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
#[derive(Clone, Debug, PartialEq, Hash, Serialize)]
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

/// What a scalar or a list of scalars is in a message.
const SCALAR: &str = "a text, a number, true or false";
const SCALARS: &str = "a text, a number, true, false or a list of these";

// By hand, since a derived reader of untagged enums copies the value and makes an error for each
// variant that does not fit; and products are read all the time.

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(SCALAR)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(value))
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(SCALARS)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        ScalarVisitor.visit_bool(value).map(Value::One)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        ScalarVisitor.visit_f64(value).map(Value::One)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        ScalarVisitor.visit_i64(value).map(Value::One)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        ScalarVisitor.visit_u64(value).map(Value::One)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        ScalarVisitor.visit_str(value).map(Value::One)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        ScalarVisitor.visit_string(value).map(Value::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut scalars = Vec::new();
        while let Some(scalar) = values.next_element()? {
            scalars.push(scalar);
        }
        Ok(Value::Many(scalars))
    }
}
