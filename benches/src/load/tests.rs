use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Client, Crowd, Outcome, REQUEST_BYTES};

/// An echo server with a thread for each connection, for `connections` of them. It answers in
/// pieces smaller than a request, and says in the end how many bytes it was sent.
fn echo(connections: usize) -> (SocketAddr, JoinHandle<usize>) {
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
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    (address, server)
}

fn answer(mut stream: TcpStream) -> usize {
    let mut buffer = [0; REQUEST_BYTES * 3 / 4];
    let mut total = 0;
    // The client leaves with a request under way, so a write may find it gone.
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        total += length;
        if stream.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    total
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
fn a_crowd_counts_an_answer_in_pieces_once() {
    let (address, server) = echo(3);
    let clients = (0..3).map(|_| Client::connect(address).unwrap()).collect();
    let mut crowd = Crowd::gather(clients).unwrap();
    let mut answers = 0;
    while answers < 100 {
        answers += crowd.drive(Duration::from_millis(5)).unwrap().len();
    }
    drop(crowd);
    assert!(answers * REQUEST_BYTES <= server.join().unwrap());
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
