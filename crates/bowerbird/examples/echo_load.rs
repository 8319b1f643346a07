//! A load for the echo server, in a process of its own: many connections, some of them busy.
//!
//! ```text
//! cargo run --release --example echo_load -- ADDRESS [--connections N] [--active N] [--seconds N]
//! ```
//!
//! It opens all connections (10,000) and proves each of them with one request. The active ones
//! (1,000) then send request after request and check every answer, byte by byte; the others stay
//! idle, and prove at the end that they still live. It prints the rate, the errors and the times
//! that answers took, and fails if a single answer was wrong or missing.
#![expect(clippy::print_stdout, reason = "a program that talks to its user")]

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bowerbird::net::TcpStream;
use bowerbird::{create_task, gather, wait_for};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

/// Bytes of a request, and of its answer.
const REQUEST_SIZE: usize = 64;

/// Connections that are being opened at once: fewer than a listener's backlog holds.
const OPENING: usize = 256;

/// How long an answer may take before it counts as missing.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

#[bowerbird::main]
async fn main() -> io::Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    let begin = now();
    let (mut clients, mut outcome) = open_all(&options).await;
    let opened = clients.len();
    println!("opened {opened} connections in {:.2?}", begin.elapsed());

    let idle = clients.split_off(options.active.min(opened));
    let begin = now();
    let end = begin + options.duration;
    let talks = clients.into_iter().map(|client| talk(client, end));
    for part in gather(talks).return_exceptions().await {
        outcome.add(part.unwrap_or_else(|_panicked| Outcome::failed()));
    }
    let lasted = begin.elapsed();
    for part in gather(idle.into_iter().map(prove))
        .return_exceptions()
        .await
    {
        outcome.add(part.unwrap_or_else(|_panicked| Outcome::failed()));
    }
    println!("{}", outcome.report(lasted));
    Ok(if outcome.errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Opens all connections, several at once, and proves each with a request.
async fn open_all(options: &Options) -> (Vec<Client>, Outcome) {
    let mut clients = Vec::with_capacity(options.connections);
    let mut outcome = Outcome::default();
    let numbers: Vec<u64> = (0..options.connections as u64).collect();
    for some in numbers.chunks(OPENING) {
        let address = options.address;
        let opening = some
            .iter()
            .map(|&number| create_task(Client::open(address, number)));
        for opened in gather(opening).return_exceptions().await {
            match opened {
                Ok(Ok(client)) => clients.push(client),
                Ok(Err(error)) => {
                    // Where one fails, thousands do, for the same reason.
                    if outcome.errors == 0 {
                        eprintln!("a connection could not be opened: {error}");
                    }
                    outcome.errors += 1;
                }
                Err(_panicked) => outcome.errors += 1,
            }
        }
    }
    (clients, outcome)
}

/// Request after request until the time is over.
async fn talk(mut client: Client, end: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    while outcome.errors == 0 && now() < end {
        let asked = now();
        match client.ask().await {
            Ok(()) => outcome.times.record(asked.elapsed()),
            Err(error) => outcome.fail(client.number, &error),
        }
    }
    client.leave(&mut outcome).await;
    outcome
}

/// One more request on a connection that was idle.
async fn prove(mut client: Client) -> Outcome {
    let mut outcome = Outcome::default();
    match client.ask().await {
        Ok(()) => client.leave(&mut outcome).await,
        Err(error) => outcome.fail(client.number, &error),
    }
    outcome
}

/// A connection to the server.
struct Client {
    /// The connection.
    stream: TcpStream,
    /// Which of all connections it is.
    number: u64,
    /// Requests so far.
    requests: u64,
}

impl Client {
    /// Connects, and proves it with a request.
    async fn open(address: SocketAddr, number: u64) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream,
            number,
            requests: 0,
        };
        client.ask().await?;
        Ok(client)
    }

    /// Sends a request unlike all others, and checks the answer.
    async fn ask(&mut self) -> io::Result<()> {
        self.requests += 1;
        let request = content(self.number, self.requests);
        let mut answer = [0; REQUEST_SIZE];
        let exchange = async {
            self.stream.write_all(&request).await?;
            self.stream.read_exact(&mut answer).await
        };
        wait_for(exchange, ANSWER_LIMIT).await??;
        if answer == request {
            Ok(())
        } else {
            Err(io::Error::new(ErrorKind::InvalidData, "a wrong answer"))
        }
    }

    /// Says that it is done; the server must say the same, and not a byte more.
    async fn leave(&mut self, outcome: &mut Outcome) {
        let goodbye = async {
            self.stream.close().await?;
            self.stream.read(&mut [0; 1]).await
        };
        match wait_for(goodbye, ANSWER_LIMIT).await {
            Ok(Ok(0)) => {}
            Ok(Ok(_)) => outcome.fail(self.number, &"more than was asked for"),
            Ok(Err(error)) => outcome.fail(self.number, &error),
            Err(error) => outcome.fail(self.number, &error),
        }
    }
}

/// Bytes that no other request has: both numbers, then a pattern that depends on them.
fn content(number: u64, request: u64) -> [u8; REQUEST_SIZE] {
    let mut bytes = [0; REQUEST_SIZE];
    let mut state = number.rotate_left(32) ^ request ^ 0x9E37_79B9_7F4A_7C15;
    for part in bytes.chunks_mut(8) {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        part.copy_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..16].copy_from_slice(&request.to_le_bytes());
    bytes
}

/// What came of a connection, or of all.
#[derive(Default)]
struct Outcome {
    /// Answers that were wrong or missing, connections that failed.
    errors: u64,
    /// How long the right answers took.
    times: Times,
}

impl Outcome {
    fn failed() -> Self {
        Self {
            errors: 1,
            ..Self::default()
        }
    }

    fn fail(&mut self, number: u64, error: &dyn std::fmt::Display) {
        eprintln!("connection {number}: {error}");
        self.errors += 1;
    }

    fn add(&mut self, part: Self) {
        self.errors += part.errors;
        self.times.add(&part.times);
    }

    fn report(&self, lasted: Duration) -> String {
        let requests = self.times.count();
        format!(
            "requests {requests} in {lasted:.2?}, rate {:.0}/s, errors {}, p50 {:.1?}, p99 {:.1?}",
            requests as f64 / lasted.as_secs_f64(),
            self.errors,
            self.times.quantile(0.50),
            self.times.quantile(0.99),
        )
    }
}

/// Counts of durations, in steps of an eighth of their size: from microseconds to hours.
#[derive(Default)]
struct Times {
    /// How many fell into each step; grows as needed.
    steps: Vec<u64>,
}

impl Times {
    fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(8);
        let octave = micros.ilog2() - 3;
        // Eight steps an octave: the three bits below the highest one say which.
        let step = (octave * 8) as usize + (micros >> octave) as usize - 8;
        if self.steps.len() <= step {
            self.steps.resize(step + 1, 0);
        }
        self.steps[step] += 1;
    }

    fn add(&mut self, other: &Self) {
        if self.steps.len() < other.steps.len() {
            self.steps.resize(other.steps.len(), 0);
        }
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            *mine += theirs;
        }
    }

    fn count(&self) -> u64 {
        self.steps.iter().sum()
    }

    /// The time within which that part of all answers came, rounded up to a step.
    fn quantile(&self, part: f64) -> Duration {
        let wanted = (self.count() as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (step, count) in self.steps.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros((step as u64 % 8 + 9) << (step / 8));
            }
        }
        Duration::ZERO
    }
}

/// What the command line says.
struct Options {
    /// The server.
    address: SocketAddr,
    /// How many connections to open.
    connections: usize,
    /// How many of them send requests all the time.
    active: usize,
    /// For how long.
    duration: Duration,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> io::Result<Self> {
        let address = words.next().and_then(|word| word.parse().ok());
        let mut options = Self {
            address: address.ok_or_else(usage)?,
            connections: 10_000,
            active: 1_000,
            duration: Duration::from_secs(10),
        };
        while let Some(word) = words.next() {
            let number = words.next().and_then(|number| number.parse::<u32>().ok());
            let number = number.ok_or_else(usage)?;
            match word.as_str() {
                "--connections" => options.connections = number as usize,
                "--active" => options.active = number as usize,
                "--seconds" => options.duration = Duration::from_secs(number.into()),
                _ => return Err(usage()),
            }
        }
        Ok(options)
    }
}

fn usage() -> io::Error {
    let usage = "usage: echo_load ADDRESS [--connections N] [--active N] [--seconds N]";
    io::Error::new(ErrorKind::InvalidInput, usage)
}

/// The time on the wall, as a client of the server sees it.
#[expect(
    clippy::disallowed_methods,
    reason = "a load measures with the machine's clock"
)]
fn now() -> Instant {
    Instant::now()
}
