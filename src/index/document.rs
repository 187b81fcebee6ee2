//! A product as the indexes see it: terms by field, words, pairs, hashes and the text to embed.

use std::collections::BTreeSet;
use std::hash::Hasher;

use super::columns::row::term_hash;
use super::lexical::{LexicalDocument, TextField};
use crate::domain::product::Product;
use crate::domain::time::Timestamp;
use crate::domain::value::Scalar;
use crate::error::{Error, Result};
use crate::text::analyse::{Analyser, Token};
use crate::text::normalise::compact;
use crate::text::tokenise::WordKind;

/// Longer descriptions add noise and cost, not findability.
const DESCRIPTION_BYTES_MAX: usize = 4_000;

/// What the model reads is cut here; it cuts at its own token limit anyway.
const EMBEDDED_BYTES_MAX: usize = 1_000;

/// The analysed form of one product.
pub struct Document {
    /// For the lexical index.
    pub lexical: LexicalDocument,
    /// Hashed terms of the title, in order.
    pub title_terms: Vec<u32>,
    /// Hashed terms of brand and category.
    pub label_terms: Vec<u32>,
}

/// A hash of everything that indexing reads but the numbers that columns keep, of which only the
/// presence counts: while it stays the same, a change needs no new analysis and no new embedding,
/// and the stored product can be shown with the columns' numbers laid over it.
///
/// # Errors
/// Internal when the product cannot be written as JSON.
pub fn content_hash(product: &Product) -> Result<u64> {
    let mut bare = product.clone();
    bare.price = bare.price.map(|_| 0.0);
    bare.stock = bare.stock.map(|_| 0);
    bare.rating = bare.rating.map(|_| 0.0);
    bare.rating_count = bare.rating_count.map(|_| 0);
    bare.popularity = bare.popularity.map(|_| 0.0);
    bare.margin = bare.margin.map(|_| 0.0);
    bare.created_at = bare.created_at.map(|_| Timestamp::default());
    for variant in &mut bare.variants {
        variant.price = variant.price.map(|_| 0.0);
        variant.stock = variant.stock.map(|_| 0);
    }
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(&product_json(&bare)?);
    Ok(hasher.finish())
}

/// The product as it is stored.
///
/// # Errors
/// Internal when the product cannot be written as JSON.
pub fn product_json(product: &Product) -> Result<Vec<u8>> {
    serde_json::to_vec(product)
        .map_err(|error| Error::internal("product_json", error.to_string(), ""))
}

/// The text whose meaning stands for the product.
pub fn embedded_text(product: &Product) -> String {
    let mut text = product.title.clone();
    let mut add = |separator: &str, part: &str| {
        if !part.is_empty() && text.len() < EMBEDDED_BYTES_MAX {
            text.push_str(separator);
            text.push_str(part);
        }
    };
    add(". ", product.brand.as_deref().unwrap_or_default());
    add(". ", &product.category.join(", "));
    add(". ", product.color.as_deref().unwrap_or_default());
    add(". ", product.description.as_deref().unwrap_or_default());
    text.truncate(text.floor_char_boundary(EMBEDDED_BYTES_MAX));
    text
}

/// Words and pairs gathered over the fields.
#[derive(Default)]
struct Vocabulary {
    words: BTreeSet<String>,
    brand_words: BTreeSet<String>,
    pairs: BTreeSet<String>,
}

impl Document {
    /// Analyses a product. What is stored of it is left empty: that is the caller's, who may store
    /// more than is analysed.
    pub fn of(product: &Product, analyser: &Analyser) -> Self {
        let title = analyser.tokens(&product.title);
        let brand = analyser.tokens(product.brand.as_deref().unwrap_or_default());
        let category = analyser.tokens(&product.category.join(" \n "));
        let attributes = analyser.tokens(&attribute_text(product));
        let description = analyser.tokens(short_description(product));
        let mut vocabulary = Vocabulary::default();
        for tokens in [&title, &brand, &category, &attributes, &description] {
            let letters = tokens.iter().filter(|token| token.word.kind == WordKind::Letters);
            vocabulary.words.extend(letters.map(|token| token.word.text.clone()));
        }
        vocabulary.brand_words.extend(brand.iter().map(|token| token.word.text.clone()));
        for tokens in [&title, &brand, &category] {
            let pairs = tokens.windows(2);
            vocabulary
                .pairs
                .extend(pairs.map(|pair| format!("{} {}", pair[0].word.text, pair[1].word.text)));
        }
        let label_terms = brand.iter().chain(&category).map(|token| term_hash(&token.term));
        Self {
            title_terms: title.iter().map(|token| term_hash(&token.term)).collect(),
            label_terms: label_terms.collect(),
            lexical: LexicalDocument {
                terms: [
                    index_terms(&title),
                    index_terms(&brand),
                    index_terms(&category),
                    identifiers(product),
                    index_terms(&attributes),
                    index_terms(&description),
                ],
                words: vocabulary.words.into_iter().collect(),
                brand_words: vocabulary.brand_words.into_iter().collect(),
                pairs: vocabulary.pairs.into_iter().collect(),
                source: Vec::new(),
            },
        }
    }

    /// The terms of one text field.
    pub fn terms(&self, field: TextField) -> &[String] {
        &self.lexical.terms[field as usize]
    }
}

fn short_description(product: &Product) -> &str {
    let description = product.description.as_deref().unwrap_or_default();
    &description[..description.floor_char_boundary(DESCRIPTION_BYTES_MAX)]
}

/// A quantity is also found by its bare number.
fn index_terms(tokens: &[Token]) -> Vec<String> {
    let mut terms = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let WordKind::Quantity(value, _) = token.word.kind {
            terms.push(crate::text::units::write_number(value));
        }
        terms.push(token.term.clone());
    }
    terms
}

/// Colours, sizes, tags and attribute values as one text, a break between values.
fn attribute_text(product: &Product) -> String {
    let mut values: BTreeSet<&str> = BTreeSet::new();
    values.extend(product.color.as_deref());
    values.extend(product.variants.iter().filter_map(|variant| variant.color.as_deref()));
    values.extend(product.variants.iter().filter_map(|variant| variant.size.as_deref()));
    values.extend(product.tags.iter().map(String::as_str));
    let scalars = product.attributes.values().flat_map(|value| value.scalars());
    values.extend(scalars.filter_map(|scalar| match scalar {
        Scalar::Text(text) => Some(text.as_str()),
        Scalar::Number(_) | Scalar::Bool(_) => None,
    }));
    let mut text = String::new();
    for value in values {
        text.push_str(value);
        text.push_str(" \n ");
    }
    text
}

/// Identifiers without their separators, whole.
fn identifiers(product: &Product) -> Vec<String> {
    let variants = product.variants.iter().filter_map(|variant| variant.sku.as_deref());
    let own = [product.sku.as_deref(), product.gtin.as_deref(), Some(product.id.as_str())];
    let models = ["model", "mpn", "model_number"]
        .iter()
        .filter_map(|name| product.attributes.get(*name))
        .flat_map(|value| value.scalars())
        .map(ToString::to_string);
    let written = own.into_iter().flatten().chain(variants).map(str::to_owned).chain(models);
    let distinct: BTreeSet<String> = written.map(|text| compact(&text)).collect();
    distinct.into_iter().filter(|text| (3..=64).contains(&text.len())).collect()
}
