use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Client, Crowd, Outcome, REQUEST_BYTES};
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
    let mut client = Client::connect(address).unwrap();
    assert!(!client.in_turn(Duration::from_millis(5)).unwrap().is_empty());
    drop(client);
    server.join().unwrap();
}

#[test]
fn every_connection_of_a_crowd_gets_answers() {
    let (address, server) = echo(3);
    let clients = (0..3).map(|_| Client::connect(address).unwrap()).collect();
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
        received: 0,
        sent: now(),
    };
    server.write_all(&[0; REQUEST_BYTES - 1]).unwrap();
    assert_eq!(client.receive().unwrap(), None);
    server.write_all(&[0]).unwrap();
    assert!(client.receive().unwrap().is_some());
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
