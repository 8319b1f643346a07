//! The conductor: which child runs when, what becomes of one that fails or hangs, and how long it
//! will all take.
//!
//! `main` calls [`conduct`]. Runtimes take turns within a workload, and who is first changes from
//! round to round, so that a slow minute of the machine falls on all of them alike.

use std::io::{self, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::meter::now;
use crate::options::Options;
use crate::reading::Reading;
use crate::report;
use crate::summary::{Failure, Summary};
use crate::table;

/// `--quick` starts no child after this.
const QUICK_END: Duration = Duration::from_secs(55);
/// `--quick` is over by then, whatever its last child does.
const QUICK_STOP: Duration = Duration::from_secs(58);
/// What a child may take before it counts as hanging.
const CHILD_LIMIT: Duration = Duration::from_secs(60);
/// The same under `--quick`, where none should take a second.
const QUICK_CHILD_LIMIT: Duration = Duration::from_secs(10);

/// Runs every child, then prints what they came to.
pub(crate) fn conduct(options: &Options) -> io::Result<()> {
    let mut summary = Summary::new(&options.runtimes);
    let children = schedule(options);
    let progress = Progress {
        started: now(),
        total: children.len(),
    };
    for (done, (workload, runtime)) in children.into_iter().enumerate() {
        let elapsed = progress.started.elapsed();
        if options.plan.is_quick && elapsed > QUICK_END {
            summary.unstarted = progress.total - done;
            break;
        }
        progress.show(done, &format!("{workload} on {runtime}"));
        let limit = match options.plan.is_quick {
            true => QUICK_STOP.saturating_sub(elapsed).min(QUICK_CHILD_LIMIT),
            false => CHILD_LIMIT,
        };
        match measure(workload, runtime, options, limit) {
            Ok(readings) => summary.add(workload, runtime, readings),
            Err(error) => {
                summary.failures.push(Failure {
                    workload,
                    runtime,
                    message: error.to_string(),
                });
            }
        }
    }
    progress.end();
    if options.is_json {
        table::print_json(&summary)?;
    } else {
        table::print(&summary)?;
    }
    match &options.report {
        Some(folder) => report::write(folder, &summary, options.rounds),
        None => Ok(()),
    }
}

/// All children in the order in which they run: whole rounds, so that a run cut short has seen
/// every workload before any of them twice.
fn schedule(options: &Options) -> Vec<(&'static str, &'static str)> {
    let mut children = Vec::new();
    for round in 0..options.rounds {
        let mut runtimes = options.runtimes.clone();
        runtimes.rotate_left(round % options.runtimes.len());
        for workload in &options.workloads {
            children.extend(runtimes.iter().map(|runtime| (*workload, *runtime)));
        }
    }
    children
}

/// Starts a child and reads what it prints.
fn measure(
    workload: &str,
    runtime: &str,
    options: &Options,
    limit: Duration,
) -> io::Result<Vec<Reading>> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--child", runtime, workload])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if options.plan.is_quick {
        command.arg("--quick");
    }
    let mut child = command.spawn()?;
    let text = read_within(&mut child, limit);
    if text.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    let text = text?;
    if !status.success() {
        return Err(io::Error::other(format!("failed with {status}")));
    }
    let readings: Option<Vec<Reading>> = text.lines().map(Reading::from_json).collect();
    readings.ok_or_else(|| io::Error::other("printed something that is no reading"))
}

/// All a child prints until it ends; an error if that takes longer than `limit`.
fn read_within(child: &mut Child, limit: Duration) -> io::Result<String> {
    let mut output = child
        .stdout
        .take()
        .expect("it was piped when the child was started");
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text).map(|_| text);
        // Nobody listens any more when the time was over.
        drop(done.send(read));
    });
    let late = |_| io::Error::other(format!("did not end within {} s", limit.as_secs()));
    text.recv_timeout(limit).map_err(late)?
}

/// The line on standard error.
struct Progress {
    started: Instant,
    /// Children there will be.
    total: usize,
}

impl Progress {
    fn show(&self, done: usize, what: &str) {
        let mut error = io::stderr().lock();
        let eta = match done {
            0 => String::new(),
            done => {
                let left = self.total - done;
                let seconds = self.started.elapsed().as_secs_f64() / done as f64 * left as f64;
                format!(", {seconds:.0} s left")
            }
        };
        let line = format!("[{:>3}/{}] {what}{eta}", done + 1, self.total);
        // A progress line that cannot be shown is no reason to stop measuring.
        drop(match error.is_terminal() {
            true => write!(error, "\r\x1b[K{line}"),
            false => writeln!(error, "{line}"),
        });
    }

    fn end(&self) {
        let mut error = io::stderr().lock();
        let seconds = self.started.elapsed().as_secs();
        let clear = if error.is_terminal() { "\r\x1b[K" } else { "" };
        drop(writeln!(
            error,
            "{clear}{} children in {seconds} s",
            self.total
        ));
    }
}

#[cfg(test)]
mod tests;
