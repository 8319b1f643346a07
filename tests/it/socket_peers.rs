//! Programs that know nothing of asyncio at the other end: socat, and Python's plain sockets, which
//! say and do what a library would not. Skipped by name without them, unless
//! `BOWERBIRD_REQUIRE_PEERS=1`. Unix.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use bowerbird::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use bowerbird::{ReadError, StreamReader, StreamWriter, Task, start_server, to_thread};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::bell::Bell;
use crate::folder::{Folder, pattern};
use crate::loops::inside_each;
use crate::peers::{Peer, is_here, run_python};

/// Longer than what sockets and pipes hold.
const LENGTH: usize = 3 << 20;

/// A socat between its own standard streams and `address`: sends `input`, and gives all it hears
/// before the other end closes.
fn socat(address: String, input: Vec<u8>) -> Task<Vec<u8>> {
    to_thread(move || {
        let mut child = Command::new("socat")
            // Waits for the rest when its input has ended; it does not depend on the number.
            .args(["-t", "100", "-", &address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feeding = std::thread::spawn(move || stdin.write_all(&input).unwrap());
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        assert!(output.status.success(), "{}", output.status);
        output.stdout
    })
}

/// Sends back what comes, until that ends.
async fn echo(stream: impl futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin) {
    let (mut reader, mut writer) = futures_lite::io::split(stream);
    futures_lite::io::copy(&mut reader, &mut writer)
        .await
        .unwrap();
    writer.close().await.unwrap();
}

#[test]
fn socat_is_served_over_tcp_and_its_half_close_too() {
    if !is_here("socat") {
        return;
    }
    inside_each(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let talking = socat(format!("TCP:{address}"), pattern(LENGTH));
        let (stream, _) = listener.accept().await.unwrap();
        echo(stream).await;
        assert!(talking.await.unwrap() == pattern(LENGTH));
    });
}

#[test]
fn socat_is_served_over_unix_sockets_with_and_without_a_file() {
    if !is_here("socat") {
        return;
    }
    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let address = format!("UNIX-CONNECT:{}", path.display());
        let talking = socat(address, pattern(LENGTH));
        echo(listener.accept().await.unwrap()).await;
        assert!(talking.await.unwrap() == pattern(LENGTH));
    });
    #[cfg(target_os = "linux")]
    inside_each(async || {
        let name = crate::net_unix::abstract_name();
        let listener = UnixListener::bind(format!("\0{name}")).unwrap();
        let talking = socat(format!("ABSTRACT-CONNECT:{name}"), b"no file".to_vec());
        echo(listener.accept().await.unwrap()).await;
        assert_eq!(talking.await.unwrap(), b"no file");
    });
}

#[test]
fn socat_serves_us_over_tcp_and_unix_sockets() {
    if !is_here("socat") {
        return;
    }
    /// Little enough to fit into the pipe that socat has between its two directions.
    const SHORT: usize = 50_000;

    async fn talk(stream: impl futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin) {
        let (mut reader, mut writer) = futures_lite::io::split(stream);
        let writing = async {
            writer.write_all(&pattern(SHORT)).await.unwrap();
            writer.close().await.unwrap();
        };
        let mut heard = Vec::new();
        let reading = async { reader.read_to_end(&mut heard).await.unwrap() };
        futures_lite::future::zip(writing, reading).await;
        assert!(heard == pattern(SHORT));
    }

    inside_each(async || {
        let folder = Folder::new();
        let path = folder.at("socket");
        // It says on stderr where it listens, as the first thing.
        let serve = |listen: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", "exec socat -t 100 -d -d \"$0\" PIPE 2>&1", listen]);
            let mut peer = Peer::start(&mut command);
            let line = loop {
                let line = peer.line();
                assert!(!line.is_empty(), "socat does not listen at {listen}");
                if line.contains("listening on") {
                    break line;
                }
            };
            (peer, line)
        };
        let (_peer, line) = serve("TCP-LISTEN:0,bind=127.0.0.1");
        let port = line.rsplit(':').next().unwrap().parse::<u16>().unwrap();
        talk(TcpStream::connect(("127.0.0.1", port)).await.unwrap()).await;

        let (_peer, _line) = serve(&format!("UNIX-LISTEN:{}", path.display()));
        talk(UnixStream::connect(&path).await.unwrap()).await;
    });
}

#[test]
fn socat_gets_an_answer_to_its_datagrams() {
    if !is_here("socat") {
        return;
    }
    inside_each(async || {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        // An empty datagram is told to be the end, both ways: datagrams have none of their own.
        let address = format!("UDP:{address},shut-null,null-eof");
        let talking = socat(address, b"ping".to_vec());
        let mut buffer = [0; 16];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"ping");
        assert_eq!(socket.recv_from(&mut buffer).await.unwrap(), (0, from));
        socket.send_to(b"pong", from).await.unwrap();
        socket.send_to(b"", from).await.unwrap();
        assert_eq!(talking.await.unwrap(), b"pong");
    });
}

/// Plain sockets: each part is a function of its own.
const PYTHON: &str = r#"
import socket, struct, sys

def tcp(port):
    return socket.create_connection(("127.0.0.1", int(port)))

def reset(port):
    peer = tcp(port)
    peer.sendall(b"half a li")
    assert peer.recv(5) == b"hello"
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()

def too_early(port):
    peer = tcp(port)
    peer.sendall(b"half a li")
    assert peer.recv(5) == b"hello"
    peer.shutdown(socket.SHUT_WR)
    assert peer.recv(100) == b"goodbye"
    assert peer.recv(100) == b""

def too_long(port):
    peer = tcp(port)
    peer.sendall(b"x" * 100_000 + b"\nshort\n")
    try:
        while peer.recv(100):
            pass
    except ConnectionResetError:
        pass  # The server has left with bytes of ours unread.

def datagrams(port):
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.connect(("127.0.0.1", int(port)))
    for length in [0, 1, 1_000, 60_000]:
        peer.send(b"y" * length)
        assert peer.recv(65_536) == b"y" * length

def unix_datagrams(theirs, ours):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    peer.bind(ours)
    for length in [0, 1, 1_000, 60_000]:
        peer.sendto(b"y" * length, theirs)
        data, address = peer.recvfrom(65_536)
        assert (data, address) == (b"y" * length, theirs), address

globals()[sys.argv[1]](*sys.argv[2:])
print("fine")
"#;

/// Plays a part, off the loop.
fn python(part: &'static str, arguments: Vec<String>) -> Task<()> {
    to_thread(move || {
        let mut all = vec![part];
        all.extend(arguments.iter().map(String::as_str));
        assert_eq!(run_python(PYTHON, &all), "fine\n");
    })
}

/// What a server's handler reads from a peer that plays `part`, which it greets before.
async fn read_from(part: &'static str) -> Vec<Result<Vec<u8>, ReadError>> {
    let (read, all) = (
        std::sync::Arc::new(std::sync::Mutex::new(Vec::new())),
        Bell::default(),
    );
    let (into, bell) = (read.clone(), all.clone());
    let handler = move |mut reader: StreamReader, writer: StreamWriter| {
        let (into, bell) = (into.clone(), bell.clone());
        async move {
            writer.write("hello");
            for _ in 0..2 {
                let line = reader.readuntil("\n").await;
                into.lock().unwrap().push(line);
            }
            writer.write("goodbye");
            writer.close();
            bell.ring();
        }
    };
    let server = start_server(handler, "127.0.0.1:0").await.unwrap();
    let port = server.local_addrs()[0].port().to_string();
    python(part, vec![port]).await.unwrap();
    all.rung().await;
    server.close();
    server.wait_closed().await;
    std::mem::take(&mut *read.lock().unwrap())
}

#[test]
fn what_a_rude_peer_does_is_an_error_with_a_type() {
    if !is_here("python3") {
        return;
    }
    inside_each(async || {
        let read = read_from("reset").await;
        for failed in read {
            assert_eq!(failed.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }

        let read = read_from("too_early").await;
        let [
            Err(ReadError::Incomplete(early)),
            Err(ReadError::Incomplete(again)),
        ] = &read[..]
        else {
            panic!("{read:?}");
        };
        assert_eq!(
            (&early.partial[..], &again.partial[..]),
            (&b"half a li"[..], &b""[..])
        );

        // What is too long stays in the stream, so it is too long again.
        let read = read_from("too_long").await;
        for failed in read {
            assert!(
                matches!(failed, Err(ReadError::LimitOverrun(_))),
                "{failed:?}"
            );
        }
    });
}

#[test]
fn datagrams_of_every_length_come_and_go() {
    if !is_here("python3") {
        return;
    }
    inside_each(async || {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port().to_string();
        let talking = python("datagrams", vec![port]);
        let mut buffer = vec![0; 65_536];
        for expected in [0, 1, 1_000, 60_000] {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            assert_eq!(length, expected);
            socket.send_to(&buffer[..length], from).await.unwrap();
        }
        talking.await.unwrap();

        let folder = Folder::new();
        let (ours, theirs) = (folder.at("ours"), folder.at("theirs"));
        let socket = UnixDatagram::bind(&ours).unwrap();
        let paths = [&ours, &theirs].map(|path| path.to_str().unwrap().to_owned());
        let talking = python("unix_datagrams", paths.to_vec());
        for expected in [0, 1, 1_000, 60_000] {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            assert_eq!(
                (length, from.as_pathname()),
                (expected, Some(theirs.as_path()))
            );
            socket.send_to(&buffer[..length], &theirs).await.unwrap();
        }
        talking.await.unwrap();
    });
}
