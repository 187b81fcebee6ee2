//! The server's configuration: read once at the start; the default file is its documentation.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The complete default file, with a comment on every name.
pub const DEFAULTS: &str = include_str!("../index/server.toml");

/// How one server runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Whether everything is open, without keys; on loopback addresses only.
    pub dev: bool,
    /// Origins of web pages that may call from a browser; `*` stands for all.
    pub cors_origins: Vec<String>,
    /// Whether `/metrics` answers without a key.
    pub open_metrics: bool,
    /// Whether naming a shopper in a search needs that shopper's token.
    pub require_shopper_token: bool,
    /// What embeds texts where an index says `auto`.
    pub embedder: String,
    /// The ONNX Runtime library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onnx_runtime: Option<PathBuf>,
    /// What is logged.
    pub log: Log,
    /// What one call may take.
    pub limits: Limits,
    /// How often somebody may call.
    pub rate: Rate,
    /// What the server proves itself with; plain HTTP without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What is kept of administrative calls.
    pub audit: Audit,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// A level, or levels by module, in the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object per line.
    Json,
}

/// What one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body, decompressed.
    pub body_bytes_max: usize,
    /// Bytes of a body of products as it is sent.
    pub products_bytes_max: usize,
    /// Bytes of a compressed body of products after decompression.
    pub products_unpacked_bytes_max: u64,
    /// Longest read.
    pub request_timeout_ms: u64,
    /// Longest write, and longest arrival of a body.
    pub write_timeout_ms: u64,
    /// Longest wait for a turn.
    pub queue_wait_ms: u64,
    /// Reads at the same time; 0 stands for two per processor.
    pub concurrent_searches_max: usize,
    /// Writes at the same time, ≥ 1.
    pub concurrent_writes_max: usize,
    /// How long running calls get to end after the signal to stop.
    pub shutdown_grace_ms: u64,
    /// Hits up to the end of the deepest page of a search.
    pub page_depth_max: usize,
    /// Values in all filters of a search or suggestion.
    pub filter_values_max: usize,
    /// Events of one call.
    pub events_max: usize,
    /// Indexes of the server.
    pub indexes_max: usize,
    /// Keys of the server, as far as they are made over HTTP.
    pub keys_max: usize,
    /// An answer to a search is wanted within so much, from when the call came.
    pub search_deadline_ms: u64,
    /// The same for suggestions.
    pub suggest_deadline_ms: u64,
    /// Calls that wait for their turn at the same time, at each gate.
    pub waiting_calls_max: usize,
    /// Connections at the same time, ≥ 1.
    pub connections_max: usize,
    /// Of these, connections of one address that is no trusted proxy; 0 stands for no limit.
    pub connections_per_address_max: usize,
    /// A connection that sends no whole request head for so long is closed.
    pub idle_timeout_ms: u64,
    /// A connection that does not take what it is sent for so long is closed.
    pub answer_timeout_ms: u64,
}

/// How often somebody may call. 0 stands for no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Calls per second of one address, as far as they come without a valid key.
    pub address_per_second: u32,
    /// Calls per minute of one address that are answered with 401.
    pub failures_per_minute: u32,
    /// Calls per second of a key that has no limit of its own.
    pub key_per_second: u32,
    /// Addresses that are remembered at a time, ≥ 1.
    pub addresses_max: usize,
    /// Proxies whose word on the caller's address is taken.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say it.
    pub forwarded_header: ForwardedHeader,
}

/// One address or a range of addresses, such as `10.0.0.5` or `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let range = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let range = range.map_err(|_| {
            format!("'{text}' is neither an address nor a range such as 10.0.0.0/8")
        })?;
        Ok(Self(range.trunc()))
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

/// The header in which proxies say for whom they call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses with commas between.
    XForwardedFor,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

/// What the server proves itself with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those that lead to its issuer, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What is kept of administrative calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Bytes of one file, ≥ 1; the next line begins another.
    pub file_bytes_max: u64,
    /// Files that are kept, ≥ 1; the oldest goes.
    pub files_max: usize,
}

impl Limits {
    /// Longest read.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Longest write.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    /// Longest wait for a turn.
    pub fn queue_wait(&self) -> Duration {
        Duration::from_millis(self.queue_wait_ms)
    }

    /// Reads at the same time, ≥ 1.
    pub fn reads_at_once(&self) -> usize {
        if self.concurrent_searches_max > 0 {
            return self.concurrent_searches_max;
        }
        2 * std::thread::available_parallelism().map_or(2, usize::from)
    }
}

impl Config {
    /// The configuration without any file.
    ///
    /// # Errors
    /// Internal, when the compiled-in file does not parse; a test rules that out.
    pub fn defaults() -> Result<Self> {
        toml::from_str(DEFAULTS)
            .map_err(|error| Error::internal("default_config", error.to_string(), ""))
    }

    /// The defaults with `text`, in TOML, laid over them.
    ///
    /// # Errors
    /// `BadRequest` when it is no TOML, a name is unknown, a type is wrong or a limit is 0.
    pub fn parse(text: &str) -> Result<Self> {
        let written: toml::Table = toml::from_str(text).map_err(|error| invalid(&error))?;
        let mut table: toml::Table = toml::from_str(DEFAULTS)
            .map_err(|error| Error::internal("default_config", error.to_string(), ""))?;
        lay_over(&mut table, written);
        let config: Self = table.try_into().map_err(|error| invalid(&error))?;
        config.check()?;
        Ok(config)
    }

    /// The defaults with a file laid over them.
    ///
    /// # Errors
    /// Unavailable when the file cannot be read, otherwise as [`Config::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::unavailable(
                "unreadable_config",
                format!("the configuration '{}' cannot be read: {error}", path.display()),
                "check the path after --config",
            )
        })?;
        Self::parse(&text)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// `BadRequest` that names the value.
    pub fn check(&self) -> Result<()> {
        let limits = &self.limits;
        let positive = [
            ("limits.body_bytes_max", limits.body_bytes_max),
            ("limits.products_bytes_max", limits.products_bytes_max),
            ("limits.concurrent_writes_max", limits.concurrent_writes_max),
            ("limits.page_depth_max", limits.page_depth_max),
            ("limits.events_max", limits.events_max),
            ("rate.addresses_max", self.rate.addresses_max),
            ("audit.files_max", self.audit.files_max),
            ("limits.connections_max", limits.connections_max),
        ];
        for (name, value) in positive {
            if value == 0 {
                return Err(refused(&format!("'{name}' must be at least 1")));
            }
        }
        let times_ms = [
            limits.request_timeout_ms,
            limits.write_timeout_ms,
            limits.search_deadline_ms,
            limits.suggest_deadline_ms,
            limits.idle_timeout_ms,
            limits.answer_timeout_ms,
        ];
        if times_ms.contains(&0) {
            return Err(refused("timeouts and deadlines must be at least 1 ms"));
        }
        if self.dev && !self.listen.ip().is_loopback() {
            return Err(refused("'dev' opens everything, so it needs a loopback address"));
        }
        Ok(())
    }
}

fn refused(message: &str) -> Error {
    Error::bad_request("invalid_config", message, "see index/server.toml for every name")
}

fn invalid(error: &toml::de::Error) -> Error {
    refused(error.to_string().trim_end())
}

/// Replaces values, and merges tables one level after the other.
fn lay_over(defaults: &mut toml::Table, written: toml::Table) {
    for (name, value) in written {
        match (defaults.get_mut(&name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                defaults.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_names_every_value() {
        let config = Config {
            onnx_runtime: Some(PathBuf::from("/lib/onnx.so")),
            tls: Some(Tls { certificate: PathBuf::from("c.pem"), key: PathBuf::from("k.pem") }),
            ..Config::defaults().expect("the defaults parse")
        };
        let table = toml::Table::try_from(&config).expect("it can be written");
        let nested = table.values().filter_map(toml::Value::as_table).flatten();
        for name in table.keys().chain(nested.map(|(name, _)| name)) {
            assert!(
                DEFAULTS
                    .lines()
                    .any(|line| line.trim_start_matches(['#', ' ', '[']).starts_with(name)),
                "'{name}' is not in the default file"
            );
        }
        config.check().expect("the defaults are allowed");
        assert!(config.listen.ip().is_loopback() && !config.dev && !config.open_metrics);
        assert!(config.cors_origins.is_empty() && config.rate.trusted_proxies.is_empty());
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let config = Config::parse("dev = true\n[limits]\nbody_bytes_max = 5\n").expect("valid");
        let defaults = Config::defaults().expect("the defaults parse");
        assert!(config.dev);
        assert_eq!(config.limits.body_bytes_max, 5);
        assert_eq!(config.limits.products_bytes_max, defaults.limits.products_bytes_max);
    }

    #[test]
    fn unknown_names_wrong_types_and_open_networks_are_refused() {
        for (text, named) in [
            ("speed = 3", "speed"),
            ("[limits]\nspeed = 3", "speed"),
            ("listen = 3", "listen"),
            ("dev = true\nlisten = '0.0.0.0:1'", "loopback"),
            ("[limits]\nbody_bytes_max = 0", "body_bytes_max"),
            ("[rate]\ntrusted_proxies = ['10.0.0.0/33']", "10.0.0.0/33"),
            ("= 3", "3"),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(matches!(error, Error::BadRequest(_)), "{text}");
            assert!(error.problem().message.contains(named), "{text}: {error}");
        }
    }
}
