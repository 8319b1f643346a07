//! The loops that promises are checked on, and a watchdog, since many a promise is not to hang.

use std::fmt::Debug;
use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bowerbird::events::Builder;
use bowerbird::{EventLoop, Flavor, Runner, yield_now};

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

/// Asks until the answer is as promised, for promises about what was closed a moment ago. A child
/// that another test is starting has a copy of each descriptor until it runs its own program, and
/// what is closed here stays open for as long; another test may also have been given the number of
/// a port that has become free.
pub(crate) async fn soon<T>(
    mut ask: impl AsyncFnMut() -> T,
    is_promised: impl Fn(&T) -> bool,
) -> T {
    loop {
        let answer = ask().await;
        if is_promised(&answer) {
            return answer;
        }
        yield_now().await;
    }
}

/// Waits, outside a loop, for what the system counts. It counts a thread that was joined for a
/// moment more.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn until_equal<T: PartialEq + Debug>(count: impl Fn() -> T, promised: T) {
    let moments = PATIENCE.as_millis();
    if !(0..moments).any(|_| count() == promised || pause()) {
        assert_eq!(count(), promised);
    }

    // Parked and not watched: a watchdog would be one of the threads that are counted.
    fn pause() -> bool {
        thread::park_timeout(Duration::from_millis(1));
        false
    }
}

/// Runs `test`, and ends the whole process, saying where, if that does not end.
#[track_caller]
pub(crate) fn watched<R>(test: impl FnOnce() -> R) -> R {
    let place = std::panic::Location::caller();
    let (alive, ended) = channel::<()>();
    thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // Not by `eprintln`, which the harness keeps and would lose.
            let _unheard = writeln!(std::io::stderr(), "the test at {place} hangs");
            std::process::abort();
        }
    });
    let answer = test();
    drop(alive);
    answer
}
