//! A TCP echo server: gives back whatever it is sent, to any number of connections at once.
//!
//! ```text
//! cargo run --release --example echo_server [-- [ADDRESS] [--seconds N]]
//! ```
//!
//! It prints the address it listens on (127.0.0.1:7777 unless told otherwise; port 0 takes a free
//! one), serves until Ctrl-C, TERM or the end of its `--seconds`, and prints what it has done.
//! Out of descriptors, it waits until some are free again. `echo_load` is a load for it.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::signal::{SIGTERM, ctrl_c, signal};
use bowerbird::{create_task, interval, sleep, wait_for};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};

/// Bytes that one connection reads at once.
const BUFFER_SIZE: usize = 2048;

/// The first wait after a failed accept; it doubles up to the longest.
const BACK_OFF: Duration = Duration::from_millis(10);

/// See [`BACK_OFF`].
const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// How long open connections may go on once no more are accepted.
const GRACE: Duration = Duration::from_secs(1);

#[bowerbird::main]
async fn main() -> io::Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let listener = TcpListener::bind(options.address.as_str()).await?;
    // Before anybody can know that we are here.
    let end = told_to_end()?;
    println!("listening on {}", listener.local_addr()?);
    let counts = Arc::new(Counts::default());
    let accepting = create_task(accept_all(listener, counts.clone()));
    match options.limit {
        Some(limit) => sleep(limit).await,
        None => end.await?,
    }
    accepting.cancel();
    // It ends in no other way than by this request.
    let _cancelled = accepting.await;
    let _all_closed = wait_for(counts.all_closed(), GRACE).await;
    println!("{}", counts.summary());
    Ok(())
}

/// Takes connections for ever, and makes a task of each.
async fn accept_all(listener: TcpListener, counts: Arc<Counts>) {
    let mut back_off = BACK_OFF;
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                back_off = BACK_OFF;
                let _detached = create_task(serve(stream, counts.clone()));
            }
            // The peer gave up before we came to it; the next one is waiting already.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // No descriptor or no memory for it: the connection stays in the backlog, and trying
            // again at once would only burn the processor.
            Err(error) => {
                counts.add(&counts.back_offs, 1);
                eprintln!("cannot accept ({error}), next try in {back_off:?}");
                sleep(back_off).await;
                back_off = (back_off * 2).min(BACK_OFF_MAX);
            }
        }
    }
}

/// One connection, from its first byte to its last.
async fn serve(stream: TcpStream, counts: Arc<Counts>) {
    counts.add(&counts.accepted, 1);
    let open = Open(counts);
    // A peer that went away in the midst of it is that peer's affair: counted, not told.
    if echo(stream, &open.0).await.is_err() {
        open.0.add(&open.0.failed, 1);
    }
}

/// Gives back what comes until the peer says that it is done.
async fn echo(mut stream: TcpStream, counts: &Counts) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
        counts.add(&counts.bytes, length as u64);
    }
}

/// Until Ctrl-C, or until somebody sends TERM, as those do who end servers.
fn told_to_end() -> io::Result<impl Future<Output = io::Result<()>>> {
    let mut terminated = signal(SIGTERM)?;
    let terminated = async move {
        terminated.recv().await;
        Ok(())
    };
    Ok(future::or(ctrl_c(), terminated))
}

/// What the server has done. All accesses are Relaxed: the numbers order nothing, and the last
/// reader awaits the tasks that wrote them, or lives with a number that is a moment old.
#[derive(Default)]
struct Counts {
    /// Connections that were accepted.
    accepted: AtomicU64,
    /// Of those, the ones that are over.
    closed: AtomicU64,
    /// Of those, the ones that ended with an error.
    failed: AtomicU64,
    /// Bytes given back.
    bytes: AtomicU64,
    /// Accepts that failed and were tried again later.
    back_offs: AtomicU64,
}

impl Counts {
    fn add(&self, count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    fn read(&self, count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }

    /// Looks now and then whether any connection is open.
    async fn all_closed(&self) {
        let mut looks = interval(Duration::from_millis(10));
        while self.read(&self.closed) < self.read(&self.accepted) {
            looks.tick().await;
        }
    }

    fn summary(&self) -> String {
        format!(
            "accepted {}, closed {}, failed {}, bytes {}, back-offs {}",
            self.read(&self.accepted),
            self.read(&self.closed),
            self.read(&self.failed),
            self.read(&self.bytes),
            self.read(&self.back_offs),
        )
    }
}

/// A connection that is open; counted as closed in whichever way it ends.
struct Open(Arc<Counts>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.add(&self.0.closed, 1);
    }
}

/// What the command line says.
struct Options {
    /// Where to listen.
    address: String,
    /// How long to serve; without it, until standard input ends.
    limit: Option<Duration>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut options = Self {
            address: "127.0.0.1:7777".to_owned(),
            limit: None,
        };
        while let Some(word) = words.next() {
            if word == "--seconds" {
                let seconds = words.next().and_then(|number| number.parse().ok());
                let seconds = seconds.ok_or_else(|| wrong("--seconds takes a whole number"))?;
                options.limit = Some(Duration::from_secs(seconds));
            } else if word.starts_with('-') {
                return Err(wrong("the options are: [ADDRESS] [--seconds N]"));
            } else {
                options.address = word;
            }
        }
        Ok(options)
    }
}

fn wrong(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message)
}
