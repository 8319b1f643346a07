//! What must be right when users' code is wrong: panics, foreign wakers, tasks that never yield.

use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use bowerbird::{Lock, Queue, Report, Semaphore, create_task, get_running_loop, sleep, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::or};

use crate::bell::{Bell, Tally};
use crate::loops::{each_builder, inside_each, inside_each_pool, on_each};

/// Panics when dropped; says nothing on stderr.
struct Bomb(Tally);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.add();
        if !thread::panicking() {
            resume_unwind(Box::new("dropped"));
        }
    }
}

#[test]
fn fault_001_a_panicking_task_tells_its_awaiter_and_harms_nobody() {
    inside_each(async || {
        for _ in 0..50 {
            let other = create_task(async {
                yield_now().await;
                1
            });
            let panicking = create_task(async {
                yield_now().await;
                resume_unwind(Box::new("the payload"));
            });
            let error: Result<(), _> = panicking.await;
            let payload = error.unwrap_err().into_panic().unwrap();
            assert_eq!(*payload.downcast::<&str>().unwrap(), "the payload");
            assert_eq!(other.await.unwrap(), 1);
        }
    });
}

#[test]
fn fault_003_a_future_that_panics_in_its_drop_ends_its_task_alone() {
    on_each(each_builder(), |event_loop| {
        event_loop.set_exception_handler(Some(|_: &Report| {}));
        let work = async {
            let dropped = Tally::default();
            let bomb = Bomb(dropped.clone());
            let begun = Bell::default();
            let ring = begun.clone();
            let task = create_task(async move {
                let _bomb = bomb;
                ring.ring();
                pending::<()>().await;
            });
            begun.rung().await;
            task.cancel();
            assert!(task.await.is_err());
            assert_eq!(dropped.count(), 1);
            create_task(async { 2 }).await.unwrap()
        };
        assert_eq!(event_loop.run_until_complete(work), Ok(2));
    });
}

#[test]
fn fault_005_an_output_that_panics_in_its_drop_is_dropped_once() {
    on_each(each_builder(), |event_loop| {
        event_loop.set_exception_handler(Some(|_: &Report| {}));
        let work = async {
            let dropped = Tally::default();
            for _ in 0..10 {
                let bomb = Bomb(dropped.clone());
                let task = create_task(async move { bomb });
                let task_ref = task.handle();
                task.detach();
                while !task_ref.is_done() {
                    yield_now().await;
                }
            }
            while dropped.count() < 10 {
                yield_now().await;
            }
            create_task(async { 3 }).await.unwrap()
        };
        assert_eq!(event_loop.run_until_complete(work), Ok(3));
    });
}

#[test]
fn fault_006_a_foreign_waker_that_panics_ends_nothing_but_its_own_wake() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("a waker's own"));
        }
    }

    on_each(each_builder(), |event_loop| {
        event_loop.set_exception_handler(Some(|_: &Report| {}));
        let work = async {
            let go_on = Bell::default();
            let wait = go_on.clone();
            let mut task = create_task(async move {
                wait.rung().await;
                4
            });
            let waker = Waker::from(Arc::new(Panics));
            let mut cx = Context::from_waker(&waker);
            assert!(task.poll_result(&mut cx).is_pending());
            let mut timer = Box::pin(sleep(Duration::from_millis(1)));
            assert!(timer.as_mut().poll(&mut cx).is_pending());
            sleep(Duration::from_millis(3)).await;
            create_task(async move { go_on.ring() }).await.unwrap();
            while !task.is_done() {
                yield_now().await;
            }
            task.await.unwrap()
        };
        assert_eq!(event_loop.run_until_complete(work), Ok(4));
    });
}

#[test]
fn fault_012_a_waker_of_a_task_that_is_over_does_nothing() {
    inside_each(async || {
        let mut task = create_task(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        while !task.is_done() {
            yield_now().await;
        }
        let waker = task.try_result().unwrap().unwrap();
        drop(task);
        waker.wake_by_ref();
        thread::spawn(move || waker.wake()).join().unwrap();
    });
}

#[test]
fn fault_013_a_storm_of_wakes_neither_loses_one_nor_polls_twice_at_once() {
    const THREADS: usize = 4;

    inside_each(async || {
        let (polls, over) = (Tally::default(), Bell::default());
        let shown = Arc::new(Mutex::new(None));
        let (count, end, waker) = (polls.clone(), over.clone(), shown.clone());
        let is_polled = AtomicBool::new(false);
        let stormed = create_task(poll_fn(move |cx| {
            // AcqRel pairs with the store below: two polls at once would find it set.
            assert!(!is_polled.swap(true, Ordering::AcqRel));
            count.add();
            waker
                .lock()
                .unwrap()
                .get_or_insert_with(|| cx.waker().clone());
            let is_over = end.is_rung();
            is_polled.store(false, Ordering::Release);
            if is_over {
                return Poll::Ready(());
            }
            Poll::Pending
        }));
        let waker = loop {
            if let Some(waker) = shown.lock().unwrap().clone() {
                break waker;
            }
            yield_now().await;
        };
        let storms: Vec<_> = (0..THREADS)
            .map(|_| {
                let waker = waker.clone();
                thread::spawn(move || (0..5_000).for_each(|_| waker.wake_by_ref()))
            })
            .collect();
        for storm in storms {
            while !storm.is_finished() {
                yield_now().await;
            }
            storm.join().unwrap();
        }
        over.ring();
        waker.wake();
        stormed.await.unwrap();
        assert!(polls.count() <= THREADS * 5_000 + 2);
    });
}

#[test]
fn fault_020_work_from_a_foreign_thread_reaches_a_loop_that_rests() {
    inside_each(async || {
        let event_loop = get_running_loop().unwrap();
        let done = Bell::default();
        let ring = done.clone();
        let foreign = thread::spawn(move || {
            for _ in 0..300 {
                // Each waits for its end, so that the loop has nothing to do before the next.
                let mut task = event_loop.create_task(async {});
                task.blocking_result(None).unwrap().unwrap();
            }
            ring.ring();
        });
        done.rung().await;
        foreign.join().unwrap();
    });
}

/// A race whose loser holds something, or is about to be given it, at whatever await it is dropped.
#[test]
fn fault_030_who_loses_a_race_gives_back_what_it_held_or_was_promised() {
    const PERMITS: usize = 2;

    inside_each(async || {
        let semaphore = Arc::new(Semaphore::new(PERMITS));
        let lock = Arc::new(Lock::new(0_usize));
        let queue = Queue::<usize>::new(1);
        let fed = queue.clone();
        let feeder = create_task(async move {
            for item in 0..1_000 {
                fed.put(item).await.unwrap();
            }
            fed.shutdown(false);
        });
        let mut racers = Vec::new();
        for racer in 0..8 {
            let (semaphore, lock, queue) = (semaphore.clone(), lock.clone(), queue.clone());
            racers.push(create_task(async move {
                let mut got = Vec::new();
                for round in 0..50 {
                    let held = async {
                        let _permit = semaphore.acquire().await;
                        *lock.lock().await += 1;
                        pending::<usize>().await
                    };
                    let bell = async {
                        for _ in 0..(racer + round) % 7 {
                            yield_now().await;
                        }
                        None
                    };
                    let held = async { Some(held.await) };
                    let item = async { queue.get().await.ok() };
                    // Who looks at the bell first drops what was promised since the last look.
                    got.extend(if round % 2 == 0 {
                        or(or(held, bell), item).await
                    } else {
                        or(bell, or(held, item)).await
                    });
                }
                got
            }));
        }
        let mut got = Vec::new();
        for racer in racers {
            got.extend(racer.await.unwrap());
        }
        assert_eq!(semaphore.available(), PERMITS);
        assert!(lock.try_acquire().is_some());
        // What nobody of them got is still to come, and nothing is missing.
        while let Ok(item) = queue.get().await {
            got.push(item);
        }
        feeder.await.unwrap();
        got.sort_unstable();
        assert_eq!(got, (0..1_000).collect::<Vec<_>>());
    });
}

#[test]
fn fault_048_each_task_of_a_queue_that_grows_while_others_steal_from_it_runs_once() {
    const TASKS: usize = 5_000;

    inside_each(async || {
        for _ in 0..4 {
            let runs: Arc<Vec<Tally>> = Arc::new((0..TASKS).map(|_| Tally::default()).collect());
            let counts = runs.clone();
            let spawner = create_task(async move {
                let spawn = |number: usize| {
                    let counts = counts.clone();
                    create_task(async move {
                        counts[number].add();
                        yield_now().await;
                    })
                };
                // In one poll, so that the queue grows under the hands of those who steal.
                (0..TASKS).map(spawn).collect::<Vec<_>>()
            });
            for task in spawner.await.unwrap() {
                task.await.unwrap();
            }
            assert!(runs.iter().all(|run| run.count() == 1));
        }
    });
}

#[test]
fn fault_045_a_task_in_the_slot_of_a_worker_that_never_yields_runs_elsewhere() {
    inside_each_pool(async || {
        for _ in 0..20 {
            let stuck = create_task(async {
                let ran = Bell::default();
                let ring = ran.clone();
                create_task(async move { ring.ring() }).detach();
                ran.block_until_rung();
            });
            stuck.await.unwrap();
        }
    });
}

#[test]
fn fault_045_the_queue_of_a_worker_that_never_yields_runs_elsewhere() {
    inside_each_pool(async || {
        let stuck = create_task(async {
            let bells: Vec<_> = (0..100).map(|_| Bell::default()).collect();
            for bell in bells.clone() {
                create_task(async move { bell.ring() }).detach();
            }
            bells.iter().for_each(Bell::block_until_rung);
        });
        stuck.await.unwrap();
    });
}

#[test]
fn fault_046_a_timer_of_a_worker_that_never_yields_fires_elsewhere() {
    inside_each_pool(async || {
        for _ in 0..5 {
            let stuck = create_task(async {
                let (armed, over) = (Bell::default(), Bell::default());
                let (here, ring) = (armed.clone(), over.clone());
                create_task(async move {
                    here.ring();
                    sleep(Duration::from_millis(1)).await;
                    ring.ring();
                })
                .detach();
                armed.rung().await;
                over.block_until_rung();
            });
            stuck.await.unwrap();
        }
    });
}

#[test]
fn fault_046_a_socket_is_served_while_a_worker_never_yields() {
    inside_each_pool(async || {
        let listener = bowerbird::net::TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let mut outside = std::net::TcpStream::connect(address).unwrap();
        let (mut inside, _) = listener.accept().await.unwrap();
        let stuck = create_task(async move {
            let (waiting, served) = (Bell::default(), Bell::default());
            let (here, ring) = (waiting.clone(), served.clone());
            create_task(async move {
                here.ring();
                let mut byte = [0];
                inside.read_exact(&mut byte).await.unwrap();
                inside.write_all(&byte).await.unwrap();
                ring.ring();
            })
            .detach();
            waiting.rung().await;
            // From this very poll, which goes on until somebody else has answered.
            std::io::Write::write_all(&mut outside, b"?").unwrap();
            served.block_until_rung();
            std::io::Read::read_exact(&mut outside, &mut [0]).unwrap();
        });
        stuck.await.unwrap();
    });
}

#[test]
fn fault_046_a_task_that_always_wakes_itself_starves_neither_timers_nor_foreign_work() {
    inside_each(async || {
        let spinning: Vec<_> = (0..8)
            .map(|_| {
                create_task(async {
                    loop {
                        yield_now().await;
                    }
                })
            })
            .collect();
        sleep(Duration::from_millis(2)).await;
        let event_loop = get_running_loop().unwrap();
        let foreign = Bell::default();
        let ring = foreign.clone();
        let outside = thread::spawn(move || event_loop.create_task(async move { ring.ring() }));
        foreign.rung().await;
        outside.join().unwrap().await.unwrap();
        for task in spinning {
            assert!(task.cancel());
        }
    });
}
