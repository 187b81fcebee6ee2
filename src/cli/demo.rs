//! `vitrine demo`: the sample shop, imported and served from a temporary folder.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::data::{PATIENCE, quiet_logging};
use super::events;
use super::output::{counted, print, say};
use super::progress::{bytes_bar, count_bar, show_waiting};
use super::serve::{address, listen, runtime, serve, state};
use crate::catalog::{Format, Mapping};
use crate::config::Config;
use crate::domain::event::Event;
use crate::domain::id::IndexName;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::startup;

/// The sample shop; `data/README.md` describes it.
const PRODUCTS: &[u8] = include_bytes!("../../data/products.jsonl");
const EVENTS: &[u8] = include_bytes!("../../data/events.jsonl");

/// The name that the events give the index.
const INDEX: &str = "shop";

/// The newest event of the sample shop appears to have happened so long ago.
const NEWEST_EVENT_AGE_MS: i64 = 60 * 60 * 1_000;

/// The arguments of `vitrine demo`.
#[derive(Args)]
pub(super) struct Arguments {
    /// The address; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7700")]
    listen: SocketAddr,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    quiet_logging()?;
    let folder = tempfile::Builder::new().prefix("vitrine-demo-").tempdir().map_err(|error| {
        Error::unavailable(
            "no_temporary_folder",
            format!("a temporary folder cannot be made: {error}"),
            "set TMPDIR to a folder that can be written",
        )
    })?;
    let config = Config {
        data_dir: folder.path().to_path_buf(),
        listen: arguments.listen,
        dev: true,
        ..Config::defaults()?
    };
    config.check()?;
    let runtime = runtime()?;
    let listener = runtime.block_on(listen(config.listen))?;
    let engine = Arc::new(startup::engine(&config, startup::QUERIES_KEPT)?);
    let index = import_shop(&engine)?;
    let state = state(Arc::clone(&engine), config)?;
    print(&welcome(address(&listener)?))?;
    let watcher = std::thread::spawn(move || watch_embedding(&engine, &index));
    serve(&runtime, listener, state)?;
    // It ends by itself and holds nothing that outlives the process.
    drop(watcher);
    Ok(ExitCode::SUCCESS)
}

/// Products and history, searchable by word on return; meaning follows in the background.
fn import_shop(engine: &Engine) -> Result<IndexName> {
    let index = IndexName::parse(INDEX)
        .map_err(|rule| Error::internal("sample_shop", rule.to_string(), ""))?;
    engine.create_index(&index, &json!({}))?;
    let bar = bytes_bar("products", PRODUCTS.len() as u64);
    let form = (Format::JsonLines, &Mapping::default());
    let imported = engine.put_products(&index, bar.wrap_read(PRODUCTS), form, &|_| {})?;
    bar.finish_and_clear();
    let bar = bytes_bar("events", EVENTS.len() as u64);
    let shift_ms = startup::now().as_ms() - NEWEST_EVENT_AGE_MS - newest_event_ms()?;
    let history = events::record(engine, bar.wrap_read(EVENTS), &|event| later(event, shift_ms))?;
    bar.finish_and_clear();
    engine.wait_searchable(&index, imported.sequence, PATIENCE)?;
    say(&format!(
        "imported {} and {} of the sample shop",
        counted(imported.accepted, "product"),
        counted(history.accepted, "event")
    ));
    Ok(index)
}

/// The file is ordered by time, so its last line has the newest event.
fn newest_event_ms() -> Result<i64> {
    let last = EVENTS.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let event: Event = serde_json::from_slice(last)
        .map_err(|error| Error::internal("sample_shop", error.to_string(), ""))?;
    let newest = event.timestamp.map(Timestamp::as_ms);
    newest.ok_or_else(|| Error::internal("sample_shop", "the last event has no time", ""))
}

fn later(event: Event, by_ms: i64) -> Event {
    let timestamp = event.timestamp.map(|time| Timestamp::from_ms(time.as_ms() + by_ms));
    Event { timestamp, ..event }
}

fn welcome(address: SocketAddr) -> String {
    let server = format!("http://{address}");
    let post = |path: &str, body: &str| {
        format!("  curl -s {server}{path} -H 'Content-Type: application/json' -d '{body}'\n")
    };
    let search = "/v1/indexes/shop/search";
    [
        format!("\n  storefront     {server}/\n  admin console  {server}/admin\n\n"),
        "The same query for two shoppers:\n".to_owned(),
        post(search, r#"{"q": "running shoes", "shopper": "s001", "per_page": 5}"#),
        post(search, r#"{"q": "running shoes", "shopper": "s002", "per_page": 5}"#),
        "Something goes into a cart, and the next search knows:\n".to_owned(),
        post(
            "/v1/events",
            r#"[{"type": "add_to_cart", "shopper": "s002", "index": "shop", "product_id": "p0001"}]"#,
        ),
        "A merchandiser pins a product to the first place:\n".to_owned(),
        post(
            "/v1/indexes/shop/rules/first -X PUT",
            r#"{"when": {"query": {"is": "running shoes"}}, "then": [{"do": "pin", "product_id": "p0001", "position": 1}]}"#,
        ),
        "\nEverything is open on this machine only, and gone when you press Ctrl-C.\n".to_owned(),
    ]
    .concat()
}

/// Meaning comes in the background, product by product; words are searched from the start.
fn watch_embedding(engine: &Engine, index: &IndexName) {
    say("Searching by word works now; meaning follows while the products are embedded.");
    let bar = count_bar("embedding", 0);
    let settled = engine.wait_settled(index, PATIENCE, &|waiting| show_waiting(&bar, waiting));
    bar.finish_and_clear();
    if settled.is_ok() {
        say("All products are embedded: searching by meaning works, too.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_the_newest_event() {
        let times =
            EVENTS.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
                let event: Event = serde_json::from_slice(line).expect("an event");
                event.timestamp.expect("a time").as_ms()
            });
        assert_eq!(times.max(), newest_event_ms().ok());
    }
}
