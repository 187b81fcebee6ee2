//! The time to understand a query of five words, misspelt words included, in one thread.
//!
//! Measures the 50th and 99th percentile of `query::understand` for queries with no, one and two
//! misspelt words, and with five that nothing resembles. Corpus: 20,000 products whose titles of
//! six to twelve words and descriptions of forty follow Zipf's law over 30,000 made-up words, or
//! the first 20,000 of a catalogue of JSON lines, plain or gzip. They are written in batches of
//! 2,000, as an index is filled. Queries are five neighbouring words of titles, 2,000 of each kind;
//! each misspelt word has one random edit. Seed 1. The time of a query is the fastest of five, so
//! that what else the machine does is left out.
//!
//! ```text
//! cargo bench --bench understand [-- PRODUCTS]
//! ```

use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use vitrine::catalog::{Format, Mapping, read};
use vitrine::domain::change::Change;
use vitrine::domain::product::Product;
use vitrine::domain::search::SearchRequest;
use vitrine::error::{Error, Result};
use vitrine::eval::latency::Percentiles;
use vitrine::eval::misspell::Misspeller;
use vitrine::index::columns::Columns;
use vitrine::index::document::Document;
use vitrine::index::lexical::{Lexical, LexicalWriter};
use vitrine::index::values::ValueIndex;
use vitrine::query::lexicon::Lexicon;
use vitrine::query::{Known, understand};
use vitrine::settings::Settings;
use vitrine::text::analyse::Analyser;
use vitrine::text::tokenise::{WordKind, words};

const PRODUCTS: usize = 20_000;
const BATCH: usize = 2_000;
const WORDS: usize = 30_000;
const QUERIES: usize = 2_000;
const QUERY_WORDS: usize = 5;
const SEED: u64 = 1;

/// Of so many times the fastest counts.
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    // Cargo passes options of its own, such as --bench.
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let products = match path {
        Some(path) => catalogue(open(&path)?)?,
        None => catalogue(made_up().as_bytes())?,
    };
    let analyser = Arc::new(Analyser::new("en"));
    let lexical = index(&products, &analyser)?;
    let values = ValueIndex::of(&columns(&products), &analyser, &BTreeSet::new());
    let lexicon = Lexicon::new(&Settings::defaults()?, analyser);
    let known = Known { vocabulary: &*lexical, values: &values, lexicon: &lexicon };
    say(&format!("{} products", products.len()));
    let queries = queries(&products);
    for misspelt in 0..=2 {
        let texts: Vec<String> = misspell(&queries, misspelt);
        report(&format!("{misspelt} misspelt"), &texts, known);
    }
    let strange = queries.iter().map(|words| words.iter().map(|word| reversed(word)).collect());
    let strange: Vec<String> = strange.map(|words: Vec<String>| words.join(" ")).collect();
    report("words reversed", &strange, known);
    Ok(())
}

fn report(label: &str, texts: &[String], known: Known<'_>) {
    let mut corrected = 0;
    let mut times_ms = Vec::with_capacity(texts.len());
    for text in texts {
        let request = SearchRequest { q: text.clone(), ..SearchRequest::default() };
        let mut fastest_ms = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            black_box(understand(&request, known));
            fastest_ms = fastest_ms.min(start.elapsed().as_secs_f64() * 1e3);
        }
        times_ms.push(fastest_ms);
        corrected += usize::from(understand(&request, known).corrected.is_some());
    }
    let Percentiles { samples, p50_ms, p99_ms, max_ms, .. } = Percentiles::of(&times_ms);
    say(&format!(
        "{label:<16} p50 {p50_ms:6.3} ms  p99 {p99_ms:6.3} ms  max {max_ms:6.3} ms  ({samples} queries, {corrected} corrected)"
    ));
}

fn columns(products: &[Product]) -> Columns {
    let mut columns = Columns::default();
    for (ordinal, product) in (0_u32..).zip(products) {
        let sequence = u64::from(ordinal) + 1;
        let change = Change { sequence, ordinal, id: product.id.clone(), product: None };
        columns.put(&change, product, |_| ());
    }
    columns
}

fn index(products: &[Product], analyser: &Analyser) -> Result<Arc<Lexical>> {
    let mut writer = LexicalWriter::open(None)?;
    for (number, product) in (0_u32..).zip(products) {
        writer.put(number, Document::of(product, analyser).lexical)?;
        if (number as usize + 1).is_multiple_of(BATCH) {
            writer.commit(u64::from(number))?;
        }
    }
    writer.commit(products.len() as u64)?;
    writer.snapshot()
}

/// Five neighbouring words of letters each, from titles spread evenly over the catalogue.
fn queries(products: &[Product]) -> Vec<Vec<String>> {
    let titles = products.iter().map(|product| words(&product.title));
    let titles =
        titles.map(|words| words.into_iter().filter(|word| word.kind == WordKind::Letters));
    let long = titles.filter_map(|words| {
        let words: Vec<String> = words.map(|word| word.text).take(QUERY_WORDS).collect();
        (words.len() == QUERY_WORDS).then_some(words)
    });
    let long: Vec<Vec<String>> = long.collect();
    (0..QUERIES).map(|number| long[number * long.len() / QUERIES].clone()).collect()
}

/// The queries with an error in each of their first words that are long enough.
fn misspell(queries: &[Vec<String>], misspelt: usize) -> Vec<String> {
    let mut misspeller = Misspeller::new(SEED);
    let mut texts = Vec::with_capacity(queries.len());
    for query in queries {
        let mut words = query.clone();
        let long = words.iter_mut().filter(|word| word.chars().count() >= 4).take(misspelt);
        long.for_each(|word| *word = misspeller.misspell(word));
        texts.push(words.join(" "));
    }
    texts
}

fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}

fn catalogue(reader: impl BufRead + Send) -> Result<Vec<Product>> {
    let records = read(reader, Format::Auto, &Mapping::default())?;
    let products = records.filter_map(|record| record.map(std::result::Result::ok).transpose());
    products.take(PRODUCTS).collect()
}

fn open(path: &str) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| {
        Error::unavailable("bench", format!("'{path}' cannot be read: {error}"), "")
    })
}

/// A catalogue of JSON lines.
fn made_up() -> String {
    let mut random = Random(SEED);
    let vocabulary: Vec<String> = (0..WORDS).map(|_| word(&mut random)).collect();
    let text = |random: &mut Random, words: usize| {
        let words: Vec<&str> = (0..words).map(|_| random.zipf(&vocabulary)).collect();
        words.join(" ")
    };
    let line = |number| {
        let title_words = 6 + random.below(7);
        let (title, description) = (text(&mut random, title_words), text(&mut random, 40));
        json!({"id": number, "title": title, "description": description}).to_string()
    };
    let lines: Vec<String> = (0..PRODUCTS).map(line).collect();
    lines.join("\n")
}

/// A word of two to four syllables.
fn word(random: &mut Random) -> String {
    const STARTS: [&str; 20] = [
        "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr",
        "ch", "pl", "k",
    ];
    const MIDDLES: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "oo", "ai"];
    const ENDS: [&str; 8] = ["", "", "", "n", "r", "s", "l", "t"];
    let syllables = 2 + random.below(3);
    (0..syllables)
        .flat_map(|_| [STARTS[random.below(20)], MIDDLES[random.below(8)], ENDS[random.below(8)]])
        .collect()
}

/// The generator of Marsaglia's xorshift family (2003), so that the corpus never changes.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// A word whose frequency falls with its place.
    fn zipf<'w>(&mut self, words: &'w [String]) -> &'w str {
        let place = (words.len() as f64).powf(self.unit()) - 1.0;
        &words[place as usize]
    }
}

fn say(line: &str) {
    // Standard output that is closed early is no reason to fail a measurement.
    let _ = writeln!(std::io::stdout(), "{line}");
}
