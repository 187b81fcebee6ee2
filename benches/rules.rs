//! Which of 10,000 rules fire.
//!
//! What: time to find the rules of one query, over 10,000 queries, to make the rules ready, and to
//! look for conflicts, of which there are more than are compared, since each sends elsewhere.
//! Half of the rules ask for the whole query, half of them in other words too, and a quarter each for what it contains or begins with;
//! a tenth of all ask for a category as well, a tenth for a context, a tenth for half of the
//! visitors; fifty ask for nothing but a time. Queries have one to six words and, every second one,
//! just the words of a rule.
//! Corpus: synthetic; words out of 2,000 made-up ones with a Zipf-like spread, a quarter of which
//! have a synonym.
//! Seed: 7 (SplitMix64). Baseline: none kept; run on an idle machine.
//!
//! `cargo bench --bench rules` prints the figures, then criterion's own for one query.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use vitrine::domain::id::RuleId;
use vitrine::domain::search::SearchRequest;
use vitrine::domain::time::Timestamp;
use vitrine::error::{Error, Result};
use vitrine::index::columns::Columns;
use vitrine::index::columns::statistics::Statistics;
use vitrine::merch::{Rulebook, Situation, lint};
use vitrine::query::Query;
use vitrine::rank::Ranked;
use vitrine::settings::rules::{Action, QueryCondition, Rule, When};
use vitrine::settings::{Settings, Synonym};
use vitrine::text::normalise::fold;

const RULES: usize = 10_000;
const ALWAYS: usize = 50;
const QUERIES: usize = 10_000;
const WORDS: usize = 2_000;
const SYNONYMS: usize = 500;
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

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Low numbers far more often than high ones.
    fn zipf(&mut self, end: usize) -> usize {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((end as f64).powf(unit) as usize).min(end) - 1
    }

    fn text(&mut self, words_max: usize) -> String {
        let words = 1 + self.below(words_max);
        (0..words).map(|_| format!("word{}", self.zipf(WORDS))).collect::<Vec<_>>().join(" ")
    }
}

fn when(random: &mut Random, number: usize) -> When {
    let now = Timestamp::from_ms(1_000);
    if number < ALWAYS {
        return When { from: Some(now.into()), ..When::default() };
    }
    let text = random.text(3);
    let query = match random.below(4) {
        0 => QueryCondition::Contains(text),
        1 => QueryCondition::StartsWith(text),
        2 => QueryCondition::Means(text),
        _ => QueryCondition::Is(text),
    };
    let mut when = When { query: Some(query), ..When::default() };
    match random.below(10) {
        0 => when.category = Some("Shoes".to_owned()),
        1 => when.contexts = vec!["mobile".to_owned()],
        2 => when.share_percent = Some(50.0),
        _ => {}
    }
    when
}

fn rules(random: &mut Random) -> Result<BTreeMap<RuleId, Rule>> {
    let rule = |number| {
        let id = RuleId::parse(&format!("rule-{number}"))
            .map_err(|error| Error::internal("bench", error.to_string(), ""))?;
        let when = when(random, number);
        let then = vec![Action::Redirect { url: format!("/{number}") }];
        let description = String::new();
        Ok((id, Rule { description, enabled: true, priority: 0, when, then }))
    };
    (0..RULES).map(rule).collect()
}

fn texts(random: &mut Random, rules: &BTreeMap<RuleId, Rule>) -> Vec<String> {
    let known: Vec<&String> = (rules.values())
        .filter_map(|rule| rule.when.query.as_ref())
        .map(|condition| {
            let (QueryCondition::Is(text)
            | QueryCondition::Means(text)
            | QueryCondition::Contains(text)
            | QueryCondition::StartsWith(text)) = condition;
            text
        })
        .collect();
    let text = |number: usize| match number % 2 {
        0 => known[random.below(known.len())].clone(),
        _ => random.text(6),
    };
    (0..QUERIES).map(text).collect()
}

fn bench(criterion: &mut Criterion) -> Result<()> {
    let mut random = Random(SEED);
    let rules = rules(&mut random)?;
    let queries: Vec<Query> = texts(&mut random, &rules)
        .into_iter()
        .map(|text| Query { text: fold(&text), ..Query::default() })
        .collect();
    let group = |n| Synonym::Group(vec![format!("word{n}"), format!("other{n}")]);
    let synonyms = (0..SYNONYMS).map(group).collect();
    let settings = Settings { rules, synonyms, ..Settings::defaults()? };
    let started = Instant::now();
    let rulebook = Rulebook::new(&settings, fold);
    let ready_ms = started.elapsed().as_secs_f64() * 1e3;
    let request = SearchRequest { contexts: vec!["mobile".to_owned()], ..Default::default() };
    let visitor = Some("visitor");
    let now = Timestamp::from_ms(2_000);
    let situation = Situation { visitor, ..Situation::of(&request, now, &rulebook) };
    let mut fired = 0;
    let mut times_us: Vec<f64> = (queries.iter())
        .map(|query| {
            let started = Instant::now();
            fired += black_box(rulebook.firing(query, &situation)).len();
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times_us.sort_by(f64::total_cmp);
    let at = |share: f64| times_us[(times_us.len() as f64 * share) as usize];
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{RULES} rules ready in {ready_ms:.1} ms; {:.1} fire per query; \
         p50 {:.1} µs, p99 {:.1} µs, most {:.1} µs",
        fired as f64 / QUERIES as f64,
        at(0.5),
        at(0.99),
        times_us[times_us.len() - 1],
    );
    let (columns, statistics) = (Columns::default(), Statistics::default());
    let catalogue = Ranked::new(Vec::new(), false, &columns, &statistics);
    let started = Instant::now();
    let report = lint(&settings, &rulebook, &catalogue, now)?;
    let _ = writeln!(
        out,
        "looked through in {:.0} ms: {} findings, complete: {}",
        started.elapsed().as_secs_f64() * 1e3,
        report.findings.len(),
        report.complete,
    );
    drop(out);
    let mut turn = queries.iter().cycle();
    criterion.bench_function("rules that fire", |bencher| {
        bencher.iter(|| turn.next().map(|query| rulebook.firing(query, &situation)));
    });
    Ok(())
}

fn run(criterion: &mut Criterion) {
    if let Err(error) = bench(criterion) {
        let _ = writeln!(std::io::stderr(), "{error}");
    }
}

criterion_group!(benches, run);
criterion_main!(benches);
