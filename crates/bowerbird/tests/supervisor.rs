//! The supervisor as its users run it: a process, on whose main thread Ctrl-C arrives. Unix.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod programs;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use programs::example;

/// A supervisor at work.
struct Supervised {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Supervised {
    fn start(line: &str) -> Supervised {
        let mut child = interruptible(&example("supervisor"))
            .args(["sh", "-c", line])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Supervised { child, output }
    }

    /// The first two lines, the supervisor's and its program's, whichever came first; the latter.
    fn first_lines(&mut self) -> String {
        let mut lines = [self.line(), self.line()];
        lines.sort_by_key(|line| line.starts_with("started "));
        let [said, started] = lines;
        assert!(started.starts_with("started "), "{started}");
        said
    }

    /// The next line, from it or from what it supervises.
    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(
            self.output.read_line(&mut line).unwrap() > 0,
            "it has ended"
        );
        line.trim_end().to_owned()
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// How it ended, when it has said all.
    fn end(mut self) -> (ExitStatus, Vec<String>) {
        let said = self.output.by_ref().lines().map(Result::unwrap).collect();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Supervised {
    /// After a failure: what it supervises is stopped by it.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.send("-TERM");
            let _stopped = self.child.wait();
        }
    }
}

/// A program to which Ctrl-C does what it does by default. A shell that puts a test run into the
/// background makes all that it starts ignore it; `env` gives it back where it knows how to.
fn interruptible(program: &Path) -> Command {
    const GIVE_BACK: &str = "--default-signal=INT";
    let mut env = Command::new("env");
    let tried = env.args([GIVE_BACK, "true"]).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg(GIVE_BACK).arg(program);
    command
}

/// Whether such a program can be ended by Ctrl-C; says which test goes without.
fn is_interruptible(test: &str) -> bool {
    let tried = interruptible(Path::new("sh"))
        .args(["-c", "kill -INT $$"])
        .status();
    let ends = tried.unwrap().signal() == Some(2);
    if !ends {
        eprintln!("skipped: {test}: this run ignores Ctrl-C, and its children cannot but do so");
    }
    ends
}

#[test]
fn what_ends_early_is_started_again_after_longer_and_longer_pauses() {
    if !is_interruptible("what_ends_early_is_started_again_after_longer_and_longer_pauses") {
        return;
    }
    let mut supervised = Supervised::start("exit 3");
    for pause in ["100ms", "200ms", "400ms"] {
        assert!(supervised.line().starts_with("started "));
        let ended = supervised.line();
        assert_eq!(ended, format!("ended with Some(3), again in {pause}"));
    }
    supervised.send("-INT");
    let (status, _said) = supervised.end();
    assert_eq!(status.signal(), Some(2), "{status}");
}

#[test]
fn ctrl_c_stops_all_of_it_and_ends_the_supervisor_as_ctrl_c_does() {
    if !is_interruptible("ctrl_c_stops_all_of_it_and_ends_the_supervisor_as_ctrl_c_does") {
        return;
    }
    let mut supervised = Supervised::start("sleep 60 & echo $!; wait");
    let grandchild = supervised.first_lines();
    supervised.send("-INT");
    let (status, said) = supervised.end();
    assert_eq!(status.signal(), Some(2), "{status}: {said:?}");
    assert!(said[0].starts_with("stopping "), "{said:?}");
    assert_eq!(said[1], "stopped with Some(-15)");
    let alive = Command::new("kill")
        .args(["-0", &grandchild])
        .stderr(Stdio::null())
        .status();
    let zombie = std::fs::read_to_string(format!("/proc/{grandchild}/stat"));
    let is_zombie = zombie.is_ok_and(|stat| stat.contains(") Z"));
    assert!(!alive.unwrap().success() || is_zombie, "{grandchild} lives");
}

#[test]
fn term_stops_it_and_is_a_success() {
    let mut supervised = Supervised::start(
        "trap 'echo asked; exit 0' TERM; echo up; \
                                            while :; do sleep 0.01; done",
    );
    assert_eq!(supervised.first_lines(), "up");
    supervised.send("-TERM");
    let (status, said) = supervised.end();
    assert!(status.success(), "{status}: {said:?}");
    assert!(said.contains(&"asked".to_owned()), "{said:?}");
    assert_eq!(
        said.last().map(String::as_str),
        Some("stopped with Some(0)")
    );
}
