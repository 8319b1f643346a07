//! The programs: what is cancelled at every await, and what must hold afterwards.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{
    Barrier, BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue, RwLock,
    TaskGroup, catch_cancel, create_task, finally, gather, sleep, timeout, timeout_scope,
    try_gather, wait_for, yield_now,
};

use super::at_every_await;
use crate::bell::{Bell, Counted, Tally};

const LONG: Duration = Duration::from_secs(3600);

const SHORT: Duration = Duration::from_micros(200);

/// Children that hold something, and clean up with awaits.
#[derive(Default)]
pub(super) struct Crew {
    /// What they hold, made.
    made: Tally,
    /// And given back.
    dropped: Tally,
    /// Clean-ups that were begun.
    begun: Tally,
    /// Clean-ups that came to their end.
    cleaned: Tally,
}

impl Crew {
    pub(super) fn hold(&self) -> Counted {
        self.made.add();
        Counted(self.dropped.clone())
    }

    /// Works for a while; cleans up whatever happens.
    pub(super) async fn work(self: Arc<Self>, rounds: usize) -> Result<usize, std::io::Error> {
        let _held = self.hold();
        let work = async {
            for _ in 0..rounds {
                yield_now().await;
            }
        };
        finally(work, async {
            let _held = self.hold();
            self.begun.add();
            yield_now().await;
            self.cleaned.add();
        })
        .await;
        Ok(rounds)
    }

    #[track_caller]
    pub(super) fn assert_nothing_is_held(&self) {
        assert_eq!(self.made.count(), self.dropped.count());
        assert!(self.cleaned.count() <= self.begun.count());
    }
}

#[test]
fn a_lock_is_never_left_locked() {
    at_every_await(
        || Lock::new(0),
        |lock| async move {
            let peer = lock.clone();
            // A task of its own: it must come through, wherever the program is ended.
            create_task(async move {
                for _ in 0..3 {
                    let mut value = peer.acquire().await;
                    yield_now().await;
                    *value += 1;
                }
            })
            .detach();
            for _ in 0..3 {
                let mut value = lock.acquire().await;
                yield_now().await;
                *value += 1;
            }
        },
        |lock| assert!(*lock.try_acquire().unwrap() >= 3),
    );
}

#[test]
fn a_readers_and_writers_lock_is_never_left_locked() {
    at_every_await(
        || RwLock::new(0),
        |lock| async move {
            let peer = lock.clone();
            create_task(async move {
                for _ in 0..3 {
                    *peer.write().await += 1;
                    let _read = peer.read().await;
                    yield_now().await;
                }
            })
            .detach();
            for _ in 0..3 {
                let read = lock.read().await;
                yield_now().await;
                drop(read);
                let mut write = lock.write().await;
                yield_now().await;
                *write += 1;
            }
        },
        |lock| assert!(*lock.try_write().unwrap() >= 3),
    );
}

#[test]
fn no_permit_of_a_semaphore_is_lost() {
    at_every_await(
        || BoundedSemaphore::new(2),
        |semaphore| async move {
            let users = (0..4).map(|_| {
                let semaphore = semaphore.clone();
                async move {
                    for _ in 0..2 {
                        let _permit = semaphore.acquire().await;
                        yield_now().await;
                    }
                }
            });
            let users = gather(users);
            for _ in 0..2 {
                let _permit = semaphore.acquire().await;
                yield_now().await;
            }
            users.await.unwrap();
        },
        |semaphore| assert_eq!(semaphore.available(), 2),
    );
}

#[test]
fn a_condition_keeps_its_lock_whole_and_passes_notifications_on() {
    at_every_await(
        || (Lock::new(0_usize), Condition::new()),
        |stage| async move {
            let peer = stage.clone();
            create_task(async move {
                let (lock, condition) = &*peer;
                for _ in 0..3 {
                    *lock.acquire().await += 1;
                    condition.notify(1);
                    yield_now().await;
                }
            })
            .detach();
            let (lock, condition) = &*stage;
            let mut guard = lock.acquire().await;
            while *guard < 3 {
                guard = condition.wait(guard).await;
            }
        },
        |(lock, _)| assert_eq!(*lock.try_acquire().unwrap(), 3),
    );
}

#[test]
fn events_and_barriers_keep_no_dead_waiter() {
    at_every_await(
        || (Event::new(), Barrier::new(2).unwrap()),
        |stage| async move {
            let peer = stage.clone();
            let others = gather([async move {
                peer.0.wait().await;
                peer.1.wait().await.is_ok()
            }]);
            yield_now().await;
            stage.0.set();
            stage.1.wait().await.unwrap();
            assert_eq!(others.await.unwrap(), [true]);
        },
        |(_, barrier)| assert_eq!(barrier.n_waiting(), 0),
    );
}

/// Calls the function when it is dropped.
pub(super) struct OnDrop<F: FnMut()>(pub(super) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What went into a queue, and what came out.
#[derive(Default)]
struct Books {
    given: Mutex<BTreeSet<usize>>,
    taken: Mutex<BTreeSet<usize>>,
}

/// The three kinds differ in what comes out first, and in nothing else.
macro_rules! loses_no_item {
    ($Queue:ident, $name:ident) => {
        #[test]
        fn $name() {
            at_every_await(
                || ($Queue::new(1), Books::default()),
                |stage| async move {
                    // A task of its own, which goes on until the program is over.
                    let consumer = stage.clone();
                    create_task(async move {
                        while let Ok(item) = consumer.0.get().await {
                            assert!(consumer.1.taken.lock().unwrap().insert(item));
                            yield_now().await;
                        }
                    })
                    .detach();
                    let over = OnDrop(|| stage.0.shutdown(false));
                    for item in 0..4 {
                        // A put that was cancelled has not happened.
                        stage.0.put(item).await.unwrap();
                        stage.1.given.lock().unwrap().insert(item);
                    }
                    drop(over);
                },
                |(queue, books)| {
                    let mut taken = books.taken.lock().unwrap();
                    while let Ok(item) = queue.get_nowait() {
                        assert!(taken.insert(item), "{item} came twice");
                    }
                    assert_eq!(*taken, *books.given.lock().unwrap());
                },
            );
        }
    };
}

loses_no_item!(Queue, no_item_of_a_queue_is_lost_or_doubled);

loses_no_item!(LifoQueue, no_item_of_a_stack_is_lost_or_doubled);

loses_no_item!(
    PriorityQueue,
    no_item_of_a_priority_queue_is_lost_or_doubled
);

#[test]
fn consumers_that_are_cancelled_leave_every_item_to_others() {
    at_every_await(
        || (PriorityQueue::new(0), Mutex::new(Vec::new())),
        |stage| async move {
            let consumers = (0..3).map(|_| {
                let stage = stage.clone();
                async move {
                    for _ in 0..2 {
                        let item: usize = stage.0.get().await.unwrap();
                        stage.1.lock().unwrap().push(item);
                    }
                }
            });
            let consumers = gather(consumers);
            for item in 0..6 {
                stage.0.put_nowait(item).unwrap();
                yield_now().await;
            }
            consumers.await.unwrap();
        },
        |(queue, taken)| {
            let mut all = std::mem::take(&mut *taken.lock().unwrap());
            while let Ok(item) = queue.get_nowait() {
                all.push(item);
            }
            all.sort_unstable();
            assert_eq!(all, (0..all.len()).collect::<Vec<_>>());
        },
    );
}

#[test]
fn a_gather_leaves_no_task_behind() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let inner = crew.clone();
            let tasks = (1..5).map(|rounds| inner.clone().work(rounds));
            let values =
                try_gather(tasks.map(|work| async move { work.await.map_err(Error::from) }));
            values.await.unwrap();
            let pair = gather!(crew.clone().work(2), create_task(crew.clone().work(1)));
            assert!(pair.await.unwrap().0.is_ok());
        },
        Crew::assert_nothing_is_held,
    );
}

/// What a `try_gather` wants.
#[derive(Debug)]
struct Error;

impl From<std::io::Error> for Error {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl From<bowerbird::TaskError> for Error {
    fn from(_: bowerbird::TaskError) -> Self {
        Self
    }
}

#[test]
fn a_group_leaves_no_task_behind() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let outer = TaskGroup::scope(async |group| {
                for rounds in 1..4 {
                    group.create_task(crew.clone().work(rounds));
                }
                let held = crew.hold();
                let inner = TaskGroup::scope(async |inner| {
                    let child = inner.create_task(crew.clone().work(2));
                    inner.create_task(crew.clone().work(3));
                    let _still_held = &held;
                    child.await.map_err(std::io::Error::other)
                });
                inner.await.map_err(std::io::Error::other)
            });
            assert_eq!(outer.await.unwrap(), 2);
        },
        Crew::assert_nothing_is_held,
    );
}

#[test]
fn a_group_that_fails_leaves_no_task_behind() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let failed = TaskGroup::scope(async |group| {
                group.create_task(crew.clone().work(1000));
                group.create_task(async {
                    yield_now().await;
                    Err::<(), _>(std::io::Error::other("on purpose"))
                });
                let clean_up = async {
                    let _held = crew.hold();
                    yield_now().await;
                };
                finally(pending::<()>(), clean_up).await;
                Ok(())
            });
            assert_eq!(failed.await.unwrap_err().failures().len(), 1);
        },
        Crew::assert_nothing_is_held,
    );
}

#[test]
fn limits_leave_no_task_and_no_timer_behind() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let _held = crew.hold();
            let in_time = create_task(crew.clone().work(2));
            assert!(wait_for(in_time, LONG).await.is_ok());
            let late = create_task(crew.clone().work(usize::MAX));
            assert!(wait_for(late, SHORT).await.is_err());
            assert!(timeout(SHORT, crew.clone().work(usize::MAX)).await.is_err());
            assert!(timeout(LONG, crew.clone().work(2)).await.is_ok());
            let moved = timeout_scope(LONG, async |limit| {
                let _held = crew.hold();
                limit.reschedule(limit.when().map(|when| when - LONG));
                sleep(LONG).await;
            });
            assert!(moved.await.is_err());
        },
        Crew::assert_nothing_is_held,
    );
}

#[test]
fn a_caught_request_may_be_answered_with_work_of_every_kind() {
    at_every_await(
        Crew::default,
        |crew| async move {
            let bell = Bell::default();
            let ring = bell.clone();
            let ringer = create_task(async move {
                yield_now().await;
                ring.ring();
            });
            if let Err(cancelled) = catch_cancel(bell.rung()).await {
                let tasks = (1..3).map(|rounds| crew.clone().work(rounds));
                assert!(gather(tasks).await.is_ok());
                cancelled.resume().await;
            }
            ringer.await.unwrap();
        },
        Crew::assert_nothing_is_held,
    );
}
