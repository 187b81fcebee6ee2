//! `vitrine eval-suggest`: how soon autocomplete has what a shopper means, with and without the
//! shopper's taste and typing errors; and whether everything that is suggested finds something.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::data::IndexArguments;
use super::judged::{of_file, open};
use super::output::{print, print_json};
use super::parse;
use super::suggest::wait_for_suggestions;
use crate::domain::event::{Choice, Event, EventKind, RecordedEvent};
use crate::domain::id::{ProductId, SessionId};
use crate::domain::page::SuggestionKind;
use crate::domain::search::SuggestRequest;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::engine::{PastSearch, Remembered, Trial};
use crate::error::{Error, Result};
use crate::eval::completions::{
    Comparison, Completions, Keystroke, Target, evaluate_completions, zipf_counts,
};
use crate::eval::judgments::read_queries;
use crate::eval::sample::sample;

/// How often the most frequent query of a made-up log is searched for.
const FIRST_COUNT: f64 = 2_000.0;

/// How often the rarest is: what makes it a suggestion.
const LEAST_COUNT: f64 = 5.0;

/// From so many choices on a shopper's taste is called known.
const KNOWN_CHOICES: u32 = 5;

/// The arguments of `vitrine eval-suggest`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: IndexArguments,
    /// Queries, a line each: query⇥text. They are taken for a log with Zipf-like counts, and
    /// typed. Without them the index's own events are: the searches of the earlier half of the
    /// time are the log, and what known shoppers searched for in the later half is typed
    #[arg(long, value_name = "TSV")]
    queries: Option<PathBuf>,
    /// Says which queries are frequent, where typing errors are, and which suggestions are checked
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Check so many random suggestions: does a search by words find a product with all of them?
    #[arg(long, value_name = "N", default_value_t = 0)]
    check: usize,
    /// A setting for this evaluation only, such as personalisation.strength=0.5
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse::setting)]
    settings: Vec<(String, Value)>,
    /// Write the report as JSON
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Serialize)]
struct Report {
    /// Texts, those that find something, and how many of these are left when near-duplicates and
    /// misspellings are one.
    texts: usize,
    found: usize,
    distinct: usize,
    comparisons: Vec<Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Check>,
}

/// How many random suggestions find something.
#[derive(Serialize)]
struct Check {
    checked: usize,
    found: usize,
    /// Some that do not.
    failing: Vec<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let engine = arguments.target.open(0)?;
    wait_for_suggestions(&engine, &arguments.target.index)?;
    let mut trial = engine.trial(&arguments.target.index, &parse::patch(&arguments.settings))?;
    let mut report = match &arguments.queries {
        Some(path) => {
            let read = read_queries(open(path)?).map_err(|error| of_file(path, &error))?;
            let texts = read.into_iter().map(|query| query.text).collect();
            of_queries(&mut trial, texts, arguments.seed)?
        }
        None => of_events(&mut trial, arguments.seed)?,
    };
    if arguments.check > 0 {
        report.check = Some(check(&trial, arguments.check, arguments.seed)?);
    }
    if arguments.json {
        print_json(&report)?
    } else {
        print(&table(&report))?
    }
    let is_clean = report.check.as_ref().is_none_or(|check| check.found == check.checked);
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) })
}

/// How many texts find something, and these in their suggested form, each once.
fn suggestible(trial: &Trial<'_>, texts: &[String]) -> (usize, Vec<String>) {
    let mut forms: Vec<String> = Vec::new();
    let mut found = 0;
    for form in texts.iter().filter_map(|text| trial.as_suggested(text)) {
        found += 1;
        if !forms.iter().any(|known| trial.are_near_duplicates(known, &form)) {
            forms.push(form);
        }
    }
    (found, forms)
}

fn of_queries(trial: &mut Trial<'_>, texts: Vec<String>, seed: u64) -> Result<Report> {
    let (found, forms) = suggestible(trial, &texts);
    let counts = zipf_counts(forms.len(), FIRST_COUNT, LEAST_COUNT, seed);
    trial.learn_searches(&log(&forms, &counts)?);
    let targets: Vec<Target> = forms
        .iter()
        .zip(counts)
        .map(|(text, weight)| Target { text: text.clone(), weight })
        .collect();
    let comparison = clean_and_misspelt(trial, "queries by their counts", &targets, seed)?;
    let even: Vec<Target> =
        targets.into_iter().map(|target| Target { weight: 1.0, ..target }).collect();
    let evenly = clean_and_misspelt(trial, "queries, each counting the same", &even, seed)?;
    let comparisons = vec![comparison, evenly];
    Ok(Report { texts: texts.len(), found, distinct: forms.len(), comparisons, check: None })
}

fn clean_and_misspelt(
    trial: &Trial<'_>,
    title: &str,
    targets: &[Target],
    seed: u64,
) -> Result<Comparison> {
    let mut ranked = |keystroke: Keystroke<'_>| {
        rank(trial, &targets[keystroke.target].text, keystroke.typed, None)
    };
    let clean = evaluate_completions("popularity", targets, None, &mut ranked)?;
    let misspelt = evaluate_completions("one typo", targets, Some(seed), &mut ranked)?;
    Ok(Comparison { title: title.to_owned(), arms: vec![clean, misspelt] })
}

/// The rank, from 1, of the text among what is suggested for `typed`; own searches, which would
/// repeat what was searched for before, take no part.
fn rank(
    trial: &Trial<'_>,
    text: &str,
    typed: &str,
    shopper: Option<&Remembered>,
) -> Result<Option<usize>> {
    let all = SuggestionKind::ALL.into_iter();
    let kinds = all.filter(|kind| *kind != SuggestionKind::Recent).collect();
    let request = SuggestRequest { q: typed.to_owned(), kinds, ..SuggestRequest::default() };
    let answer = trial.suggest(&request, shopper)?;
    let is_meant = |one: &crate::domain::page::Suggestion| {
        let is_scoped = one.kind == SuggestionKind::Category
            && one.category.as_deref() != Some(one.text.as_str());
        !is_scoped && trial.are_near_duplicates(&one.text, text)
    };
    Ok(answer.iter().position(is_meant).map(|place| place + 1))
}

/// The log: as many made-up visitors as a query has counts search for it and find something.
fn log(texts: &[String], counts: &[f64]) -> Result<Vec<RecordedEvent>> {
    let invalid = |error| Error::internal("made_up_event", format!("{error}"), "");
    let product_id = ProductId::parse("any").map_err(invalid)?;
    let index = super::parse::index_name("any")
        .map_err(|error| Error::internal("made_up_event", error, ""))?;
    let at = Timestamp::from_ms(DAY_MS);
    let mut events = Vec::new();
    for (text, count) in texts.iter().zip(counts) {
        for visitor in 0..*count as usize {
            let session = SessionId::parse(&format!("v{visitor}")).map_err(invalid)?;
            let event = |kind, query, product_id| RecordedEvent {
                event: Event {
                    kind,
                    id: None,
                    shopper: None,
                    session: Some(session.clone()),
                    index: index.clone(),
                    product_id,
                    variant_sku: None,
                    query_id: None,
                    query,
                    position: None,
                    quantity: None,
                    price: None,
                    timestamp: Some(at),
                },
                at,
                choice: Choice::default(),
            };
            events.push(event(EventKind::Search, Some(text.clone()), None));
            events.push(event(EventKind::Click, None, Some(product_id.clone())));
        }
    }
    Ok(events)
}

/// A later search with what was known of its shopper just before.
struct HeldOut {
    target: Target,
    shopper: Remembered,
}

fn of_events(trial: &mut Trial<'_>, seed: u64) -> Result<Report> {
    let mut searches = trial.past_searches()?;
    searches.sort_by_key(|search| search.at);
    let later = searches.split_off(searches.len() / 2);
    let texts: BTreeMap<&str, ()> =
        searches.iter().chain(&later).map(|search| (search.text.as_str(), ())).collect();
    let texts: Vec<String> = texts.into_keys().map(str::to_owned).collect();
    let (found, forms) = suggestible(trial, &texts);
    let counts = counts_of(trial, &forms, &searches, seed);
    trial.learn_searches(&log(&forms, &counts)?);
    let mut held_out = Vec::new();
    for PastSearch { shopper, at, text } in later {
        let Some(text) = trial.as_suggested(&text) else { continue };
        let shopper = trial.profile_before(&shopper, at)?;
        held_out.push(HeldOut { target: Target { text, weight: 1.0 }, shopper });
    }
    let is_known = |one: &&HeldOut| one.shopper.choices() >= KNOWN_CHOICES;
    let (of_known, of_others): (Vec<&HeldOut>, Vec<&HeldOut>) = held_out.iter().partition(is_known);
    let all: Vec<&HeldOut> = held_out.iter().collect();
    let comparisons = vec![
        by_taste(trial, "later searches of all shoppers", &all, seed)?,
        by_taste(trial, "later searches of shoppers with at least 5 choices", &of_known, seed)?,
        by_taste(trial, "later searches of the others", &of_others, seed)?,
    ];
    Ok(Report { texts: texts.len(), found, distinct: forms.len(), comparisons, check: None })
}

/// Zipf-like counts by the rank of each text among the earlier searches; texts that were searched
/// for equally often are ranked by the seed.
fn counts_of(trial: &Trial<'_>, forms: &[String], earlier: &[PastSearch], seed: u64) -> Vec<f64> {
    let spread = zipf_counts(forms.len(), FIRST_COUNT, LEAST_COUNT, seed);
    let meant: Vec<Option<String>> =
        earlier.iter().map(|search| trial.as_suggested(&search.text)).collect();
    let frequency = |form: &String| {
        let same = |text: &&String| trial.are_near_duplicates(text, form);
        meant.iter().flatten().filter(same).count()
    };
    let mut order: Vec<(usize, usize)> = forms.iter().map(frequency).zip(0..).collect();
    // The spread's own order is the order of chance among equals.
    order.sort_by(|left, right| {
        right.0.cmp(&left.0).then(spread[right.1].total_cmp(&spread[left.1]))
    });
    let mut sorted = spread.clone();
    sorted.sort_by(|left, right| right.total_cmp(left));
    let mut counts = vec![0.0; forms.len()];
    for ((_, place), count) in order.into_iter().zip(sorted) {
        counts[place] = count;
    }
    counts
}

fn by_taste(
    trial: &Trial<'_>,
    title: &str,
    held_out: &[&HeldOut],
    seed: u64,
) -> Result<Comparison> {
    let targets: Vec<Target> = held_out.iter().map(|one| one.target.clone()).collect();
    let arm = |name: &str, misspell: Option<u64>, personal: bool| -> Result<Completions> {
        evaluate_completions(name, &targets, misspell, &mut |keystroke| {
            let one = held_out[keystroke.target];
            let shopper = personal.then_some(&one.shopper);
            rank(trial, &one.target.text, keystroke.typed, shopper)
        })
    };
    let arms = vec![
        arm("popularity", None, false)?,
        arm("+ taste", None, true)?,
        arm("one typo", Some(seed), false)?,
        arm("typo + taste", Some(seed), true)?,
    ];
    Ok(Comparison { title: title.to_owned(), arms })
}

/// Searches by words alone for random suggestions, as shoppers would.
fn check(trial: &Trial<'_>, count: usize, seed: u64) -> Result<Check> {
    let all = trial.suggestible();
    let mut check = Check { checked: 0, found: 0, failing: Vec::new() };
    for place in sample(all.len(), count, seed) {
        let one = &all[place];
        let finds = trial.finds(&one.text);
        check.checked += 1;
        check.found += usize::from(finds);
        if !finds && check.failing.len() < 20 {
            check.failing.push(format!("{}: {}", one.kind.name(), one.text));
        }
    }
    Ok(check)
}

fn table(report: &Report) -> String {
    let Report { texts, found, distinct, .. } = report;
    let mut text = format!("{texts} texts, {found} find something, {distinct} of these differ\n");
    for comparison in &report.comparisons {
        text.push_str(&format!("\n{comparison}"));
    }
    if let Some(check) = &report.check {
        let Check { checked, found, failing } = check;
        text.push_str(&format!("\n{found} of {checked} random suggestions find a product\n"));
        for failing in failing {
            text.push_str(&format!("  {failing}\n"));
        }
    }
    text
}
