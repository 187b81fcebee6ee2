//! Field names and values as small numbers.

use std::collections::HashMap;

use crate::text::normalise::fold;

/// A field's place in the dictionary.
pub type FieldId = u16;

/// A value's place in the dictionary; equal numbers mean equal folded values of one field.
pub type ValueId = u32;

/// Longer texts are prose, not values to filter or count by.
const VALUE_BYTES_MAX: usize = 120;

/// Names of fields and values, each known by a number. Only grows.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    fields: Vec<String>,
    field_ids: HashMap<String, FieldId>,
    values: Vec<Box<str>>,
    value_ids: Vec<HashMap<Box<str>, ValueId>>,
    numeric: Vec<bool>,
}

impl Dictionary {
    /// The number of a field, given when it is new.
    pub fn add_field(&mut self, name: &str) -> FieldId {
        if let Some(&id) = self.field_ids.get(name) {
            return id;
        }
        let id = self.fields.len().min(usize::from(FieldId::MAX)) as FieldId;
        self.fields.push(name.to_owned());
        self.field_ids.insert(name.to_owned(), id);
        self.value_ids.push(HashMap::new());
        self.numeric.push(false);
        id
    }

    /// The number of a value of a field, given when it is new; `None` for prose and for nothing.
    pub fn add_value(&mut self, field: FieldId, value: &str) -> Option<ValueId> {
        let value = value.trim();
        if value.is_empty() || value.len() > VALUE_BYTES_MAX {
            return None;
        }
        let folded = fold(value).into_boxed_str();
        let ids = &mut self.value_ids[usize::from(field)];
        if let Some(&id) = ids.get(&folded) {
            return Some(id);
        }
        let id = self.values.len() as ValueId;
        self.values.push(value.into());
        ids.insert(folded, id);
        Some(id)
    }

    /// Notes that a field has numbers.
    pub fn mark_numeric(&mut self, field: FieldId) {
        self.numeric[usize::from(field)] = true;
    }

    /// The number of a known field.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.field_ids.get(name).copied()
    }

    /// The number of a known value of a field, whatever its case and accents.
    pub fn value(&self, field: FieldId, value: &str) -> Option<ValueId> {
        if value.len() > 2 * VALUE_BYTES_MAX {
            return None;
        }
        self.value_ids[usize::from(field)].get(fold(value.trim()).as_str()).copied()
    }

    /// A value as the catalogue first wrote it.
    pub fn text(&self, value: ValueId) -> &str {
        &self.values[value as usize]
    }

    /// A value as the catalogue first wrote it, if it is known.
    pub fn get(&self, value: ValueId) -> Option<&str> {
        self.values.get(value as usize).map(AsRef::as_ref)
    }

    /// The field's name.
    pub fn field_name(&self, field: FieldId) -> &str {
        &self.fields[usize::from(field)]
    }

    /// Whether a field has numbers.
    pub fn is_numeric(&self, field: FieldId) -> bool {
        self.numeric[usize::from(field)]
    }

    /// All fields with their names.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &str)> {
        (0..).zip(self.fields.iter().map(String::as_str))
    }

    /// All values of a field: folded text and number.
    pub fn values_of(&self, field: FieldId) -> impl Iterator<Item = (&str, ValueId)> {
        self.value_ids[usize::from(field)].iter().map(|(text, id)| (text.as_ref(), *id))
    }
}
