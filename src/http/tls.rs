//! HTTPS: a certificate from files, read again when they change.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::config::Tls;
use crate::error::{Error, Result};

/// A caller gets so long to agree on keys.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// The files are looked at so often at most, when somebody connects.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// When each file was changed last, as far as the system tells.
type Changed = [Option<SystemTime>; 2];

/// Whether a server could serve HTTPS with these files.
///
/// # Errors
/// Unavailable when a file cannot be read, has nothing of its kind, or they do not match.
pub fn check_certificate(files: &Tls) -> Result<()> {
    read(files).map(drop)
}

/// The certificate in use, and of which files.
struct Held {
    config: Arc<ServerConfig>,
    changed: Changed,
    looked: Instant,
}

/// Makes encrypted connections of plain ones.
pub(super) struct Certificate {
    files: Tls,
    held: Mutex<Held>,
}

impl Certificate {
    /// With the certificate of these files.
    ///
    /// # Errors
    /// Unavailable when a file cannot be read, has nothing of its kind, or they do not match.
    pub(super) fn load(files: &Tls) -> Result<Self> {
        let changed = changed(files);
        let held = Held { config: read(files)?, changed, looked: Instant::now() };
        Ok(Self { files: files.clone(), held: Mutex::new(held) })
    }

    /// The handshake with one caller.
    ///
    /// # Errors
    /// When the caller speaks no TLS, an old version of it, or not in time.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.config());
        tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await?
    }

    /// The present certificate. One that cannot be read leaves the former in use.
    fn config(&self) -> Arc<ServerConfig> {
        let mut held = self.held.lock();
        if held.looked.elapsed() < LOOK_INTERVAL {
            return Arc::clone(&held.config);
        }
        held.looked = Instant::now();
        let changed = changed(&self.files);
        if changed == held.changed {
            return Arc::clone(&held.config);
        }
        held.changed = changed;
        match read(&self.files) {
            Ok(config) => {
                held.config = config;
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::error!(%error, "the former certificate stays in use"),
        }
        Arc::clone(&held.config)
    }
}

fn changed(files: &Tls) -> Changed {
    [&files.certificate, &files.key].map(|path| path.metadata().and_then(|of| of.modified()).ok())
}

fn read(files: &Tls) -> Result<Arc<ServerConfig>> {
    let (certificate, key) = (&files.certificate, &files.key);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, &error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(certificate, "it has no certificate"));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|versions| versions.with_no_client_auth())
        .and_then(|server| server.with_single_cert(chain, private))
        .map_err(|error| refused(files, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::unavailable(
        "tls_unusable",
        format!("'{}' cannot be used for TLS: {why}", path.display()),
        "give a certificate and its private key in PEM, readable for the server",
    )
}

fn refused(files: &Tls, error: &rustls::Error) -> Error {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    Error::unavailable(
        "tls_unusable",
        format!("'{certificate}' and '{key}' cannot be used for TLS: {error}"),
        "the private key must be that of the first certificate in the file",
    )
}
