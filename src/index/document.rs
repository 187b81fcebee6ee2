//! A product as the indexes see it: terms by field, words, pairs, hashes and the text to embed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value as Json;

use super::columns::row::{sales_number, term_hash};
use super::lexical::{LexicalDocument, TextField, quantity_key, reversed};
use crate::domain::product::{Product, Variant};
use crate::domain::value::Scalar;
use crate::error::{Error, Result};
use crate::text::analyse::{Analyser, Token};
use crate::text::negation::absences;
use crate::text::normalise::compact;
use crate::text::tokenise::{Word, WordKind};
use crate::text::units::measure;

/// Longer descriptions add noise and cost, not findability.
const DESCRIPTION_BYTES_MAX: usize = 4_000;

/// Attributes and unknown fields that name a product as its SKU does.
const IDENTIFYING_ATTRIBUTES: [&str; 7] =
    ["model", "mpn", "model_number", "part_number", "ean", "upc", "isbn"];

/// Fields beyond the usual ones whose numbers change often.
pub const SALES_NUMBERS: [&str; 3] = ["list_price", "sales_per_day", "conversion_rate"];

/// What the model reads is cut here; it cuts at its own token limit anyway.
const EMBEDDED_BYTES_MAX: usize = 1_000;

/// The analysed form of one product.
pub struct Document {
    /// For the lexical index.
    pub lexical: LexicalDocument,
    /// What the columns keep of the words.
    pub labels: Labels,
}

/// Words of a product's labels as hashes, for signals that look at them one by one.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// Terms of the title, in order.
    pub title_terms: Vec<u32>,
    /// Unstemmed words of the title, in the order of the terms.
    pub title_words: Vec<u32>,
    /// Terms of brand and category.
    pub label_terms: Vec<u32>,
}

impl Labels {
    /// The labels of a product.
    pub fn of(product: &Product, analyser: &Analyser) -> Self {
        let title = analyser.tokens(&product.title);
        let brand = analyser.tokens(product.brand.as_deref().unwrap_or_default());
        let category = analyser.tokens(&category_text(product));
        Self::of_tokens(&title, brand.iter().chain(&category))
    }

    fn of_tokens<'t>(title: &[Token], labels: impl Iterator<Item = &'t Token>) -> Self {
        Self {
            title_terms: title.iter().map(|token| term_hash(&token.term)).collect(),
            title_words: title.iter().map(|token| term_hash(&token.word.text)).collect(),
            label_terms: labels.map(|token| term_hash(&token.term)).collect(),
        }
    }
}

/// A hash of everything that indexing reads but the numbers that columns keep, of which only the
/// presence counts: while it stays the same, a change needs no new analysis and no new embedding,
/// and the stored product can be shown with the columns' numbers laid over it.
pub fn content_hash(product: &Product) -> u64 {
    // All fields are named, so that the compiler tells of one that is added.
    let Product {
        id,
        title,
        description,
        brand,
        category,
        price,
        currency,
        color,
        rating,
        rating_count,
        popularity,
        sku,
        gtin,
        image_url,
        url,
        created_at,
        stock,
        margin,
        tags,
        attributes,
        variants,
        extra,
    } = product;
    let mut hasher = DefaultHasher::new();
    (id, title, description, brand, category, color, currency).hash(&mut hasher);
    (sku, gtin, image_url, url, tags, attributes).hash(&mut hasher);
    let numbers = (price.is_some(), stock.is_some(), rating.is_some(), rating_count.is_some());
    let others = (popularity.is_some(), margin.is_some(), created_at.is_some());
    (numbers, others).hash(&mut hasher);
    hash_variants(variants, &mut hasher);
    hash_extra(extra, &mut hasher);
    hasher.finish()
}

fn hash_variants(variants: &[Variant], hasher: &mut DefaultHasher) {
    variants.len().hash(hasher);
    for Variant { sku, size, color, price, stock, extra } in variants {
        (sku, size, color, price.is_some(), stock.is_some(), extra).hash(hasher);
    }
}

fn hash_extra(extra: &BTreeMap<String, Json>, hasher: &mut DefaultHasher) {
    extra.len().hash(hasher);
    for (name, value) in extra {
        let is_sales_number = value.is_number()
            && SALES_NUMBERS.contains(&name.as_str())
            && sales_number(value).is_some();
        (name, is_sales_number).hash(hasher);
        if !is_sales_number {
            value.hash(hasher);
        }
    }
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

/// The analysed fields of a product, with the words that hyphens part in them written as one:
/// `e-cloth` is also found as `ecloth`.
struct Fields {
    title: Vec<Token>,
    brand: Vec<Token>,
    category: Vec<Token>,
    attributes: Vec<Token>,
    description: Vec<Token>,
    joined: [Vec<Token>; 5],
    absent: BTreeSet<String>,
}

/// The words of letters that nothing but a hyphen parts, as one each.
fn joined(text: &str, tokens: &[Token], analyser: &Analyser) -> Vec<Token> {
    let pairs = tokens.windows(2).filter(|pair| {
        let letters = pair.iter().all(|token| token.word.kind == WordKind::Letters);
        letters && text.get(pair[0].word.end..pair[1].word.start) == Some("-")
    });
    let join = |pair: &[Token]| {
        let (first, second) = (&pair[0].word, &pair[1].word);
        let text = format!("{}{}", first.text, second.text);
        let word = Word { text, end: second.end, ..first.clone() };
        Token { term: analyser.stem(&word.text), word }
    };
    pairs.map(join).collect()
}

impl Fields {
    fn of(product: &Product, analyser: &Analyser) -> Self {
        let mut absent = BTreeSet::new();
        let mut read = |text: &str| {
            let tokens = analyser.tokens(text);
            let absences = absences(text, &tokens, analyser.small_words());
            let words = absences.iter().flat_map(|absence| &absence.words);
            absent.extend(words.map(|word| analyser.stem(word)));
            let joined = joined(text, &tokens, analyser);
            (tokens, joined)
        };
        let (title, title_joined) = read(&product.title);
        let (brand, brand_joined) = read(product.brand.as_deref().unwrap_or_default());
        let (category, category_joined) = read(&category_text(product));
        let (attributes, attributes_joined) = read(&attribute_text(product));
        let (description, description_joined) = read(short_description(product));
        Self {
            title,
            brand,
            category,
            attributes,
            description,
            joined: [
                title_joined,
                brand_joined,
                category_joined,
                attributes_joined,
                description_joined,
            ],
            absent,
        }
    }

    /// Distinct terms of letters from back to front.
    fn endings(&self) -> Vec<String> {
        let tokens = self.all().into_iter().flatten();
        let letters = tokens.filter(|token| token.word.kind == WordKind::Letters);
        letters.map(|token| reversed(&token.term)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Terms by field, in the order of `TextField::ALL`.
    fn terms(&self, identifiers: Vec<String>) -> [Vec<String>; 6] {
        let [title, brand, category, attributes, description] = &self.joined;
        [
            index_terms(&self.title, title),
            index_terms(&self.brand, brand),
            index_terms(&self.category, category),
            identifiers,
            index_terms(&self.attributes, attributes),
            index_terms(&self.description, description),
        ]
    }

    fn all(&self) -> [&[Token]; 5] {
        [&self.title, &self.brand, &self.category, &self.attributes, &self.description]
    }
}

/// Words, pairs and quantities gathered over the fields.
#[derive(Default)]
struct Vocabulary {
    words: BTreeSet<String>,
    brand_words: BTreeSet<String>,
    pairs: BTreeSet<String>,
    quantities: BTreeSet<String>,
}

impl Vocabulary {
    fn of(fields: &Fields) -> Self {
        let mut vocabulary = Self::default();
        for token in fields.all().into_iter().flatten().chain(fields.joined.iter().flatten()) {
            vocabulary.add(&token.word);
        }
        vocabulary.brand_words.extend(fields.brand.iter().map(|token| token.word.text.clone()));
        for tokens in [&fields.title, &fields.brand, &fields.category] {
            let pairs = tokens.windows(2);
            vocabulary
                .pairs
                .extend(pairs.map(|pair| format!("{} {}", pair[0].word.text, pair[1].word.text)));
        }
        vocabulary
    }

    fn add(&mut self, word: &Word) {
        match word.kind {
            WordKind::Letters => {
                self.words.insert(word.text.clone());
            }
            WordKind::Quantity(value, unit) => {
                let measure = measure(value, unit);
                self.quantities.extend(measure.map(|measure| quantity_key(measure, &word.text)));
            }
            WordKind::Mixed | WordKind::Number(_) => {}
        }
    }
}

impl Document {
    /// Analyses a product. What is stored of it is left empty: that is the caller's, who may store
    /// more than is analysed.
    pub fn of(product: &Product, analyser: &Analyser) -> Self {
        let fields = Fields::of(product, analyser);
        let vocabulary = Vocabulary::of(&fields);
        let has_compounds = analyser.small_words().has_compounds();
        Self {
            labels: Labels::of_tokens(&fields.title, fields.brand.iter().chain(&fields.category)),
            lexical: LexicalDocument {
                terms: fields.terms(identifiers(product)),
                endings: if has_compounds { fields.endings() } else { Vec::new() },
                words: vocabulary.words.into_iter().collect(),
                brand_words: vocabulary.brand_words.into_iter().collect(),
                pairs: vocabulary.pairs.into_iter().collect(),
                quantities: vocabulary.quantities.into_iter().collect(),
                absent: fields.absent.into_iter().collect(),
                source: Vec::new(),
            },
        }
    }

    /// The terms of one text field.
    pub fn terms(&self, field: TextField) -> &[String] {
        &self.lexical.terms[field as usize]
    }
}

/// The category levels with a break between them.
fn category_text(product: &Product) -> String {
    product.category.join(" \n ")
}

fn short_description(product: &Product) -> &str {
    let description = product.description.as_deref().unwrap_or_default();
    &description[..description.floor_char_boundary(DESCRIPTION_BYTES_MAX)]
}

/// A quantity is also found by its bare number.
fn index_terms(tokens: &[Token], joined: &[Token]) -> Vec<String> {
    let mut terms = Vec::with_capacity(tokens.len() + joined.len());
    for token in tokens.iter().chain(joined) {
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
    let models = IDENTIFYING_ATTRIBUTES
        .iter()
        .filter_map(|name| product.attributes.get(*name))
        .flat_map(|value| value.scalars())
        .map(ToString::to_string);
    let unknown = IDENTIFYING_ATTRIBUTES.iter().filter_map(|name| product.extra.get(*name));
    let unknown = unknown.filter_map(|value| value.as_str());
    let written = own.into_iter().flatten().chain(variants).chain(unknown);
    let written = written.map(str::to_owned).chain(models);
    let distinct: BTreeSet<String> = written.map(|text| compact(&text)).collect();
    distinct.into_iter().filter(|text| (3..=64).contains(&text.len())).collect()
}
