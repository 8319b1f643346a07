//! Python's asyncio at the other end, of TCP, UDP and Unix sockets: it must find nothing strange in
//! us. Skipped by name where there is no python3, unless `BOWERBIRD_REQUIRE_PEERS=1`.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use bowerbird::gather;
use bowerbird::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::loops::inside_each;
use crate::net_unix::Place;

/// Set where a missing peer is a failure, not a reason to skip.
const REQUIRE_PEERS: &str = "BOWERBIRD_REQUIRE_PEERS";

/// What both ends agree on: echo until the end, then say goodbye.
const PYTHON: &str = r#"
import asyncio, sys

async def serve_one(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b"bye")
    await writer.drain()
    writer.close()
    await writer.wait_closed()

async def talk(reader, writer):
    sent = bytes(range(256)) * 4000
    async def send():
        for at in range(0, len(sent), 30000):
            writer.write(sent[at:at + 30000])
            await writer.drain()
        writer.write_eof()
    async with asyncio.TaskGroup() if hasattr(asyncio, "TaskGroup") else Both() as group:
        group.create_task(send())
        received = await reader.read(-1)
    assert received == sent + b"bye", (len(received), len(sent))
    writer.close()
    await writer.wait_closed()

class Both:
    async def __aenter__(self):
        self.tasks = []
        return self
    def create_task(self, coroutine):
        self.tasks.append(asyncio.ensure_future(coroutine))
    async def __aexit__(self, *_):
        await asyncio.gather(*self.tasks)

class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, data, address):
        self.transport.sendto(data, address)

async def main(what, *where):
    loop = asyncio.get_running_loop()
    if what == "tcp-server":
        server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
    elif what == "unix-server":
        server = await asyncio.start_unix_server(serve_one, where[0])
        print("ready", flush=True)
    elif what == "udp-server":
        transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        print(transport.get_extra_info("sockname")[1], flush=True)
    elif what == "tcp-client":
        clients = [asyncio.open_connection("127.0.0.1", int(where[0])) for _ in range(5)]
        await asyncio.gather(*[talk(*pair) for pair in await asyncio.gather(*clients)])
        return print("fine", flush=True)
    elif what == "unix-client":
        await talk(*await asyncio.open_unix_connection(where[0]))
        return print("fine", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"#;

/// A python3 that plays a part.
struct Python {
    /// Its process; its standard input is its lease.
    child: Child,
    /// What it says.
    output: BufReader<ChildStdout>,
}

impl Python {
    /// `None`, said aloud, when there is no python3.
    #[track_caller]
    fn start(arguments: &[&str]) -> Option<Python> {
        let started = Command::new("python3")
            .args(["-c", PYTHON])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            let is_required = std::env::var_os(REQUIRE_PEERS).is_some_and(|value| value == "1");
            assert!(!is_required, "{REQUIRE_PEERS}=1, and there is no python3");
            let test = std::thread::current();
            let test = test.name().unwrap_or("a test").to_owned();
            eprintln!("skipped: {test}: there is no python3 to play {arguments:?}");
            return None;
        };
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Python { child, output })
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn port(&mut self) -> u16 {
        self.line().parse().unwrap()
    }

    /// Ends it; fails if it has.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }

    /// Waits for a client's verdict, off the loop.
    async fn verdict(mut self) {
        let said = bowerbird::to_thread(move || {
            let line = self.line();
            self.end();
            line
        });
        assert_eq!(said.await.unwrap(), "fine");
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // After a failure; a process that has ended refuses, and that is fine.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What a client does with a server that echoes and says goodbye.
async fn talk<S>(stream: S, split: impl Fn(&S) -> (&S, &S))
where
    for<'a> &'a S: futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin,
{
    let sent: Vec<u8> = (0..1_000_000_u32).map(|at| (at / 3) as u8).collect();
    let (mut reader, mut writer) = split(&stream);
    let writing = async {
        writer.write_all(&sent).await.unwrap();
        writer.close().await.unwrap();
    };
    let mut received = Vec::new();
    let reading = async { reader.read_to_end(&mut received).await.unwrap() };
    futures_lite::future::zip(reading, writing).await;
    assert_eq!(received.len(), sent.len() + 3);
    assert!(received.starts_with(&sent) && received.ends_with(b"bye"));
}

/// What a server does that echoes and says goodbye.
async fn echo<S>(stream: S)
where
    for<'a> &'a S: futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin,
{
    let mut buffer = vec![0; 65_536];
    loop {
        let length = (&stream).read(&mut buffer).await.unwrap();
        if length == 0 {
            break;
        }
        (&stream).write_all(&buffer[..length]).await.unwrap();
    }
    (&stream).write_all(b"bye").await.unwrap();
    (&stream).close().await.unwrap();
}

#[test]
fn an_asyncio_tcp_server_serves_us() {
    inside_each(async || {
        let Some(mut python) = Python::start(&["tcp-server"]) else {
            return;
        };
        let port = python.port();
        let talking = (0..5).map(|_| async move {
            let stream = TcpStream::connect(("localhost", port)).await.unwrap();
            talk(stream, |stream| (stream, stream)).await;
        });
        gather(talking).await.unwrap();
        python.end();
    });
}

#[test]
fn an_asyncio_tcp_client_is_served_by_us() {
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let Some(python) = Python::start(&["tcp-client", &port]) else {
            return;
        };
        let mut serving = Vec::new();
        for _ in 0..5 {
            let (stream, _) = listener.accept().await.unwrap();
            serving.push(bowerbird::create_task(echo(stream)));
        }
        gather(serving).await.unwrap();
        python.verdict().await;
    });
}

#[test]
fn an_asyncio_unix_server_serves_us() {
    inside_each(async || {
        let place = Place::new();
        let path = place.path();
        let arguments = ["unix-server", path.to_str().unwrap()];
        let Some(mut python) = Python::start(&arguments) else {
            return;
        };
        assert_eq!(python.line(), "ready");
        let stream = UnixStream::connect(&path).await.unwrap();
        talk(stream, |stream| (stream, stream)).await;
        python.end();
    });
}

#[test]
fn an_asyncio_unix_client_is_served_by_us() {
    inside_each(async || {
        let place = Place::new();
        let path = place.path();
        let listener = UnixListener::bind(&path).unwrap();
        let arguments = ["unix-client", path.to_str().unwrap()];
        let Some(python) = Python::start(&arguments) else {
            return;
        };
        echo(listener.accept().await.unwrap()).await;
        python.verdict().await;
    });
}

#[test]
fn an_asyncio_datagram_endpoint_echoes_us() {
    inside_each(async || {
        let Some(mut python) = Python::start(&["udp-server"]) else {
            return;
        };
        let port = python.port();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(("127.0.0.1", port)).await.unwrap();
        let mut buffer = vec![0; 65_536];
        // Not an empty one: asyncio does not send those before Python 3.13.
        for size in [1, 1_000, 60_000] {
            let sent = vec![7; size];
            socket.send(&sent).await.unwrap();
            let length = socket.recv(&mut buffer).await.unwrap();
            assert!(buffer[..length] == sent);
        }
        python.end();
    });
}
