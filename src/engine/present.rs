//! From placed products to the page that a caller gets.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::Caller;
use super::limits;
use super::snapshot::Snapshot;
use crate::domain::id::Ordinal;
use crate::domain::page::{Explanation, Factor, Hit, Page, Understanding};
use crate::domain::search::SearchRequest;
use crate::error::Result;
use crate::index::columns::row::Row;
use crate::index::document::SALES_NUMBERS;
use crate::merch::{PlacedItem, Placement};
use crate::query::Query;
use crate::rank::Ranking;
use crate::rank::signal::NAMES;
use crate::retrieve::facet;
use crate::retrieve::filter::CompiledFilter;
use crate::text::analyse::Analyser;
use crate::text::normalise::compact;

/// Fields that are highlighted.
const HIGHLIGHTED: [&str; 2] = ["title", "brand"];

/// Everything that a page is made from.
pub(super) struct Presenting<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) request: &'a SearchRequest,
    pub(super) ranking: &'a Ranking<'a>,
    pub(super) caller: Caller,
}

impl Presenting<'_> {
    pub(super) fn page(
        &self,
        mut placement: Placement<'_>,
        filter: &CompiledFilter,
    ) -> Result<Page> {
        let request = self.request;
        let first = (request.page - 1) * request.per_page;
        let total = placement.items.len();
        let end = (first + request.per_page).min(total);
        if request.explain {
            placement.explain(first.min(end)..end);
        }
        let shown = placement.items.get(first.min(end)..end).unwrap_or_default();
        let facets = self.facets(&placement)?;
        Ok(Page {
            hits: self.hits(shown, first, filter)?,
            total,
            page: request.page,
            per_page: request.per_page,
            facets,
            query: understanding(self.ranking.query),
            redirect: placement.redirect,
            banners: placement.banners,
            ..Page::default()
        })
    }

    fn facets(
        &self,
        placement: &Placement,
    ) -> Result<BTreeMap<String, crate::domain::page::Facet>> {
        if self.request.facets.is_empty() {
            return Ok(BTreeMap::new());
        }
        let products: Vec<Ordinal> =
            placement.items.iter().map(|placed| placed.item.ordinal).collect();
        facet::count(&self.request.facets, &products, &self.snapshot.view.generation.columns)
    }

    fn hits(
        &self,
        shown: &[PlacedItem],
        first: usize,
        filter: &CompiledFilter,
    ) -> Result<Vec<Hit>> {
        let generation = &self.snapshot.view.generation;
        let ordinals: Vec<Ordinal> = shown.iter().map(|placed| placed.item.ordinal).collect();
        let sources = generation.lexical.sources(&ordinals)?;
        let marks = Marks::new(self.ranking.query, &generation.analyser);
        let mut hits = Vec::with_capacity(shown.len());
        for ((placed, source), rank) in shown.iter().zip(sources).zip(first + 1..) {
            let row = generation.columns.row(placed.item.ordinal);
            let (Some(source), Some(row)) = (source, row) else {
                continue;
            };
            let product: Value = serde_json::from_slice(&source).unwrap_or_default();
            hits.push(self.hit(placed, row, (product, rank, filter, &marks)));
        }
        let settings = &self.snapshot.view.settings;
        if self.request.explain && !self.caller.sees_private && limits::moves_by_private(settings) {
            for (score, explain) in hits.iter_mut().map(|hit| (hit.score, &mut hit.explain)) {
                explain.iter_mut().for_each(|explain| limits::withheld(explain, score));
            }
        }
        Ok(hits)
    }

    fn hit(
        &self,
        placed: &PlacedItem,
        row: &Row,
        parts: (Value, usize, &CompiledFilter, &Marks<'_>),
    ) -> Hit {
        let (mut product, rank, filter, marks) = parts;
        overlay(&mut product, row);
        let variant = self.variant(placed.item.ordinal, row, filter, &product);
        if !self.caller.sees_private {
            remove_private(&mut product, &self.snapshot.view.settings.private_fields);
        }
        Hit {
            id: row.id.to_string(),
            score: placed.score,
            highlights: marks.highlights(&product),
            variant: variant.map(|mut variant| {
                if !self.caller.sees_private {
                    remove_private(&mut variant, &self.snapshot.view.settings.private_fields);
                }
                variant
            }),
            product,
            propensity: placed.item.propensity,
            explain: self.request.explain.then(|| self.explanation(placed, rank)),
        }
    }

    /// The piece to show: the one whose identifier the query names, else one that the query
    /// describes, else the shopper's size, else the first in stock; all within the filter.
    fn variant(
        &self,
        ordinal: Ordinal,
        row: &Row,
        filter: &CompiledFilter,
        product: &Value,
    ) -> Option<Value> {
        let matching = |place: &usize| filter.matches_variant(row, &row.variants[*place]);
        let places = || (0..row.variants.len()).filter(matching);
        let variants = product.get("variants")?;
        let query = self.ranking.query;
        let named = || places().find(|place| is_named(&variants[*place], &query.identifiers));
        let wishes = CompiledFilter::of_wishes(query);
        let stocked = |place: &usize| row.variants[*place].in_stock();
        let wished = || {
            let wished = |place: &usize| wishes.matches_variant(row, &row.variants[*place]);
            let described = wishes.describes_variants();
            places().filter(|_| described).filter(wished).find(stocked)
        };
        let own = || self.ranking.variant(ordinal).filter(matching);
        let place = named()
            .or_else(wished)
            .or_else(own)
            .or_else(|| places().find(stocked))
            .or_else(|| places().next())?;
        variants.get(place).cloned()
    }

    fn explanation(&self, placed: &PlacedItem, rank: usize) -> Explanation {
        let evidence = self.ranking.evidence(placed.item.ordinal);
        let mut factors: Vec<Factor> = NAMES
            .iter()
            .map(|(signal, name)| Factor {
                name: (*name).to_owned(),
                contribution: placed.item.signals.get(*signal),
                evidence: evidence
                    .iter()
                    .find(|(other, _)| other == signal)
                    .map(|(_, words)| words.clone())
                    .unwrap_or_default(),
            })
            .filter(|factor| factor.contribution.abs() > 0.0)
            .collect();
        let (boosts, rules) = self.merchandising(placed);
        factors.extend(boosts);
        Explanation {
            factors,
            rank,
            rank_without_personalisation: placed.item.rank_without_personalisation as usize,
            rank_without_rules: placed.rank_without_rules as usize,
            rules,
        }
    }

    /// What rules and boosts did. A caller who may not see private fields gets one sum: names and
    /// evidence would tell of margins and of the filters of rules.
    fn merchandising(&self, placed: &PlacedItem) -> (Vec<Factor>, Vec<String>) {
        if self.caller.sees_private {
            return (placed.boosts.clone(), placed.rules.clone());
        }
        let contribution: f32 = placed.boosts.iter().map(|boost| boost.contribution).sum();
        let name = "merchandising".to_owned();
        let sum = Factor { name, contribution, evidence: String::new() };
        (Vec::from_iter((contribution.abs() > 0.0).then_some(sum)), Vec::new())
    }
}

/// Whether a variant's SKU is one of the identifiers, which have no separators.
fn is_named(variant: &Value, identifiers: &[String]) -> bool {
    let sku = variant.get("sku").and_then(Value::as_str).map(compact);
    sku.is_some_and(|sku| identifiers.contains(&sku))
}

fn understanding(query: &Query) -> Understanding {
    Understanding {
        understood: query.understood.clone(),
        corrected: query.corrected.clone(),
        ..Understanding::default()
    }
}

/// The numbers as the columns have them: they change without the stored product being rewritten.
fn overlay(product: &mut Value, row: &Row) {
    let Some(fields) = product.as_object_mut() else {
        return;
    };
    let numbers = &row.numbers;
    let mut replace = |name: &str, value: Option<Value>| {
        if let (Some(field), Some(value)) = (fields.get_mut(name), value) {
            *field = value;
        }
    };
    replace("rating", numbers.rating.map(Value::from));
    replace("rating_count", numbers.rating_count.map(Value::from));
    replace("popularity", numbers.popularity.map(Value::from));
    replace("margin", numbers.margin.map(Value::from));
    replace("created_at", numbers.created_at.map(|time| Value::from(time.to_text())));
    replace("price", numbers.price.map(Value::from));
    replace("stock", numbers.stock.map(Value::from));
    if let Some(sales) = &numbers.sales {
        let numbers = [sales.list_price, sales.per_day, sales.conversion_rate];
        for (name, number) in SALES_NUMBERS.into_iter().zip(numbers) {
            if let (Some(field), Some(number)) = (fields.get_mut(name), number)
                && field.is_number()
            {
                *field = Value::from(number);
            }
        }
    }
    let variants = fields.get_mut("variants").and_then(Value::as_array_mut);
    for (variant, row) in variants.into_iter().flatten().zip(&row.variants) {
        let Some(variant) = variant.as_object_mut() else { continue };
        if let (Some(price), Some(value)) = (variant.get_mut("price"), row.price) {
            *price = Value::from(value);
        }
        if let (Some(stock), Some(value)) = (variant.get_mut("stock"), row.stock) {
            *stock = Value::from(value);
        }
    }
}

fn remove_private(product: &mut Value, private: &[String]) {
    for field in private {
        if let Some(fields) = product.as_object_mut() {
            fields.remove(field);
        }
        let bare = field.strip_prefix("attributes.").unwrap_or(field);
        if let Some(attributes) = product.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.remove(bare);
        }
        let variants = product.get_mut("variants").and_then(Value::as_array_mut);
        for variant in variants.into_iter().flatten().filter_map(Value::as_object_mut) {
            variant.remove(field);
        }
    }
}

/// Marks the query's words in texts.
struct Marks<'a> {
    terms: HashSet<&'a str>,
    analyser: &'a Analyser,
}

impl<'a> Marks<'a> {
    fn new(query: &'a Query, analyser: &'a Analyser) -> Self {
        let alternatives = query.terms.iter().flat_map(|term| &term.alternatives);
        let terms = alternatives.flat_map(|one| one.terms.iter().map(String::as_str)).collect();
        Self { terms, analyser }
    }

    fn highlights(&self, product: &Value) -> BTreeMap<String, String> {
        HIGHLIGHTED
            .iter()
            .filter_map(|field| Some((*field, product.get(*field)?.as_str()?)))
            .map(|(field, text)| (field.to_owned(), self.marked(text)))
            .collect()
    }

    fn marked(&self, text: &str) -> String {
        let mut marked = String::with_capacity(text.len() + 16);
        let mut written = 0;
        if !self.terms.is_empty() {
            for token in self.analyser.tokens(text) {
                if !self.terms.contains(token.term.as_str()) || token.word.start < written {
                    continue;
                }
                push_escaped(&mut marked, &text[written..token.word.start]);
                marked.push_str("<mark>");
                push_escaped(&mut marked, &text[token.word.start..token.word.end]);
                marked.push_str("</mark>");
                written = token.word.end;
            }
        }
        push_escaped(&mut marked, &text[written..]);
        marked
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}
