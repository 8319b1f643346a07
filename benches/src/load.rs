//! The load generator of the network workloads, a process of its own: one thread, no runtime.
//!
//! `main` calls [`Load::run`] when the process was started with `--load`; `workloads/echo` starts
//! it so and reads its two lines. Each connection has one request under way at any time. A single
//! connection is driven by blocking calls, which is the cheapest way there is; more by epoll.

mod hold;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use rustix::event::epoll;

use crate::descriptors;
use crate::meter::now;
use crate::summary::percentile;

pub(crate) use hold::{Hold, Holder, hold};

/// Size of an echo's request and of its answer.
pub(crate) const REQUEST_BYTES: usize = 64;
/// The body of an HTTP answer, which is its end as well.
pub(crate) const HELLO: &str = "Hello, world!";
/// No answer is longer.
const ANSWER_BYTES_MAX: usize = 1_024;
/// The body of an answer in JSON, around [`HELLO`].
const JSON: &str = r#"{"message":"Hello, world!"}"#;
/// What asks for a WebSocket.
const HANDSHAKE: &[u8] = b"GET /chat HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// A message as clients send it: two bytes of head, a mask that changes nothing, [`REQUEST_BYTES`].
const MESSAGE: [u8; 6 + REQUEST_BYTES] = {
    let mut message = [b'x'; 6 + REQUEST_BYTES];
    message[0] = 0x82;
    message[1] = 0x80 | REQUEST_BYTES as u8;
    (message[2], message[3], message[4], message[5]) = (0, 0, 0, 0);
    message
};
/// The first line: what comes now is measured.
pub(crate) const BEGIN: &str = "begin";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// The same bytes again.
    Echo,
    /// A page, from a server that says [`HELLO`].
    Http,
    /// The same as JSON.
    Json,
    /// The same message again, over a WebSocket.
    Chat,
}

impl Speech {
    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Http => "http",
            Self::Json => "json",
            Self::Chat => "chat",
        }
    }

    fn request(self) -> &'static [u8] {
        match self {
            Self::Echo => &[b'x'; REQUEST_BYTES],
            Self::Http => b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Self::Json => b"GET /json HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Self::Chat => &MESSAGE,
        }
    }

    /// Whether the first answer has come whole. All are of the same length.
    fn is_whole(self, answer: &[u8]) -> bool {
        match self {
            Self::Echo => answer.len() == REQUEST_BYTES,
            Self::Http => answer.ends_with(HELLO.as_bytes()),
            Self::Json => answer.ends_with(JSON.as_bytes()),
            // Servers do not mask.
            Self::Chat => answer.len() == MESSAGE.len() - 4,
        }
    }
}

impl FromStr for Speech {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = [Self::Echo, Self::Http, Self::Json, Self::Chat];
        known
            .into_iter()
            .find(|speech| speech.name() == name)
            .ok_or(())
    }
}

/// What to do to whom.
#[derive(Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) speech: Speech,
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
        descriptors::raise();
        let mut clients = (0..self.connections)
            .map(|_| Client::connect(self.address, self.speech))
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
    /// What is said again and again.
    request: &'static [u8],
    /// How long an answer is.
    answer_bytes: usize,
    /// How much of the answer has come.
    received: usize,
    /// When the request under way was sent.
    sent: Instant,
}

impl Client {
    /// Connects, and waits for one answer, which tells how long they are. A server behind on
    /// accepting would else let the queue of new connections overflow, and the kernel tries again
    /// only after a second.
    fn connect(address: SocketAddr, speech: Speech) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        if speech == Speech::Chat {
            shake_hands(&mut stream)?;
        }
        stream.write_all(speech.request())?;
        let mut answer = Vec::new();
        while !speech.is_whole(&answer) {
            let mut piece = [0; ANSWER_BYTES_MAX];
            match stream.read(&mut piece)? {
                length @ 1.. if answer.len() < ANSWER_BYTES_MAX => answer.extend(&piece[..length]),
                _ => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(Self {
            stream,
            request: speech.request(),
            answer_bytes: answer.len(),
            received: 0,
            sent: now(),
        })
    }

    /// Sends a request and blocks until the answer is there.
    fn exchange(&mut self) -> io::Result<()> {
        self.send()?;
        while self.receive()?.is_none() {}
        Ok(())
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
        self.stream.write_all(self.request)
    }

    /// Takes what has come. With the whole answer there, gives back how long it took.
    fn receive(&mut self) -> io::Result<Option<Duration>> {
        match self.stream.read(&mut [0; ANSWER_BYTES_MAX]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.received = (self.received + length) % self.answer_bytes;
                Ok((self.received == 0).then(|| self.sent.elapsed()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Makes a WebSocket of a connection.
fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(HANDSHAKE)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101 ") {
        return Ok(());
    }
    let refused = String::from_utf8_lossy(&head).into_owned();
    Err(io::Error::other(refused))
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
