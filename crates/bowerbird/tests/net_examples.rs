//! The examples of sockets as their users run them: processes, spoken to by std's sockets.
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod programs;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use programs::example;

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

/// A guest of the chat who sits at a terminal.
struct Guest {
    /// The client's process.
    child: Child,
    /// What is typed.
    keyboard: Option<ChildStdin>,
    /// What is shown.
    screen: BufReader<ChildStdout>,
}

impl Guest {
    fn enter(room: SocketAddr, name: &str) -> Guest {
        let mut child = Command::new(example("line_chat"))
            .arg(room.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let screen = BufReader::new(child.stdout.take().unwrap());
        let keyboard = child.stdin.take();
        let mut guest = Guest {
            child,
            keyboard,
            screen,
        };
        guest.type_line(name);
        guest
    }

    fn type_line(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        writeln!(keyboard, "{line}").unwrap();
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.screen.read_line(&mut line).unwrap();
        line
    }

    /// Types Ctrl-D: what is shown until the program has ended, well.
    fn leave(mut self) -> String {
        drop(self.keyboard.take());
        let mut rest = String::new();
        self.screen.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // One that has left refuses, and that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn line_chat_says_what_is_typed_and_shows_what_is_said() {
    let program = Program::start("chat", &["127.0.0.1:0"]);
    let mut ann = Guest::enter(program.address, "ann");
    assert_eq!(ann.read_line(), "* welcome, ann\n");
    let mut bob = Guest::enter(program.address, "bob");
    assert_eq!(bob.read_line(), "* welcome, bob\n");
    assert_eq!(ann.read_line(), "* bob is here\n");
    ann.type_line("hello");
    assert_eq!(bob.read_line(), "ann: hello\n");
    bob.type_line("hi");
    assert_eq!(ann.read_line(), "bob: hi\n");
    assert_eq!(bob.leave(), "");
    assert_eq!(ann.read_line(), "* bob is gone\n");

    // A room that closes is the end of the client, though nobody has typed Ctrl-D.
    drop(program);
    let mut rest = String::new();
    ann.screen.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn line_chat_without_a_room_fails() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let ended = Command::new(example("line_chat"))
        .arg(address)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!ended.status.success());
    assert!(!ended.stderr.is_empty());
}

/// A site of three pages, in a loop of its own thread; ends with the test.
fn site() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut request = String::new();
            stream.read_line(&mut request).unwrap();
            let mut header = String::new();
            while stream.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let (status, page) = match request.split(' ').nth(1) {
                Some("/") => ("200 OK", r#"<a href="one"> <a href="/two#part">"#),
                Some("/one") => ("200 OK", r#"<a href="/"> <a href="missing">"#),
                Some("/two") => ("200 OK", r#"<a href="http://elsewhere.example/">"#),
                _ => ("404 Not Found", ""),
            };
            let answer = format!("HTTP/1.0 {status}\r\n\r\n{page}");
            stream.get_ref().write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn crawler_prints_each_page_of_a_site_once() {
    let address = site();
    let ended = Command::new(example("crawler"))
        .args([&address.to_string(), "/", "3"])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let expected = "/  HTTP/1.0 200 OK\n\
                    /missing  HTTP/1.0 404 Not Found\n\
                    /one  HTTP/1.0 200 OK\n\
                    /two  HTTP/1.0 200 OK\n";
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), expected);
}
