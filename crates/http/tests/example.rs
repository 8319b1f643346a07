//! The example as its users run it: a process, asked by curl and stopped by Ctrl-C. Unix.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]
#![expect(clippy::print_stderr, reason = "what is skipped is named")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;

/// The example as it is today: Cargo builds it with all targets, but not with this test alone.
fn example() -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let release = (!cfg!(debug_assertions)).then_some("--release");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "bowerbird-http"])
            .args(["--example", "server"])
            .args(release)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success());
    });
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    profile.join("examples").join("server")
}

/// A server at work.
struct Serving {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Where it is.
    url: String,
}

impl Serving {
    fn start() -> Serving {
        Self::start_as(Command::new(example()))
    }

    /// By a shell that allows so many descriptors.
    fn start_with_descriptors(limit: usize) -> Serving {
        let mut shell = Command::new("sh");
        let line = format!("ulimit -n {limit}; exec \"$0\" \"$1\"");
        shell.args(["-c", &line]).arg(example());
        Self::start_as(shell)
    }

    fn start_as(mut command: Command) -> Serving {
        let mut child = command
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let url = line.strip_prefix("open ").unwrap();
        let url = url.strip_suffix("/ or try\n").unwrap().to_owned();
        Serving { child, output, url }
    }

    fn curl(&self, path: &str, options: &[&str]) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60"]);
        curl.args(options).arg(format!("{}{path}", self.url));
        curl
    }

    /// What curl prints.
    fn get(&self, path: &str, options: &[&str]) -> String {
        let output = self.curl(path, options).output().unwrap();
        assert!(output.status.success(), "{path}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn press_ctrl_c(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Whether it ended well, and its last line.
    fn end(mut self) -> (bool, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        let last = rest.lines().last().unwrap_or_default().to_owned();
        (self.child.wait().unwrap().success(), last)
    }
}

/// Whether there is a curl; says which test goes without.
fn has_curl(test: &str) -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {test}: there is no curl");
    }
    found
}

#[test]
fn every_route_answers_curl() {
    if !has_curl("every_route_answers_curl") {
        return;
    }
    let serving = Serving::start();
    assert!(serving.get("/", &[]).contains("<h1>Bowerbird</h1>"));
    assert_eq!(serving.get("/hello/you", &[]), "hello, you\n");
    let json = [
        "-H",
        "content-type: application/json",
        "-d",
        r#"{"name":"me"}"#,
    ];
    assert_eq!(serving.get("/guests", &json), r#"{"guests":1}"#);
    assert_eq!(serving.get("/guests", &[]), r#"[{"name":"me"}]"#);
    assert_eq!(serving.get("/primes/100", &[]), "25\n");
    let this = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/server.rs");
    let length = std::fs::metadata(this).unwrap().len();
    let told = serving.get("/upload", &["-T", this, "-X", "POST"]);
    assert!(told.contains(&format!("\"bytes\":{length}")), "{told}");
    let file = format!("file=@{this}");
    let told = serving.get("/form", &["-F", "text=x", "-F", &file, "-F", &file]);
    assert_eq!(told, r#"["/files/1.rs","/files/2.rs"]"#);
    let text = std::fs::read_to_string(this).unwrap();
    assert_eq!(serving.get("/files/1.rs", &[]), text);
    assert_eq!(serving.get("/files/2.rs", &["-r", "4-8"]), text[4..=8]);
    let status = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(serving.get("/nowhere", &status), "404");
    let path = "/files/%2e%2e/server.rs";
    assert_eq!(
        serving.get(
            path,
            &["--path-as-is", status[0], status[1], status[2], status[3]]
        ),
        "404"
    );
    let head = serving.get("/files/1.rs", &["--head"]);
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: "));
    let known = format!("if-none-match: {}", etag.unwrap());
    let told = serving.get("/files/1.rs", &["-H", &known, "-w", "%{http_code}"]);
    assert_eq!(told, "304");
    serving.press_ctrl_c();
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}

/// A browser, if there is one; says which test goes without.
fn browser(test: &str) -> Option<Command> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let has = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let Some(name) = names.into_iter().find(has) else {
        eprintln!("skipped: {test}: there is no Chromium");
        return None;
    };
    let mut browser = Command::new(name);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu"]);
    Some(browser)
}

/// The page says what its address ends with, and writes down what it hears.
#[test]
fn the_page_chats_in_a_browser() {
    let Some(mut browser) = browser("the_page_chats_in_a_browser") else {
        return;
    };
    let serving = Serving::start();
    // Long enough to be packed, both ways.
    let said = "hello-from-a-browser-".repeat(20);
    let page = format!("{}/#{said}", serving.url);
    // Virtual time stands still while the page waits for its socket.
    let seen = browser.args(["--virtual-time-budget=5000", "--dump-dom", &page]);
    let seen = seen.output().unwrap();
    let dom = String::from_utf8_lossy(&seen.stdout);
    let heard = format!("<pre id=\"heard\">{said}\n");
    assert!(dom.contains(&heard), "{dom}\n{seen:?}");
    let agreed = "title=\"permessage-deflate\"";
    assert!(dom.contains(agreed), "{dom}\n{seen:?}");
    serving.press_ctrl_c();
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}

/// The page follows its link, and writes down what it hears.
#[test]
fn the_page_hears_the_clock_in_a_browser() {
    let Some(mut browser) = browser("the_page_hears_the_clock_in_a_browser") else {
        return;
    };
    let serving = Serving::start();
    let page = format!("{}/#clock", serving.url);
    // Virtual time stands still while the page waits for its events.
    let seen = browser.args(["--virtual-time-budget=5000", "--dump-dom", &page]);
    let seen = seen.output().unwrap();
    let dom = String::from_utf8_lossy(&seen.stdout);
    let heard = "<pre id=\"ticks\">tick 1\ntick 2\ntick 3\n</pre>";
    assert!(dom.contains(heard), "{dom}\n{seen:?}");
    serving.press_ctrl_c();
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}

#[test]
fn ctrl_c_tells_whoever_listens() {
    if !has_curl("ctrl_c_tells_whoever_listens") {
        return;
    }
    let serving = Serving::start();
    let mut listening = serving
        .curl("/clock", &["-N", "-H", "last-event-id: 6"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let heard = BufReader::new(listening.stdout.take().unwrap());
    let mut heard = heard.lines().map(Result::unwrap);
    let tick = |number| {
        [
            format!("data: tick {number}"),
            format!("id: {number}"),
            String::new(),
        ]
    };
    assert_eq!(
        heard.by_ref().take(6).collect::<Vec<_>>(),
        [tick(7), tick(8)].concat()
    );
    serving.press_ctrl_c();
    // A proper end, or curl would complain.
    assert_eq!(heard.filter(|line| line.starts_with(':')).count(), 0);
    assert!(listening.wait().unwrap().success());
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}

#[test]
fn ctrl_c_lets_a_request_under_way_be_answered() {
    if !has_curl("ctrl_c_lets_a_request_under_way_be_answered") {
        return;
    }
    let serving = Serving::start();
    // curl says when the head is sent, which the server has then been asked.
    let mut waiting = serving
        .curl("/wait/1", &["--verbose"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(waiting.stderr.take().unwrap());
    let mut told = told.lines();
    assert!(told.any(|line| line.unwrap().starts_with("> GET /wait/1")));
    // One that is answered afterwards: the first connection has been accepted.
    serving.get("/hello/you", &[]);
    serving.press_ctrl_c();
    for line in told {
        line.unwrap();
    }
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"thank you for waiting\n");
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}

#[test]
fn accepting_goes_on_once_there_are_descriptors_again() {
    let test = "accepting_goes_on_once_there_are_descriptors_again";
    if !has_curl(test) {
        return;
    }
    let mut serving = Serving::start_with_descriptors(40);
    let addr = serving.url.strip_prefix("http://").unwrap();
    let clients: Vec<_> = (0..60).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let mut told = BufReader::new(serving.child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    let expected = "accept failed for want of descriptors or memory";
    assert!(line.contains(expected), "{line}");
    drop(clients);
    assert_eq!(serving.get("/hello/you", &[]), "hello, you\n");
    // Nobody reads any more what it complains of; it is not to wait for that.
    let rest = std::thread::spawn(move || told.lines().count());
    serving.press_ctrl_c();
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
    rest.join().unwrap();
}

/// The most memory that the server has ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak(serving: &Serving) -> u64 {
    let status = format!("/proc/{}/status", serving.child.id());
    let status = std::fs::read_to_string(status).unwrap();
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim_end_matches("kB").trim().parse().unwrap()
}

/// Half of them stay below the limit and say no more; the others go on, by a MiB each.
#[cfg(target_os = "linux")]
#[test]
fn fault_090_many_heads_that_are_too_large_take_no_memory() {
    let serving = Serving::start();
    let addr = serving.url.strip_prefix("http://").unwrap().to_owned();
    let attack = |count: usize, length: usize| -> Vec<TcpStream> {
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}", "y".repeat(length));
        let attacker = |_| {
            let mut stream = TcpStream::connect(&addr).unwrap();
            // The server closes before it has all of the longer ones.
            let _refused = stream.write_all(head.as_bytes());
            stream
        };
        (0..count).map(attacker).collect()
    };
    // Whatever is made once is there.
    drop(attack(4, 1 << 20));
    let before = peak(&serving);
    let staying = attack(100, 20 << 10);
    let going_on = attack(100, 1 << 20);
    let mut good = TcpStream::connect(&addr).unwrap();
    let request = b"GET /hello/you HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    good.write_all(request).unwrap();
    let mut answer = String::new();
    good.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("hello, you\n"), "{answer}");
    let more = peak(&serving) - before;
    // 64 KiB for each would be this much; what they have said is 102 MiB.
    assert!(more < 200 * 64, "{more} KiB");
    drop((staying, going_on));
    serving.press_ctrl_c();
    assert_eq!(serving.end(), (true, "stopped; cancelled: 0".to_owned()));
}
