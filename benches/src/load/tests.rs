use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Client, Crowd, HANDSHAKE, HELLO, MESSAGE, Outcome, REQUEST_BYTES, Speech};
use crate::meter::now;

/// An echo server with a thread for each connection, for `connections` of them.
fn echo(connections: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let serve = |_| {
            let (stream, _) = listener.accept().unwrap();
            thread::spawn(|| answer(stream))
        };
        let threads: Vec<_> = (0..connections).map(serve).collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    (address, server)
}

fn answer(mut stream: TcpStream) {
    let mut buffer = [0; REQUEST_BYTES];
    // The client leaves with a request under way, so a write may find it gone.
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}

#[test]
fn one_connection_gets_answers() {
    let (address, server) = echo(1);
    let mut client = Client::connect(address, Speech::Echo).unwrap();
    assert!(!client.in_turn(Duration::from_millis(5)).unwrap().is_empty());
    drop(client);
    server.join().unwrap();
}

#[test]
fn every_connection_of_a_crowd_gets_answers() {
    let (address, server) = echo(3);
    let clients = (0..3)
        .map(|_| Client::connect(address, Speech::Echo).unwrap())
        .collect();
    let mut crowd = Crowd::gather(clients).unwrap();
    let mut answers = 0;
    while answers < 100 {
        answers += crowd.drive(Duration::from_millis(5)).unwrap().len();
    }
    drop(crowd);
    server.join().unwrap();
}

#[test]
fn an_answer_in_pieces_counts_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let mut client = Client {
        stream,
        request: Speech::Echo.request(),
        answer_bytes: REQUEST_BYTES,
        received: 0,
        sent: now(),
    };
    server.write_all(&[0; REQUEST_BYTES - 1]).unwrap();
    assert_eq!(client.receive().unwrap(), None);
    server.write_all(&[0]).unwrap();
    assert!(client.receive().unwrap().is_some());
}

#[test]
fn the_first_page_tells_how_long_they_are() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page = format!("HTTP/1.1 200 OK\r\n\r\n{HELLO}");
    let length = page.len();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (first, second) = page.split_at(9);
        stream.write_all(first.as_bytes()).unwrap();
        stream.write_all(second.as_bytes()).unwrap();
        stream
    });
    let client = Client::connect(address, Speech::Http).unwrap();
    assert_eq!(client.answer_bytes, length);
    drop(server.join().unwrap());
}

#[test]
fn a_report_is_read_back() {
    let outcome: Outcome = "12 3000 45000".parse().unwrap();
    assert_eq!(outcome.requests, 12);
    assert_eq!(outcome.p50, Duration::from_micros(3));
    assert_eq!(outcome.p99, Duration::from_micros(45));
    assert!("12 3000".parse::<Outcome>().is_err());
    assert!("".parse::<Outcome>().is_err());
}

#[test]
fn hands_are_shaken_before_messages_are_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; HANDSHAKE.len()];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(asked, HANDSHAKE);
        let agreed = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(agreed).unwrap();
        let mut message = MESSAGE;
        stream.read_exact(&mut message).unwrap();
        assert_eq!(message, MESSAGE);
        let head = [0x82, 64];
        stream
            .write_all(&[&head[..], &message[6..]].concat())
            .unwrap();
        stream
    });
    let client = Client::connect(address, Speech::Chat).unwrap();
    assert_eq!(client.answer_bytes, 2 + REQUEST_BYTES);
    drop(server.join().unwrap());
}

#[test]
fn who_refuses_the_handshake_is_told_of() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; HANDSHAKE.len()];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
        stream
    });
    let refused = Client::connect(address, Speech::Chat).err().unwrap();
    assert!(refused.to_string().contains("404"), "{refused}");
    drop(server.join().unwrap());
}
