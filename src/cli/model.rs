//! `vitrine model`: which embedding models there are, and which one a server would take.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::data::{DataArguments, quiet_logging};
use super::output::{column, print, print_json};
use crate::error::Result;
use crate::startup::{self, Chosen};

/// The arguments of `vitrine model`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models that an index's settings may name
    List {
        /// Write the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Load the server's own choice and say what it is and why
    Show(ShowArguments),
}

#[derive(Args)]
struct ShowArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Names that settings may have besides those of the hub.
const OWN: [(&str, &str); 4] = [
    ("auto", "the server's choice: the shipped model on ONNX Runtime if found, else built in"),
    ("builtin", "the shipped model all-MiniLM-L6-v2 in pure Rust"),
    ("onnxruntime", "the shipped model all-MiniLM-L6-v2 on ONNX Runtime"),
    ("hashing", "no model: words and their parts, for tests"),
];

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::List { json } => list(*json)?,
        Command::Show(arguments) => show(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) -> Result<()> {
    let models = startup::models();
    if as_json {
        let own = OWN.iter().map(|(name, about)| json!({"name": name, "description": about}));
        let hub = models.iter().map(|model| {
            json!({
                "name": model.name,
                "repository": model.repository,
                "file": model.file,
                "dimensions": model.dimensions,
                "description": model.description,
            })
        });
        return print_json(&own.chain(hub).collect::<Vec<_>>());
    }
    let mut text = String::from("always there:\n");
    for (name, about) in OWN {
        text.push_str(&format!("  {}  {about}\n", column(name, 32)));
    }
    text.push_str("downloaded when an index first names them, run on ONNX Runtime:\n");
    for model in models {
        let (name, dimensions) = (column(&model.name, 32), model.dimensions);
        text.push_str(&format!("  {name}  {dimensions:>4}  {}\n", model.repository));
    }
    print(&text)
}

fn show(arguments: &ShowArguments) -> Result<()> {
    quiet_logging()?;
    let chosen = startup::chosen(&arguments.data.config()?)?;
    if arguments.json {
        return print_json(&json!({
            "embedder": &chosen.preference,
            "model": &chosen.id,
            "dimensions": chosen.dimensions,
            "onnx_runtime": &chosen.library,
            "reason": reason(&chosen),
        }));
    }
    print(&format!(
        "model       {}\ndimensions  {}\nbecause     {}\n",
        chosen.id,
        chosen.dimensions,
        reason(&chosen)
    ))
}

fn reason(chosen: &Chosen) -> String {
    let preference = &chosen.preference;
    match (&chosen.library, preference.as_str()) {
        (Some(library), "auto") if chosen.on_library => {
            format!("the configuration says 'auto' and ONNX Runtime is at {}", library.display())
        }
        (Some(library), "auto") => format!(
            "the configuration says 'auto' and the ONNX Runtime at {} cannot be used, so the \
             built-in runtime is",
            library.display()
        ),
        (None, "auto") => "the configuration says 'auto' and no ONNX Runtime was found (set \
                           ORT_DYLIB_PATH to its library), so the built-in runtime is used"
            .to_owned(),
        (_, _) => format!("the configuration says '{preference}'"),
    }
}
