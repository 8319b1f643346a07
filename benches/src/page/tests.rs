use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::answer;
use crate::load::HELLO;

#[test]
fn requests_in_pieces_are_answered_one_by_one_until_the_client_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let server = thread::spawn(move || answer(stream));
    for _ in 0..2 {
        client.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
        client.write_all(b" x\r\n\r\n").unwrap();
        let mut said = String::new();
        while !said.ends_with(HELLO) {
            let mut piece = [0; 10];
            let length = client.read(&mut piece).unwrap();
            assert!(length > 0, "{said}");
            said += std::str::from_utf8(&piece[..length]).unwrap();
        }
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
        assert_eq!(said.matches("HTTP").count(), 1);
    }
    drop(client);
    server.join().unwrap().unwrap();
}
