//! `vitrine search`: one search from the shell.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::data::{IndexArguments, operator};
use super::output::{column, counted, print, print_json};
use super::parse::{self, ModeName};
use crate::domain::filter::Filter;
use crate::domain::id::ShopperId;
use crate::domain::page::{Explanation, Hit, Page};
use crate::domain::search::SearchRequest;
use crate::error::Result;

/// The arguments of `vitrine search`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: IndexArguments,
    /// What to search for; empty lists the best products
    #[arg(value_name = "QUERY", default_value = "")]
    query: String,
    /// Who searches
    #[arg(long, value_name = "ID", value_parser = parse::shopper)]
    shopper: Option<ShopperId>,
    /// Show why each product stands where it stands
    #[arg(long)]
    explain: bool,
    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
    /// Which candidates to consider
    #[arg(long, value_enum, default_value = "hybrid")]
    mode: ModeName,
    /// What products must be, as JSON
    #[arg(long, value_name = "JSON", value_parser = parse::filter)]
    filter: Option<Filter>,
    /// Products to show, at most 100
    #[arg(long, value_name = "N", default_value_t = 20)]
    per_page: usize,
    /// Leave the shopper's history out
    #[arg(long)]
    no_personalize: bool,
    /// What else to ask for, as JSON, such as {"typo": false, "understand": {"color": "filter"}}
    #[arg(long, value_name = "JSON", value_parser = parse::request)]
    request: Option<SearchRequest>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let engine = arguments.target.open(0)?;
    let request = SearchRequest {
        q: arguments.query.clone(),
        shopper: arguments.shopper.clone(),
        filters: arguments.filter.clone().unwrap_or_default(),
        per_page: arguments.per_page,
        personalize: if arguments.no_personalize { 0.0 } else { 1.0 },
        mode: arguments.mode.into(),
        explain: arguments.explain,
        ..arguments.request.clone().unwrap_or_default()
    };
    let page = engine.search(&arguments.target.index, &request, operator())?;
    if arguments.json {
        print_json(&page)?
    } else {
        print(&table(&page))?
    }
    Ok(ExitCode::SUCCESS)
}

fn table(page: &Page) -> String {
    let mut text = format!("{} in {:.1} ms", counted(page.total, "product"), page.took_ms);
    if let Some(corrected) = &page.query.corrected {
        text.push_str(&format!(", corrected to \"{corrected}\""));
    }
    if let Some(relaxed) = &page.query.relaxed {
        text.push_str(&format!("; {relaxed}"));
    }
    text.push('\n');
    if !page.suggestions.is_empty() {
        text.push_str(&format!("try: {}\n", page.suggestions.join(", ")));
    }
    if let Some(redirect) = &page.redirect {
        text.push_str(&format!("a rule redirects to {redirect}\n"));
    }
    for (rank, hit) in (1..).zip(&page.hits) {
        text.push_str(&line(rank, hit));
        if let Some(explanation) = &hit.explain {
            text.push_str(&reasons(explanation));
        }
    }
    text
}

fn line(rank: usize, hit: &Hit) -> String {
    let text = |name: &str| hit.product.get(name).and_then(Value::as_str).unwrap_or_default();
    let price = hit.product.get("price").and_then(Value::as_f64);
    let price = price.map(|price| format!("{price:.2}")).unwrap_or_default();
    format!(
        "{rank:>4}  {:>7.4}  {}  {}  {}  {price:>10}\n",
        hit.score,
        column(&hit.id, 12),
        column(text("title"), 56),
        column(text("brand"), 16),
    )
}

fn reasons(explanation: &Explanation) -> String {
    let mut text = String::new();
    for factor in &explanation.factors {
        let sign = format!("{:+.4}", factor.contribution);
        text.push_str(&format!("      {sign:>8}  {:<18}  {}\n", factor.name, factor.evidence));
    }
    text.push_str(&format!(
        "      place {} without personalisation, {} without rules\n",
        explanation.rank_without_personalisation, explanation.rank_without_rules
    ));
    for rule in &explanation.rules {
        text.push_str(&format!("      rule: {rule}\n"));
    }
    text
}
