//! A TCP proxy: passes each connection on to another address, both ways, until both ends are done.
//!
//! ```text
//! cargo run --example tcp_proxy -- TARGET [ADDRESS]
//! ```
//!
//! It prints the address it listens on (127.0.0.1:7779 unless told otherwise; port 0 takes a free
//! one) and serves until it is interrupted. For instance `tcp_proxy example.org:80`, and then
//! `curl -H "Host: example.org" http://127.0.0.1:7779/`. The target's name is looked up for each
//! connection, and all its addresses are tried.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream, is_out_of_resources};
use bowerbird::{create_task, sleep, wait_for};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};

/// How long the target may take to answer a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait for a descriptor when there is none.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Bytes that are under way in one direction of a connection, at most.
const BUFFER_SIZE: usize = 16 * 1024;

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(target) = arguments.next() else {
        let usage = "usage: tcp_proxy TARGET [ADDRESS]";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, usage));
    };
    let address = arguments.next();
    let address = address.as_deref().unwrap_or("127.0.0.1:7779");
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let target = Arc::<str>::from(target);
    loop {
        match listener.accept().await {
            Ok((client, peer)) => {
                let target = target.clone();
                create_task(async move {
                    if let Err(error) = pass_on(client, &target).await {
                        eprintln!("{peer}: {error}");
                    }
                })
                .detach();
            }
            // The connection stays in the backlog; trying at once would only burn the processor.
            Err(error) if is_out_of_resources(&error) => {
                eprintln!("cannot accept: {error}");
                sleep(BACK_OFF).await;
            }
            // That connection was given up before we came to it.
            Err(error) => eprintln!("cannot accept: {error}"),
        }
    }
}

/// One connection, from beginning to end. An error in one direction ends both; a peer that is done
/// writing ends one, and may go on reading.
async fn pass_on(client: TcpStream, target: &str) -> io::Result<()> {
    let server = wait_for(TcpStream::connect(target), CONNECT_LIMIT).await??;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let there = copy(&client, &server);
    let back = copy(&server, &client);
    future::try_zip(there, back).await?;
    Ok(())
}

/// Copies what comes to `to`, and passes the end on.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.close().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}
