//! What a catalogue itself suggests, so that autocomplete is useful on the first day: categories,
//! brands, their combinations, frequent title phrases and products.

use std::collections::{BTreeMap, HashSet};

use super::Sources;
use super::draft::{Draft, log_share};
use super::labels::{LabelFinder, Lead, OwnedLabels};
use super::private::{looks_private, names_somebody};
use super::titles::{TITLES_MAX, TitlePhrases};
use super::words::split;
use crate::domain::id::Ordinal;
use crate::domain::page::SuggestionKind;
use crate::index::columns::dictionary::{FieldId, ValueId};
use crate::index::columns::row::Row;

/// How popular the best of each source may be, 0–1; searched queries have 1.
const CATEGORY_POPULARITY_MAX: f32 = 0.9;
const BRAND_POPULARITY_MAX: f32 = 0.85;
const COMBINATION_POPULARITY_MAX: f32 = 0.7;
const PHRASE_POPULARITY_MAX: f32 = 0.6;
const PRODUCT_POPULARITY_MAX: f32 = 0.5;

/// A product that cannot be bought now is a poor suggestion, but it may be back tomorrow.
const SOLD_OUT_FACTOR: f32 = 0.3;

/// Products suggested by title: the best-selling ones; the search itself finds the others.
const PRODUCTS_MAX: usize = 300_000;

/// A category with an attribute needs so many products to be suggested.
const ATTRIBUTE_PRODUCTS_MIN: u32 = 3;

/// A field with more distinct values is not what shoppers narrow a category by.
const ATTRIBUTE_VALUES_MAX: usize = 64;

/// How much of an index a value or a combination is.
#[derive(Clone, Copy, Default)]
struct Tally {
    products: u32,
    weight: f64,
}

/// Counts over all products, in the order of value numbers so that builds are repeatable.
#[derive(Default)]
struct Tallies {
    brands: BTreeMap<ValueId, Tally>,
    categories: BTreeMap<ValueId, Tally>,
    /// Brand and leaf category.
    branded: BTreeMap<(ValueId, ValueId), Tally>,
    /// Attribute value and leaf category.
    described: BTreeMap<(ValueId, ValueId), Tally>,
}

impl Tallies {
    fn note(&mut self, row: &Row, fields: &HashSet<FieldId>) {
        let weight = 1.0 + row.sales().ln_1p();
        let add = |tally: &mut Tally| {
            tally.products += 1;
            tally.weight += weight;
        };
        if let Some(brand) = row.brand {
            add(self.brands.entry(brand).or_default());
        }
        let levels: HashSet<ValueId> = row.category.iter().copied().collect();
        for level in levels {
            add(self.categories.entry(level).or_default());
        }
        let Some(leaf) = row.category.last() else { return };
        if let Some(brand) = row.brand {
            add(self.branded.entry((brand, *leaf)).or_default());
        }
        for (_, value) in row.values.iter().filter(|(field, _)| fields.contains(field)) {
            add(self.described.entry((*value, *leaf)).or_default());
        }
    }
}

/// All ordinals, best-selling first.
pub(super) fn by_sales(sources: &Sources<'_>) -> Vec<Ordinal> {
    let mut products: Vec<(f64, Ordinal)> =
        sources.columns.rows().map(|(ordinal, row)| (row.sales(), ordinal)).collect();
    products.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    products.into_iter().map(|(_, ordinal)| ordinal).collect()
}

/// Everything that the catalogue suggests.
pub(super) fn drafts(
    sources: &Sources<'_>,
    order: &[Ordinal],
    labels: &LabelFinder<'_>,
) -> Vec<Draft> {
    let fields = narrowing_fields(sources);
    let mut tallies = Tallies::default();
    for (_, row) in sources.columns.rows() {
        tallies.note(row, &fields);
    }
    let mut drafts = Vec::new();
    value_drafts(sources, &tallies, labels, &mut drafts);
    combination_drafts(sources, &tallies, labels, &mut drafts);
    title_drafts(sources, order, (&tallies, labels), &mut drafts);
    drafts
}

/// Colours and attributes with few values, such as gender or material.
fn narrowing_fields(sources: &Sources<'_>) -> HashSet<FieldId> {
    let (dictionary, known) = (sources.columns.dictionary(), sources.columns.known());
    let own = [known.brand, known.category, known.size, known.tags];
    dictionary
        .fields()
        .filter(|(_, name)| !sources.private.contains(*name))
        .map(|(field, _)| field)
        .filter(|field| !own.contains(field) && !dictionary.is_numeric(*field))
        .filter(|field| dictionary.values_of(*field).count() <= ATTRIBUTE_VALUES_MAX)
        .collect()
}

fn value_drafts(
    sources: &Sources<'_>,
    tallies: &Tallies,
    labels: &LabelFinder<'_>,
    drafts: &mut Vec<Draft>,
) {
    let kinds = [
        ("category", SuggestionKind::Category, &tallies.categories, CATEGORY_POPULARITY_MAX),
        ("brand", SuggestionKind::Brand, &tallies.brands, BRAND_POPULARITY_MAX),
    ];
    for (field, kind, tallies, popularity_max) in kinds {
        if sources.private.contains(field) {
            continue;
        }
        let weight_max = heaviest(tallies.values());
        drafts.extend(tallies.iter().map(|(value, tally)| {
            let Lead { witness, labels } = labels.of_value(*value);
            let text = sources.columns.text(*value).to_owned();
            let popularity = popularity_max * log_share(tally.weight, weight_max);
            Draft { text, kind, popularity, labels, product_id: None, witness }
        }));
    }
}

fn heaviest<'t>(tallies: impl Iterator<Item = &'t Tally>) -> f64 {
    tallies.map(|tally| tally.weight).fold(0.0, f64::max)
}

/// `nike running shoes` from a brand, `black running shoes` from a colour.
fn combination_drafts(
    sources: &Sources<'_>,
    tallies: &Tallies,
    labels: &LabelFinder<'_>,
    drafts: &mut Vec<Draft>,
) {
    let weight_max = heaviest(tallies.branded.values().chain(tallies.described.values()));
    let frequent =
        tallies.described.iter().filter(|(_, tally)| tally.products >= ATTRIBUTE_PRODUCTS_MIN);
    if sources.private.contains("category") {
        return;
    }
    let branded = tallies.branded.iter().filter(|_| !sources.private.contains("brand"));
    for ((value, leaf), tally) in branded.chain(frequent) {
        let (value, leaf) = (sources.columns.text(*value), sources.columns.text(*leaf));
        let Some(text) = joined(value, leaf) else { continue };
        let popularity = COMBINATION_POPULARITY_MAX * log_share(tally.weight, weight_max);
        drafts.push(query_draft(text, popularity, labels));
    }
}

/// Both texts as one phrase; `None` where nobody would say it so.
fn joined(value: &str, category: &str) -> Option<String> {
    let (first, second) = (split(value), split(category));
    let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " -'’.".contains(c));
    // One letter, as of a size or a unit, is not read as a word of its own.
    let says_something = first.iter().any(|word| word.text.chars().nth(1).is_some());
    let is_short =
        says_something && (1..=3).contains(&first.len()) && (1..=3).contains(&second.len());
    let is_flag = matches!(first.first()?.text.as_str(), "true" | "false" | "yes" | "no" | "none");
    let overlaps = first.iter().any(|word| {
        second.iter().any(|other| {
            let shorter = word.text.len().min(other.text.len());
            shorter > 2
                && (other.text.starts_with(&word.text) || word.text.starts_with(&other.text))
        })
    });
    let sayable = is_plain(category) && is_short && !is_flag && !overlaps;
    sayable.then(|| format!("{} {}", value.trim().to_lowercase(), category.trim().to_lowercase()))
}

/// Frequent title phrases, and the best-selling products themselves.
fn title_drafts(
    sources: &Sources<'_>,
    order: &[Ordinal],
    (tallies, labels): (&Tallies, &LabelFinder<'_>),
    drafts: &mut Vec<Draft>,
) {
    let best = order.first().and_then(|first| sources.columns.row(*first));
    let sales_max = best.map_or(0.0, Row::sales);
    let step = order.len().div_ceil(TITLES_MAX).max(1);
    let mut phrases = TitlePhrases::default();
    for (place, ordinal) in order.iter().enumerate() {
        let is_read = place % step == 0;
        let is_suggested = place < PRODUCTS_MAX;
        if !is_read && !is_suggested {
            continue;
        }
        let row = sources.columns.row(*ordinal);
        let (Some(row), Some(title)) = (row, (sources.titles)(*ordinal)) else { continue };
        if is_read {
            phrases.read(&title);
        }
        if is_suggested && !names_somebody(&title) {
            drafts.push(product_draft((*ordinal, row), title, sales_max));
        }
    }
    let mut phrases = phrases.frequent(sources.analyser, &heads(sources, tallies));
    phrases.retain(|phrase| !looks_private(&phrase.text));
    let titles_max = phrases.first().map_or(0.0, |phrase| f64::from(phrase.titles));
    drafts.extend(phrases.into_iter().map(|phrase| {
        let share = log_share(f64::from(phrase.titles), titles_max);
        query_draft(phrase.text, PHRASE_POPULARITY_MAX * share, labels)
    }));
}

fn query_draft(text: String, popularity: f32, labels: &LabelFinder<'_>) -> Draft {
    let Lead { witness, labels } = labels.of_text(&text);
    Draft { text, kind: SuggestionKind::Query, popularity, labels, product_id: None, witness }
}

fn product_draft((ordinal, row): (Ordinal, &Row), title: String, sales_max: f64) -> Draft {
    let sold_out = if row.in_stock() { 1.0 } else { SOLD_OUT_FACTOR };
    Draft {
        text: title,
        kind: SuggestionKind::Product,
        // A product that never sold still comes before nothing.
        popularity: PRODUCT_POPULARITY_MAX
            * sold_out
            * log_share(1.0 + row.sales(), 1.0 + sales_max),
        labels: OwnedLabels::of(std::iter::once(row)),
        product_id: Some(row.id.clone()),
        witness: Some(ordinal),
    }
}

/// Stems of the last words of categories: they name kinds of product.
fn heads(sources: &Sources<'_>, tallies: &Tallies) -> HashSet<String> {
    let names = tallies.categories.keys().map(|value| sources.columns.text(*value));
    names
        .filter_map(|name| split(name).pop())
        .map(|last| sources.analyser.stem(&last.text))
        .collect()
}
