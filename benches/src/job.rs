//! What one child measures, as the conductor sees it, and which children there are.
//!
//! `options` says what is wanted, `rounds` goes through the [`schedule`] and hands each job's
//! readings to the summary.

use std::fs;

use crate::builds::Allocator;
use crate::options::Options;
use crate::workloads::{BYTES_EACH, Point};

/// One workload on one runtime, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) runtime: &'static str,
}

/// A workload, or a point of its growth series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) workload: &'static str,
    pub(crate) point: Option<Point>,
    /// Of the process that measures it.
    pub(crate) allocator: Allocator,
}

impl Target {
    /// The workload as it is in the table.
    pub(crate) fn plain(workload: &'static str) -> Self {
        Self {
            workload,
            point: None,
            allocator: Allocator::OURS,
        }
    }

    /// Workload and case for people: `echo p99`, `spawn_join 10k/2` with two workers, `fib 20
    /// (mimalloc)`.
    pub(crate) fn title(&self, case: &str) -> String {
        let mut title = self.workload.to_owned();
        if !case.is_empty() {
            title += &format!(" {case}");
        }
        if let Some(Point { size, workers }) = self.point {
            title += &format!(" {}/{workers}", short_count(size));
        }
        if self.allocator != Allocator::System {
            title += &format!(" ({})", self.allocator.name());
        }
        title
    }
}

/// A count as people say it: `950`, `1.2k`, `10k`, `1M`.
pub(crate) fn short_count(count: usize) -> String {
    let (share, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, 'k'),
        _ => (count as f64 / 1e6, 'M'),
    };
    let decimals = if share < 10.0 { 1 } else { 0 };
    let text = format!("{share:.decimals$}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// All children in the order in which they run: whole rounds, so that a run cut short has seen
/// every target before any of them twice. Runtimes take turns within a target, and who is first
/// changes from round to round. What no build can do is left out.
pub(crate) fn schedule(options: &Options) -> Vec<Job> {
    let mut jobs = Vec::new();
    for round in 0..options.rounds {
        let mut runtimes = options.runtimes.clone();
        runtimes.rotate_left(round % options.runtimes.len());
        for target in &options.targets {
            let program = |runtime| options.builds.program(runtime, target.allocator);
            let there = runtimes.iter().filter(|runtime| program(runtime).is_some());
            jobs.extend(there.map(|runtime| Job {
                target: *target,
                runtime,
            }));
        }
    }
    jobs
}

/// Whether half of the memory that is free now is enough for the largest runtime at this point. A
/// system that does not tell is taken to have it.
pub(crate) fn has_room(target: &Target) -> bool {
    let Some(point) = target.point else {
        return true;
    };
    let needed = point.size as u64 * BYTES_EACH;
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    available_bytes(&told).is_none_or(|available| needed <= available / 2)
}

fn available_bytes(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let rest = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests;
