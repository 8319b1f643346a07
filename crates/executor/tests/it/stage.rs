//! What the tests stand on: loops, small futures, a watchdog, and processes of their own.

use std::future::{Future, IntoFuture, poll_fn};
use std::io::Write;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_core::{Birth, Task};
use bowerbird_executor::{Config, Flavor, Handle, Runtime, TimerId};
use bowerbird_io::{Clock, Deadline};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test; if it hangs, says what every thread waits for and aborts.
pub(crate) fn watched<R>(test: impl FnOnce() -> R) -> R {
    let name = std::thread::current().name().unwrap_or("?").to_owned();
    let (done, ended) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Not by `eprintln!`, which the test harness keeps to itself until the test has ended.
            let dump = format!("{name} hangs; the threads:\n{}\n", threads().join("\n"));
            let _written = std::io::stderr().write_all(dump.as_bytes());
            std::process::abort();
        }
    });
    let answer = test();
    drop(done);
    answer
}

/// Each thread of this process: its name, and where in the kernel it waits.
pub(crate) fn threads() -> Vec<String> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let line = |task: std::fs::DirEntry| {
        let of = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        format!("{} {}", of("comm").trim(), of("wchan"))
    };
    tasks.flatten().map(line).collect()
}

/// How many descriptors are open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Runs an ignored test of this binary in a process of its own, which must succeed.
pub(crate) fn in_child(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.envs(variables.iter().copied());
    must_succeed(command, test);
}

/// The same with so many kibibytes of address space.
pub(crate) fn in_small_child(test: &str, kibibytes: usize) {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -v {kibibytes} && exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap());
    must_succeed(command, test);
}

fn must_succeed(mut command: Command, test: &str) {
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let cried = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {said}\n{cried}",
        output.status
    );
    assert!(said.contains("1 passed"), "no such test: {test}: {said}");
}

/// A loop with so many workers.
pub(crate) fn pool(workers: usize) -> Arc<Runtime> {
    build(Config {
        worker_threads: Some(workers),
        ..Config::default()
    })
}

/// A loop on one thread.
pub(crate) fn single() -> Arc<Runtime> {
    build(Config {
        flavor: Flavor::CurrentThread,
        ..Config::default()
    })
}

pub(crate) fn build(config: Config) -> Arc<Runtime> {
    Runtime::new(config).unwrap()
}

/// One loop of each flavour.
pub(crate) fn both() -> [Arc<Runtime>; 2] {
    [single(), pool(2)]
}

/// Runs `future` to its end.
pub(crate) fn run<F: IntoFuture>(runtime: &Runtime, future: F) -> F::Output {
    runtime
        .run_until_complete(future.into_future(), Birth::default())
        .unwrap()
}

pub(crate) fn spawn<F>(handle: &Handle, future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    handle.create_task(future, Birth::default()).unwrap()
}

/// Lets others go first, once.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Keeps the thread busy until `reached`, at most for `limit`; says whether it was reached.
pub(crate) fn spin_until(limit: Duration, reached: impl Fn() -> bool) -> bool {
    let clock = Clock::real();
    let end = clock.now().after(limit);
    while !reached() {
        if clock.now() >= end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Ready at `at`, by the loop's timers.
pub(crate) struct Sleep {
    handle: Handle,
    pub(crate) at: Deadline,
    timer: Option<TimerId>,
}

impl Sleep {
    pub(crate) fn new(handle: &Handle, delay: Duration) -> Self {
        Self {
            handle: handle.clone(),
            at: handle.now().after(delay),
            timer: None,
        }
    }
}

impl Future for Sleep {
    type Output = Deadline;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Deadline> {
        let now = self.handle.now();
        if now >= self.at {
            return Poll::Ready(now);
        }
        let kept = self
            .timer
            .is_some_and(|timer| self.handle.update_timer(timer, cx.waker()));
        if !kept {
            self.timer = self.handle.add_timer(self.at, cx.waker());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.handle.remove_timer(timer);
        }
    }
}

/// Counts.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

/// Counted when dropped.
pub(crate) struct Counted(Count);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn read(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn guard(&self) -> Counted {
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add();
    }
}
