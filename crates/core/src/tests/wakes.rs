//! Wakers: when they queue a task, and when they do nothing. Also the small futures and wakers
//! that the other tests use.

use std::future::{Future, pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Wake, Waker};

use super::drops::Counter;
use super::toy::Toy;
use crate::{TaskError, TaskRef};

/// A waker that counts.
pub(super) struct Bell {
    waker: Waker,
    count: Arc<Count>,
}

struct Count(AtomicUsize);

impl Bell {
    pub(super) fn new() -> Self {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        Self {
            waker: Waker::from(count.clone()),
            count,
        }
    }

    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// How often it was woken.
    pub(super) fn rings(&self) -> usize {
        self.count.0.load(Ordering::Relaxed)
    }

    /// How many clones of the waker live.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.count) - 2
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        // Relaxed: counts, read on the same thread.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lets others run once.
pub(super) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A place for the waker of whoever polls [`Shelf::wait`].
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Option<Waker>>>);

impl Shelf {
    pub(super) fn waker(&self) -> Waker {
        self.0.lock().unwrap().clone().unwrap()
    }

    pub(super) fn clear(&self) {
        drop(self.0.lock().unwrap().take());
    }

    /// Leaves the waker at the first poll, and is ready at the second one.
    pub(super) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let shelf = self.clone();
        let mut left = false;
        poll_fn(move |cx| {
            if left {
                return Poll::Ready(());
            }
            left = true;
            *shelf.0.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

#[test]
fn fault_011_a_task_that_wakes_itself_is_polled_again() {
    let toy = Toy::new();
    let mut task = toy.spawn(yield_now());
    assert!(toy.turn());
    assert_eq!(toy.queued(), 1, "behind the others, once");
    assert!(toy.turn());
    assert!(task.try_result().is_some());
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_task_that_wakes_itself_often_is_queued_once() {
    let toy = Toy::new();
    let task = toy.spawn(poll_fn(|cx| {
        for _ in 0..3 {
            cx.waker().wake_by_ref();
            TaskRef::current().unwrap().waker().wake();
        }
        Poll::<()>::Pending
    }));
    assert!(toy.turn());
    assert_eq!(toy.queued(), 1);
    task.handle().abort();
    toy.settle();
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_second_wake_never_queues_twice() {
    let toy = Toy::new();
    let shelf = Shelf::default();
    let task = toy.spawn(shelf.wait());
    toy.settle();
    let waker = shelf.waker();
    waker.wake_by_ref();
    waker.wake_by_ref();
    waker.wake();
    assert_eq!(toy.queued(), 1);
    toy.settle();
    assert!(task.is_done());
    shelf.clear();
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_012_a_wake_after_the_end_does_nothing() {
    let toy = Toy::new();
    let shelf = Shelf::default();
    let task = toy.spawn(shelf.wait());
    toy.settle();
    let (early, late) = (shelf.waker(), shelf.waker());
    early.wake();
    toy.settle();
    drop(task);
    assert_eq!(
        (toy.queued(), toy.live()),
        (0, 1),
        "the waker keeps the cell, and only it"
    );
    late.wake_by_ref();
    late.wake();
    assert_eq!(toy.queued(), 0);
    shelf.clear();
    toy.assert_clean();
}

#[test]
fn fault_013_many_threads_wake_and_the_task_is_queued_once() {
    const THREADS: usize = 4;
    let toy = Toy::new();
    let shelf = Shelf::default();
    let task = toy.spawn(shelf.wait());
    toy.settle();
    let start = Arc::new(Barrier::new(THREADS));
    let threads = (0..THREADS).map(|_| {
        let (waker, start) = (shelf.waker(), start.clone());
        std::thread::spawn(move || {
            start.wait();
            waker.wake();
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    assert_eq!(toy.queued(), 1);
    toy.settle();
    assert!(task.is_done());
}

#[test]
fn fault_015_a_wake_after_the_queue_is_gone_ends_the_task() {
    let toy = Toy::new();
    let shelf = Shelf::default();
    let held = Counter::new();
    let (guard, wait) = (held.guard(), shelf.wait());
    let mut task = toy.spawn(async move {
        wait.await;
        drop(guard);
    });
    toy.settle();
    toy.close();
    let waker = shelf.waker();
    waker.wake_by_ref();
    assert_eq!(held.dropped(), 1);
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    waker.wake();
    shelf.clear();
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_016_a_leaked_waker_keeps_the_cell_but_not_the_future() {
    let toy = Toy::new();
    let shelf = Shelf::default();
    let held = Counter::new();
    let (guard, wait) = (held.guard(), shelf.wait());
    let task = toy.spawn(async move {
        wait.await;
        drop(guard);
    });
    toy.settle();
    task.handle().abort();
    toy.settle();
    drop(task);
    assert_eq!((held.dropped(), toy.live()), (1, 1));
    shelf.clear();
    toy.assert_clean();
}

#[test]
fn wakers_of_one_task_are_equal_and_of_two_are_not() {
    let toy = Toy::new();
    let (one, other) = (toy.spawn(pending::<()>()), toy.spawn(pending::<()>()));
    let waker = one.handle().waker();
    assert!(waker.will_wake(&one.handle().waker()));
    assert!(waker.will_wake(&waker.clone()));
    assert!(!waker.will_wake(&other.handle().waker()));
    toy.close();
}
