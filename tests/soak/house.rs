//! What the process holds: descriptors, threads, children, memory. A run must give back all of it.
//! Linux tells these in `/proc`; elsewhere nothing is known and nothing is checked.

use std::fmt;
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How long threads may take to end, and the system to close, after a run.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is held at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Open descriptors.
    descriptors: usize,
    /// Threads.
    threads: usize,
    /// Child processes, dead ones included.
    children: usize,
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            descriptors,
            threads,
            children,
        } = self;
        write!(
            f,
            "{descriptors} descriptors, {threads} threads, {children} children"
        )
    }
}

impl Holdings {
    pub(crate) fn now() -> Self {
        Self {
            descriptors: entries("/proc/self/fd"),
            threads: entries("/proc/self/task"),
            children: children(),
        }
    }

    /// Waits until no more than this is held; what there is then, if that does not come.
    pub(crate) fn await_return(&self) -> Result<(), Self> {
        let step = Duration::from_millis(1);
        let mut waited = Duration::ZERO;
        loop {
            let now = Self::now();
            let is_back = now.descriptors <= self.descriptors
                && now.threads <= self.threads
                && now.children <= self.children;
            if is_back {
                return Ok(());
            }
            if waited > PATIENCE {
                return Err(now);
            }
            thread::park_timeout(step);
            waited += step;
        }
    }
}

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Children of any thread of ours.
fn children() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0;
    };
    let list = |task: std::io::Result<std::fs::DirEntry>| {
        // A thread may end between the two looks.
        let list = std::fs::read_to_string(task.ok()?.path().join("children")).ok()?;
        Some(list.split_whitespace().count())
    };
    tasks.filter_map(list).sum()
}

/// Memory in use, in bytes; `None` where nothing tells.
pub(crate) fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

/// Names of all open descriptors and threads, for who has to find the one too many.
pub(crate) fn inventory() -> String {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd").into_iter().flatten() {
        let link = entry.and_then(|entry| std::fs::read_link(entry.path()));
        lines.extend(link.map(|link| format!("descriptor {}", link.display())));
    }
    for entry in std::fs::read_dir("/proc/self/task").into_iter().flatten() {
        let name = entry.and_then(|entry| std::fs::read_to_string(entry.path().join("comm")));
        lines.extend(name.map(|name| format!("thread {}", name.trim())));
    }
    lines.join("\n")
}

/// Leaves the process `spare` descriptors more than it has, until this is dropped. The limit is
/// what was there before.
#[cfg(target_os = "linux")]
pub(crate) struct Scarcity(Rlimit);

#[cfg(target_os = "linux")]
impl Scarcity {
    pub(crate) fn of(spare: usize) -> Self {
        let before = getrlimit(Resource::Nofile);
        let few = Rlimit {
            current: Some((entries("/proc/self/fd") + spare) as u64),
            maximum: before.maximum,
        };
        setrlimit(Resource::Nofile, few).expect("a limit may always be lowered");
        Self(before)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Scarcity {
    fn drop(&mut self) {
        let Rlimit { current, maximum } = self.0;
        setrlimit(Resource::Nofile, Rlimit { current, maximum })
            .expect("up to the maximum, a limit may be raised");
    }
}
