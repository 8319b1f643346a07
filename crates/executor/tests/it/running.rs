//! Runs, and what ends them.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bowerbird_core::{Birth, TaskError, TaskRef};
use bowerbird_executor::{Handle, LoopError};

use crate::stage::{Count, both, pool, run, single, spawn, spin_until, watched, yield_now};

#[test]
fn a_loop_runs_what_is_neither_send_nor_static() {
    watched(|| {
        for runtime in both() {
            let text = String::from("borrowed");
            let here = Rc::new(1);
            let length = run(&runtime, async { text.len() + *here });
            assert_eq!(length, 9);
        }
    });
}

#[test]
fn a_main_future_that_wakes_itself_is_polled_again() {
    watched(|| {
        for runtime in both() {
            run(&runtime, async {
                for _ in 0..1000 {
                    yield_now().await;
                }
            });
        }
    });
}

#[test]
fn a_main_future_is_woken_by_its_tasks_and_from_other_threads() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let sum = run(&runtime, async {
                let mut sum = 0;
                for number in 0..100 {
                    sum += spawn(&handle, async move { number }).await.unwrap();
                    sum += handle
                        .to_thread(move || number, Birth::default())
                        .await
                        .unwrap();
                }
                sum
            });
            assert_eq!(sum, 9900);
        }
    });
}

#[test]
fn a_loop_runs_again_and_its_tasks_go_on_where_they_were() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let count = Count::default();
            let counting = count.clone();
            let endless = spawn(&handle, async move {
                loop {
                    counting.add();
                    yield_now().await;
                }
            });
            for _ in 0..20 {
                let before = count.read();
                run(&runtime, async {
                    while count.read() < before + 3 {
                        yield_now().await;
                    }
                });
            }
            assert!(!endless.is_done());
            assert_eq!(handle.alive_tasks(), 1);
        }
    });
}

#[test]
fn a_paused_loop_makes_no_progress_and_loses_nothing() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, yield_now());
            let tasks: Vec<_> = (0..50)
                .map(|number| spawn(&handle, async move { number }))
                .collect();
            // Pool workers that were resting are awake by now, or never: neither may poll.
            assert!(!spin_until(Duration::from_millis(20), || {
                tasks.iter().any(|task| task.is_done())
            }));
            run(&runtime, async {
                for (number, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.await.unwrap(), number);
                }
            });
        }
    });
}

#[test]
fn a_loop_on_two_threads_is_refused() {
    watched(|| {
        for runtime in both() {
            let (begun, has_begun) = mpsc::channel();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let stopped = runtime.run_until_complete(
                        async {
                            begun.send(()).unwrap();
                            pending::<()>().await;
                        },
                        Birth::default(),
                    );
                    assert_eq!(stopped, Err(LoopError::Stopped));
                });
                has_begun.recv().unwrap();
                assert_eq!(runtime.run_forever(), Err(LoopError::AlreadyRunning));
                assert_eq!(runtime.close(Duration::ZERO), Err(LoopError::Running));
                assert!(runtime.handle().is_running());
                runtime.handle().stop();
            });
            assert!(!runtime.handle().is_running());
        }
    });
}

#[test]
fn a_loop_inside_a_loop_is_refused_whichever_it_is() {
    watched(|| {
        for runtime in both() {
            let other = single();
            run(&runtime, async {
                assert_eq!(runtime.run_forever(), Err(LoopError::AlreadyRunning));
                assert_eq!(other.run_forever(), Err(LoopError::AnotherRunning));
                assert_eq!(runtime.close(Duration::ZERO), Err(LoopError::Running));
            });
            let inner = runtime.clone();
            let task = spawn(&runtime.handle(), async move {
                (inner.run_forever(), inner.close(Duration::ZERO))
            });
            let told = run(&runtime, task).unwrap();
            assert_eq!(
                told,
                (Err(LoopError::AlreadyRunning), Err(LoopError::Running))
            );
        }
    });
}

#[test]
fn a_stopped_run_leaves_the_future_without_a_value() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let stopped = runtime.run_until_complete(
                async {
                    handle.stop();
                    pending::<()>().await;
                },
                Birth::default(),
            );
            assert_eq!(stopped, Err(LoopError::Stopped));
            // The wish to stop ended with the run.
            assert_eq!(run(&runtime, async { yield_now().await }), ());
        }
    });
}

#[test]
fn another_thread_can_stop_a_loop_that_rests() {
    watched(|| {
        for runtime in both() {
            for _ in 0..50 {
                let handle = runtime.handle();
                let stopping = std::thread::spawn(move || {
                    assert!(spin_until(Duration::from_secs(10), || handle.is_running()));
                    handle.stop();
                });
                assert_eq!(runtime.run_forever(), Ok(()));
                stopping.join().unwrap();
            }
        }
    });
}

#[test]
fn a_task_can_stop_the_loop_it_runs_on() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            spawn(&handle.clone(), async move { handle.stop() }).detach();
            assert_eq!(runtime.run_forever(), Ok(()));
        }
    });
}

#[test]
fn a_closed_loop_refuses_everything() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            assert_eq!(runtime.close(Duration::ZERO), Ok(()));
            assert_eq!(runtime.close(Duration::ZERO), Ok(()));
            assert!(handle.is_closed() && !handle.is_running());
            assert_eq!(runtime.run_forever(), Err(LoopError::Closed));
            let refused = handle.create_task(async {}, Birth::default());
            assert_eq!(refused.unwrap_err(), LoopError::Closed);
            let refused = handle.create_local_task(async {}, Birth::default());
            assert_eq!(refused.unwrap_err(), LoopError::Closed);
            let mut call = handle.to_thread(|| 1, Birth::default());
            let told = call.blocking_result(None).unwrap();
            assert!(told.unwrap_err().is_cancelled());
            let waker = std::task::Waker::noop();
            assert_eq!(handle.add_timer(handle.now(), waker), None);
        }
    });
}

#[test]
fn a_local_task_is_refused_outside_the_loop_while_that_runs() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        let refusing = async {
            let far = std::thread::spawn(move || {
                let refused = handle.create_local_task(async {}, Birth::default());
                refused.unwrap_err()
            });
            far.join().unwrap()
        };
        let refused = runtime.run_until_complete(refusing, Birth::default());
        assert_eq!(refused.unwrap(), LoopError::AlreadyRunning);
    });
}

#[test]
fn a_cancelled_main_future_is_dropped_and_says_so() {
    watched(|| {
        for runtime in both() {
            let dropped = Count::default();
            let guard = dropped.guard();
            let (tell, told) = mpsc::channel::<TaskRef>();
            let cancelling = std::thread::spawn(move || told.recv().unwrap().cancel());
            let cancelled = runtime.run_until_complete(
                async move {
                    let _guard = guard;
                    tell.send(TaskRef::current().unwrap()).unwrap();
                    pending::<()>().await;
                },
                Birth::default(),
            );
            assert_eq!(cancelled, Err(LoopError::Cancelled));
            assert!(cancelling.join().unwrap());
            assert_eq!(dropped.read(), 1);
            assert_eq!(runtime.handle().alive_tasks(), 0);
            assert_eq!(run(&runtime, async { 1 }), 1);
        }
    });
}

#[test]
fn fault_023_a_main_future_can_cancel_itself() {
    watched(|| {
        for runtime in both() {
            let cancelled = runtime.run_until_complete(
                async {
                    TaskRef::current().unwrap().cancel();
                    pending::<()>().await;
                },
                Birth::default(),
            );
            assert_eq!(cancelled, Err(LoopError::Cancelled));
        }
    });
}

#[test]
fn fault_010_a_panic_of_the_main_future_resumes_at_the_caller() {
    watched(|| {
        for runtime in both() {
            let dropped = Count::default();
            let guard = dropped.guard();
            let task = spawn(&runtime.handle(), async move {
                let _guard = guard;
                pending::<()>().await;
            });
            let caught = catch_unwind(AssertUnwindSafe(|| {
                run(&runtime, async {
                    yield_now().await;
                    panic!("the main future");
                });
            }));
            let payload = caught.unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"the main future"));
            assert_eq!((dropped.read(), task.is_done()), (0, false));
            assert_eq!(run(&runtime, async { 1 }), 1);
            runtime.close(Duration::ZERO).unwrap();
            assert_eq!(dropped.read(), 1);
        }
    });
}

#[test]
fn fault_001_a_panic_of_a_task_reaches_who_awaits_it_and_nobody_else() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, async {
                for round in 0..100 {
                    let bad = spawn(&handle, async { panic!("on purpose") });
                    let good = spawn(&handle, async move { round });
                    let error: TaskError = bad.await.unwrap_err();
                    assert!(error.is_panic());
                    assert_eq!(good.await.unwrap(), round);
                }
            });
        }
    });
}

#[test]
fn the_main_future_and_its_tasks_know_their_loop() {
    watched(|| {
        for runtime in both() {
            assert!(Handle::current().is_none());
            let handle = runtime.handle();
            let is_ours = |handle: &Handle| Handle::current().unwrap().is_same_loop(handle);
            run(&runtime, async {
                assert!(is_ours(&handle));
                let inside = handle.clone();
                let task = spawn(&handle, async move { is_ours(&inside) });
                assert!(task.await.unwrap());
            });
            assert!(Handle::current().is_none());
        }
    });
}

#[test]
fn the_registry_lists_what_is_unfinished_wherever_it_was_made() {
    watched(|| {
        let runtime = pool(3);
        let handle = runtime.handle();
        run(&runtime, async {
            let inside = handle.clone();
            let made: Vec<_> = spawn(&handle, async move {
                (0..300).map(|_| spawn(&inside, pending::<()>())).collect()
            })
            .await
            .unwrap();
            let foreign = {
                let handle = handle.clone();
                std::thread::spawn(move || spawn(&handle, pending::<()>()))
            };
            let foreign = foreign.join().unwrap();
            // The main future's stand-in is one of them.
            assert_eq!(handle.alive_tasks(), 302);
            let listed = handle.all_tasks();
            assert_eq!(listed.len(), 302);
            for task in made.iter().chain([&foreign]) {
                assert!(listed.iter().any(|listed| listed.id() == task.id()));
            }
            for task in made.into_iter().chain([foreign]) {
                task.cancel();
                assert!(task.await.unwrap_err().is_cancelled());
            }
            assert_eq!(handle.alive_tasks(), 1);
        });
        assert_eq!(handle.alive_tasks(), 0);
    });
}

#[test]
fn metrics_count_what_was_done() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, async {
                for _ in 0..10 {
                    spawn(&handle, yield_now()).await.unwrap();
                    crate::stage::Sleep::new(&handle, Duration::from_millis(1)).await;
                }
                handle.to_thread(|| (), Birth::default()).await.unwrap();
                let metrics = handle.metrics();
                let total = metrics.total();
                assert!(total.polls >= 20, "{metrics:?}");
                assert!(total.parks >= 1, "{metrics:?}");
                assert!(total.timers_fired >= 10, "{metrics:?}");
                assert_eq!((metrics.alive_tasks, metrics.timers), (1, 0));
                assert_eq!((metrics.blocking_threads, metrics.blocking_depth), (1, 0));
            });
        }
    });
}

#[test]
fn the_last_door_may_go_before_the_runtime() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        let weak = bowerbird_executor::Runtime::of(&handle);
        drop(handle);
        assert!(Arc::ptr_eq(&weak.upgrade().unwrap(), &runtime));
        drop(runtime);
        assert!(weak.upgrade().is_none());
    });
}
