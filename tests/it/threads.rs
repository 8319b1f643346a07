//! asyncio's `threads`: calls that block.

use std::collections::HashSet;
use std::panic::catch_unwind;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use bowerbird::{
    ContextVar, EventLoop, Task, block_in_place, create_task, current_task, gather,
    get_running_loop, to_thread, yield_now,
};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, watched};

#[test]
fn a_call_runs_off_the_workers_and_its_value_comes_back() {
    inside_each(async || {
        let workers = Arc::new(Mutex::new(HashSet::from([thread::current().id()])));
        let seen = workers.clone();
        let polled = create_task(async move {
            for _ in 0..100 {
                seen.lock().unwrap().insert(thread::current().id());
                yield_now().await;
            }
        });
        polled.await.unwrap();
        let there = to_thread(|| thread::current().id()).await.unwrap();
        assert!(!workers.lock().unwrap().contains(&there));
    });
}

#[test]
fn a_blocked_thread_holds_up_nobody() {
    inside_each(async || {
        let bell = Bell::default();
        let wait = bell.clone();
        let blocked = to_thread(move || wait.block_until_rung());
        for _ in 0..100 {
            create_task(yield_now()).await.unwrap();
        }
        assert!(!blocked.is_done());
        bell.ring();
        blocked.await.unwrap();
    });
}

#[test]
fn calls_run_at_the_same_time() {
    inside_each(async || {
        let meeting = Arc::new(Barrier::new(8));
        let calls = (0..8).map(|_| {
            let meeting = meeting.clone();
            to_thread(move || meeting.wait().is_leader())
        });
        let leaders = gather(calls).await.unwrap();
        assert_eq!(leaders.into_iter().filter(|&leads| leads).count(), 1);
    });
}

#[test]
fn thousands_of_calls_all_come_back() {
    inside_each(async || {
        let calls = (0..3_000_u32).map(|number| to_thread(move || number));
        let all = gather(calls).await.unwrap();
        assert_eq!(all, (0..3_000).collect::<Vec<_>>());
    });
}

#[test]
fn a_limit_on_threads_is_kept() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(3).build().unwrap();
        let threads = Arc::new(Mutex::new(HashSet::new()));
        let calls = async {
            let calls = (0..200).map(|_| {
                let threads = threads.clone();
                to_thread(move || {
                    threads.lock().unwrap().insert(thread::current().id());
                    thread::yield_now();
                })
            });
            gather(calls).await.unwrap();
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
        assert!(threads.lock().unwrap().len() <= 3);
    }
}

#[test]
fn a_call_that_waits_for_a_thread_and_is_cancelled_never_starts() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let calls = async {
            let (bell, begun) = (Bell::default(), Bell::default());
            let (wait, ring) = (bell.clone(), begun.clone());
            let first = to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            });
            begun.rung().await;
            let started = Bell::default();
            let never = started.clone();
            let second = to_thread(move || never.ring());
            second.cancel();
            bell.ring();
            first.await.unwrap();
            assert!(second.await.unwrap_err().is_cancelled());
            to_thread(|| ()).await.unwrap();
            assert!(!started.is_rung());
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
    }
}

#[test]
fn fault_076_a_call_that_has_begun_runs_to_its_end_and_its_value_is_dropped_once() {
    inside_each(async || {
        let dropped = Tally::default();
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (ring, wait, value) = (begun.clone(), go_on.clone(), Counted(dropped.clone()));
        let call = to_thread(move || {
            ring.ring();
            wait.block_until_rung();
            value
        });
        begun.rung().await;
        call.cancel();
        drop(call);
        assert_eq!(dropped.count(), 0);
        go_on.ring();
        while dropped.count() == 0 {
            yield_now().await;
        }
        to_thread(|| ()).await.unwrap();
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn fault_008_calls_that_panic_tell_their_awaiters_and_cost_no_thread() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(2).build().unwrap();
        let calls = async {
            let calls: Vec<Task<()>> = (0..500)
                .map(|_| to_thread(|| std::panic::resume_unwind(Box::new("quiet"))))
                .collect();
            for result in gather(calls).return_exceptions().await {
                assert!(result.unwrap_err().is_panic());
            }
            // Both threads are still there: each of these calls needs the other one.
            let meeting = Arc::new(Barrier::new(2));
            let other = meeting.clone();
            let both = [
                to_thread(move || meeting.wait().is_leader()),
                to_thread(move || other.wait().is_leader()),
            ];
            gather(both).await.unwrap();
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
    }
}

#[test]
fn calls_are_made_inside_a_loop_only() {
    assert!(catch_unwind(|| to_thread(|| ()).detach()).is_err());
}

#[test]
fn a_call_in_place_borrows_and_runs_as_its_task() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    inside_each(async || {
        let words = std::rc::Rc::new(vec!["one", "two"]);
        let here = thread::current().id();
        let me = current_task();
        let seen = block_in_place(|| {
            let _token = NUMBER.set(1);
            assert_eq!(current_task(), me);
            (words.len(), thread::current().id())
        });
        assert_eq!(seen, (2, here));
        assert_eq!(NUMBER.get(), Some(1));
        create_task(yield_now()).await.unwrap();
    });
    assert_eq!(block_in_place(|| 3), 3);
}

/// Wakes itself until the bell rings: whoever runs it always has something to do.
async fn keep_busy(until: Bell) {
    while !until.is_rung() {
        yield_now().await;
    }
}

#[test]
fn what_waits_behind_a_call_in_place_runs_though_the_other_worker_is_busy() {
    let event_loop = EventLoop::builder().worker_threads(2).build().unwrap();
    let main = async {
        for _ in 0..20 {
            let over = Bell::default();
            let busy: Vec<_> = (0..4)
                .map(|_| create_task(keep_busy(over.clone())))
                .collect();
            let blocking = create_task(async {
                let behind = Bell::default();
                let (ring, later, ring_later) = (behind.clone(), Bell::default(), Bell::default());
                let far = get_running_loop().unwrap();
                create_task(async move { ring.ring() }).detach();
                let (rung, wait) = (later.clone(), ring_later.clone());
                let waits = create_task(async move {
                    wait.rung().await;
                    rung.ring();
                });
                block_in_place(|| {
                    behind.block_until_rung();
                    // What the call itself wakes and makes is not held up either.
                    ring_later.ring();
                    later.block_until_rung();
                    let made = Bell::default();
                    let ring = made.clone();
                    far.create_task(async move { ring.ring() }).detach();
                    made.block_until_rung();
                });
                waits.await.unwrap();
            });
            blocking.await.unwrap();
            over.ring();
            gather(busy).await.unwrap();
        }
    };
    watched(|| event_loop.run_until_complete(main)).unwrap();
}

#[test]
fn a_pool_of_one_goes_on_while_its_worker_blocks_in_place() {
    let event_loop = EventLoop::builder().worker_threads(1).build().unwrap();
    let main = async {
        for _ in 0..20 {
            let over = Bell::default();
            let ring = over.clone();
            // Tasks, timers and sockets: who stands in does all that a worker does.
            let beside = create_task(async move {
                bowerbird::sleep(Duration::from_millis(1)).await;
                let listener = bowerbird::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let addr = listener.local_addr().unwrap();
                let client = create_task(bowerbird::TcpStream::connect(addr));
                listener.accept().await.unwrap();
                client.await.unwrap().unwrap();
                ring.ring();
            });
            block_in_place(|| over.block_until_rung());
            beside.await.unwrap();
        }
    };
    watched(|| event_loop.run_until_complete(main)).unwrap();
}

#[test]
fn calls_in_place_may_wait_for_each_other() {
    for builder in each_builder().into_iter().skip(1) {
        let event_loop = builder.build().unwrap();
        let main = async {
            let bells: Vec<Bell> = (0..13).map(|_| Bell::default()).collect();
            let links = bells.windows(2).map(|pair| {
                let (wait, ring) = (pair[0].clone(), pair[1].clone());
                create_task(async move {
                    block_in_place(|| wait.block_until_rung());
                    ring.ring();
                })
            });
            let links: Vec<_> = links.collect();
            let first = bells[0].clone();
            let start = create_task(async move { first.ring() });
            block_in_place(|| bells[12].block_until_rung());
            gather(links).await.unwrap();
            start.await.unwrap();
        };
        watched(|| event_loop.run_until_complete(main)).unwrap();
    }
}

#[test]
fn more_calls_in_place_than_can_be_relieved_all_end() {
    let event_loop = EventLoop::builder().worker_threads(1).build().unwrap();
    let go = Bell::default();
    let main = async {
        let calls = (0..40).map(|_| {
            let go = go.clone();
            create_task(async move { block_in_place(|| go.block_until_rung()) })
        });
        let calls: Vec<_> = calls.collect();
        let ring = go.clone();
        let ringer = to_thread(move || ring.ring());
        gather(calls).await.unwrap();
        ringer.await.unwrap();
    };
    watched(|| event_loop.run_until_complete(main)).unwrap();
}

#[test]
fn a_pool_that_ran_out_of_stand_ins_goes_on_when_calls_end() {
    let event_loop = EventLoop::builder().worker_threads(1).build().unwrap();
    let main = async {
        let bells: Vec<Bell> = (0..17).map(|_| Bell::default()).collect();
        let begun = Tally::default();
        let calls = bells.windows(2).map(|pair| {
            let (wait, ring, begin) = (pair[0].clone(), pair[1].clone(), begun.clone());
            create_task(async move {
                block_in_place(|| {
                    begin.add();
                    wait.block_until_rung();
                });
                // What follows a call needs a thread as well.
                yield_now().await;
                let rung = create_task(async move { ring.ring() });
                rung.await.unwrap();
            })
        });
        let calls: Vec<_> = calls.collect();
        let first = bells[0].clone();
        let starter = to_thread(move || {
            while begun.count() < 16 {
                thread::yield_now();
            }
            first.ring();
        });
        // The seventeenth, for which nobody is left.
        block_in_place(|| bells[16].block_until_rung());
        gather(calls).await.unwrap();
        starter.await.unwrap();
    };
    watched(|| event_loop.run_until_complete(main)).unwrap();
}

#[test]
fn local_tasks_made_while_a_worker_blocks_stay_on_their_thread_afterwards() {
    let event_loop = EventLoop::builder().worker_threads(1).build().unwrap();
    let main = async {
        let here = thread::current().id();
        let (made, over) = (Bell::default(), Bell::default());
        let (ring, wait) = (made.clone(), over.clone());
        let beside = create_task(async move {
            let there = thread::current().id();
            let shared = std::rc::Rc::new(there);
            let local = bowerbird::create_local_task(async move {
                ring.ring();
                while !wait.is_rung() {
                    yield_now().await;
                    assert_eq!(thread::current().id(), *shared);
                }
                bowerbird::sleep(Duration::from_millis(1)).await;
                assert_eq!(thread::current().id(), *shared);
            });
            (there, local.handle())
        });
        block_in_place(|| made.block_until_rung());
        let (there, local) = beside.await.unwrap();
        assert_ne!(here, there);
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(!local.is_done());
        over.ring();
        while !local.is_done() {
            yield_now().await;
        }
    };
    watched(|| event_loop.run_until_complete(main)).unwrap();
}

#[test]
fn threads_that_stand_in_are_used_again_and_end_with_the_loop() {
    let (started, stopped) = (Tally::default(), Tally::default());
    let (on_start, on_stop) = (started.clone(), stopped.clone());
    let event_loop = EventLoop::builder()
        .worker_threads(2)
        .on_thread_start(move || on_start.add())
        .on_thread_stop(move || on_stop.add())
        .build()
        .unwrap();
    for _ in 0..3 {
        let main = async {
            for _ in 0..200 {
                let over = Bell::default();
                let ring = over.clone();
                let beside = create_task(async move { ring.ring() });
                block_in_place(|| over.block_until_rung());
                beside.await.unwrap();
            }
        };
        watched(|| event_loop.run_until_complete(main)).unwrap();
    }
    assert_eq!(event_loop.metrics().workers.len(), 3);
    watched(|| event_loop.close()).unwrap();
    // The other worker, and one that stood in; the test's own thread has no hooks.
    assert_eq!((started.count(), stopped.count()), (2, 2));
}

#[test]
fn a_call_in_place_may_run_a_loop_of_its_own_on_a_pool() {
    let event_loop = EventLoop::builder().worker_threads(2).build().unwrap();
    let main = create_in_place();
    let seen = watched(|| event_loop.run_until_complete(main)).unwrap();
    assert_eq!(seen, 5);
}

async fn create_in_place() -> u32 {
    let inner = create_task(async {
        block_in_place(|| {
            assert!(get_running_loop().is_err());
            let own = EventLoop::new_current_thread().unwrap();
            own.run_until_complete(async { create_task(async { 5 }).await.unwrap() })
                .unwrap()
        })
    });
    let seen = inner.await.unwrap();
    assert!(get_running_loop().is_ok());
    seen
}

#[test]
fn a_panic_in_place_is_the_tasks_own_and_its_thread_a_worker_again() {
    inside_each(async || {
        let panicking = create_task(async {
            let caught = catch_unwind(|| block_in_place(|| panic!("in place")));
            assert!(caught.is_err() && get_running_loop().is_ok());
            // Nested ones just run.
            block_in_place(|| block_in_place(|| std::panic::resume_unwind(Box::new("quiet"))))
        });
        let result: Result<(), _> = panicking.await;
        assert!(result.unwrap_err().is_panic());
        for _ in 0..20 {
            create_task(yield_now()).await.unwrap();
        }
    });
}

#[test]
fn a_call_in_place_may_drop_the_last_handle_of_its_own_loop() {
    let event_loop = EventLoop::builder().worker_threads(2).build().unwrap();
    let (begun, go, over) = (Bell::default(), Bell::default(), Tally::default());
    let (ring, wait, last) = (begun.clone(), go.clone(), event_loop.clone());
    let left = Counted(over.clone());
    event_loop
        .create_task(async move {
            let _left = left;
            std::future::pending::<()>().await;
        })
        .detach();
    let dropping = event_loop.create_task(async move {
        block_in_place(|| {
            ring.ring();
            wait.block_until_rung();
            drop(last);
        });
    });
    // Worker 0 is held up, so that the other one has the call.
    let held_up = async { begun.block_until_rung() };
    watched(|| event_loop.run_until_complete(held_up)).unwrap();
    let handle = dropping.handle();
    drop(event_loop);
    go.ring();
    watched(|| {
        while over.count() == 0 || !handle.is_done() {
            thread::yield_now();
        }
    });
}
