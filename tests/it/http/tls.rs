//! HTTPS on a real socket, with certificates made on the spot.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use vitrine::config::{Config, Tls};
use vitrine::error::{Error, Result};
use vitrine::http::{AppState, serve};

use crate::support::TestEngine;

/// Puts a new certificate and its key in place, and tells the certificate.
fn certify(files: &Tls) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let CertifiedKey { cert, signing_key } = made;
    fs::write(&files.certificate, cert.pem()).unwrap();
    fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<Result<()>>,
}

impl Server {
    fn start(tls: &Tls) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config { dev: true, tls: Some(tls.clone()), ..Config::defaults().unwrap() };
        let state = AppState::new(Arc::clone(&TestEngine::shop().engine), config, [7; 32]);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async move {
                let _ = stopped.await;
            };
            runtime.block_on(serve(state, listener, stopped))
        });
        Self { address, stop, thread }
    }

    fn get(&self, path: &str, root: &CertificateDer<'static>) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut stream = StreamOwned::new(connection, stream);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        match stream.read_to_string(&mut answer) {
            Err(error) if answer.is_empty() => Err(error),
            Ok(_) | Err(_) => Ok(answer),
        }
    }
}

#[test]
fn calls_are_encrypted_and_a_new_certificate_is_taken_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let first = certify(&files);
    let server = Server::start(&files);
    // Somebody who connects and says nothing holds up nobody.
    let silent = TcpStream::connect(server.address).unwrap();
    let answer = server.get("/healthz", &first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let answer = answer.to_lowercase();
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");

    // Plain HTTP gets no answer from the program.
    let mut plain = TcpStream::connect(server.address).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(!String::from_utf8_lossy(&heard).contains("200 OK"));

    // Files that are written one after the other do not match in between.
    fs::write(&files.key, "half a key").unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(server.get("/healthz", &first).is_ok(), "the former certificate stays in use");
    let second = certify(&files);
    let renewed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        server.get("/healthz", &second).is_ok()
    });
    assert!(renewed);
    assert!(server.get("/healthz", &first).is_err(), "who trusts the former one alone is warned");
    drop(silent);
    server.stop.send(()).unwrap();
    server.thread.join().unwrap().unwrap();
}

#[test]
fn files_that_cannot_serve_are_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let refusal = || match Server::start(&files).thread.join().unwrap() {
        Err(Error::Unavailable(problem)) if problem.code == "tls_unusable" => problem.message,
        other => panic!("{other:?}"),
    };
    assert!(refusal().contains("certificate.pem"), "{}", refusal());
    certify(&files);
    let certificate = fs::read(&files.certificate).unwrap();
    fs::write(&files.certificate, "no PEM").unwrap();
    assert!(refusal().contains("no certificate"), "{}", refusal());
    fs::write(&files.certificate, certificate).unwrap();
    fs::write(&files.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(refusal().contains("key.pem"), "another key: {}", refusal());
    fs::remove_file(&files.key).unwrap();
    assert!(refusal().contains("key.pem"), "{}", refusal());
}
