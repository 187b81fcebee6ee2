//! `vitrine suggest`: one autocomplete call from the shell.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::data::{IndexArguments, operator};
use super::output::{column, print, print_json};
use super::parse;
use crate::domain::id::{IndexName, ShopperId};
use crate::domain::page::{SuggestionKind, Suggestions};
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
        session: None,
        limit: arguments.limit,
    };
    let answer = engine.suggest(&arguments.target.index, &request, operator())?;
    if arguments.json {
        print_json(&answer)?
    } else {
        print(&table(&answer))?
    }
    Ok(ExitCode::SUCCESS)
}

fn wait_for_suggestions(engine: &Engine, index: &IndexName) -> Result<()> {
    let start = Instant::now();
    loop {
        let summary = engine.index_summary(index)?;
        let ready = summary.suggestions > 0 || summary.products == 0;
        if ready || start.elapsed() > SUGGESTIONS_WAIT_MAX {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn table(answer: &Suggestions) -> String {
    let mut text = format!("{} in {:.2} ms\n", answer.suggestions.len(), answer.took_ms);
    for suggestion in &answer.suggestions {
        let kind = match suggestion.kind {
            SuggestionKind::Query => "query",
            SuggestionKind::Category => "category",
            SuggestionKind::Brand => "brand",
            SuggestionKind::Product => "product",
            SuggestionKind::Recent => "recent",
        };
        let place = suggestion.category.as_deref().or(suggestion.product_id.as_deref());
        let (score, shown) = (suggestion.score, column(&suggestion.text, 56));
        text.push_str(&format!(
            "{score:>9.4}  {kind:<8}  {shown}  {}\n",
            place.unwrap_or_default()
        ));
    }
    text
}
