//! How loops end: with tasks alive, from inside, from two sides, and what outlives them.

use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;

use bowerbird::{EventLoop, create_local_task, create_task, get_running_loop, sleep};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, each_pool, on_each, watched};

#[test]
fn a_closing_loop_drops_every_task_wherever_it_is() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let counted = || Counted(dropped.clone());
        let (idle, sleeping, local, queued) = (counted(), counted(), counted(), counted());
        let begun: [Bell; 3] = Default::default();
        let rings = begun.clone();
        let start = async {
            let [first, second, third] = rings;
            create_task(async move {
                let _idle = idle;
                first.ring();
                pending::<()>().await;
            })
            .detach();
            create_task(async move {
                let _sleeping = sleeping;
                second.ring();
                sleep(std::time::Duration::from_secs(3600)).await;
            })
            .detach();
            create_local_task(async move {
                let _local = local;
                third.ring();
                pending::<()>().await;
            })
            .detach();
            for bell in &begun {
                bell.rung().await;
            }
        };
        event_loop.run_until_complete(start).unwrap();
        let never_polled = event_loop.create_task(async move { drop(queued) });
        assert_eq!(dropped.count(), 0);
        event_loop.close().unwrap();
        assert_eq!(dropped.count(), 4);
        assert!(never_polled.is_done());
        assert_eq!(event_loop.all_tasks(), []);
    });
}

#[test]
fn fault_015_wakers_outlive_their_loop_harmlessly() {
    on_each(each_builder(), |event_loop| {
        let alive = Arc::new(());
        let witness = alive.clone();
        let shown = Arc::new(Mutex::new(None));
        let show = shown.clone();
        event_loop
            .create_task(async move {
                let _witness = witness;
                poll_fn::<(), _>(|cx| {
                    *show.lock().unwrap() = Some(cx.waker().clone());
                    Poll::Pending
                })
                .await;
            })
            .detach();
        let seen = poll_fn(|cx| {
            cx.waker().wake_by_ref();
            match shown.lock().unwrap().take() {
                Some(waker) => Poll::Ready(waker),
                None => Poll::Pending,
            }
        });
        let waker = event_loop.run_until_complete(seen).unwrap();
        drop(event_loop);
        assert_eq!(Arc::strong_count(&alive), 1);
        waker.wake_by_ref();
        thread::spawn(move || waker.wake()).join().unwrap();
    });
}

#[test]
fn fault_033_a_loop_whose_last_owner_is_its_own_task_still_ends() {
    for builder in each_pool() {
        let (stopped, threads) = mpsc::channel();
        let event_loop = builder
            .on_thread_stop(move || stopped.send(()).unwrap())
            .build()
            .unwrap();
        let workers = event_loop.metrics().workers.len();
        let own = event_loop.clone();
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (ring, wait) = (begun.clone(), go_on.clone());
        // The thread that runs the loop must not be the one that polls this.
        let running = thread::current().id();
        let task = event_loop.create_task(async move {
            while thread::current().id() == running {
                bowerbird::yield_now().await;
            }
            ring.ring();
            wait.block_until_rung();
            drop(own);
        });
        watched(|| {
            event_loop.run_until_complete(begun.rung()).unwrap();
            drop(event_loop);
            go_on.ring();
            for _ in 1..workers {
                threads.recv().unwrap();
            }
        });
        drop(task);
    }
}

#[test]
fn fault_036_drops_that_spawn_do_not_keep_a_closing_loop_open() {
    struct Respawns(EventLoop, Tally);

    impl Drop for Respawns {
        fn drop(&mut self) {
            self.1.add();
            if self.0.is_closed() {
                return;
            }
            let next = Respawns(self.0.clone(), self.1.clone());
            self.0
                .create_task(async move {
                    let _next = next;
                    pending::<()>().await;
                })
                .detach();
        }
    }

    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let begun = Bell::default();
        let (ring, count) = (begun.clone(), dropped.clone());
        let start = async move {
            let weak = get_running_loop().unwrap();
            let first = Respawns(weak, count);
            create_task(async move {
                let _first = first;
                ring.ring();
                pending::<()>().await;
            })
            .detach();
            begun.rung().await;
        };
        event_loop.run_until_complete(start).unwrap();
        event_loop.close().unwrap();
        assert!(dropped.count() > 0);
    });
}

#[test]
fn fault_043_two_threads_may_close_at_once() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        event_loop
            .create_task(async move {
                let _counted = counted;
                pending::<()>().await;
            })
            .detach();
        let other = event_loop.clone();
        let closing = thread::spawn(move || {
            other.close().unwrap();
            other.is_closed()
        });
        event_loop.close().unwrap();
        assert!(closing.join().unwrap());
        assert!(event_loop.is_closed());
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn fault_085_a_task_that_holds_its_own_handle_is_freed_with_its_loop() {
    on_each(each_builder(), |event_loop| {
        let alive = Arc::new(());
        let witness = alive.clone();
        let begun = Bell::default();
        let ring = begun.clone();
        let place = Arc::new(Mutex::new(None));
        let inside = place.clone();
        let task = event_loop.create_task(async move {
            let _witness = witness;
            ring.ring();
            let _own = inside;
            pending::<()>().await;
        });
        *place.lock().unwrap() = Some(task);
        drop(place);
        event_loop.run_until_complete(begun.rung()).unwrap();
        event_loop.close().unwrap();
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn a_loop_that_never_ran_ends_too() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        let mut task = event_loop.create_task(async move { drop(counted) });
        drop(event_loop);
        assert_eq!(dropped.count(), 1);
        assert!(
            task.blocking_result(None)
                .unwrap()
                .unwrap_err()
                .is_cancelled()
        );
    });
}

/// How much memory of ours is in the machine's, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn fault_086_many_tasks_cost_little_each_and_all_of_them_are_freed() {
    const TASKS: usize = 200_000;
    /// With the assertions, the checks and the layout of a debug build.
    const BYTES_EACH: usize = 512;

    let name = "endings::fault_086_many_tasks_cost_little_each_and_all_of_them_are_freed";
    crate::alone::alone(name, || {
        on_each(each_builder(), |event_loop| {
            let (begun, dropped) = (Tally::default(), Tally::default());
            let (begins, drops) = (begun.clone(), dropped.clone());
            let waiting = async {
                let mut tasks = Vec::with_capacity(TASKS);
                let before = resident();
                for _ in 0..TASKS {
                    let (begins, counted) = (begins.clone(), Counted(drops.clone()));
                    tasks.push(create_task(async move {
                        let _counted = counted;
                        begins.add();
                        pending::<()>().await;
                    }));
                }
                while begun.count() < TASKS {
                    bowerbird::yield_now().await;
                }
                let each = resident().saturating_sub(before) / TASKS;
                assert!(each <= BYTES_EACH, "{each} bytes a task");
                tasks.iter().for_each(|task| assert!(task.cancel()));
                for task in tasks {
                    assert!(task.await.is_err());
                }
            };
            event_loop.run_until_complete(waiting).unwrap();
            assert_eq!(dropped.count(), TASKS);
        });
    });
}
