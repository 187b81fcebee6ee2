//! What ranking, filtering and counting need to know of one product.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::domain::id::{ProductId, Sequence};
use crate::domain::product::{Product, Variant};
use crate::domain::time::Timestamp;
use crate::domain::value::Scalar;

use super::Known;
use super::dictionary::{Dictionary, FieldId, ValueId};

/// The numbers of a product that can change without touching its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// Price; the lowest of the variants' where the product has none.
    pub price: Option<f64>,
    /// Pieces in stock; the sum of the variants' where the product has none.
    pub stock: Option<i64>,
    /// Mean rating, 0–5.
    pub rating: Option<f64>,
    /// Ratings behind it.
    pub rating_count: Option<u64>,
    /// How much it sells.
    pub popularity: Option<f64>,
    /// Share of the price that is profit.
    pub margin: Option<f64>,
    /// When the shop began to sell it.
    pub created_at: Option<Timestamp>,
    /// Numbers that few catalogues have; the others pay nothing for them.
    pub sales: Option<Box<SalesNumbers>>,
}

/// Numbers that a shop knows of its sales, from fields that products need not have:
/// `list_price`, `sales_per_day`, `conversion_rate`, `season_from` and `season_until`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SalesNumbers {
    /// The price before any reduction.
    pub list_price: Option<f64>,
    /// Pieces sold per day.
    pub per_day: Option<f64>,
    /// Share of the visits that end with buying it.
    pub conversion_rate: Option<f64>,
    /// When its season begins.
    pub season_from: Option<Timestamp>,
    /// When its season is over.
    pub season_until: Option<Timestamp>,
}

impl SalesNumbers {
    fn of(product: &Product) -> Option<Box<Self>> {
        let number = |name| product.extra.get(name).and_then(sales_number);
        let time = |name| product.extra.get(name).and_then(time);
        let numbers = Self {
            list_price: number("list_price"),
            per_day: number("sales_per_day"),
            conversion_rate: number("conversion_rate"),
            season_from: time("season_from"),
            season_until: time("season_until"),
        };
        (numbers != Self::default()).then(|| Box::new(numbers))
    }

    /// Whether a product is in season; `None` when it has none.
    pub fn in_season(&self, now: Timestamp) -> Option<bool> {
        let (from, until) = (self.season_from, self.season_until);
        let begun = from.is_none_or(|from| now >= from);
        let known = from.is_some() || until.is_some();
        known.then(|| begun && until.is_none_or(|until| now < until))
    }
}

/// A number of a shop's sales: not negative, perhaps written as a text.
pub fn sales_number(value: &Json) -> Option<f64> {
    let number = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

fn time(value: &Json) -> Option<Timestamp> {
    match value {
        Json::String(text) => Timestamp::parse(text.trim()),
        Json::Number(number) => number.as_i64().map(Timestamp::from_ms),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// One product.
#[derive(Clone, Debug)]
pub struct Row {
    /// The shop's identifier.
    pub id: ProductId,
    /// The write that this row shows.
    pub sequence: Sequence,
    /// Changes when anything but the numbers does.
    pub content_hash: u64,
    /// Numbers that change often.
    pub numbers: Numbers,
    /// The brand.
    pub brand: Option<ValueId>,
    /// The levels of the category path.
    pub category: Box<[ValueId]>,
    /// Colours of the product and its variants, distinct.
    pub colors: Box<[ValueId]>,
    /// Every countable value, sorted and distinct: brand, category levels, colours, sizes, tags and
    /// attribute values.
    pub values: Box<[(FieldId, ValueId)]>,
    /// Numeric attributes, sorted by field.
    pub measures: Box<[(FieldId, f64)]>,
    /// The pieces one can buy, in the product's order.
    pub variants: Box<[VariantRow]>,
    /// Terms of the title in order, hashed by `term_hash`.
    pub title_terms: Box<[u32]>,
    /// Unstemmed words of the title, hashed, in the order of the terms.
    pub title_words: Box<[u32]>,
    /// Terms of brand and category, hashed.
    pub label_terms: Box<[u32]>,
}

/// One buyable piece.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantRow {
    /// Its size.
    pub size: Option<ValueId>,
    /// Its colour, the product's when it has none.
    pub color: Option<ValueId>,
    /// Its price, the product's when it has none.
    pub price: Option<f64>,
    /// Pieces in stock.
    pub stock: Option<i64>,
}

impl VariantRow {
    /// Whether a shopper can buy it now; untracked stock counts as available.
    pub fn in_stock(&self) -> bool {
        self.stock.is_none_or(|pieces| pieces > 0)
    }
}

impl Row {
    /// Whether any piece can be bought now; untracked stock counts as available.
    pub fn in_stock(&self) -> bool {
        self.numbers.stock.is_none_or(|pieces| pieces > 0)
    }

    /// How much it sells, on the shop's own scale; how often it was rated where that is not known.
    pub fn sales(&self) -> f64 {
        let ratings = self.numbers.rating_count.map(|count| count as f64);
        self.numbers.popularity.or(ratings).unwrap_or(0.0).max(0.0)
    }
}

/// A 32-bit FNV-1a hash of a term: equal terms in title and query meet without a string compare.
pub fn term_hash(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Numbers {
    /// The numbers of a product.
    pub fn of(product: &Product) -> Self {
        let variants = &product.variants;
        let lowest = variants.iter().filter_map(|variant| variant.price).reduce(f64::min);
        let tracked = variants.iter().any(|variant| variant.stock.is_some());
        let pieces =
            variants.iter().filter_map(|variant| variant.stock).fold(0, i64::saturating_add);
        Self {
            price: product.price.or(lowest),
            stock: product.stock.or(tracked.then_some(pieces)),
            rating: product.rating,
            rating_count: product.rating_count,
            popularity: product.popularity,
            margin: product.margin,
            created_at: product.created_at,
            sales: SalesNumbers::of(product),
        }
    }
}

/// Reads a product's values into numbers of the dictionary.
pub(super) struct RowReader<'d> {
    pub(super) dictionary: &'d mut Arc<Dictionary>,
    pub(super) known: Known,
}

/// The values of a product before they are boxed.
#[derive(Default)]
struct Gathered {
    values: Vec<(FieldId, ValueId)>,
    measures: Vec<(FieldId, f64)>,
}

impl RowReader<'_> {
    pub(super) fn variants(&mut self, product: &Product) -> Box<[VariantRow]> {
        let color = product.color.as_deref().and_then(|color| self.color(color));
        product.variants.iter().map(|variant| self.variant(variant, product, color)).collect()
    }

    fn variant(
        &mut self,
        variant: &Variant,
        product: &Product,
        color: Option<ValueId>,
    ) -> VariantRow {
        let size = variant.size.as_deref();
        let own_color = variant.color.as_deref().and_then(|color| self.color(color));
        VariantRow {
            size: size.and_then(|size| self.value(self.known.size, size)),
            color: own_color.or(color),
            price: variant.price.or(product.price),
            stock: variant.stock,
        }
    }

    /// Copies the dictionary, which a published snapshot may share, only for what is new.
    fn value(&mut self, field: FieldId, text: &str) -> Option<ValueId> {
        let known = self.dictionary.value(field, text);
        known.or_else(|| Arc::make_mut(self.dictionary).add_value(field, text))
    }

    fn field(&mut self, name: &str) -> FieldId {
        let known = self.dictionary.field(name);
        known.unwrap_or_else(|| Arc::make_mut(self.dictionary).add_field(name))
    }

    fn color(&mut self, color: &str) -> Option<ValueId> {
        self.value(self.known.color, color)
    }

    /// The categorical part of a row, with empty text columns.
    pub(super) fn row(&mut self, product: &Product) -> Row {
        let brand = product.brand.as_deref().and_then(|brand| self.value(self.known.brand, brand));
        let category: Box<[ValueId]> = product
            .category
            .iter()
            .filter_map(|level| self.value(self.known.category, level))
            .collect();
        let variants = self.variants(product);
        let mut colors: Vec<ValueId> = variants.iter().filter_map(|row| row.color).collect();
        colors.extend(product.color.as_deref().and_then(|color| self.color(color)));
        distinct(&mut colors);
        let mut gathered = Gathered::default();
        let known = self.known;
        gathered.values.extend(brand.map(|value| (known.brand, value)));
        gathered.values.extend(category.iter().map(|value| (known.category, *value)));
        gathered.values.extend(colors.iter().map(|value| (known.color, *value)));
        let sizes = variants.iter().filter_map(|row| row.size);
        gathered.values.extend(sizes.map(|value| (known.size, value)));
        self.gather_attributes(product, &mut gathered);
        gathered.values.sort_unstable();
        gathered.values.dedup();
        gathered.measures.sort_unstable_by_key(|(field, _)| *field);
        Row {
            id: product.id.clone(),
            sequence: 0,
            content_hash: 0,
            numbers: Numbers::of(product),
            brand,
            category,
            colors: colors.into(),
            values: gathered.values.into(),
            measures: gathered.measures.into(),
            variants,
            title_terms: Box::default(),
            title_words: Box::default(),
            label_terms: Box::default(),
        }
    }

    fn gather_attributes(&mut self, product: &Product, gathered: &mut Gathered) {
        for tag in &product.tags {
            let value = self.value(self.known.tags, tag);
            gathered.values.extend(value.map(|value| (self.known.tags, value)));
        }
        for (name, value) in &product.attributes {
            if super::RESERVED_FIELDS.contains(&name.as_str()) {
                continue;
            }
            let field = self.field(name);
            for scalar in value.scalars() {
                self.gather_scalar(field, scalar, gathered);
            }
        }
    }

    fn gather_scalar(&mut self, field: FieldId, scalar: &Scalar, gathered: &mut Gathered) {
        match scalar {
            Scalar::Number(number) => {
                if !self.dictionary.is_numeric(field) {
                    Arc::make_mut(self.dictionary).mark_numeric(field);
                }
                gathered.measures.push((field, *number));
            }
            Scalar::Text(text) => {
                let value = self.value(field, text);
                gathered.values.extend(value.map(|value| (field, value)));
            }
            Scalar::Bool(value) => {
                let value = self.value(field, &value.to_string());
                gathered.values.extend(value.map(|value| (field, value)));
            }
        }
    }
}

fn distinct(values: &mut Vec<ValueId>) {
    values.sort_unstable();
    values.dedup();
}
