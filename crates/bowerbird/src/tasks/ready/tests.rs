//! What the list of woken children promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use super::Ready;

/// Counts its wakes. Relaxed everywhere: one thread.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn each_woken_child_is_taken_once_in_the_order_of_the_wakes() {
    let cx = Context::from_waker(Waker::noop());
    let ready = Ready::new(3);
    assert_eq!(ready.take(&cx), [0, 1, 2]);
    assert_eq!(ready.take(&cx), []);
    for child in [2, 0, 2] {
        ready.waker(child).wake_by_ref();
    }
    assert_eq!(ready.take(&cx), [2, 0]);
    assert_eq!(Ready::idle(3).take(&cx), []);
}

#[test]
fn the_parent_is_woken_once_for_many_children() {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let ready = Ready::idle(2);
    ready.take(&Context::from_waker(&waker));
    ready.waker(0).wake_by_ref();
    ready.waker(1).wake_by_ref();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_wait_that_is_over_is_kept_by_nobody() {
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let ready = Ready::new(1);
    ready.take(&Context::from_waker(&waker));
    let child = ready.waker(0).clone();
    drop((ready, waker));
    assert_eq!(Arc::strong_count(&count), 1, "the child keeps the parent");
    child.wake();
    assert_eq!(count.0.load(Ordering::Relaxed), 0);
}
