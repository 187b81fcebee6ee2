//! Numbers of products, and how each is spread over the index: what boosts ask.

use super::Ranked;
use crate::domain::id::Ordinal;
use crate::domain::time::Timestamp;
use crate::index::columns::Columns;
use crate::index::columns::dictionary::FieldId;
use crate::index::columns::statistics::{Distribution, number_of};
use crate::settings::boosts::{Number, NumericField};

/// One number of every product.
pub struct Numbers<'v> {
    columns: &'v Columns,
    source: Source,
    spread: &'v Distribution,
}

enum Source {
    Own(Number),
    Attribute(FieldId),
}

impl<'v> Ranked<'v> {
    /// A number of the products; `None` when no product has the attribute.
    pub fn numbers(&self, field: &NumericField) -> Option<Numbers<'v>> {
        let (source, spread) = match field {
            NumericField::Own(number) => (Source::Own(*number), self.statistics.of_number(*number)),
            NumericField::Attribute(name) => {
                let field = self.columns.dictionary().field(name)?;
                (Source::Attribute(field), self.statistics.of_attribute(field)?)
            }
        };
        Some(Numbers { columns: self.columns, source, spread })
    }
}

impl<'v> Numbers<'v> {
    /// The number of a product at a time; `None` when it has none. The season is 1 or 0, the time
    /// since which a product is sold is in days since 1970.
    pub fn of(&self, ordinal: Ordinal, now: Timestamp) -> Option<f32> {
        let row = self.columns.row(ordinal)?;
        match &self.source {
            Source::Own(Number::Season) => {
                let in_season = row.numbers.sales.as_deref()?.in_season(now)?;
                Some(f32::from(u8::from(in_season)))
            }
            Source::Own(number) => number_of(row, *number),
            Source::Attribute(field) => {
                let found = row.measures.iter().find(|(id, _)| id == field);
                found.map(|(_, value)| *value as f32)
            }
        }
    }

    /// How it is spread over the index.
    pub fn spread(&self) -> &'v Distribution {
        self.spread
    }
}
