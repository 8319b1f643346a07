//! No worker waits for another's long poll. A long poll here is one that lasts until the thing it
//! must not hold up has happened, so a busy machine makes these tests slow and never wrong.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bowerbird_core::Task;
use bowerbird_executor::Handle;
use bowerbird_io::Async;

use crate::stage::{Sleep, pool, run, spawn, spin_until, watched, yield_now};

/// A thing that happens once.
#[derive(Clone, Default)]
struct Event(Arc<AtomicBool>);

impl Event {
    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// A poll that lasts until the event; false when it never comes.
    fn hold(&self) -> bool {
        spin_until(Duration::from_secs(5), || self.is_set())
    }
}

impl Wake for Event {
    fn wake(self: Arc<Self>) {
        self.set();
    }
}

/// Keeps `count` other workers in one poll each until `event`. Called in a poll, which lasts until
/// all of them have come for it: nobody yields to them.
fn occupy(handle: &Handle, count: usize, event: &Event) -> Vec<Task<bool>> {
    let busy = Arc::new(AtomicUsize::new(0));
    let tasks = (0..count)
        .map(|_| {
            let (busy, event) = (busy.clone(), event.clone());
            spawn(handle, async move {
                busy.fetch_add(1, Ordering::SeqCst);
                event.hold()
            })
        })
        .collect();
    let all = || busy.load(Ordering::SeqCst) == count;
    assert!(spin_until(Duration::from_secs(5), all), "nobody came");
    tasks
}

#[test]
fn a_task_in_the_slot_is_not_held_up_by_its_workers_poll() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..50 {
            let rescued = run(&runtime, async {
                let inside = handle.clone();
                spawn(&handle, async move {
                    let started = Event::default();
                    let child = started.clone();
                    spawn(&inside, async move { child.set() }).detach();
                    started.hold()
                })
                .await
                .unwrap()
            });
            assert!(rescued, "round {round}");
        }
    });
}

#[test]
fn a_task_in_the_slot_is_rescued_when_the_main_future_is_what_lasts() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..50 {
            let rescued = run(&runtime, async {
                let started = Event::default();
                let child = started.clone();
                spawn(&handle, async move { child.set() }).detach();
                started.hold()
            });
            assert!(rescued, "round {round}");
        }
    });
}

#[test]
fn a_main_future_that_is_woken_and_lasts_keeps_no_search_to_itself() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..100 {
            let (tell, told) = mpsc::channel::<Waker>();
            let started = Event::default();
            let (outside, child) = (handle.clone(), started.clone());
            let waking = std::thread::spawn(move || {
                let waker = told.recv().unwrap();
                // Both workers are at rest by now, or nearly so.
                spin_until(Duration::from_micros(300), || false);
                waker.wake();
                spawn(&outside, async move { child.set() }).detach();
            });
            let served = run(&runtime, async {
                let mut is_woken = false;
                poll_fn(|cx| {
                    let _sent = tell.send(cx.waker().clone());
                    let was_polled = std::mem::replace(&mut is_woken, true);
                    if was_polled {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
                started.hold()
            });
            assert!(served, "round {round}");
            waking.join().unwrap();
        }
    });
}

#[test]
fn two_stuck_slots_are_both_rescued_though_the_first_rescue_lasts() {
    watched(|| {
        let runtime = pool(4);
        let handle = runtime.handle();
        for round in 0..20 {
            let (both, all) = (Arc::new(AtomicUsize::new(0)), Event::default());
            let started = Arc::new(AtomicUsize::new(0));
            let stuck = |_| {
                let (handle, both) = (handle.clone(), both.clone());
                let (started, all) = (started.clone(), all.clone());
                spawn(&handle.clone(), async move {
                    both.fetch_add(1, Ordering::SeqCst);
                    spin_until(Duration::from_secs(5), || both.load(Ordering::SeqCst) == 2);
                    let last = all.clone();
                    spawn(&handle, async move {
                        if started.fetch_add(1, Ordering::SeqCst) == 1 {
                            last.set();
                        }
                        last.hold();
                    })
                    .detach();
                    all.hold()
                })
            };
            let tasks: Vec<_> = (0..2).map(stuck).collect();
            run(&runtime, async {
                for task in tasks {
                    assert!(task.await.unwrap(), "round {round}");
                }
            });
        }
    });
}

#[test]
fn tasks_in_the_queue_are_not_held_up_by_its_workers_poll() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..50 {
            let inside = handle.clone();
            let task = spawn(&handle, async move {
                let left = Arc::new(AtomicUsize::new(40));
                for _ in 0..40 {
                    let left = left.clone();
                    spawn(&inside, async move {
                        left.fetch_sub(1, Ordering::SeqCst);
                    })
                    .detach();
                }
                spin_until(Duration::from_secs(5), || left.load(Ordering::SeqCst) == 0)
            });
            assert!(run(&runtime, task).unwrap(), "round {round}");
        }
    });
}

#[test]
fn a_timer_is_not_held_up_by_the_poll_of_its_worker() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..20 {
            let inside = handle.clone();
            let task = spawn(&handle, async move {
                let fired = Event::default();
                let waker = Arc::new(fired.clone()).into();
                let at = inside.now().after(Duration::from_millis(1));
                inside.add_timer(at, &waker).unwrap();
                fired.hold()
            });
            assert!(run(&runtime, task).unwrap(), "round {round}");
        }
    });
}

#[test]
fn a_ready_socket_is_not_held_up_by_a_long_poll() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        for round in 0..20 {
            let served = run(&runtime, async {
                let (near, mut far) = UnixStream::pair().unwrap();
                let near = Async::new(handle.reactor(), near).unwrap();
                let (waits, read) = (Event::default(), Event::default());
                let (waiting, reading) = (waits.clone(), read.clone());
                spawn(&handle, async move {
                    let byte = poll_fn(|cx| {
                        let polled = near.poll_read(cx, &mut [0; 8]);
                        waiting.set();
                        polled
                    });
                    assert_eq!(byte.await.unwrap(), 1);
                    reading.set();
                })
                .detach();
                while !waits.is_set() {
                    yield_now().await;
                }
                far.write_all(b"x").unwrap();
                let served = read.hold();
                let _open = far.read(&mut []);
                served
            });
            assert!(served, "round {round}");
        }
    });
}

#[test]
fn the_last_idle_worker_looks_after_time() {
    watched(|| {
        let runtime = pool(4);
        let handle = runtime.handle();
        for round in 0..20 {
            let served = run(&runtime, async {
                let fired = Event::default();
                let busy = occupy(&handle, 2, &fired);
                let waker = Arc::new(fired.clone()).into();
                let at = handle.now().after(Duration::from_millis(1));
                handle.add_timer(at, &waker).unwrap();
                // The third one is busy too: only the fourth can fire the timer.
                let served = fired.hold();
                for task in busy {
                    task.await.unwrap();
                }
                served
            });
            assert!(served, "round {round}");
        }
    });
}

#[test]
fn who_is_called_out_of_the_reactor_leaves_somebody_there() {
    watched(|| {
        let runtime = pool(4);
        let handle = runtime.handle();
        for round in 0..20 {
            let served = run(&runtime, async {
                let fired = Event::default();
                let waker = Arc::new(fired.clone()).into();
                let at = handle.now().after(Duration::from_millis(20));
                handle.add_timer(at, &waker).unwrap();
                // All are at rest before the first one is called, and the timer is theirs.
                spin_until(Duration::from_millis(2), || false);
                let mut busy = occupy(&handle, 1, &fired);
                spin_until(Duration::from_millis(2), || false);
                busy.extend(occupy(&handle, 1, &fired));
                let served = fired.hold();
                for task in busy {
                    task.await.unwrap();
                }
                served
            });
            assert!(served, "round {round}");
        }
    });
}

#[test]
fn fault_045_a_task_that_never_yields_does_not_stop_the_others() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        let over = Event::default();
        run(&runtime, async {
            let selfish = occupy(&handle, 1, &over);
            for number in 0..1000 {
                assert_eq!(spawn(&handle, async move { number }).await.unwrap(), number);
            }
            over.set();
            assert!(selfish.into_iter().next().unwrap().await.unwrap());
        });
    });
}

#[test]
fn fault_046_self_waking_tasks_on_every_worker_hold_up_neither_timers_nor_sockets() {
    watched(|| {
        for workers in [1, 2] {
            let runtime = pool(workers);
            let handle = runtime.handle();
            let over = Event::default();
            run(&runtime, async {
                let endless: Vec<_> = (0..4)
                    .map(|_| {
                        let over = over.clone();
                        spawn(&handle, async move {
                            while !over.is_set() {
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                Sleep::new(&handle, Duration::from_millis(2)).await;
                let (near, mut far) = UnixStream::pair().unwrap();
                let near = Async::new(handle.reactor(), near).unwrap();
                let pending = poll_fn(|cx: &mut Context<'_>| {
                    Poll::Ready(near.poll_read(cx, &mut [0; 8]).is_pending())
                });
                assert!(pending.await);
                far.write_all(b"x").unwrap();
                poll_fn(|cx| near.poll_read(cx, &mut [0; 8])).await.unwrap();
                over.set();
                for task in endless {
                    task.await.unwrap();
                }
            });
        }
    });
}

#[test]
fn tasks_from_outside_are_not_starved_by_a_queue_that_is_never_empty() {
    watched(|| {
        let runtime = pool(1);
        let handle = runtime.handle();
        let over = Event::default();
        run(&runtime, async {
            let endless: Vec<_> = (0..3)
                .map(|_| {
                    let over = over.clone();
                    spawn(&handle, async move {
                        while !over.is_set() {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            yield_now().await;
            let ending = over.clone();
            let outside = handle.clone();
            let foreign = std::thread::spawn(move || spawn(&outside, async move { ending.set() }));
            for task in endless {
                task.await.unwrap();
            }
            foreign.join().unwrap().await.unwrap();
        });
    });
}
