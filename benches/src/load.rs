//! The load generator of the echo workloads, a process of its own: one thread, no runtime.
//!
//! `main` calls [`Load::run`] when the process was started with `--load`; `workloads/echo` starts
//! it so and reads its two lines. Each connection has one request under way at any time. A single
//! connection is driven by blocking calls, which is the cheapest way there is; more by epoll.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use rustix::event::epoll;

use crate::meter::now;
use crate::summary::percentile;

/// Size of a request and of its answer.
pub(crate) const REQUEST_BYTES: usize = 64;
/// The first line: what comes now is measured.
pub(crate) const BEGIN: &str = "begin";

/// What to do to whom.
#[derive(Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    /// How long to go on before measuring.
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
}

/// What the measured part came to: the second line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) requests: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Load {
    /// Connects, sends and receives until the time is over.
    pub(crate) fn run(&self) -> io::Result<()> {
        let mut clients = (0..self.connections)
            .map(|_| Client::connect(self.address))
            .collect::<io::Result<Vec<_>>>()?;
        if let [only] = clients.as_mut_slice() {
            only.in_turn(self.warm)?;
            writeln!(io::stdout(), "{BEGIN}")?;
            let times = only.in_turn(self.measured)?;
            return report(times);
        }
        let mut crowd = Crowd::gather(clients)?;
        crowd.drive(self.warm)?;
        writeln!(io::stdout(), "{BEGIN}")?;
        let times = crowd.drive(self.measured)?;
        report(times)
    }
}

fn report(mut times_ns: Vec<f64>) -> io::Result<()> {
    let requests = times_ns.len();
    let (p50, p99) = (
        percentile(&mut times_ns, 50.0),
        percentile(&mut times_ns, 99.0),
    );
    writeln!(io::stdout(), "{requests} {p50:.0} {p99:.0}")
}

impl FromStr for Outcome {
    type Err = ();

    /// Reads what `report` wrote.
    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line
            .split(' ')
            .map(|word| word.parse::<u64>().map_err(|_| ()));
        let mut word = || words.next().unwrap_or(Err(()));
        let requests = usize::try_from(word()?).map_err(|_| ())?;
        let (p50, p99) = (Duration::from_nanos(word()?), Duration::from_nanos(word()?));
        Ok(Self { requests, p50, p99 })
    }
}

/// One connection.
struct Client {
    stream: TcpStream,
    /// How much of the answer has come.
    received: usize,
    /// When the request under way was sent.
    sent: Instant,
}

impl Client {
    /// Connects, and waits for one answer: a server behind on accepting would else let the queue of
    /// new connections overflow, and the kernel tries again only after a second.
    fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream,
            received: 0,
            sent: now(),
        };
        client.exchange()?;
        Ok(client)
    }

    /// Sends a request and blocks until the answer is there.
    fn exchange(&mut self) -> io::Result<()> {
        self.send()?;
        self.stream.read_exact(&mut [0; REQUEST_BYTES])
    }

    /// One request after the other, blocking; the nanoseconds each took.
    fn in_turn(&mut self, length: Duration) -> io::Result<Vec<f64>> {
        let mut times_ns = Vec::new();
        let started = now();
        while started.elapsed() < length {
            self.exchange()?;
            times_ns.push(self.sent.elapsed().as_nanos() as f64);
        }
        Ok(times_ns)
    }

    /// Sends a request. It fits into an empty socket buffer, so this never finds it full.
    fn send(&mut self) -> io::Result<()> {
        self.sent = now();
        self.stream.write_all(&[b'x'; REQUEST_BYTES])
    }

    /// Takes what has come. With the whole answer there, gives back how long it took.
    fn receive(&mut self) -> io::Result<Option<Duration>> {
        match self.stream.read(&mut [0; REQUEST_BYTES]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.received = (self.received + length) % REQUEST_BYTES;
                Ok((self.received == 0).then(|| self.sent.elapsed()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Many connections on one epoll.
struct Crowd {
    clients: Vec<Client>,
    /// Watches all of them for input; an event carries the client's index.
    epoll: rustix::fd::OwnedFd,
    /// Where the kernel leaves the events.
    events: Vec<epoll::Event>,
}

impl Crowd {
    /// Registers all clients and sends the first request of each.
    fn gather(mut clients: Vec<Client>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (index, client) in clients.iter_mut().enumerate() {
            client.stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, &client.stream, data, epoll::EventFlags::IN)?;
            client.send()?;
        }
        let events = Vec::with_capacity(256);
        Ok(Self {
            clients,
            epoll,
            events,
        })
    }

    /// Answers every answer with the next request; the nanoseconds each took.
    fn drive(&mut self, length: Duration) -> io::Result<Vec<f64>> {
        let mut times_ns = Vec::new();
        let started = now();
        while started.elapsed() < length {
            self.events.clear();
            epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut self.events),
                None,
            )?;
            for event in &self.events {
                let index = event.data.u64() as usize;
                let client = &mut self.clients[index];
                if let Some(took) = client.receive()? {
                    times_ns.push(took.as_nanos() as f64);
                    client.send()?;
                }
            }
        }
        Ok(times_ns)
    }
}

#[cfg(test)]
mod tests;
