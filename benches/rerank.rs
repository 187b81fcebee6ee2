//! The time of reranking a whole window, with a shopper and without, in one thread.
//!
//! Measures the 50th and 99th percentile of `Ranking::rerank` over the candidates of a query, as
//! nobody and as a shopper, and the part that the shopper adds: the difference, query by query.
//! Corpus: the sample shop in `data/` with vectors of the test embedder (256 values), its judged
//! queries and its category names as queries, each by four shoppers with much history; only
//! queries with at least a window of candidates count. No randomness. The time of a query is the
//! fastest of fifteen, so that what else the machine does is left out.
//!
//! ```text
//! cargo bench --bench rerank
//! ```

use std::collections::BTreeSet;
use std::fs::{File, read_to_string};
use std::hint::black_box;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use vitrine::catalog::{Format, Mapping, read};
use vitrine::domain::change::Change;
use vitrine::domain::event::{Choice, Event, RecordedEvent};
use vitrine::domain::filter::Filter;
use vitrine::domain::product::Product;
use vitrine::domain::search::{Mode, SearchRequest};
use vitrine::domain::time::Timestamp;
use vitrine::embed::hashing::HashingEmbedder;
use vitrine::error::{Error, Result};
use vitrine::eval::latency::Percentiles;
use vitrine::index::View;
use vitrine::index::build::{Builder, Recipe};
use vitrine::query::lexicon::Lexicon;
use vitrine::query::{Known, understand};
use vitrine::rank::personal::Person;
use vitrine::rank::{Ranking, WINDOW};
use vitrine::retrieve::filter::CompiledFilter;
use vitrine::retrieve::{Candidates, Demand, meaning, retrieve};
use vitrine::settings::Settings;
use vitrine::shopper::Preferences;
use vitrine::shopper::profile::{Profile, ProfileParameters};
use vitrine::text::analyse::Analyser;

/// Shoppers with many events: two for demonstrations, a runner and one who buys groceries.
const SHOPPERS: [&str; 4] = ["s001", "s002", "s003", "s145"];

/// Of so many times the fastest counts.
const ROUNDS: usize = 15;

const NOW: &str = "2026-11-01T12:00:00Z";

fn main() -> Result<()> {
    let products = products()?;
    let view = view(&products)?;
    let lexicon = Lexicon::new(&view.settings, Arc::clone(&view.generation.analyser));
    let parameters = ProfileParameters::default();
    let now = Timestamp::parse(NOW).ok_or_else(|| unusable("the time"))?;
    let events = events(&products)?;
    let of = |shopper: &str| -> Vec<RecordedEvent> {
        let is_own = |one: &&RecordedEvent| {
            one.event.shopper.as_ref().is_some_and(|id| id.as_str() == shopper)
        };
        events.iter().filter(is_own).cloned().collect()
    };
    let profiles: Vec<Profile> = SHOPPERS
        .iter()
        .map(|id| Profile::fold(&of(id), &Preferences::default(), &parameters, now))
        .collect();
    let known = Known {
        vocabulary: &*view.generation.lexical,
        values: &*view.generation.values,
        lexicon: &lexicon,
    };
    let (mut plain, mut personal, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for text in texts(&products)? {
        let request = SearchRequest { q: text, ..SearchRequest::default() };
        let query = understand(&request, known);
        let filter = CompiledFilter::new(&Filter::default(), &view.generation.columns)?;
        let mode = Mode::default();
        let meanings = meaning::embed(&meaning::texts(&query, &view, mode), &view)?;
        let demand = Demand { filter: &filter, mode, meanings: &meanings };
        let candidates = retrieve(&query, &view, &demand)?;
        if candidates.list.len() < WINDOW {
            continue;
        }
        let time = |person: Option<Person<'_>>| {
            let (query, view) = (&query, &view);
            fastest_ms(&Ranking { query, person, order: &[], view, window: WINDOW }, &candidates)
        };
        for profile in &profiles {
            let nobody = time(None);
            let person = Person { profile, parameters: &parameters, strength: 1.0, seed: 0 };
            let somebody = time(Some(person));
            plain.push(nobody);
            personal.push(somebody);
            added.push(somebody - nobody);
        }
    }
    report("as nobody", &plain);
    report("as a shopper", &personal);
    report("the shopper's part", &added);
    Ok(())
}

fn fastest_ms(ranking: &Ranking<'_>, candidates: &Candidates) -> f64 {
    let mut fastest_ms = f64::INFINITY;
    for _ in 0..ROUNDS {
        let candidates = candidates.clone();
        let start = Instant::now();
        black_box(ranking.rerank(candidates).items.len());
        fastest_ms = fastest_ms.min(start.elapsed().as_secs_f64() * 1e3);
    }
    fastest_ms
}

fn report(label: &str, times_ms: &[f64]) {
    let Percentiles { samples, p50_ms, p99_ms, max_ms, .. } = Percentiles::of(times_ms);
    let line = format!(
        "{label:<20} p50 {p50_ms:6.3} ms  p99 {p99_ms:6.3} ms  max {max_ms:6.3} ms  ({samples} reranks)\n"
    );
    // Nobody is left to tell when even that cannot be written.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

fn view(products: &[Product]) -> Result<View> {
    let recipe = Recipe {
        analyser: Arc::new(Analyser::new("en")),
        embedder: Some(Arc::new(HashingEmbedder)),
        private: Arc::new(BTreeSet::new()),
        folder: None,
    };
    let mut builder = Builder::open(recipe)?;
    let changes: Vec<Change> = (0_u32..)
        .zip(products)
        .map(|(ordinal, product)| Change {
            sequence: u64::from(ordinal) + 1,
            ordinal,
            id: product.id.clone(),
            product: Some(Box::new(product.clone())),
        })
        .collect();
    builder.apply(&changes)?;
    while builder.waiting() > 0 {
        builder.embed(1_000)?;
    }
    let generation = Arc::new(builder.publish()?);
    Ok(View { generation, settings: Arc::new(Settings::defaults()?) })
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn products() -> Result<Vec<Product>> {
    let file = File::open(data("products.jsonl")).map_err(|error| unusable(&error.to_string()))?;
    let records = read(BufReader::new(file), Format::Auto, &Mapping::default())?;
    records.filter_map(|record| record.map(std::result::Result::ok).transpose()).collect()
}

/// The history, each event with what its product is.
fn events(products: &[Product]) -> Result<Vec<RecordedEvent>> {
    let text =
        read_to_string(data("events.jsonl")).map_err(|error| unusable(&error.to_string()))?;
    let mut recorded = Vec::new();
    for line in text.lines() {
        let event: Event =
            serde_json::from_str(line).map_err(|error| unusable(&error.to_string()))?;
        let (Some(id), Some(at)) = (&event.product_id, event.timestamp) else { continue };
        let Some(product) = products.iter().find(|product| product.id == *id) else { continue };
        let choice = Choice::of(product, &event);
        recorded.push(RecordedEvent { event, at, choice });
    }
    Ok(recorded)
}

fn texts(products: &[Product]) -> Result<Vec<String>> {
    let queries =
        read_to_string(data("queries.tsv")).map_err(|error| unusable(&error.to_string()))?;
    let judged = queries.lines().filter_map(|line| line.split('\t').nth(1)).map(str::to_owned);
    let categories: BTreeSet<&String> =
        products.iter().flat_map(|product| &product.category).collect();
    Ok(judged.chain(categories.into_iter().cloned()).chain([String::new()]).collect())
}

fn unusable(what: &str) -> Error {
    Error::unavailable("bench", format!("{what} cannot be used"), "")
}
