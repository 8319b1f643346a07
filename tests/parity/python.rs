//! The Python on this machine, if there is one, and whether it is new enough for a program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{fs, io, thread};

/// Names the Python to be used; `python3` without it.
const PYTHON: &str = "BOWERBIRD_PYTHON";

/// Set to 1 where a missing Python is a failure.
const REQUIRE_PEERS: &str = "BOWERBIRD_REQUIRE_PEERS";

/// What takes longer than this hangs; test machines are slow and shared.
const PATIENCE: Duration = Duration::from_secs(120);

/// What opens a program that needs a newer Python than 3.11.
const SINCE: &str = "# Since 3.";

/// What a program prints, or nothing, having said why.
pub(crate) fn run_python(program: &Path) -> Option<String> {
    let name = program.file_name().unwrap().to_string_lossy();
    let Some(minor) = minor_version() else {
        let is_required = std::env::var_os(REQUIRE_PEERS).is_some_and(|value| value == "1");
        assert!(!is_required, "{REQUIRE_PEERS}=1, and there is no Python 3");
        eprintln!("skipped: {name} was not run: there is no Python 3");
        return None;
    };
    let since = since(&fs::read_to_string(program).unwrap());
    if minor < since {
        eprintln!("skipped: {name} was not run: it needs Python 3.{since}, this is 3.{minor}");
        return None;
    }
    let mut command = Command::new(python());
    // Bytecode beside the programs would be litter, and the encoding must not be the terminal's.
    command.args(["-B", "-X", "utf8"]).arg(program);
    Some(printed(&mut command, &name))
}

/// What `command` prints; it must end well, and in time. What it complains of is the test's.
fn printed(command: &mut Command, name: &str) -> String {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (send, text) = channel();
    let mut stdout = child.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        let text = io::read_to_string(&mut stdout).unwrap();
        // Nobody waits any more once the time is over.
        let _is_late = send.send(text);
    });
    let text = text.recv_timeout(PATIENCE);
    if text.is_err() {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    reading.join().unwrap();
    let text = text.unwrap_or_else(|_| panic!("{name} did not end within {PATIENCE:?}"));
    assert!(status.success(), "{name} failed: {status}");
    text
}

fn python() -> String {
    std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned())
}

/// 11 for Python 3.11; asked once.
fn minor_version() -> Option<u32> {
    static MINOR: OnceLock<Option<u32>> = OnceLock::new();
    *MINOR.get_or_init(|| {
        let ask = "import sys; print(sys.version_info.minor)";
        let output = Command::new(python()).args(["-c", ask]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    })
}

/// The version that a program needs, without its "3.".
fn since(program: &str) -> u32 {
    let Some(rest) = program.strip_prefix(SINCE) else {
        return 0;
    };
    let digits = rest.split(':').next().unwrap();
    digits
        .parse()
        .expect("a version, as in `# Since 3.13: why`")
}

#[test]
fn the_version_that_a_program_needs_is_read() {
    assert_eq!(since("import asyncio\n"), 0);
    assert_eq!(since("# Since 3.13: shutdown\n"), 13);
}
