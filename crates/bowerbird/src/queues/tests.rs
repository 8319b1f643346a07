//! What an item's own code may do to its queue: compare, be dropped, be written somewhere.

use std::cmp::Ordering;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicUsize};
use std::task::{Context, Poll, Waker};

use super::{PriorityQueue, Queue};

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Asks its queue for its size when it is dropped: a deadlock, if that were locked.
struct Nosy(Queue<Nosy>, Arc<AtomicUsize>);

impl Drop for Nosy {
    fn drop(&mut self) {
        self.0.qsize();
        self.1.fetch_add(1, atomic::Ordering::Relaxed); // One thread: no order to keep.
    }
}

#[test]
fn items_may_use_their_queue_while_they_are_dropped() {
    let (queue, drops) = (Queue::new(1), Arc::new(AtomicUsize::new(0)));
    let nosy = || Nosy(queue.clone(), drops.clone());
    assert!(queue.put_nowait(nosy()).is_ok());
    drop(queue.put_nowait(nosy()));
    let mut cancelled = Box::pin(queue.put(nosy()));
    assert!(poll(&mut cancelled).is_none());
    drop(cancelled);
    let mut sent_away = Box::pin(queue.put(nosy()));
    assert!(poll(&mut sent_away).is_none());
    queue.shutdown(true);
    assert!(poll(&mut sent_away).is_some_and(|put| put.is_err()));
    assert!(poll(&mut Box::pin(queue.put(nosy()))).is_some());
    assert_eq!(drops.load(atomic::Ordering::Relaxed), 5);
}

/// Cannot be compared with one that is fragile too.
#[derive(Debug, PartialEq, Eq)]
struct Fragile(bool);

impl Ord for Fragile {
    fn cmp(&self, other: &Self) -> Ordering {
        assert!(!(self.0 && other.0), "these two cannot be compared");
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Fragile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn panics<R>(call: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

#[test]
fn a_put_whose_item_cannot_be_compared_still_serves_who_waits() {
    let queue = PriorityQueue::new(0);
    let mut gets = [Box::pin(queue.get()), Box::pin(queue.get())];
    assert!(gets.iter_mut().all(|get| poll(get).is_none()));
    queue.put_nowait(Fragile(true)).unwrap();
    assert!(
        panics(|| queue.put_nowait(Fragile(true))),
        "it goes to the caller"
    );
    assert_eq!(queue.qsize(), 2);
    assert_eq!(
        poll(&mut gets[1]),
        Some(Ok(Fragile(true))),
        "it was put all the same"
    );
    assert_eq!(poll(&mut gets[0]), Some(Ok(Fragile(true))));
    assert_eq!((queue.task_done(), queue.task_done()), (Ok(()), Ok(())));
}

#[test]
fn a_get_that_cannot_find_the_lowest_item_still_serves_who_waits() {
    let queue = PriorityQueue::new(3);
    for item in [false, true, true] {
        queue.put_nowait(Fragile(item)).unwrap();
    }
    let mut put = Box::pin(queue.put(Fragile(false)));
    assert!(poll(&mut put).is_none());
    assert!(
        panics(|| queue.get_nowait()),
        "two of them are left to be compared"
    );
    assert_eq!(queue.qsize(), 2, "the one at hand is lost");
    assert_eq!(poll(&mut put), Some(Ok(())), "and its place is free");
    assert_eq!(queue.qsize(), 3);
}

/// Looks at the queue that is written into it.
struct Reader<'a>(&'a Queue<u32>, String);

impl std::fmt::Write for Reader<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        assert_eq!(self.0.qsize(), 1);
        self.1.push_str(text);
        Ok(())
    }
}

#[test]
fn a_queue_shows_itself_with_its_lock_released() {
    let queue = Queue::new(2);
    queue.put_nowait(1).unwrap();
    let mut reader = Reader(&queue, String::new());
    std::fmt::write(&mut reader, format_args!("{queue:?}")).unwrap();
    let numbers = "maxsize: 2, qsize: 1, unfinished: 1, is_shut_down: false";
    let shown = format!("Queue {{ {numbers}, getters: 0, putters: 0 }}");
    assert_eq!(reader.1, shown);
}
