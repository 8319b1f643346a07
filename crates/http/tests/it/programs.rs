//! Programs of other makers, for the tests that have them at the other end. One that is not there
//! is a reason to skip, by name, unless `BOWERBIRD_REQUIRE_PEERS=1`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// Set to 1 where a missing peer is a failure.
const REQUIRE_PEERS: &str = "BOWERBIRD_REQUIRE_PEERS";

/// Whether there is a Python with aiohttp in it.
pub(crate) fn has_aiohttp() -> bool {
    let tried = quiet("python3").args(["-c", "import aiohttp"]).status();
    let is_here = tried.is_ok_and(|status| status.success());
    told("python3 with aiohttp", is_here)
}

/// Whether a program is installed that says its version.
pub(crate) fn is_here(program: &str) -> bool {
    // Some of them say it and fail.
    told(program, quiet(program).arg("--version").status().is_ok())
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn told(program: &str, is_here: bool) -> bool {
    let is_required = std::env::var_os(REQUIRE_PEERS).is_some_and(|value| value == "1");
    assert!(
        is_here || !is_required,
        "{REQUIRE_PEERS}=1, and there is no {program}"
    );
    if !is_here {
        eprintln!("skipped: there is no {program}");
    }
    is_here
}

/// Runs a program to its end, which must be a good one, while the loop goes on; what it has
/// printed.
pub(crate) async fn run(mut command: Command) -> String {
    let name = command.get_program().to_owned();
    let ended = bowerbird::to_thread(move || command.output()).await;
    let Output {
        status,
        stdout,
        stderr,
    } = ended.unwrap().unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{name:?}: {status}\n{said}{complained}");
    said
}

/// A script in Python.
pub(crate) fn python(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(["-u", "-c", script]).args(arguments);
    command
}

/// A server in Python, which prints its port first; killed when this is dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) port: u16,
}

impl Serving {
    pub(crate) fn start(script: &str) -> Self {
        let mut child = python(script, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        let port = said.trim_end().parse();
        Self {
            child,
            port: port.unwrap_or_else(|_| panic!("it serves nowhere: {said:?}")),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
