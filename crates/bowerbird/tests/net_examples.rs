//! The examples of sockets as their users run them: processes, spoken to by std's sockets.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread;
use std::time::Duration;

/// Nothing here takes long; what takes longer hangs.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// A program that serves, until it is dropped.
struct Program {
    /// Its process.
    child: Child,
    /// Where it listens.
    address: SocketAddr,
}

impl Program {
    fn start(name: &str, arguments: &[&str]) -> Program {
        let mut child = Command::new(example(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let address = address.parse().unwrap();
        Program { child, address }
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(PATIENCE).unwrap();
        BufReader::new(stream)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// An example as it is today: Cargo builds them with all targets, but not with this test alone.
fn example(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let release = (!cfg!(debug_assertions)).then_some("--release");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "bowerbird", "--examples"])
            .args(release)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
    });
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

#[test]
fn udp_echo_sends_back_what_it_gets() {
    let program = Program::start("udp_echo", &["127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(PATIENCE).unwrap();
    let mut buffer = [0; 16];
    for datagram in [&b"one"[..], b"", b"three"] {
        socket.send_to(datagram, program.address).unwrap();
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (datagram, program.address));
    }
}

#[test]
fn tcp_proxy_passes_on_both_ways_and_the_ends_too() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("localhost:{}", target.local_addr().unwrap().port());
    let program = Program::start("tcp_proxy", &[&name, "127.0.0.1:0"]);
    let serving = thread::spawn(move || {
        let (mut stream, _) = target.accept().unwrap();
        stream.set_read_timeout(PATIENCE).unwrap();
        let mut question = Vec::new();
        // Comes to an end only if the client's end is passed on.
        stream.read_to_end(&mut question).unwrap();
        stream.write_all(&question).unwrap();
        question.len()
    });
    let client = program.connect();
    let mut writer = client.get_ref().try_clone().unwrap();
    let question: Vec<u8> = (0..1_000_000_u32).map(|at| (at / 7) as u8).collect();
    let sent = question.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut answer = Vec::new();
    client.into_inner().read_to_end(&mut answer).unwrap();
    assert!(answer == question);
    writing.join().unwrap();
    assert_eq!(serving.join().unwrap(), question.len());
}

#[test]
fn chat_tells_the_others_and_shows_out_who_does_not_read() {
    let program = Program::start("chat", &["127.0.0.1:0"]);
    let say = |guest: &BufReader<TcpStream>, text: &str| {
        guest.get_ref().write_all(text.as_bytes()).unwrap();
    };
    let hear = |guest: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        guest.read_line(&mut line).unwrap();
        line
    };
    let mut ann = program.connect();
    say(&ann, "ann\n");
    assert_eq!(hear(&mut ann), "* welcome, ann\n");
    let mut bob = program.connect();
    say(&bob, "bob\n");
    assert_eq!(hear(&mut bob), "* welcome, bob\n");
    assert_eq!(hear(&mut ann), "* bob is here\n");
    say(&ann, "hello\n");
    assert_eq!(hear(&mut bob), "ann: hello\n");
    say(&bob, "hi\n");
    assert_eq!(hear(&mut ann), "bob: hi\n");

    // Eve never reads, and talks all the time: Ann, who reads, misses nothing for it.
    let eve = program.connect();
    say(&eve, "eve\n");
    assert_eq!(hear(&mut ann), "* eve is here\n");
    let long = "x".repeat(4_000);
    let mut gone = false;
    for _ in 0..20_000 {
        if gone {
            break;
        }
        say(&bob, &format!("{long}\n"));
        loop {
            let heard = hear(&mut ann);
            gone |= heard == "* eve is gone\n";
            if heard.starts_with("bob") {
                break;
            }
        }
    }
    assert!(gone, "eve is still there");

    // A line without an end is not kept for ever.
    say(&bob, &"y".repeat(10_000));
    assert_eq!(hear(&mut ann), "* bob is gone\n");
}
