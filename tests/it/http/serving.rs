//! The server on a real socket.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

use vitrine::error::Error;

use super::socket::{Server, answer};

#[test]
fn calls_are_served_until_the_server_is_stopped() {
    let server = Server::start();
    let mut stream = server.connect();
    for _ in 0..2 {
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let reply = answer(&mut stream);
        assert_eq!(reply.status, "HTTP/1.1 200 OK");
        assert!(reply.body.contains("ok"));
    }
    let address = server.address;
    drop(stream);
    server.stop().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_caller_that_sends_too_much_still_reads_why_not() {
    let server = Server::start();
    let length = 100 << 20;
    let head = format!(
        "POST /v1/indexes/shop/products HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    );
    // Refused before a byte of the body is sent,
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let reply = answer(&mut stream);
    assert_eq!(reply.status, "HTTP/1.1 413 Payload Too Large");
    assert!(reply.body.contains("body_too_large"));
    drop(stream);
    // and also to a caller that reads only after it has sent everything.
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..100 {
        stream.write_all(&chunk).unwrap();
    }
    assert_eq!(answer(&mut stream).status, "HTTP/1.1 413 Payload Too Large");
    drop(stream);
    server.stop().unwrap();
}

#[test]
fn development_mode_is_not_served_to_a_network() {
    let server = Server::bound_to(Ipv4Addr::UNSPECIFIED, |_| ());
    let refused = server.end();
    assert!(matches!(refused, Err(Error::BadRequest(problem)) if problem.code == "open_network"));
}
