//! The other ends of idle connections, in a process of their own: it connects, and waits.
//!
//! `workloads/idle` starts and stops it; `main` calls [`hold`] when the process was started with
//! `--hold`.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::descriptors;

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct Hold {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
}

/// Connects, waiting for a byte on each connection, so that no server falls behind on accepting;
/// then holds all of them until standard input ends.
pub(crate) fn hold(order: &Hold) -> io::Result<()> {
    descriptors::raise();
    let connect = |_| {
        let mut stream = TcpStream::connect(order.address)?;
        stream.read_exact(&mut [0])?;
        Ok(stream)
    };
    let streams: io::Result<Vec<TcpStream>> = (0..order.connections).map(connect).collect();
    let streams = streams?;
    io::stdin().read_to_end(&mut Vec::new())?;
    drop(streams);
    Ok(())
}

/// Such a process.
#[derive(Debug)]
pub(crate) struct Holder(Child);

impl Holder {
    pub(crate) fn start(address: SocketAddr, connections: usize) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--hold", &address.to_string(), &connections.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        command.spawn().map(Self)
    }

    /// Has it close its connections and end; an error if it had not got that far.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        drop(self.0.stdin.take());
        match self.0.wait()?.success() {
            true => Ok(()),
            false => Err(io::Error::other("the other ends were not held")),
        }
    }
}
