//! Autocomplete over 1,000,000 suggestions.
//!
//! What: time to build the index, bytes per suggestion, and the time of one keystroke for prefixes
//! of 1 to 12 letters, as typed and with one letter wrong, for a shopper with a profile of fifty
//! purchases, judged beforehand as the engine keeps it.
//! Times are those on a core, so that other work on the machine does not count; `clock99` is p99
//! on the clock.
//! Corpus: synthetic; two to five words out of 60,000 made-up ones with a Zipf-like spread; 55 %
//! queries, 43 % products, 2 % brands and categories.
//! Seed: 7 (SplitMix64). Baseline: none kept; run on an idle machine.
//!
//! `cargo bench --bench suggest` prints the figures, then criterion's own for four keystrokes.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use vitrine::autocomplete::{Completer, Curation, ShopperView};
use vitrine::domain::change::Change;
use vitrine::domain::event::{Choice, RecordedEvent};
use vitrine::domain::id::ProductId;
use vitrine::domain::page::SuggestionKind;
use vitrine::domain::product::Product;
use vitrine::domain::search::SuggestRequest;
use vitrine::domain::time::{DAY_MS, Timestamp};
use vitrine::error::{Error, Result};
use vitrine::index::View;
use vitrine::index::build::{Builder, Recipe};
use vitrine::index::suggestions::{Draft, OwnedLabels, Share, SuggestionIndex};
use vitrine::rank::personal::{LabelJudge, Person};
use vitrine::settings::Settings;
use vitrine::shopper::Preferences;
use vitrine::shopper::profile::{Profile, ProfileParameters};
use vitrine::text::analyse::Analyser;

const SUGGESTIONS: usize = 1_000_000;
const WORDS: usize = 60_000;
const BRANDS: usize = 5_000;
const CATEGORIES: usize = 500;
const KEYSTROKES: usize = 2_000;
const SEED: u64 = 7;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0–1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// Low numbers far more often than high ones.
    fn zipf(&mut self, end: usize) -> usize {
        ((end as f64).powf(self.unit()) as usize).min(end) - 1
    }
}

const SYLLABLES: [&str; 40] = [
    "ba", "be", "bo", "ca", "ce", "co", "da", "de", "di", "do", "fa", "fi", "ga", "go", "ha", "ka",
    "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "ni", "no", "pa", "ra", "re", "ri",
    "ro", "sa", "se", "si", "ta", "te", "ti", "to",
];

fn word(random: &mut Random) -> String {
    let syllables = 2 + random.below(3);
    let mut word: String = (0..syllables).map(|_| SYLLABLES[random.below(40)]).collect();
    if random.below(2) == 0 {
        word.push(['s', 'r', 'n', 't'][random.below(4)]);
    }
    word
}

fn labels(random: &mut Random, view: &View) -> OwnedLabels {
    let (columns, share) = (&view.generation.columns, [1.0, 0.75, 0.5][random.below(3)]);
    let (brand, category) = (random.zipf(BRANDS), random.zipf(CATEGORIES));
    let value = |field, name: String| columns.dictionary().value(field, &name);
    let known = columns.known();
    let leaf = value(known.category, format!("Category {category}"));
    let top = value(known.category, format!("Department {}", category % 20));
    let brand = value(known.brand, format!("Brand {brand}"));
    let share_of = |value, share| Share { value, share };
    OwnedLabels {
        brands: brand.map(|value| share_of(value, share)).into_iter().collect(),
        categories: [
            leaf.map(|value| share_of(value, share)),
            top.map(|value| share_of(value, 1.0)),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn drafts(view: &View) -> Vec<Draft> {
    let mut random = Random(SEED);
    let words: Vec<String> = (0..WORDS).map(|_| word(&mut random)).collect();
    (0..SUGGESTIONS)
        .map(|number| {
            let kind = match random.below(100) {
                0 => SuggestionKind::Category,
                1 => SuggestionKind::Brand,
                2..45 => SuggestionKind::Product,
                _ => SuggestionKind::Query,
            };
            let length = if kind == SuggestionKind::Product { 5 } else { 2 + random.below(3) };
            let mut text: Vec<&str> = Vec::new();
            text.extend((0..length).map(|_| words[random.zipf(WORDS)].as_str()));
            let is_product = kind == SuggestionKind::Product;
            let id = is_product.then(|| ProductId::parse(&format!("p{number:07}")).ok()).flatten();
            let popularity = random.unit().powi(4) as f32;
            let labels = labels(&mut random, view);
            let witness = Some(number as u32);
            Draft { text: text.join(" "), kind, popularity, labels, product_id: id, witness }
        })
        .collect()
}

/// The first `letters` of suggestions, spread over popularity; one letter wrong `with_typo`.
fn prefixes(index: &SuggestionIndex, letters: usize, with_typo: bool) -> Vec<String> {
    let mut random = Random(SEED + letters as u64);
    (0..KEYSTROKES)
        .map(|_| {
            let place = random.zipf(index.len()) as u32;
            let mut typed: Vec<char> = index.entry(place).text.chars().take(letters).collect();
            if with_typo {
                let at = random.below(typed.len());
                typed[at] = char::from(b'a' + random.below(26) as u8);
            }
            typed.into_iter().collect()
        })
        .collect()
}

/// A shop with one product of each brand, so that brands and categories have their numbers, and a
/// shopper who chose fifty of them lately.
fn shop() -> Result<(View, Profile)> {
    let mut random = Random(SEED);
    let analyser = Arc::new(Analyser::new("en"));
    let recipe = Recipe { analyser, embedder: None, private: Arc::default(), folder: None };
    let mut builder = Builder::open(recipe)?;
    let mut events = Vec::new();
    let mut changes = Vec::new();
    for number in 0..BRANDS {
        let category = random.zipf(CATEGORIES);
        let product: Product = serde_json::from_value(serde_json::json!({
            "id": format!("p{number}"), "title": format!("Product {number}"),
            "brand": format!("Brand {number}"),
            "category": [format!("Department {}", category % 20), format!("Category {category}")],
        }))
        .map_err(|error| Error::internal("bench", error.to_string(), ""))?;
        if number % (BRANDS / 50) == 7 {
            events.push(purchase(&product, number)?);
        }
        let (sequence, ordinal, id) = (number as u64 + 1, number as u32, product.id.clone());
        changes.push(Change { sequence, ordinal, id, product: Some(Box::new(product)) });
    }
    builder.apply(&changes)?;
    let generation = Arc::new(builder.publish()?);
    let view = View { generation, settings: Arc::new(Settings::defaults()?) };
    let now = Timestamp::from_ms(DAY_MS);
    let parameters = ProfileParameters::default();
    Ok((view, Profile::fold(&events, &Preferences::default(), &parameters, now)))
}

fn purchase(product: &Product, number: usize) -> Result<RecordedEvent> {
    let event = serde_json::json!({
        "type": "purchase", "shopper": "s", "index": "shop", "product_id": product.id,
    });
    let event = serde_json::from_value(event)
        .map_err(|error| Error::internal("bench", error.to_string(), ""))?;
    let brand = product.brand.clone();
    let choice = Choice { brand, category: product.category.clone(), ..Choice::default() };
    Ok(RecordedEvent { event, at: Timestamp::from_ms(number as i64), choice })
}

fn keystroke(corpus: &Corpus, q: &str) -> usize {
    let request = SuggestRequest { q: q.to_owned(), ..SuggestRequest::default() };
    let affinity = |shares: &[Share]| {
        let shares = shares.iter().map(|share| (share.value, share.share));
        corpus.judge.as_ref().map_or(1.0, |judge| judge.factor(shares))
    };
    let completer = Completer {
        catalogue: &corpus.index,
        searched: &corpus.empty,
        shopper: ShopperView { affinity: &affinity, recent: &[] },
        curation: &corpus.curation,
        is_clean: corpus.curation.allows_all(&corpus.empty),
        finds: &|_| true,
        category_name: &|_| None,
    };
    completer.complete(&request).len()
}

/// What is asked.
struct Corpus {
    index: SuggestionIndex,
    empty: SuggestionIndex,
    curation: Curation,
    judge: Option<LabelJudge>,
}

/// Time that this thread had a core, in microseconds.
fn core_us() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// p50 and p99 of the time on a core, p99 of the time on the clock, both in microseconds, and the
/// percentage of keystrokes that were answered.
fn measure(corpus: &Corpus, prefixes: &[String]) -> [f64; 4] {
    let mut times: Vec<f64> = Vec::with_capacity(prefixes.len());
    let mut clock: Vec<f64> = Vec::with_capacity(prefixes.len());
    let mut answered = 0;
    for q in prefixes {
        let (start, start_us) = (Instant::now(), core_us());
        let found = black_box(keystroke(corpus, q));
        times.push(core_us() - start_us);
        clock.push(start.elapsed().as_secs_f64() * 1e6);
        answered += usize::from(found > 0);
    }
    times.sort_unstable_by(f64::total_cmp);
    clock.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| (times.len() - 1) * share / 100;
    let answered = 100.0 * answered as f64 / times.len() as f64;
    [times[at(50)], times[at(99)], clock[at(99)], answered]
}

fn report(corpus: &Corpus, build: Duration) -> std::io::Result<()> {
    let index = &corpus.index;
    let mut out = std::io::stdout().lock();
    writeln!(out, "suggestions      {:>9}", index.len())?;
    writeln!(out, "build_s          {:>9.2}", build.as_secs_f64())?;
    let bytes = index.bytes() as f64 / index.len() as f64;
    writeln!(out, "bytes/suggestion {bytes:>9.1}")?;
    writeln!(out, "letters typo   p50_us   p99_us  clock99 answered_%")?;
    for letters in 1..=12 {
        for with_typo in [false, true] {
            let [p50, p99, clock, answered] = measure(corpus, &prefixes(index, letters, with_typo));
            let typo = if with_typo { "yes" } else { "no" };
            writeln!(
                out,
                "{letters:>7} {typo:>4} {p50:>8.1} {p99:>8.1} {clock:>8.1} {answered:>9.1}"
            )?;
        }
    }
    Ok(())
}

fn suggest(criterion: &mut Criterion) {
    let Ok((view, profile)) = shop() else { return };
    let drafts = drafts(&view);
    let start = Instant::now();
    let index = SuggestionIndex::from_drafts("en", drafts);
    let build = start.elapsed();
    let (empty, curation) = (SuggestionIndex::empty("en"), Curation::default());
    let parameters = ProfileParameters::default();
    let person = Person { profile: &profile, parameters: &parameters, strength: 1.0, seed: 0 };
    let corpus = Corpus { index, empty, curation, judge: LabelJudge::new(&view, person) };
    // A broken pipe ends the report, not the measurement.
    let _ = report(&corpus, build);
    let mut group = criterion.benchmark_group("suggest");
    for (letters, with_typo) in [(1, false), (4, false), (4, true), (8, true)] {
        let prefixes = prefixes(&corpus.index, letters, with_typo);
        let mut next = prefixes.iter().cycle();
        let typo = if with_typo { "typo" } else { "plain" };
        group.bench_function(format!("{letters}_letters_{typo}"), |bencher| {
            bencher.iter(|| next.next().map(|q| keystroke(&corpus, q)));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = suggest
}
criterion_main!(benches);
