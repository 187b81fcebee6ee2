//! The words that name values of fields: brands, categories, colours, sizes and attributes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::columns::Columns;
use super::columns::dictionary::{FieldId, ValueId};
use crate::text::analyse::Analyser;
use crate::text::values::{NamedValues, ValueKind, Values};

/// Values of more words are prose: no query names them.
const WORDS_MAX: usize = 4;

/// An attribute's value is named only where more than one in so many products has it: there are
/// many others, and nobody types them.
const PRODUCTS_PER_NAMED: usize = 10_000;

/// Marks between names that stand together in one value: `Mattresses & Box Springs`.
const MARKS_BETWEEN: &[char] = &['&', '/', ',', ';', '+', '|'];

/// What the values of an index are called.
#[derive(Debug, Default)]
pub struct ValueIndex {
    by_terms: HashMap<Box<str>, Vec<NamedValues>>,
}

impl Values for ValueIndex {
    fn named(&self, terms: &str) -> &[NamedValues] {
        self.by_terms.get(terms).map_or(&[], Vec::as_slice)
    }
}

/// The values that one text names in one field, while they are gathered.
type Gathered = HashMap<(Box<str>, FieldId), Vec<(ValueId, u32)>>;

impl ValueIndex {
    /// Reads the values that products have; attributes in `private` stay unnamed.
    pub fn of(columns: &Columns, analyser: &Analyser, private: &BTreeSet<String>) -> Self {
        let reading = Reading { columns, analyser, products: products_by_value(columns) };
        let mut index = Self::default();
        for (field, name) in columns.dictionary().fields() {
            let Some(kind) = reading.kind(field).filter(|_| !private.contains(name)) else {
                continue;
            };
            let field_name: Arc<str> = name.into();
            for ((terms, field), values) in reading.gather(field, kind) {
                let named = reading.named(kind, (&field_name, field), values);
                index.by_terms.entry(terms).or_default().push(named);
            }
        }
        index
    }

    /// How many texts name something.
    pub fn len(&self) -> usize {
        self.by_terms.len()
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.by_terms.is_empty()
    }
}

struct Reading<'a> {
    columns: &'a Columns,
    analyser: &'a Analyser,
    products: Vec<u32>,
}

impl Reading<'_> {
    fn kind(&self, field: FieldId) -> Option<ValueKind> {
        let known = self.columns.known();
        match field {
            _ if field == known.brand => Some(ValueKind::Brand),
            _ if field == known.category => Some(ValueKind::Category),
            _ if field == known.color => Some(ValueKind::Color),
            _ if field == known.size => Some(ValueKind::Size),
            _ if field == known.tags => None,
            _ => Some(ValueKind::Attribute),
        }
    }

    fn gather(&self, field: FieldId, kind: ValueKind) -> Gathered {
        let mut gathered = Gathered::new();
        let mut parts = Vec::new();
        let least = match kind {
            ValueKind::Attribute => 1 + (self.columns.len() / PRODUCTS_PER_NAMED) as u32,
            ValueKind::Brand | ValueKind::Category | ValueKind::Color | ValueKind::Size => 1,
        };
        for (text, value) in self.columns.dictionary().values_of(field) {
            let products = self.products.get(value as usize).copied().unwrap_or(0);
            if products < least || matches!(text, "true" | "false") {
                continue;
            }
            for terms in self.names(text, kind) {
                gathered.entry((terms, field)).or_default().push((value, products));
            }
            if kind == ValueKind::Color {
                parts.extend(self.last_words(text).map(|terms| (terms, value, products)));
            }
        }
        // "Midnight Black" is a black, since there is a colour "Black".
        for (terms, value, products) in parts {
            if let Some(values) = gathered.get_mut(&(terms, field)) {
                values.push((value, products));
            }
        }
        gathered
    }

    /// The texts that name a value, as terms.
    fn names(&self, text: &str, kind: ValueKind) -> BTreeSet<Box<str>> {
        let parts = match kind {
            ValueKind::Brand | ValueKind::Size => vec![text],
            ValueKind::Category | ValueKind::Color | ValueKind::Attribute => {
                text.split(MARKS_BETWEEN).chain([text]).collect()
            }
        };
        parts.into_iter().filter_map(|part| self.terms(part)).collect()
    }

    fn last_words(&self, text: &str) -> impl Iterator<Item = Box<str>> {
        let parts = text.split(MARKS_BETWEEN).filter(|part| part.trim().contains(' '));
        parts.filter_map(|part| self.terms(part.split_whitespace().next_back()?))
    }

    fn terms(&self, text: &str) -> Option<Box<str>> {
        // Prose is told by its spaces, before it is analysed.
        if text.split_whitespace().nth(WORDS_MAX).is_some() {
            return None;
        }
        let tokens = self.analyser.tokens(text);
        let terms: Vec<&str> = tokens.iter().map(|token| token.term.as_str()).collect();
        (1..=WORDS_MAX).contains(&terms.len()).then(|| terms.join(" ").into())
    }

    fn named(
        &self,
        kind: ValueKind,
        (name, field): (&Arc<str>, FieldId),
        mut values: Vec<(ValueId, u32)>,
    ) -> NamedValues {
        values.sort_unstable();
        values.dedup();
        let most = values.iter().max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)));
        NamedValues {
            kind,
            field: Arc::clone(name),
            field_number: field,
            value: most.map_or("", |(value, _)| self.columns.text(*value)).into(),
            products: values.iter().map(|(_, count)| count).sum(),
            values: values.into_iter().map(|(value, _)| value).collect(),
        }
    }
}

/// How many products have each value, by its number.
fn products_by_value(columns: &Columns) -> Vec<u32> {
    let mut counts = Vec::new();
    for (_, row) in columns.rows() {
        for (_, value) in &row.values {
            let place = *value as usize;
            if counts.len() <= place {
                counts.resize(place + 1, 0);
            }
            counts[place] += 1;
        }
    }
    counts
}
