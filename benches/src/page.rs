//! A server without a runtime, for the workload of clients: a process of its own with a thread for
//! each connection, which says the same page to whatever it is asked.
//!
//! `workloads/http_client` starts it with [`Page::serve`]; `main` calls [`serve`] in the process
//! that was started with `--page`. Its port is its first line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::load::HELLO;

/// No request is longer.
const REQUEST_BYTES_MAX: usize = 8 * 1_024;

/// The process; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Page {
    /// Starts it.
    pub(crate) fn serve() -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--page")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().expect("it was piped above");
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim_end().parse();
        let address = address.map_err(|_| io::Error::other("the page tells no address"))?;
        Ok(Self { address, process })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It has nothing to lose, and may have ended by itself.
        let _killed = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Listens, tells where, and serves until it is killed.
pub(crate) fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        // An error is the client going away.
        thread::spawn(move || answer(stream));
    }
    Ok(())
}

/// Answers every request of a connection; they have no bodies.
fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let length = HELLO.len();
    let page = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{HELLO}");
    let mut buffer = [0; REQUEST_BYTES_MAX];
    let mut filled = 0;
    loop {
        let came = stream.read(&mut buffer[filled..])?;
        if came == 0 {
            return Ok(());
        }
        filled += came;
        // Clients ask again when they were answered, so the end of a head is the end of what came.
        if buffer[..filled].ends_with(b"\r\n\r\n") {
            stream.write_all(page.as_bytes())?;
            filled = 0;
        }
    }
}

#[cfg(test)]
mod tests;
