//! A UDP echo server: sends each datagram back to where it came from.
//!
//! ```text
//! cargo run --example udp_echo [-- ADDRESS]
//! ```
//!
//! It prints the address it receives at (127.0.0.1:7778 unless told otherwise; port 0 takes a free
//! one) and serves until it is interrupted. To talk to it: `nc -u 127.0.0.1 7778`.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::io;

use bowerbird::net::UdpSocket;

/// No datagram is longer.
const DATAGRAM_SIZE: usize = 65_535;

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:7778");
    let socket = UdpSocket::bind(address).await?;
    println!("listening on {}", socket.local_addr()?);
    let mut buffer = vec![0; DATAGRAM_SIZE];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        // A peer that cannot be reached is no reason to leave the others alone.
        if let Err(error) = socket.send_to(&buffer[..length], from).await {
            eprintln!("cannot answer {from}: {error}");
        }
    }
}
