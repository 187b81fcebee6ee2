//! `vitrine serve`: the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;

use super::data::DataArguments;
use super::first_key;
use super::output::say;
use crate::config::{Config, Tls};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::http::{self, AppState, AuditLog};
use crate::{failpoint, startup, telemetry};

/// The arguments of `vitrine serve`.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// The address, by default 127.0.0.1:7700; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Serve HTTPS with this certificate (and those that lead to its issuer), in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Open everything without keys, for development on this machine
    #[arg(long)]
    dev: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut config = arguments.data.config()?;
    config.listen = arguments.listen.unwrap_or(config.listen);
    config.dev |= arguments.dev;
    let files = arguments.tls_certificate.clone().zip(arguments.tls_key.clone());
    config.tls = files.map(|(certificate, key)| Tls { certificate, key }).or(config.tls);
    config.check()?;
    telemetry::start_logging(&config.log)?;
    arm_failpoints(&config)?;
    if let Some(files) = &config.tls {
        http::check_certificate(files)?;
    }
    let engine = startup::engine(&config, startup::QUERIES_KEPT)?;
    if !config.dev {
        first_key::demand_admin(&engine, &config.data_dir)?;
    }
    let runtime = runtime()?;
    let listener = runtime.block_on(listen(config.listen))?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let state = state(Arc::new(engine), config)?;
    say(&format!("Vitrine serves {scheme}://{}", address(&listener)?));
    serve(&runtime, listener, state)?;
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

/// What the router is made of, with the files of the data directory that it needs.
pub(super) fn state(engine: Arc<Engine>, config: Config) -> Result<AppState> {
    let secret = startup::secret(&config.data_dir)?;
    let audit = AuditLog::open(&config.data_dir, config.audit)?;
    let state = AppState::new(engine, config, secret);
    state.keep_audit(audit);
    Ok(state)
}

/// Serves until the process is told to stop.
pub(super) fn serve(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    state: AppState,
) -> Result<()> {
    runtime.block_on(http::serve(state, listener, http::stop_signal()))
}
