//! asyncio's `runners`: `run` and `Runner`.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::{Runner, create_task, run, sleep, to_thread, yield_now};

use crate::alone::alone;
use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, watched};

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap()
}

fn each_runner() -> impl Iterator<Item = Runner> {
    each_builder()
        .map(|builder| {
            bowerbird::runners::RunnerBuilder::from(builder)
                .build()
                .unwrap()
        })
        .into_iter()
}

#[test]
fn run_takes_a_future_that_is_neither_send_nor_static() {
    let text = String::from("borrowed");
    let seen = Rc::new(Cell::new(0));
    let length = run(async {
        let seen = seen.clone();
        yield_now().await;
        seen.set(text.len());
        text.len()
    });
    assert_eq!((length, seen.get()), (8, 8));
}

#[test]
fn fault_098_run_inside_run_says_so_and_the_outer_one_goes_on() {
    let told = run(async {
        let inner = catch_unwind(|| run(async {}));
        let from_a_task = create_task(async { run(async {}) }).await;
        (
            inner.unwrap_err(),
            from_a_task.unwrap_err().into_panic().unwrap(),
        )
    });
    for payload in [told.0, told.1] {
        let message = message(&*payload);
        assert!(
            message.starts_with("run() cannot be called from a running event loop"),
            "{message}"
        );
    }
}

#[test]
fn what_a_run_leaves_behind_is_cancelled_and_dropped_before_it_returns() {
    for mut runner in each_runner() {
        let dropped = Tally::default();
        let witness = dropped.clone();
        watched(|| {
            runner.run(async move {
                for _ in 0..100 {
                    let counted = Counted(witness.clone());
                    let _detached = create_task(async move {
                        let _counted = counted;
                        pending::<()>().await;
                    });
                }
                yield_now().await;
            });
            runner.close();
        });
        assert_eq!(dropped.count(), 100);
    }
}

#[test]
fn tasks_that_a_clean_up_spawns_are_ended_too() {
    struct Spawns(Tally, usize);

    impl Drop for Spawns {
        fn drop(&mut self) {
            self.0.add();
            if self.1 > 0 {
                let next = Spawns(self.0.clone(), self.1 - 1);
                let _detached = create_task(async move {
                    let _next = next;
                    pending::<()>().await;
                });
            }
        }
    }

    for mut runner in each_runner() {
        let dropped = Tally::default();
        let first = Spawns(dropped.clone(), 20);
        watched(|| {
            runner.run(async move {
                let _detached = create_task(async move {
                    let _first = first;
                    pending::<()>().await;
                });
                yield_now().await;
            });
            runner.close();
        });
        assert_eq!(dropped.count(), 21);
    }
}

#[test]
fn fault_010_a_panic_of_main_reaches_the_caller_and_its_tasks_are_dropped() {
    for mut runner in each_runner() {
        let alive = Arc::new(());
        let witness = alive.clone();
        let main = async move {
            let _detached = create_task(async move {
                let _witness = witness;
                pending::<()>().await;
            });
            panic!("main gave up");
        };
        let ran: Result<(), _> = catch_unwind(AssertUnwindSafe(|| runner.run(main)));
        assert_eq!(message(&*ran.unwrap_err()), "main gave up");
        drop(runner);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn a_runner_runs_again_and_what_was_left_goes_on_in_the_next_run() {
    for mut runner in each_runner() {
        let (begun, go_on) = (Bell::default(), Bell::default());
        let task = runner.run(async {
            let (here, there) = (begun.clone(), go_on.clone());
            let task = create_task(async move {
                here.ring();
                there.rung().await;
                7
            });
            begun.rung().await;
            task
        });
        assert!(!task.is_done());
        go_on.ring();
        assert_eq!(runner.run(async { task.await.unwrap() }), 7);
    }
}

#[test]
fn a_run_waits_for_blocking_calls_that_have_begun() {
    let done = Bell::default();
    let (begun, ring) = (Bell::default(), done.clone());
    run(async {
        let here = begun.clone();
        let _detached = to_thread(move || {
            here.ring();
            // Long enough that a run which did not wait would be over before.
            std::thread::park_timeout(Duration::from_millis(50));
            ring.ring();
        });
        begun.rung().await;
    });
    assert!(done.is_rung());
}

#[test]
fn a_closed_runner_refuses_and_closing_again_does_nothing() {
    for mut runner in each_runner() {
        runner.close();
        runner.close();
        let refused = catch_unwind(AssertUnwindSafe(|| runner.run(async {})));
        assert_eq!(message(&*refused.unwrap_err()), "Runner is closed");
    }
}

#[test]
fn main_is_a_task_and_cancelling_it_ends_the_run() {
    for mut runner in each_runner() {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            watched(|| {
                runner.run(async {
                    bowerbird::current_task().unwrap().cancel();
                    pending::<()>().await;
                });
            });
        }));
        assert!(message(&*ran.unwrap_err()).contains("the future was cancelled"));
        assert_eq!(runner.run(async { 1 }), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn fault_041_loops_that_come_and_go_leave_no_thread_and_no_descriptor() {
    alone(
        "runners::fault_041_loops_that_come_and_go_leave_no_thread_and_no_descriptor",
        || {
            let entries = |path| std::fs::read_dir(path).unwrap().count();
            let leftovers = || (entries("/proc/self/fd"), entries("/proc/self/task"));
            let round = || {
                for mut runner in each_runner() {
                    runner.run(async {
                        let sleeper = create_task(sleep(Duration::from_secs(600)));
                        let listener = bowerbird::net::TcpListener::bind("127.0.0.1:0").await;
                        to_thread(|| ()).await.unwrap();
                        drop((sleeper, listener));
                    });
                }
            };
            round();
            let before = leftovers();
            for _ in 0..30 {
                round();
            }
            assert_eq!(leftovers(), before);
        },
    );
}
