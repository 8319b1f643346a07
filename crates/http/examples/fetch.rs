//! Fetches the URLs on its command line, some at a time, and says how long each one took.
//!
//! ```text
//! cargo run --release -p bowerbird-http --features tls,http2,compression --example fetch -- \
//!     -c 8 https://www.rust-lang.org/ https://docs.python.org/3/library/asyncio.html
//! ```
//!
//! - `-c N`: how many at a time; 4 without it.
//! - Ends with 1 when any of them could not be had. Ctrl-C ends it at once, and cleanly.
#![expect(clippy::print_stdout, reason = "it talks to a terminal")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bowerbird::{Semaphore, as_completed, create_task, get_running_loop};
use bowerbird_http::{ClientError, ClientSession, ClientTimeout};

/// What is to be fetched.
struct Order {
    /// How many at a time.
    at_a_time: usize,
    /// What.
    urls: Vec<String>,
}

/// What came of a URL.
struct Fetched {
    url: String,
    took: Duration,
    result: Result<(u16, usize), ClientError>,
}

#[bowerbird::main]
async fn main() -> ExitCode {
    let Some(order) = Order::read(std::env::args().skip(1)) else {
        println!("usage: fetch [-c N] URL...");
        return ExitCode::from(2);
    };
    let timeout = ClientTimeout::new().total(Duration::from_secs(60));
    let session = ClientSession::builder().timeout(timeout).build();
    let session = session.expect("these options are good");
    let seats = Arc::new(Semaphore::new(order.at_a_time));
    let tasks = order.urls.into_iter().map(|url| {
        let (session, seats) = (session.clone(), seats.clone());
        create_task(async move {
            let _seat = seats.acquire().await;
            fetch(&session, url).await
        })
    });
    let began = now();
    let (mut bytes, mut failures) = (0, 0);
    let mut fetched = as_completed(tasks);
    while let Some(done) = fetched.next().await {
        let done = done.expect("nobody cancels it, and it does not panic");
        done.tell();
        match done.result {
            Ok((_, length)) => bytes += length,
            Err(_) => failures += 1,
        }
    }
    println!("{bytes} bytes in {:.1?}, {failures} failed", now() - began);
    ExitCode::from(u8::from(failures > 0))
}

/// Fetches one, keeping no more of it in memory than its length.
async fn fetch(session: &ClientSession, url: String) -> Fetched {
    let began = now();
    let result = length(session, &url).await;
    let took = now() - began;
    Fetched { url, took, result }
}

async fn length(session: &ClientSession, url: &str) -> Result<(u16, usize), ClientError> {
    let mut response = session.get(url).await?.raise_for_status()?;
    let mut length = 0;
    while let Some(piece) = response.chunk().await? {
        length += piece.len();
    }
    Ok((response.status().as_u16(), length))
}

/// The loop's clock.
fn now() -> Instant {
    get_running_loop()
        .expect("everything here runs on a loop")
        .time()
}

impl Order {
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut order = Self {
            at_a_time: 4,
            urls: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-c" => order.at_a_time = arguments.next()?.parse().ok().filter(|n| *n > 0)?,
                _ if argument.starts_with('-') => return None,
                _ => order.urls.push(argument),
            }
        }
        (!order.urls.is_empty()).then_some(order)
    }
}

impl Fetched {
    fn tell(&self) {
        let took = self.took.as_millis();
        match &self.result {
            Ok((status, length)) => println!("{took:>6} ms {status} {length:>9} {}", self.url),
            Err(error) => println!("{took:>6} ms failed: {error}"),
        }
    }
}
