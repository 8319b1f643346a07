//! Queues between tasks. asyncio: `queues.py`. The three types differ in which item comes next; the
//! rules they share are in `queues/shelf.rs`, the orders in `queues/stores.rs`.
//!
//! Fair on both ends: an item that is put while tasks wait in `get` is kept for the one that has
//! waited longest, and a place that gets free for the longest wait in `put`. Nobody who comes later
//! overtakes, so [`get_nowait`](Queue::get_nowait) can find a queue empty whose
//! [`qsize`](Queue::qsize) is not zero. (In asyncio it takes the item, and whoever was woken for it
//! queues up again, last.)

use std::fmt;
use std::sync::Arc;

use crate::exceptions::ValueError;
use crate::waiters::{Desk, Wait};

mod shelf;

mod stores;

mod errors;

#[cfg(test)]
mod tests;

pub use errors::{GetNowaitError, PutNowaitError, QueueEmpty, QueueFull, QueueShutDown};

use shelf::{Getting, Joining, Putting, Shelf};
use stores::{Fifo, Lifo, Sorted};

/// A queue type: its name, and the store that says which item comes next.
macro_rules! queue {
    ($(#[$docs:meta])* $Queue:ident<T $(: $Ord:ident)?>, $Store:ident, $example:literal) => {
        $(#[$docs])*
        pub struct $Queue<T> {
            /// What all handles share.
            desk: Arc<Desk<Shelf<$Store<T>>>>,
        }

        impl<T $(: $Ord)?> $Queue<T> {
            /// An empty queue.
            ///
            /// - `maxsize`: how many items it holds before `put` waits; 0 is no limit.
            pub fn new(maxsize: usize) -> Self {
                Self {
                    desk: Arc::new(Desk::new(Shelf::new(maxsize))),
                }
            }

            /// Puts `item` in, waiting for a free place if there is none.
            ///
            /// - Cancel: the item was not put, and is dropped. A place that had become free for it
            ///   goes to the next.
            ///
            /// # Errors
            /// [`QueueShutDown`] if the queue is, or during the wait becomes, shut down. The item
            /// is dropped; [`put_nowait`](Self::put_nowait) gives it back.
            pub async fn put(&self, item: T) -> Result<(), QueueShutDown> {
                let put = Wait::<Putting<_>>::new(&self.desk, item).await;
                put.map_err(|_item| QueueShutDown)
            }

            /// Takes the next item out, waiting for one if there is none.
            ///
            /// - Cancel: nothing was taken. An item that was kept for this wait goes to the next.
            ///
            /// # Errors
            /// [`QueueShutDown`] once the queue is shut down and empty.
            pub async fn get(&self) -> Result<T, QueueShutDown> {
                let got = Wait::<Getting<_>>::new(&self.desk, ()).await;
                got.ok_or(QueueShutDown)
            }

            /// Puts `item` in, if there is a free place that nobody waits for.
            ///
            /// # Errors
            /// [`PutNowaitError`], with the item: the queue is full, or shut down.
            ///
            /// ```
            #[doc = concat!("use bowerbird::{", stringify!($Queue), ", QueueFull};")]
            /// use bowerbird::queues::PutNowaitError;
            ///
            #[doc = concat!("let queue = ", stringify!($Queue), "::new(1);")]
            /// assert_eq!(queue.put_nowait("a"), Ok(()));
            /// assert_eq!(queue.put_nowait("b"), Err(PutNowaitError::Full(QueueFull("b"))));
            /// ```
            pub fn put_nowait(&self, item: T) -> Result<(), PutNowaitError<T>> {
                self.desk.with(|shelf, wakes| shelf.put(item, wakes))
            }

            /// Takes the next item out, if there is one that nobody waits for.
            ///
            /// # Errors
            /// [`GetNowaitError`]: the queue is empty, or also shut down.
            ///
            /// ```
            #[doc = $example]
            /// ```
            pub fn get_nowait(&self) -> Result<T, GetNowaitError> {
                self.desk.with(Shelf::get)
            }

            /// Waits until [`task_done`](Self::task_done) was called for every item that was put
            /// in; returns at once if there is nothing to wait for.
            ///
            /// - Cancel: nothing to undo.
            pub async fn join(&self) {
                Wait::<Joining<_>>::new(&self.desk, ()).await;
            }

            /// Says that the work on an item is done; once for each item taken out.
            ///
            /// # Errors
            /// [`ValueError::TaskDoneTooOften`] if it was called for each item already.
            ///
            /// ```
            #[doc = concat!("let queue = bowerbird::", stringify!($Queue), "::new(0);")]
            /// queue.put_nowait(1).expect("there is no limit");
            /// assert_eq!(queue.task_done(), Ok(()));
            /// assert_eq!(queue.task_done(), Err(bowerbird::ValueError::TaskDoneTooOften));
            /// ```
            pub fn task_done(&self) -> Result<(), ValueError> {
                self.desk.with(Shelf::task_done)
            }

            /// Ends the queue: nothing can be put in any more, and those who wait in `put` get an
            /// error; `get` gives what is left, then an error. Shutting down again is allowed.
            ///
            /// - `immediate`: what is left is dropped at once and counts as done.
            ///
            /// ```
            #[doc = concat!("use bowerbird::{", stringify!($Queue), ", QueueShutDown};")]
            ///
            /// # bowerbird::run(async {
            #[doc = concat!("let queue = ", stringify!($Queue), "::new(0);")]
            /// queue.put(1).await.expect("it is open");
            /// queue.shutdown(false);
            /// assert_eq!(queue.put(2).await, Err(QueueShutDown));
            /// assert_eq!(queue.get().await, Ok(1));
            /// assert_eq!(queue.get().await, Err(QueueShutDown));
            /// # });
            /// ```
            pub fn shutdown(&self, immediate: bool) {
                let _dropped_unlocked = self
                    .desk
                    .with(|shelf, wakes| shelf.shut_down(immediate, wakes));
            }

            /// Whether it was shut down.
            pub fn is_shut_down(&self) -> bool {
                self.desk.look(|shelf| shelf.is_shut_down)
            }

            /// How many items are in it, those included that are kept for somebody who waits.
            pub fn qsize(&self) -> usize {
                self.desk.look(Shelf::len)
            }

            /// Whether no items are in it. asyncio: `empty`.
            pub fn is_empty(&self) -> bool {
                self.qsize() == 0
            }

            /// Whether `maxsize` items are in it; never, if that is 0. asyncio: `full`.
            pub fn is_full(&self) -> bool {
                self.desk
                    .look(|shelf| shelf.maxsize > 0 && shelf.len() >= shelf.maxsize)
            }

            /// How many items it holds before `put` waits; 0 is no limit.
            pub fn maxsize(&self) -> usize {
                self.desk.look(|shelf| shelf.maxsize)
            }
        }

        impl<T> Clone for $Queue<T> {
            fn clone(&self) -> Self {
                Self {
                    desk: self.desk.clone(),
                }
            }
        }

        impl<T $(: $Ord)?> Default for $Queue<T> {
            /// An empty queue without a limit.
            fn default() -> Self {
                Self::new(0)
            }
        }

        impl<T $(: $Ord)?> fmt::Debug for $Queue<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.desk.look(Shelf::counts).debug(stringify!($Queue), f)
            }
        }
    };
}

queue! {
    /// A queue: what was put first comes out first.
    ///
    /// - Clones are handles of one queue; any number of tasks may put and get.
    /// - asyncio: `queues.py`, `Queue`.
    ///
    /// ```
    /// use bowerbird::Queue;
    ///
    /// # bowerbird::run(async {
    /// let queue = Queue::new(2);
    /// let producer = bowerbird::create_task({
    ///     let queue = queue.clone();
    ///     async move {
    ///         for n in 0..5 {
    ///             queue.put(n).await.expect("nobody shuts it down before the end");
    ///         }
    ///         queue.shutdown(false);
    ///     }
    /// });
    /// let mut got = Vec::new();
    /// while let Ok(n) = queue.get().await {
    ///     got.push(n);
    /// }
    /// assert_eq!(got, [0, 1, 2, 3, 4]);
    /// producer.await.unwrap();
    /// # });
    /// ```
    Queue<T>, Fifo,
    "use bowerbird::{Queue, QueueEmpty};

let queue = Queue::new(0);
queue.put_nowait('a').expect(\"there is no limit\");
queue.put_nowait('b').expect(\"there is no limit\");
assert_eq!(queue.get_nowait(), Ok('a'));
assert_eq!(queue.get_nowait(), Ok('b'));
assert_eq!(queue.get_nowait(), Err(QueueEmpty.into()));"
}

queue! {
    /// A queue whose newest item comes out first: a stack.
    ///
    /// - Otherwise as [`Queue`]; those who wait are served in the order in which they came.
    /// - asyncio: `queues.py`, `LifoQueue`.
    LifoQueue<T>, Lifo,
    "use bowerbird::{LifoQueue, QueueEmpty};

let queue = LifoQueue::new(0);
queue.put_nowait('a').expect(\"there is no limit\");
queue.put_nowait('b').expect(\"there is no limit\");
assert_eq!(queue.get_nowait(), Ok('b'));
assert_eq!(queue.get_nowait(), Ok('a'));
assert_eq!(queue.get_nowait(), Err(QueueEmpty.into()));"
}

queue! {
    /// A queue whose lowest item comes out first; of equal ones, the one that was put first.
    ///
    /// - Otherwise as [`Queue`]; those who wait are served in the order in which they came.
    /// - Items are compared with the queue locked: their `Ord` must not use the queue. If it
    ///   panics, the panic goes to the caller, the item at hand may be lost, and the queue goes on.
    /// - asyncio: `queues.py`, `PriorityQueue`; equal items come out in any order there.
    PriorityQueue<T: Ord>, Sorted,
    "use bowerbird::{PriorityQueue, QueueEmpty};

let queue = PriorityQueue::new(0);
for item in [(2, 'b'), (1, 'a'), (3, 'c')] {
    queue.put_nowait(item).expect(\"there is no limit\");
}
assert_eq!(queue.get_nowait(), Ok((1, 'a')));
assert_eq!(queue.get_nowait(), Ok((2, 'b')));
assert_eq!(queue.get_nowait(), Ok((3, 'c')));
assert_eq!(queue.get_nowait(), Err(QueueEmpty.into()));"
}
