//! The data directory that a command works on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::{Config, Log, LogFormat};
use crate::domain::id::IndexName;
use crate::engine::{Caller, Engine};
use crate::error::{Error, Result};
use crate::{startup, telemetry};

/// Work in the background is waited for as long as it makes progress; this only bounds a defect.
pub(super) const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Where everything is kept, and how.
#[derive(Args)]
pub(super) struct DataArguments {
    /// The data directory; without it the configuration's
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// A configuration file; index/server.toml shows every name
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DataArguments {
    /// The configuration with the data directory of the command line.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::defaults()?,
        };
        if let Some(data_dir) = &self.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        Ok(config)
    }

    /// The configuration of a data directory that must be there, with quiet logging.
    pub(super) fn existing(&self) -> Result<Config> {
        let config = self.config()?;
        if !startup::has_store(&config.data_dir) {
            return Err(startup::no_store(&config.data_dir));
        }
        quiet_logging()?;
        Ok(config)
    }

    /// The engine with these indexes brought up to date, meaning included.
    pub(super) fn open(&self, indexes: &[&IndexName], queries_kept: usize) -> Result<Engine> {
        let engine = startup::engine(&self.existing()?, queries_kept)?;
        indexes.iter().try_for_each(|index| check(&engine, index))?;
        for index in indexes {
            super::progress::settle(&engine, index)?;
        }
        Ok(engine)
    }
}

/// Warnings and errors only: the command's own words are what the user waits for.
pub(super) fn quiet_logging() -> Result<()> {
    telemetry::start_logging(&Log { format: LogFormat::Text, filter: "warn".to_owned() })
}

/// One index of a data directory.
#[derive(Args)]
pub(super) struct IndexArguments {
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// The index
    #[arg(long, value_name = "NAME", value_parser = super::parse::index_name)]
    pub(super) index: IndexName,
}

impl IndexArguments {
    /// The engine with the index brought up to date, meaning included.
    pub(super) fn open(&self, queries_kept: usize) -> Result<Engine> {
        self.data.open(&[&self.index], queries_kept)
    }
}

fn check(engine: &Engine, index: &IndexName) -> Result<()> {
    let names: Vec<String> =
        engine.indexes().iter().map(|summary| summary.name.to_string()).collect();
    if names.iter().any(|name| name == index.as_str()) {
        return Ok(());
    }
    Err(Error::not_found(
        "unknown_index",
        format!("there is no index '{index}'"),
        if names.is_empty() {
            "'vitrine import' makes one".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        },
    ))
}

/// Whoever has the data directory may see everything.
pub(super) fn operator() -> Caller {
    Caller { now: startup::now(), sees_private: true }
}
