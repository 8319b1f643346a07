//! `tail_f` as its users run it: a process that follows a file which is written to, cut off, and
//! replaced. Each step waits for what the last one must have printed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod programs;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use programs::example;

/// Ends the program if the test hangs, so that the test fails.
const PATIENCE: &str = "60";

/// The program and the file it follows.
struct Follower {
    /// The process.
    child: Child,
    /// What it prints.
    output: BufReader<ChildStdout>,
    /// A folder of its own.
    folder: PathBuf,
}

impl Follower {
    fn start(name: &str, contents: &str, arguments: &[&str]) -> Self {
        let name = format!("bowerbird-tail-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("log"), contents).unwrap();
        let mut child = Command::new(example("tail_f"))
            .arg(folder.join("log"))
            .args(["--every", "1", "--seconds", PATIENCE])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            output,
            folder,
        }
    }

    fn append(&self, text: &str) {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).open(self.folder.join("log")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        for line in lines {
            let mut told = String::new();
            self.output.read_line(&mut told).unwrap();
            assert_eq!(told.trim_end(), *line);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // One that has ended refuses, and that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

#[test]
fn the_last_lines_come_first_and_then_what_is_written() {
    let mut follower = Follower::start("append", "1\n2\n3\n4\n", &["--lines", "2"]);
    follower.expect(&["3", "4"]);
    for round in ["5", "6", "7"] {
        follower.append(&format!("{round}\nhalf "));
        follower.expect(&[round]);
        follower.append("a line\n");
        follower.expect(&["half a line"]);
    }
}

#[test]
fn lines_longer_than_a_block_are_counted_too() {
    let long = "x".repeat(100_000);
    let text = format!("first\n{long}\n{long}\nlast");
    let mut follower = Follower::start("long", &text, &["--lines", "2"]);
    follower.append("\n");
    follower.expect(&[&long, "last"]);
    let mut whole = Follower::start("whole", &text, &["--lines", "9"]);
    whole.append("\n");
    whole.expect(&["first", &long, &long, "last"]);
    let mut none = Follower::start("none", "old\n", &["--lines", "0"]);
    // It has looked where the end is before this comes, or prints the old line, too: so the first
    // line is written again and again until it is told.
    let log = none.folder.join("log");
    let stop = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        while stop.1.try_recv() != Err(std::sync::mpsc::TryRecvError::Disconnected) {
            let mut file = OpenOptions::new().append(true).open(&log).unwrap();
            file.write_all(b"new\n").unwrap();
        }
    });
    none.expect(&["new"]);
    drop(stop.0);
    writer.join().unwrap();
}

#[test]
fn a_file_that_is_cut_off_is_read_from_its_start() {
    let mut follower = Follower::start("cut", "a long first line\n", &[]);
    follower.expect(&["a long first line"]);
    let file = OpenOptions::new()
        .write(true)
        .open(follower.folder.join("log"));
    file.unwrap().set_len(0).unwrap();
    follower.append("again\n");
    follower.expect(&["again"]);
}

#[test]
fn another_file_of_the_name_is_followed_when_there_is_one() {
    let mut follower = Follower::start("rotate", "old\n", &[]);
    follower.expect(&["old"]);
    let (log, rotated) = (follower.folder.join("log"), follower.folder.join("log.1"));
    fs::rename(&log, &rotated).unwrap();
    let mut options = OpenOptions::new();
    let mut late = options.append(true).open(&rotated).unwrap();
    late.write_all(b"late\n").unwrap();
    follower.expect(&["late"]);
    fs::write(&log, "new\n").unwrap();
    follower.expect(&["new"]);
}

#[test]
fn a_file_that_is_not_there_and_words_that_mean_nothing_are_errors() {
    for words in [
        &["no such file"][..],
        &[],
        &["a", "--lines", "b"],
        &["a", "--every", "0"],
    ] {
        let output = Command::new(example("tail_f"))
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn it_ends_when_its_time_is_over() {
    let mut follower = Follower::start("time", "text\n", &["--seconds", "0"]);
    let mut told = String::new();
    follower.output.read_to_string(&mut told).unwrap();
    assert!(follower.child.wait().unwrap().success());
}
