//! One run of a loop under valgrind, and the number it prints.
//!
//! `counts` is the only caller. The tool counts the instructions of all threads of the process,
//! and none that the kernel executes for it.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// What stands before the number in valgrind's report.
const LABEL: &str = "Collected :";

/// Whether there is a valgrind to run.
pub(super) fn is_installed() -> io::Result<bool> {
    let quiet = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    match quiet {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// All instructions of a process that does nothing but `turns` turns of the loop called `name`.
pub(super) fn instructions(harness: &Path, name: &str, turns: u64) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(harness)
        .args(["--count", name, &turns.to_string()])
        .stdin(Stdio::null())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = collected(&told).filter(|_| output.status.success());
    collected.ok_or_else(|| io::Error::other(format!("{name} under valgrind: {told}")))
}

/// The number in a report.
pub(super) fn collected(report: &str) -> Option<u64> {
    let rest = &report[report.find(LABEL)? + LABEL.len()..];
    rest.split_whitespace().next()?.parse().ok()
}
