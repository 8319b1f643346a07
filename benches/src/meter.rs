//! The instruments: clock, processor time, sleeps of threads, memory. All of this process alone.
//!
//! Workloads hold a [`Meter`] over what they measure. This is the one file that reads the clock;
//! nothing here estimates, it asks the kernel.

use std::fs;
use std::hint;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Where the kernel counts how often a thread gave its processor away.
const SWITCHES: &str = "\nvoluntary_ctxt_switches:";

/// What a stretch of work used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// Summed over all threads.
    pub(crate) cpu: Duration,
    /// How often a thread gave its processor away to wait.
    pub(crate) switches: u64,
}

/// A stretch of work being measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    started: Instant,
    /// The process's processor time at the start.
    cpu: Duration,
    /// The process's voluntary switches at the start.
    switches: u64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        // The clock is read last here and first in `stop`: /proc is not part of the work.
        let switches = voluntary_switches();
        let cpu = processor_time(ClockId::ProcessCPUTime);
        Self {
            started: now(),
            cpu,
            switches,
        }
    }

    pub(crate) fn stop(self) -> Usage {
        let wall = self.started.elapsed();
        let cpu = processor_time(ClockId::ProcessCPUTime).saturating_sub(self.cpu);
        // A thread that has ended takes its count with it.
        let switches = voluntary_switches().saturating_sub(self.switches);
        Usage {
            wall,
            cpu,
            switches,
        }
    }
}

/// The time, for stretches that need nothing else.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness measures against the real clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Holds the calling thread up without using its processor.
#[expect(
    clippy::disallowed_methods,
    reason = "a gap between readings, which no test relies on"
)]
pub(crate) fn pause(length: Duration) {
    thread::sleep(length);
}

/// Holds the calling thread up by keeping its processor busy.
pub(crate) fn stay_busy(length: Duration) {
    let started = now();
    while started.elapsed() < length {
        hint::spin_loop();
    }
}

/// Processor time the calling thread has used.
pub(crate) fn thread_time() -> Duration {
    processor_time(ClockId::ThreadCPUTime)
}

fn processor_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).expect("processor time is never negative");
    let nanos = u32::try_from(time.tv_nsec).expect("nanoseconds stay below a second");
    Duration::new(seconds, nanos)
}

/// How often the calling thread has gone to sleep.
pub(crate) fn thread_switches() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    number_after(&status, SWITCHES).unwrap_or(0)
}

/// Summed over the threads alive now.
fn voluntary_switches() -> u64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return 0;
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok())
        .filter_map(|status| number_after(&status, SWITCHES))
        .sum()
}

/// Memory of this process that is in RAM, in bytes; zero where the kernel does not tell.
pub(crate) fn resident_bytes() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    number_after(&rollup, "\nRss:").unwrap_or(0) * 1024
}

fn number_after(text: &str, label: &str) -> Option<u64> {
    let rest = &text[text.find(label)? + label.len()..];
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
