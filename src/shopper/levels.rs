//! The levels of a category path, from the whole shop down to the leaf.

use super::profile::Table;

/// Stands between the names of a path in a key.
const SEPARATOR: &str = " > ";

/// The names of a key.
pub(super) fn split(key: &str) -> impl Iterator<Item = &str> {
    key.split(SEPARATOR)
}

/// The entries of the narrowest categories of an ordered map.
pub(super) fn leaves<T>(by_key: &Table<T>) -> impl Iterator<Item = (&str, &T)> {
    by_key.iter().map(|(key, value)| (&**key, value)).filter(|(key, _)| {
        let below = format!("{key}{SEPARATOR}");
        let place = by_key.find_index(below.as_str()).unwrap_or_else(|place| place);
        by_key.get_indexed(place).is_none_or(|(next, _)| !next.starts_with(&below))
    })
}

/// Keys of all levels of one category path; level 0 is the whole shop, whose key is empty.
pub(super) struct Levels {
    joined: String,
    ends: Vec<usize>,
}

impl Levels {
    pub(super) fn new<Name: AsRef<str>>(path: &[Name]) -> Self {
        let mut joined =
            String::with_capacity(path.iter().map(|name| name.as_ref().len() + 3).sum());
        let mut ends = Vec::with_capacity(path.len() + 1);
        ends.push(0);
        for name in path {
            if !joined.is_empty() {
                joined.push_str(SEPARATOR);
            }
            joined.push_str(name.as_ref());
            ends.push(joined.len());
        }
        Self { joined, ends }
    }

    /// The level of the leaf; 0 without a category.
    pub(super) fn depth(&self) -> usize {
        self.ends.len() - 1
    }

    /// The key of a level, `0..=depth`.
    pub(super) fn key(&self, level: usize) -> &str {
        &self.joined[..self.ends[level]]
    }

    /// The key of the leaf.
    pub(super) fn leaf(&self) -> &str {
        &self.joined
    }
}
