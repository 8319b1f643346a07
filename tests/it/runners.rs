//! asyncio's `runners`: `run` and `Runner`.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::{ContextVar, Runner, create_task, run, sleep, to_thread, yield_now};

use crate::alone::alone;
use crate::bell::{Bell, Counted, Tally};
#[cfg(target_os = "linux")]
use crate::loops::until_equal;
use crate::loops::{each_builder, each_pool, watched};
use crate::reports::Book;

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
            until_equal(leftovers, before);
        },
    );
}

#[test]
fn a_leftover_that_fails_is_reported_as_such_and_the_result_comes_back() {
    struct Fails;

    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("in the clean-up");
        }
    }

    for mut runner in each_runner() {
        let book = Book::open(runner.event_loop());
        let value = runner.run(async {
            let begun = Bell::default();
            let ring = begun.clone();
            create_task(async move {
                let _fails = Fails;
                ring.ring();
                pending::<()>().await;
            })
            .detach();
            begun.rung().await;
            7
        });
        watched(|| runner.close());
        assert_eq!(value, 7);
        assert_eq!(book.read().len(), 1, "{:?}", book.read());
        assert_eq!(book.with("unhandled exception during run() shutdown"), 1);
        assert_eq!(book.with("in the clean-up"), 1);
    }
}

#[test]
fn a_leftover_that_does_not_end_is_named_at_the_limit() {
    for builder in each_pool() {
        let builder = builder.shutdown_timeout(Duration::from_millis(5));
        let mut runner = bowerbird::runners::RunnerBuilder::from(builder)
            .build()
            .unwrap();
        let go_on = Bell::default();
        let (told, ring) = (std::sync::Mutex::new(Vec::new()), go_on.clone());
        let told = Arc::new(told);
        let sink = told.clone();
        let handler = move |report: &bowerbird::Report| {
            sink.lock().unwrap().push(report.to_string());
            ring.ring();
        };
        runner.event_loop().set_exception_handler(Some(handler));
        runner.run(async {
            let begun = Bell::default();
            let ring = begun.clone();
            // The thread that runs the loop must not be the one that is stuck.
            let running = std::thread::current().id();
            let stuck = create_task(async move {
                while std::thread::current().id() == running {
                    yield_now().await;
                }
                ring.ring();
                go_on.block_until_rung();
            });
            stuck.set_name("stuck");
            stuck.detach();
            begun.rung().await;
        });
        watched(|| runner.close());
        let told = told.lock().unwrap();
        let expected = "tasks did not end within 5ms of being cancelled: stuck";
        assert_eq!(told[0], expected);
        // It may also be told that the task was dropped, unless it has ended by then.
        assert_eq!(told.iter().filter(|told| *told == expected).count(), 1);
    }
}

#[test]
fn a_leftover_that_stops_the_loop_or_cancels_everything_does_not_end_the_shutdown() {
    struct Disturbs(bowerbird::EventLoop);

    impl Drop for Disturbs {
        fn drop(&mut self) {
            self.0.stop();
            for task in self.0.all_tasks() {
                task.cancel();
            }
        }
    }

    for mut runner in each_runner() {
        let book = Book::open(runner.event_loop());
        let dropped = Tally::default();
        runner.run(async {
            for _ in 0..10 {
                let disturbs = Disturbs(bowerbird::get_running_loop().unwrap());
                let counted = Counted(dropped.clone());
                let begun = Bell::default();
                let ring = begun.clone();
                create_task(async move {
                    let _held = (disturbs, counted);
                    ring.ring();
                    pending::<()>().await;
                })
                .detach();
                begun.rung().await;
            }
        });
        watched(|| runner.close());
        assert_eq!(dropped.count(), 10);
        assert_eq!(book.read(), Vec::<String>::new());
    }
}

#[test]
fn a_blocking_call_can_ask_the_loop_for_something_until_it_ends() {
    for mut runner in each_runner() {
        let event_loop = runner.event_loop().clone();
        let answer = Arc::new(std::sync::Mutex::new(None));
        let answered = answer.clone();
        let over = Bell::default();
        runner.run(async {
            let begun = Bell::default();
            let (ring, over) = (begun.clone(), over.clone());
            to_thread(move || {
                ring.ring();
                over.block_until_rung();
                // As long as there are tasks to be cancelled, it is one of them.
                while answered.lock().unwrap().is_none() {
                    let mut task = event_loop.create_task(async { 42 });
                    let result = task.blocking_result(None).unwrap();
                    *answered.lock().unwrap() = result.ok();
                }
            })
            .detach();
            begun.rung().await;
        });
        over.ring();
        watched(|| runner.close());
        assert_eq!(*answer.lock().unwrap(), Some(42));
    }
}

#[test]
fn fault_035_blocking_calls_that_do_not_end_are_left_to_themselves_with_a_warning() {
    for builder in each_builder() {
        let builder = builder.blocking_shutdown_timeout(Duration::from_millis(5));
        let mut runner = bowerbird::runners::RunnerBuilder::from(builder)
            .build()
            .unwrap();
        let book = Book::open(runner.event_loop());
        let go_on = Bell::default();
        let ended = runner.run(async {
            let (begun, wait) = (Bell::default(), go_on.clone());
            let ring = begun.clone();
            let call = to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            });
            begun.rung().await;
            call
        });
        watched(|| runner.close());
        let told = book.read();
        assert_eq!(told, ["1 blocking calls were still running 5ms later"]);
        go_on.ring();
        let mut ended = ended;
        watched(|| ended.blocking_result(None)).unwrap().unwrap();
    }
}

#[test]
fn what_is_left_is_cancelled_also_when_main_panics() {
    let (asked, cleaned) = (Tally::default(), Tally::default());
    let (count, counted) = (asked.clone(), Counted(cleaned.clone()));
    let ran = catch_unwind(AssertUnwindSafe(|| {
        run(async move {
            let begun = Bell::default();
            let ring = begun.clone();
            let left = create_task(async move {
                let _counted = counted;
                ring.ring();
                pending::<()>().await;
            });
            left.add_done_callback(move |_| count.add());
            left.detach();
            begun.rung().await;
            panic!("main gave up");
        });
    }));
    assert_eq!(message(&*ran.unwrap_err()), "main gave up");
    // A task that is merely dropped with its loop is dropped after the last callback.
    assert_eq!((asked.count(), cleaned.count()), (1, 1));
}

#[test]
fn a_runner_that_drops_while_main_panics_survives_leftovers_that_panic_too() {
    struct Fails;

    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("in the clean-up");
        }
    }

    for mut runner in each_runner() {
        let book = Book::open(runner.event_loop());
        let ran = catch_unwind(AssertUnwindSafe(move || {
            runner.run(async {
                let begun = Bell::default();
                let ring = begun.clone();
                create_task(async move {
                    let _fails = Fails;
                    ring.ring();
                    pending::<()>().await;
                })
                .detach();
                begun.rung().await;
                panic!("main gave up");
            });
        }));
        assert_eq!(message(&*ran.unwrap_err()), "main gave up");
        assert_eq!(book.with("in the clean-up"), 1);
    }
}

#[test]
fn the_runs_of_a_runner_share_a_context_that_the_caller_does_not_see() {
    static STEP: ContextVar<u32> = ContextVar::new("step");

    let _token = STEP.set(1);
    for mut runner in each_runner() {
        let first = runner.run(async {
            let before = STEP.get();
            let _token = STEP.set(2);
            before
        });
        let second = runner.run(async { STEP.get() });
        let in_a_task = runner.run(async { create_task(async { STEP.get() }).await.unwrap() });
        assert_eq!((first, second, in_a_task), (Some(1), Some(2), Some(2)));
        assert_eq!(STEP.get(), Some(1));
    }
}

#[test]
fn clean_ups_of_leftovers_may_await_and_use_tasks_until_they_are_done() {
    for mut runner in each_runner() {
        let cleaned = Tally::default();
        let book = Book::open(runner.event_loop());
        runner.run(async {
            let (begun, count) = (Bell::default(), cleaned.clone());
            let ring = begun.clone();
            create_task(async move {
                ring.ring();
                let body = bowerbird::catch_cancel(pending::<()>());
                assert!(body.await.is_err());
                sleep(Duration::from_millis(2)).await;
                let helper = create_task(async move {
                    yield_now().await;
                    count.add();
                });
                helper.await.unwrap();
            })
            .detach();
            begun.rung().await;
        });
        watched(|| runner.close());
        assert_eq!(cleaned.count(), 1);
        assert_eq!(book.read(), Vec::<String>::new());
    }
}

#[test]
fn a_runner_that_drops_while_its_loop_runs_leaves_the_loop_to_whoever_runs_it() {
    for mut runner in each_runner() {
        let event_loop = runner.event_loop().clone();
        let call = watched(|| {
            event_loop
                .run_until_complete(async {
                    runner.close();
                    drop(runner);
                    yield_now().await;
                    to_thread(|| 7).await
                })
                .unwrap()
        });
        assert_eq!(call.unwrap(), 7);
        assert!(!event_loop.is_closed());
        event_loop.close().unwrap();
    }
}

#[test]
fn a_cancelled_main_is_dropped_before_the_last_pass_and_as_its_own_task() {
    for mut runner in each_runner() {
        let event_loop = runner.event_loop().clone();
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (drops, calls) = (seen.clone(), seen.clone());
        let main = async {
            let me = bowerbird::current_task().unwrap();
            let id = me.id();
            let _at_the_end = OnDrop(move || {
                let current = bowerbird::current_task();
                let is_own = current.is_some_and(|task| task.id() == id);
                drops
                    .lock()
                    .unwrap()
                    .push(if is_own { "main" } else { "nobody" });
            });
            me.cancel();
            event_loop.call_soon(move || calls.lock().unwrap().push("callback"));
            // Nothing runs in between: the request ends this very poll.
            pending::<()>().await;
        };
        let ended = watched(|| runner.try_run(main));
        assert!(ended.is_err());
        let seen = seen.lock().unwrap();
        // On a pool the callback may run beside the poll, but never is main left for the end.
        assert_eq!(seen.iter().filter(|who| **who == "main").count(), 1);
        assert_eq!(seen.len(), 2);
        if event_loop.metrics().workers.len() == 1 {
            assert_eq!(*seen, ["main", "callback"]);
        }
    }
}

/// Calls back when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
