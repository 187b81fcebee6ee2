//! The command line: one file per command, each a thin wrap around the engine or the server.

mod backup;
mod cases;
mod data;
mod demo;
mod eval;
mod eval_suggest;
mod events;
mod first_key;
mod import;
mod judged;
mod keys;
mod learned;
mod model;
mod output;
mod parse;
mod progress;
mod search;
mod serve;
mod suggest;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Something went wrong while the command ran.
const FAILED: u8 = 1;

/// The arguments make no sense together; clap answers the same for single ones.
const WRONG_USAGE: u8 = 2;

/// The command line as a whole.
#[derive(Parser)]
#[command(name = "vitrine", version, about = "A personalised semantic product search engine")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try it: import the sample shop into a temporary folder and serve it
    Demo(demo::Arguments),
    /// Run the server
    Serve(serve::Arguments),
    /// Import catalogue files: JSON lines, a JSON array or CSV, plain or gzip
    Import(import::Arguments),
    /// Import what shoppers did in the past, as JSON lines
    ImportEvents(events::Arguments),
    /// Search from the shell
    Search(search::Arguments),
    /// Complete a prefix from the shell
    Suggest(suggest::Arguments),
    /// Measure relevance and latency on judged queries
    Eval(eval::Arguments),
    /// Measure autocomplete: how soon it has what shoppers mean
    EvalSuggest(eval_suggest::Arguments),
    /// Learn the weights of relevance from judged queries
    Train(train::Arguments),
    /// Make, list and revoke access keys
    Keys(keys::Arguments),
    /// Copy the data directory, consistently
    Backup(backup::BackupArguments),
    /// Make a data directory from a backup
    Restore(backup::RestoreArguments),
    /// Show the embedding models
    Model(model::Arguments),
}

/// Runs the command named by the program's arguments: 0 when it is done, 1 when it failed, 2 for
/// wrong usage.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return refuse(&usage),
    };
    match dispatch(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::ImportEvents(arguments) => events::run(&arguments),
        Command::Search(arguments) => search::run(&arguments),
        Command::Suggest(arguments) => suggest::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::EvalSuggest(arguments) => eval_suggest::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Backup(arguments) => backup::back_up(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Model(arguments) => model::run(&arguments),
    }
}

/// Help and version are no mistakes, and clap knows which is which.
fn refuse(usage: &clap::Error) -> ExitCode {
    // A reader that went away is no reason to fail differently.
    let _ = usage.print();
    ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(FAILED))
}
