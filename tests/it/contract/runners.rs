//! runners: `run`, `Runner`, `#[bowerbird::main]`, `#[bowerbird::test]`.

use std::panic::catch_unwind;
use std::rc::Rc;

use bowerbird::{EventLoop, Flavor, LoopError, Runner, create_task, get_running_loop, run};

#[test]
fn run_drives_a_future_that_borrows_and_is_not_send() {
    let text = String::from("borrowed");
    let shared = Rc::new(2);
    assert_eq!(run(async { text.len() * *shared }), 16);
}

#[test]
fn a_nested_run_names_itself() {
    let panic = catch_unwind(|| run(async { run(async {}) })).unwrap_err();
    let message = panic.downcast_ref::<&str>().unwrap();
    assert!(message.starts_with("run() cannot be called from a running event loop"));
}

#[test]
fn run_ends_what_is_left() {
    let left = run(async { create_task(std::future::pending::<()>()) });
    assert!(left.is_cancelled());
}

#[test]
fn a_runner_runs_any_number_of_times_on_one_loop() -> std::io::Result<()> {
    let mut runner: Runner = Runner::new()?;
    let left = runner.run(async { create_task(async { 7 }) });
    let here: EventLoop = runner.event_loop().clone();
    assert_eq!(runner.run(left).unwrap(), 7);
    assert!(runner.run(async { get_running_loop().unwrap() == here }));
    runner.close();
    assert!(here.is_closed());
    let again = runner.try_run(async {});
    assert!(matches!(again, Err(LoopError::Closed)));
    Ok(())
}

#[test]
fn a_runner_has_knobs_and_its_drop_closes() -> std::io::Result<()> {
    let builder = Runner::builder()
        .flavor(Flavor::MultiThread)
        .worker_threads(1)
        .debug(true);
    let runner = builder.build()?;
    let event_loop = runner.event_loop().clone();
    assert!(event_loop.get_debug());
    drop(runner);
    assert!(event_loop.is_closed());
    Ok(())
}

mod renamed {
    pub(super) use bowerbird as aviary;
}

#[bowerbird::main(
    flavor = "multi_thread",
    worker_threads = 2,
    debug = true,
    crate = "renamed::aviary"
)]
async fn with_every_argument() -> (usize, bool) {
    let event_loop = get_running_loop().unwrap();
    (event_loop.metrics().workers.len(), event_loop.get_debug())
}

#[test]
fn main_takes_every_argument() {
    assert_eq!(with_every_argument(), (2, true));
}

#[bowerbird::test(flavor = "current_thread", debug = false, crate = "bowerbird")]
async fn a_test_takes_them_too() {
    assert!(!get_running_loop().unwrap().get_debug());
}
