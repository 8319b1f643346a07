//! Programs of other makers at the other end of a connection: what they understand is the protocol,
//! and not merely what both of our ends agree on. A program that is not installed is a reason to
//! skip, by name, unless `BOWERBIRD_REQUIRE_PEERS=1`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Set to 1 where a missing peer is a failure.
const REQUIRE_PEERS: &str = "BOWERBIRD_REQUIRE_PEERS";

/// Whether `program` can be run.
pub(crate) fn is_here(program: &str) -> bool {
    let question = match program {
        "openssl" => "version",
        "socat" => "-V",
        _ => "--version",
    };
    answers(program, &[question])
}

/// Whether system calls can be counted: the program is there, and the system lets it.
pub(crate) fn can_trace() -> bool {
    answers("strace", &["-c", "true"])
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    let tried = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let is_here = tried.is_ok_and(|status| status.success());
    let is_required = std::env::var_os(REQUIRE_PEERS).is_some_and(|value| value == "1");
    assert!(
        is_here || !is_required,
        "{REQUIRE_PEERS}=1, and there is no {program} that works"
    );
    if !is_here {
        eprintln!("skipped: there is no {program} that works");
    }
    is_here
}

/// A peer that runs; killed when it is dropped.
pub(crate) struct Peer {
    /// The process.
    child: Child,
    /// What it prints.
    printed: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it; what it prints can be read, and what it complains of is the test's.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::of(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// One that was started, its output piped.
    pub(crate) fn of(mut child: Child) -> Self {
        let printed = BufReader::new(child.stdout.take().unwrap());
        Self { child, printed }
    }

    /// A script in Python, with `arguments` in `sys.argv[1:]`.
    pub(crate) fn python(script: &str, arguments: &[&str]) -> Self {
        Self::start(&mut python(script, arguments))
    }

    /// The next line it prints, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.printed.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Runs a script in Python to its end, which must be a good one: what it has printed.
pub(crate) fn run_python(script: &str, arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = python(script, arguments).output().unwrap();
    let told = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "the script failed: {told}");
    String::from_utf8(stdout).unwrap()
}

fn python(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]).args(arguments);
    command
}
