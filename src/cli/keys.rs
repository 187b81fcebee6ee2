//! `vitrine keys`: access keys, made, rotated and revoked while no server has the data directory.

use std::num::NonZeroU32;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::data::{DataArguments, quiet_logging};
use super::output::{print, print_json};
use super::parse;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::engine::{KeyView, KeyWish, NewKey, OVERLAP_S};
use crate::error::{Error, Result};
use crate::startup;

/// The arguments of `vitrine keys`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key; its secret is shown once
    Create(CreateArguments),
    /// List the keys, without their secrets
    List(ListArguments),
    /// Give a key another secret, which is shown once; the present one works for a while more
    Rotate(RotateArguments),
    /// Revoke a key
    Revoke(RevokeArguments),
}

#[derive(Args)]
struct CreateArguments {
    #[command(flatten)]
    data: DataArguments,
    /// What it opens; may be given several times
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        value_parser = ["search", "events", "catalog", "merchandise", "admin"],
    )]
    scopes: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    /// An index it is limited to; may be given several times
    #[arg(long = "index", value_name = "NAME", value_parser = parse::index_name)]
    indexes: Vec<IndexName>,
    /// When it stops to work, such as 2026-12-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse::time)]
    expires: Option<Timestamp>,
    /// Calls per second that it may make; without it the server's own limit holds
    #[arg(long, value_name = "COUNT")]
    per_second: Option<NonZeroU32>,
    /// Write the key as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RotateArguments {
    #[command(flatten)]
    data: DataArguments,
    /// The part of the key before the dot
    #[arg(value_name = "ID")]
    id: String,
    /// How long the present secret goes on to work; at most 30 days
    #[arg(long, value_name = "SECONDS", default_value_t = OVERLAP_S)]
    overlap_s: u32,
    /// Write the key as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct ListArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Write the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RevokeArguments {
    #[command(flatten)]
    data: DataArguments,
    /// The part of the key before the dot
    #[arg(value_name = "ID")]
    id: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::Create(arguments) => create(arguments)?,
        Command::List(arguments) => list(arguments)?,
        Command::Rotate(arguments) => rotate(arguments)?,
        Command::Revoke(arguments) => revoke(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn create(arguments: &CreateArguments) -> Result<()> {
    quiet_logging()?;
    let scopes = serde_json::to_value(&arguments.scopes)
        .and_then(serde_json::from_value)
        .map_err(|error| Error::bad_request("unknown_scope", error.to_string(), ""))?;
    let wish = KeyWish {
        name: arguments.name.clone(),
        scopes,
        indexes: arguments.indexes.clone(),
        expires_at: arguments.expires,
        per_second: arguments.per_second,
    };
    // A data directory that is not there yet is made: a server's first key comes before its start.
    let engine = startup::engine_without_indexes(&arguments.data.config()?)?;
    show(&engine.create_key(wish, startup::now())?, arguments.json)
}

fn rotate(arguments: &RotateArguments) -> Result<()> {
    let engine = startup::engine_without_indexes(&arguments.data.existing()?)?;
    let made = engine.rotate_key(&arguments.id, arguments.overlap_s, startup::now())?;
    show(&made, arguments.json)
}

fn show(made: &NewKey, json: bool) -> Result<()> {
    if json {
        return print_json(made);
    }
    super::output::say("Keep this key: it is not shown again.");
    print(&format!("{}\n", made.key))
}

fn list(arguments: &ListArguments) -> Result<()> {
    let keys = startup::engine_without_indexes(&arguments.data.existing()?)?.keys();
    if arguments.json {
        return print_json(&keys);
    }
    let lines: String = keys.iter().map(line).collect();
    print(if lines.is_empty() { "no keys\n" } else { &lines })
}

fn line(key: &KeyView) -> String {
    let scopes = serde_json::to_value(&key.scopes).unwrap_or_default();
    let scopes: Vec<&str> =
        scopes.as_array().into_iter().flatten().flat_map(|one| one.as_str()).collect();
    let indexes: Vec<&str> = key.indexes.iter().map(IndexName::as_str).collect();
    let places = if indexes.is_empty() { "all indexes".to_owned() } else { indexes.join(",") };
    let rate = key.per_second.map(|rate| format!("  {rate} per second")).unwrap_or_default();
    let until = |end: Timestamp| format!("  former secret until {}", end.to_text());
    let former = key.previous_until.map(until).unwrap_or_default();
    let end = key.expires_at.map(|end| format!("  until {}", end.to_text())).unwrap_or_default();
    format!(
        "{}  {}  {places}  since {}{end}{rate}{former}  {}\n",
        key.id,
        scopes.join(","),
        key.created_at.to_text(),
        key.name
    )
}

fn revoke(arguments: &RevokeArguments) -> Result<()> {
    startup::engine_without_indexes(&arguments.data.existing()?)?.delete_key(&arguments.id)?;
    print(&format!("revoked {}\n", arguments.id))
}
