//! The echo server under load, as its users run it: two processes, thousands of connections.
//!
//! Both programs are the examples of this crate. What is promised: not one wrong or missing answer,
//! and nothing left behind in the server when the load has gone. Linux only, since descriptors and
//! memory are read from `/proc`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod programs;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bowerbird::{interval, wait_for};
use programs::example;

/// How long the server may take to notice that connections are gone, on a busy machine.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// Memory that an allocator may keep at hand after one load and lack after another: less than a
/// leak of one read buffer (2 KiB) for each of the connections would cost.
const SLACK_KIB: u64 = 3 * 1024;

#[test]
fn a_loaded_server_answers_all_and_keeps_nothing() {
    let mut server = Server::start();
    let descriptors = server.descriptors();
    // The first load fills the allocator's pools and the reactor's tables; they stay.
    load(&server.address, 2000, 1);
    server.wait_for_descriptors(descriptors);
    let resident = server.resident_kib();
    load(&server.address, 2000, 3);
    server.wait_for_descriptors(descriptors);
    let grown = server.resident_kib().saturating_sub(resident);
    assert!(
        grown <= SLACK_KIB,
        "{grown} KiB more than the {resident} KiB after a load of the same size"
    );
    let summary = server.stop();
    assert!(
        summary.contains("accepted 4000, closed 4000, failed 0,"),
        "{summary}"
    );
    assert!(summary.contains("back-offs 0"), "{summary}");
}

#[test]
fn ten_thousand_connections_stay_while_they_idle_and_leave_nothing() {
    if open_limit() < 10_200 {
        eprintln!(
            "skipped: ten_thousand_connections_stay_while_they_idle_and_leave_nothing: a process \
             may not have so many descriptors here; raise `ulimit -n`"
        );
        return;
    }
    let mut server = Server::start();
    let descriptors = server.descriptors();
    // The idle ones prove at the end that they still live.
    load(&server.address, 10_000, 1);
    server.wait_for_descriptors(descriptors);
    let summary = server.stop();
    assert!(
        summary.contains("accepted 10000, closed 10000, failed 0,"),
        "{summary}"
    );
}

/// How many descriptors a process may have.
fn open_limit() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.unwrap().split_whitespace().nth(3).unwrap();
    soft.parse().unwrap_or(u64::MAX)
}

/// So many connections, 200 of them active; panics unless all went well.
fn load(address: &str, connections: u32, seconds: u32) {
    let connections = connections.to_string();
    let output = Command::new(example("echo_load"))
        .args([address, "--connections", &connections, "--active", "200"])
        .args(["--seconds", &seconds.to_string()])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    let opened = format!("opened {connections} connections");
    assert!(told.contains(&opened), "{told}");
    assert!(told.contains(", errors 0,"), "{told}");
}

/// The server's process.
struct Server {
    /// The process.
    child: Child,
    /// What it prints.
    output: BufReader<ChildStdout>,
    /// Where it listens.
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(example("echo_server"))
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self {
            child,
            output,
            address,
        }
    }

    fn descriptors(&self) -> usize {
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.unwrap().count()
    }

    /// The load is over once it has seen every connection end; the server's own ends follow.
    fn wait_for_descriptors(&self, expected: usize) {
        let settled = async {
            let mut looks = interval(Duration::from_millis(10));
            while self.descriptors() != expected {
                looks.tick().await;
            }
        };
        let settled = bowerbird::run(wait_for(settled, SETTLE_LIMIT));
        let now = self.descriptors();
        assert!(settled.is_ok(), "{now} descriptors instead of {expected}");
    }

    fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.unwrap().split_whitespace().nth(1);
        number.unwrap().parse().unwrap()
    }

    /// Ends the server as a supervisor would, and gives what it says at its end.
    fn stop(&mut self) -> String {
        let server = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &server]).status();
        assert!(told.unwrap().success());
        let mut summary = String::new();
        self.output.read_to_string(&mut summary).unwrap();
        assert!(self.child.wait().unwrap().success());
        summary
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failure; a process that has ended refuses, and that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_with_a_time_limit_ends_by_itself() {
    let server = Command::new(example("echo_server"))
        .args(["127.0.0.1:0", "--seconds", "0"])
        .stdin(Stdio::null())
        .output();
    let server = server.unwrap();
    assert!(server.status.success());
    let told = String::from_utf8(server.stdout).unwrap();
    assert!(told.contains("accepted 0, closed 0"), "{told}");
}

#[test]
fn a_load_without_a_server_fails() {
    let refused = bowerbird::run(async {
        let listener = bowerbird::net::TcpListener::bind("127.0.0.1:0").await;
        listener.unwrap().local_addr().unwrap().to_string()
    });
    let load = Command::new(example("echo_load"))
        .args([refused.as_str(), "--connections", "3"])
        .args(["--active", "1", "--seconds", "0"])
        .output();
    assert_eq!(load.unwrap().status.code(), Some(1));
}
