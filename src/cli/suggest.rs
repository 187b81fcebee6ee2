//! `vitrine suggest`: one autocomplete call from the shell.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::data::{IndexArguments, operator};
use super::output::{column, print, print_json};
use super::parse;
use crate::domain::filter::Filter;
use crate::domain::id::{IndexName, SessionId, ShopperId};
use crate::domain::page::{SuggestionKind, SuggestionReason, SuggestionSource, Suggestions};
use crate::domain::search::SuggestRequest;
use crate::engine::Engine;
use crate::error::Result;

/// Suggestions are made in the background, a moment after the products are searchable.
const SUGGESTIONS_WAIT_MAX: Duration = Duration::from_secs(60);

/// The arguments of `vitrine suggest`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: IndexArguments,
    /// What was typed so far
    #[arg(value_name = "PREFIX")]
    prefix: String,
    /// Who types
    #[arg(long, value_name = "ID", value_parser = parse::shopper)]
    shopper: Option<ShopperId>,
    /// In which session
    #[arg(long, value_name = "ID", value_parser = parse::session)]
    session: Option<SessionId>,
    /// Which kinds: query, category, brand, product, recent
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = parse::suggestion_kind)]
    kinds: Vec<SuggestionKind>,
    /// What suggestions must find, as JSON, such as {"brand": ["Nike"]}
    #[arg(long, value_name = "JSON", value_parser = parse::filter)]
    filters: Option<Filter>,
    /// Say why each is suggested
    #[arg(long)]
    explain: bool,
    /// Suggestions to show, at most 50
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let engine = arguments.target.open(0)?;
    wait_for_suggestions(&engine, &arguments.target.index)?;
    let request = SuggestRequest {
        q: arguments.prefix.clone(),
        shopper: arguments.shopper.clone(),
        session: arguments.session.clone(),
        limit: arguments.limit,
        kinds: arguments.kinds.clone(),
        filters: arguments.filters.clone().unwrap_or_default(),
        explain: arguments.explain,
    };
    let answer = engine.suggest(&arguments.target.index, &request, operator())?;
    if arguments.json {
        print_json(&answer)?
    } else {
        print(&table(&answer))?
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until the index has suggestions.
pub(super) fn wait_for_suggestions(engine: &Engine, index: &IndexName) -> Result<()> {
    let start = Instant::now();
    loop {
        if engine.suggestions_follow(index)? || start.elapsed() > SUGGESTIONS_WAIT_MAX {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn table(answer: &Suggestions) -> String {
    let mut text = format!("{} in {:.2} ms\n", answer.suggestions.len(), answer.took_ms);
    for suggestion in &answer.suggestions {
        let place = suggestion.category.as_deref().or(suggestion.product_id.as_deref());
        let place = place.unwrap_or_default();
        let (score, kind) = (suggestion.score, suggestion.kind.name());
        let shown = column(&suggestion.text, 56);
        text.push_str(&format!("{score:>9.4}  {kind:<8}  {shown}  {place}\n"));
        if let Some(reason) = &suggestion.explain {
            text.push_str(&format!("{:>9}  {}\n", "", in_words(reason)));
        }
    }
    text
}

fn in_words(reason: &SuggestionReason) -> String {
    let source = match reason.source {
        SuggestionSource::Searches => "searches",
        SuggestionSource::Catalogue => "catalogue",
        SuggestionSource::Recent => "own search",
        SuggestionSource::Pinned => "pinned",
    };
    let numbers = [
        ("popularity", reason.popularity),
        ("quality", reason.quality),
        ("affinity", reason.affinity),
    ];
    let numbers = numbers.iter().filter_map(|(name, number)| Some((name, (*number)?)));
    let numbers: Vec<String> =
        numbers.map(|(name, number)| format!(", {name} {number:.3}")).collect();
    format!("{source}, {} typing errors{}", reason.typing_errors, numbers.concat())
}
