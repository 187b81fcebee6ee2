//! `vitrine serve`: the server.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;

use super::data::DataArguments;
use super::output::say;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::http::{self, AppState};
use crate::{failpoint, startup, telemetry};

/// The arguments of `vitrine serve`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// The address, by default 127.0.0.1:7700; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Open everything without keys, for development on this machine
    #[arg(long)]
    dev: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut config = arguments.data.config()?;
    config.listen = arguments.listen.unwrap_or(config.listen);
    config.dev |= arguments.dev;
    config.check()?;
    telemetry::start_logging(&config.log)?;
    arm_failpoints(&config)?;
    let engine = startup::engine(&config, startup::QUERIES_KEPT)?;
    if !config.dev && !engine.has_admin_key() {
        return Err(no_admin_key(&config));
    }
    let runtime = runtime()?;
    let listener = runtime.block_on(listen(config.listen))?;
    say(&format!("Vitrine serves http://{}", address(&listener)?));
    serve(&runtime, listener, Arc::new(engine), config)?;
    Ok(ExitCode::SUCCESS)
}

/// Failpoints, which end the process or make its disk fail, are for tests: only a server that
/// serves nobody but this machine takes them.
fn arm_failpoints(config: &Config) -> Result<()> {
    match std::env::var(failpoint::VARIABLE) {
        Ok(plan) if config.dev => failpoint::arm(&plan),
        Ok(_) => {
            tracing::warn!("{} is ignored without --dev", failpoint::VARIABLE);
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

fn no_admin_key(config: &Config) -> Error {
    Error::unavailable(
        "no_admin_key",
        "there is no admin key, so nobody could administer this server",
        format!(
            "make one with 'vitrine keys create --data-dir {} --scope admin', or open everything \
             on this machine with --dev",
            config.data_dir.display()
        ),
    )
}

/// What the server's tasks run on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::unavailable("no_runtime", error.to_string(), ""))
}

/// Takes the address.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::unavailable(
            "address_in_use",
            format!("the address {address} cannot be used: {error}"),
            "choose another one with --listen, such as --listen 127.0.0.1:0 for a free port",
        )
    })
}

/// The address that was taken, with its real port.
pub(super) fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|error| Error::internal("no_address", error.to_string(), ""))
}

/// Serves until the process is told to stop.
pub(super) fn serve(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    engine: Arc<Engine>,
    config: Config,
) -> Result<()> {
    let secret = startup::secret(&config.data_dir)?;
    let state = AppState::new(engine, config, secret);
    runtime.block_on(http::serve(state, listener, http::stop_signal()))
}
