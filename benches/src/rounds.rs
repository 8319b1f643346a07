//! The conductor: starts a child for each job, and knows what becomes of one that fails or hangs.
//!
//! `main` calls [`conduct`]. In which order jobs come is in `job`; what has become of the run so
//! far is shown by `progress`. Never measures anything itself.

mod progress;

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::job::{self, Job, Target};
use crate::options::Options;
use crate::reading::Reading;
use crate::report;
use crate::rounds::progress::Progress;
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
    if let Some(remark) = &options.remark {
        eprintln!("{remark}");
    }
    let summary = run_all(options);
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

fn run_all(options: &Options) -> Summary {
    let mut summary = Summary::new(&options.runtimes);
    let (jobs, left_out): (Vec<_>, Vec<_>) = job::schedule(options)
        .into_iter()
        .partition(|job| job::has_room(&job.target));
    note_left_out(&mut summary, &left_out);
    let progress = Progress::start(jobs.len());
    for (done, job) in jobs.iter().enumerate() {
        let elapsed = progress.elapsed();
        if options.plan.is_quick && elapsed > QUICK_END {
            summary.unstarted = jobs.len() - done;
            break;
        }
        progress.show(
            done,
            &format!("{} on {}", job.target.title(""), job.runtime),
        );
        let limit = match options.plan.is_quick {
            true => QUICK_STOP.saturating_sub(elapsed).min(QUICK_CHILD_LIMIT),
            false => CHILD_LIMIT,
        };
        match measure(job, options, limit) {
            Ok(readings) => summary.add(job, readings),
            Err(error) => summary.failures.push(Failure {
                target: job.target,
                runtime: job.runtime,
                message: error.to_string(),
            }),
        }
    }
    progress.end();
    summary
}

/// A line for each target, however many rounds and runtimes it would have been in.
fn note_left_out(summary: &mut Summary, left_out: &[Job]) {
    let mut seen: Vec<Target> = Vec::new();
    for job in left_out {
        if !seen.contains(&job.target) {
            seen.push(job.target);
            summary.failures.push(Failure {
                target: job.target,
                runtime: "any runtime",
                message: "left out: too little memory is free".to_owned(),
            });
        }
    }
}

/// Starts a child and reads what it prints.
fn measure(job: &Job, options: &Options, limit: Duration) -> io::Result<Vec<Reading>> {
    let program = options.builds.program(job.runtime, job.target.allocator);
    let program = program.expect("the schedule has only what a build can do");
    let mut command = Command::new(program);
    command
        .args(["--child", job.runtime, job.target.workload])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if options.plan.is_quick {
        command.arg("--quick");
    }
    if let Some(point) = job.target.point {
        command.arg("--at");
        command.args([point.size.to_string(), point.workers.to_string()]);
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

#[cfg(test)]
mod tests;
