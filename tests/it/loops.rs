//! The loops that promises are checked on, and a watchdog, since many a promise is not to hang.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bowerbird::events::Builder;
use bowerbird::{EventLoop, Flavor, Runner};

/// What takes longer than this hangs. Long, because test machines are slow and shared.
const PATIENCE: Duration = Duration::from_secs(120);

/// One thread; a pool of one, two, and more workers than most test machines have cores.
pub(crate) fn each_builder() -> [Builder; 4] {
    let single = EventLoop::builder().flavor(Flavor::CurrentThread);
    [
        single,
        EventLoop::builder().worker_threads(1),
        EventLoop::builder().worker_threads(2),
        EventLoop::builder().worker_threads(8),
    ]
}

/// The loops on which tasks run in parallel.
pub(crate) fn each_pool() -> [Builder; 2] {
    let [_single, _alone, few, many] = each_builder();
    [few, many]
}

/// Checks a promise about loops themselves.
#[track_caller]
pub(crate) fn on_each(builders: impl IntoIterator<Item = Builder>, test: impl Fn(EventLoop)) {
    for builder in builders {
        watched(|| test(builder.build().unwrap()));
    }
}

/// Checks a promise from inside a loop of each kind, and closes the loop as a program would.
#[track_caller]
pub(crate) fn inside_each(test: impl AsyncFn()) {
    inside(each_builder(), test);
}

/// The same, where tasks run in parallel.
#[track_caller]
pub(crate) fn inside_each_pool(test: impl AsyncFn()) {
    inside(each_pool(), test);
}

/// The same, on one thread of either flavour: for promises that count what others do meanwhile,
/// who elsewhere may be with a worker that the system has stopped.
#[track_caller]
pub(crate) fn inside_one_thread(test: impl AsyncFn()) {
    let [single, ..] = each_builder();
    inside([single, EventLoop::builder().worker_threads(1)], test);
}

#[track_caller]
fn inside(builders: impl IntoIterator<Item = Builder>, test: impl AsyncFn()) {
    for builder in builders {
        let mut runner = bowerbird::runners::RunnerBuilder::from(builder)
            .build()
            .unwrap();
        watched(|| run_and_close(&mut runner, &test));
    }
}

fn run_and_close(runner: &mut Runner, test: &impl AsyncFn()) {
    runner.run(test());
    runner.close();
}

/// Runs `test`, and ends the whole process, saying where, if that does not end.
#[track_caller]
pub(crate) fn watched<R>(test: impl FnOnce() -> R) -> R {
    let place = std::panic::Location::caller();
    let (alive, ended) = channel::<()>();
    thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("the test at {place} hangs");
            std::process::abort();
        }
    });
    let answer = test();
    drop(alive);
    answer
}
