//! The end of a loop: everything is dropped, everybody is told, nothing is left.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::time::Duration;

use bowerbird_core::{Birth, Task};
use bowerbird_executor::{Handle, LoopError, Report, Runtime};

use crate::stage::{
    Count, Counted, Sleep, both, descriptors, in_child, pool, run, single, spawn, spin_until,
    threads, watched, yield_now,
};

const LONG: Duration = Duration::from_secs(10);

/// Waits for ever with `guard` in hand.
async fn hold(guard: Counted) {
    let _guard = guard;
    pending::<()>().await;
}

#[test]
fn closing_drops_every_task_in_whatever_state() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let dropped = Count::default();
            let mut tasks: Vec<Task<()>> = Vec::new();
            run(&runtime, async {
                for _ in 0..100 {
                    tasks.push(spawn(&handle, hold(dropped.guard())));
                }
                yield_now().await;
                for _ in 0..10 {
                    let guard = dropped.guard();
                    let sleep = Sleep::new(&handle, Duration::from_secs(3600));
                    tasks.push(spawn(&handle, async move {
                        let _guard = guard;
                        sleep.await;
                    }));
                    let guard = dropped.guard();
                    tasks.push(spawn(&handle, async move {
                        let _guard = guard;
                        loop {
                            yield_now().await;
                        }
                    }));
                }
            });
            for _ in 0..100 {
                tasks.push(spawn(&handle, hold(dropped.guard())));
            }
            runtime.close(LONG).unwrap();
            assert_eq!(dropped.read(), tasks.len());
            assert_eq!(handle.alive_tasks(), 0);
            for mut task in tasks {
                let told = task.try_result().unwrap();
                assert!(told.unwrap_err().is_cancelled());
            }
        }
    });
}

#[test]
fn dropping_the_runtime_closes_it() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let dropped = Count::default();
            spawn(&handle, hold(dropped.guard())).detach();
            drop(runtime);
            assert!(handle.is_closed());
            assert_eq!(dropped.read(), 1);
        }
    });
}

#[test]
fn a_task_that_owns_itself_is_freed_all_the_same() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let dropped = Count::default();
            let own = Arc::new(Mutex::new((None::<Task<()>>, None::<Waker>)));
            let (kept, guard) = (own.clone(), dropped.guard());
            let task = spawn(
                &handle,
                poll_fn(move |cx| {
                    let _guard = &guard;
                    kept.lock().unwrap().1 = Some(cx.waker().clone());
                    Poll::Pending
                }),
            );
            own.lock().unwrap().0 = Some(task);
            run(&runtime, yield_now());
            drop(own);
            runtime.close(LONG).unwrap();
            assert_eq!(dropped.read(), 1);
        }
    });
}

#[test]
fn fault_015_a_waker_outlives_its_loop() {
    watched(|| {
        for runtime in both() {
            let (tell, told) = mpsc::channel();
            let dropped = Count::default();
            let guard = dropped.guard();
            let task = spawn(
                &runtime.handle(),
                poll_fn(move |cx| {
                    let _guard = &guard;
                    tell.send(cx.waker().clone()).unwrap();
                    Poll::<()>::Pending
                }),
            );
            run(&runtime, async {
                while told.try_recv().map(|waker| waker.wake()).is_err() {
                    yield_now().await;
                }
            });
            drop(runtime);
            let wakers: Vec<Waker> = told.try_iter().collect();
            assert!(task.is_done());
            assert_eq!(dropped.read(), 1);
            std::thread::scope(|scope| {
                for waker in &wakers {
                    scope.spawn(|| waker.wake_by_ref());
                }
            });
            // Case 16: of a waker that is never dropped only the task's frame stays.
            wakers.into_iter().for_each(std::mem::forget);
        }
    });
}

#[test]
fn wakes_during_the_closing_lose_no_future_and_hang_nobody() {
    watched(|| {
        for round in 0..200 {
            for runtime in both() {
                let handle = runtime.handle();
                let dropped = Count::default();
                let (tell, told) = mpsc::channel::<Waker>();
                for _ in 0..4 {
                    let (guard, tell) = (dropped.guard(), tell.clone());
                    spawn(
                        &handle,
                        poll_fn(move |cx| {
                            let _guard = &guard;
                            let _kept = tell.send(cx.waker().clone());
                            Poll::<()>::Pending
                        }),
                    )
                    .detach();
                }
                run(&runtime, async {
                    for _ in 0..4 {
                        yield_now().await;
                    }
                });
                let wakers: Vec<Waker> = told.try_iter().collect();
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        for waker in wakers {
                            waker.wake();
                        }
                        let late = handle.create_task(hold(dropped.guard()), Birth::default());
                        if let Ok(mut late) = late {
                            assert!(late.blocking_result(None).unwrap().is_err());
                        }
                    });
                    runtime.close(LONG).unwrap();
                });
                assert_eq!(dropped.read(), 5, "round {round}");
                assert_eq!(handle.alive_tasks(), 0);
            }
        }
    });
}

/// Lets worker 1 poll a task that calls `last` once `release` is sent or dropped, and ends the run
/// meanwhile: worker 0 is this thread, which leaves.
fn leave_in_a_poll(runtime: &Runtime, last: impl FnOnce() + Send + 'static) -> mpsc::Sender<()> {
    let handle = runtime.handle();
    let (begin, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let main = std::thread::current().id();
    run(runtime, async {
        let last = Arc::new(Mutex::new(Some((last, released))));
        while has_begun.try_recv().is_err() {
            let (last, begin) = (last.clone(), begin.clone());
            spawn(&handle, async move {
                if std::thread::current().id() == main {
                    return;
                }
                let Some((last, released)) = last.lock().unwrap().take() else {
                    return;
                };
                begin.send(()).unwrap();
                let _released = released.recv();
                last();
            })
            .detach();
            yield_now().await;
        }
    });
    release
}

#[test]
fn fault_033_a_runtime_dropped_by_its_own_task_is_closed_by_another_thread() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        let dropped = Count::default();
        spawn(&handle, hold(dropped.guard())).detach();
        let last = runtime.clone();
        let release = leave_in_a_poll(&runtime, move || drop(last));
        drop(runtime);
        assert!(!handle.is_closed());
        release.send(()).unwrap();
        assert!(spin_until(LONG, || dropped.read() == 1 && handle.is_closed()));
    });
}

#[test]
fn fault_033_a_task_cannot_close_its_paused_loop_from_inside() {
    watched(|| {
        let runtime = pool(2);
        let (tell, told) = mpsc::channel();
        let inside = runtime.clone();
        let release = leave_in_a_poll(&runtime, move || {
            tell.send(inside.close(Duration::ZERO)).unwrap();
        });
        release.send(()).unwrap();
        assert_eq!(told.recv().unwrap(), Err(LoopError::Running));
        assert_eq!(runtime.close(Duration::ZERO), Ok(()));
    });
}

#[test]
fn fault_043_two_threads_close_at_once_and_both_return() {
    watched(|| {
        for _ in 0..50 {
            for runtime in both() {
                let handle = runtime.handle();
                spawn(&handle, pending::<()>()).detach();
                let inside = runtime.clone();
                handle
                    .to_thread(move || inside.close(Duration::ZERO), Birth::default())
                    .detach();
                std::thread::scope(|scope| {
                    for _ in 0..2 {
                        scope.spawn(|| {
                            assert_eq!(runtime.close(Duration::from_millis(200)), Ok(()));
                        });
                    }
                });
                assert!(handle.is_closed());
            }
        }
    });
}

/// Notes on which thread it was dropped; not `Send`.
struct Homely(Rc<Cell<bool>>, mpsc::Sender<bool>, std::thread::ThreadId);

impl Drop for Homely {
    fn drop(&mut self) {
        let at_home = std::thread::current().id() == self.2;
        self.1.send(at_home && self.0.get()).unwrap();
    }
}

/// A local task that yields often, counts when it has, and waits for its end.
fn homely(handle: &Handle, tell: mpsc::Sender<bool>, settled: Count) -> Task<()> {
    let here = std::thread::current().id();
    let homely = Homely(Rc::new(Cell::new(true)), tell, here);
    let local = async move {
        let _homely = homely;
        for _ in 0..100 {
            yield_now().await;
            assert_eq!(std::thread::current().id(), here);
        }
        settled.add();
        pending::<()>().await;
    };
    handle.create_local_task(local, Birth::default()).unwrap()
}

#[test]
fn local_tasks_stay_on_their_worker_and_die_on_it() {
    const TASKS: usize = 30;
    watched(|| {
        for runtime in [single(), pool(1), pool(3)] {
            let handle = runtime.handle();
            let (tell, told) = mpsc::channel();
            let (settled, reports) = (Count::default(), Count::default());
            let reported = reports.clone();
            handle.set_reporter(Some(Arc::new(move |_: &Report| reported.add())));
            run(&runtime, async {
                for _ in 0..TASKS {
                    let (handle, tell) = (handle.clone(), tell.clone());
                    let settled = settled.clone();
                    let make = async move { homely(&handle, tell, settled).detach() };
                    spawn(&runtime.handle(), make).detach();
                }
                while settled.read() + reports.read() < TASKS {
                    yield_now().await;
                }
            });
            assert_eq!((settled.read(), reports.read()), (TASKS, 0));
            runtime.close(LONG).unwrap();
            for _ in 0..TASKS {
                assert!(told.recv_timeout(LONG).expect("a future was leaked"));
            }
            assert_eq!(handle.alive_tasks(), 0);
        }
    });
}

#[test]
fn a_local_task_is_woken_from_other_threads_on_its_own() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            run(&runtime, async {
                let here = std::thread::current().id();
                for _ in 0..200 {
                    let outside = handle.clone();
                    let local = async move {
                        let call = outside.to_thread(|| 5, Birth::default());
                        let answer = Rc::new(call.await.unwrap());
                        (std::thread::current().id(), *answer)
                    };
                    let task = handle.create_local_task(local, Birth::default()).unwrap();
                    assert_eq!(task.await.unwrap(), (here, 5));
                }
            });
        }
    });
}

#[test]
fn fault_038_a_sleep_from_outside_is_woken_when_the_loop_closes() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let waker = Arc::new(Flag::default());
            let far = handle.now().after(Duration::from_secs(3600));
            handle.add_timer(far, &waker.clone().into()).unwrap();
            runtime.close(LONG).unwrap();
            assert!(waker.0.load(std::sync::atomic::Ordering::SeqCst));
            assert_eq!(handle.add_timer(far, Waker::noop()), None);
        }
    });
}

#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

impl std::task::Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn fault_041_many_loops_leave_no_thread_and_no_descriptor() {
    in_child("closing::child_that_uses_many_loops", &[]);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_uses_many_loops() {
    watched(|| {
        use_a_loop();
        let before = (descriptors(), threads().len());
        for _ in 0..200 {
            use_a_loop();
        }
        // A joined thread stays in the list for a moment.
        assert!(spin_until(LONG, || (descriptors(), threads().len()) == before));
    });
}

fn use_a_loop() {
    for runtime in [single(), pool(4)] {
        let handle = runtime.handle();
        run(&runtime, async {
            let call = handle.to_thread(|| (), Birth::default());
            Sleep::new(&handle, Duration::from_micros(10)).await;
            let _left = spawn(&handle, pending::<()>());
            call.await.unwrap();
        });
        runtime.close(LONG).unwrap();
    }
}

#[test]
fn fault_040_a_loop_in_a_thread_local_ends_with_its_thread() {
    thread_local! {
        static KEPT: std::cell::RefCell<Option<Arc<bowerbird_executor::Runtime>>> =
            const { std::cell::RefCell::new(None) };
    }
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let dropped = Count::default();
            spawn(&handle, hold(dropped.guard())).detach();
            std::thread::spawn(move || KEPT.set(Some(runtime)))
                .join()
                .unwrap();
            assert!(handle.is_closed());
            assert_eq!(dropped.read(), 1);
        }
    });
}
