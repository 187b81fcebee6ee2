//! `vitrine backup` and `vitrine restore`: consistent copies of a data directory. A running server
//! is asked to make the copy, since only one process has the store.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::data::{DataArguments, quiet_logging};
use super::output::print;
use crate::error::{Error, Result};
use crate::startup;

/// The arguments of `vitrine backup`.
#[derive(Args)]
pub(super) struct BackupArguments {
    #[command(flatten)]
    data: DataArguments,
    /// The address of the server that runs on this data directory, if one does
    #[arg(long, value_name = "ADDR")]
    server: Option<SocketAddr>,
    /// An admin key of that server
    #[arg(
        long,
        value_name = "KEY",
        env = "VITRINE_KEY",
        hide_env_values = true,
        default_value = ""
    )]
    key: String,
    /// Copy the embeddings, too, so that a restored shop need not embed its catalogue again
    #[arg(long)]
    embeddings: bool,
    /// The folder to make; it must not exist yet
    #[arg(value_name = "TARGET")]
    target: PathBuf,
}

/// The arguments of `vitrine restore`.
#[derive(Args)]
pub(super) struct RestoreArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Put the backup in the place of what the data directory holds; who was erased stays erased
    #[arg(long)]
    replace: bool,
    /// The folder that a backup made
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
}

/// Backs a data directory up.
pub(super) fn back_up(arguments: &BackupArguments) -> Result<ExitCode> {
    let data_dir = arguments.data.existing()?.data_dir;
    let target = &arguments.target;
    match arguments.server {
        Some(server) => back_up_running(server, arguments, &data_dir)?,
        None => startup::copy_data(&data_dir, target, arguments.embeddings)
            .map_err(|error| in_use(&error))?,
    }
    print(&format!("backed up '{}' to '{}'\n", data_dir.display(), target.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The server copies into its data directory, from where the copy is moved.
fn back_up_running(server: SocketAddr, arguments: &BackupArguments, data_dir: &Path) -> Result<()> {
    let target = &arguments.target;
    if target.exists() {
        return Err(Error::conflict(
            "backup_target_exists",
            format!("'{}' exists already", target.display()),
            "name a folder that does not exist yet",
        ));
    }
    let name = format!("moving-{}", startup::now().as_ms());
    let wish = serde_json::json!({ "name": name, "embeddings": arguments.embeddings });
    let answer = post(server, &arguments.key, &wish.to_string())
        .map_err(|error| unreachable_server(server, &error))?;
    if !answer.starts_with("HTTP/1.1 201") {
        let body = answer.split_once("\r\n\r\n").map_or(answer.as_str(), |(_, body)| body);
        return Err(Error::unavailable(
            "backup_refused",
            format!("the server made no backup: {}", body.trim()),
            "give an admin key with --key or in VITRINE_KEY",
        ));
    }
    let copy = data_dir.join("backups").join(name);
    startup::move_backup(&copy, target)?;
    startup::copy_secret(data_dir, target)
}

/// One request on a connection of its own; the whole answer as text.
fn post(server: SocketAddr, key: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server)?;
    let length = body.len();
    // A server in development mode needs no key, and refuses an empty one.
    let authorization = match key {
        "" => String::new(),
        key => format!("Authorization: Bearer {key}\r\n"),
    };
    let request = format!(
        "POST /v1/backup HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         {authorization}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn unreachable_server(server: SocketAddr, error: &std::io::Error) -> Error {
    Error::unavailable(
        "no_server",
        format!("the server at {server} does not answer: {error}"),
        "check the address after --server; without a server, leave it out",
    )
}

/// Makes a data directory from a backup; the indexes are built anew at its first use.
pub(super) fn restore(arguments: &RestoreArguments) -> Result<ExitCode> {
    quiet_logging()?;
    let data_dir = arguments.data.config()?.data_dir;
    startup::restore(&arguments.source, &data_dir, arguments.replace)?;
    print(&format!("restored '{}' from '{}'\n", data_dir.display(), arguments.source.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn in_use(error: &Error) -> Error {
    if error.problem().code != "data_directory_in_use" {
        return error.clone();
    }
    Error::unavailable(
        "data_directory_in_use",
        "a running server has this data directory",
        "name it: --server 127.0.0.1:7700 --key KEY, with an admin key",
    )
}
