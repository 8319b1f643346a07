//! The queues of runnables: one deque per worker that others steal from, one injector for all.
//!
//! Wraps crossbeam-deque, so that replacing it touches this file only; under loom, which cannot
//! see into crossbeam, plain locked queues of the same interface take its place. Knows nothing of
//! who sleeps.

#[cfg(not(loom))]
pub(crate) use real::{Injector, Local, Stealer};

#[cfg(loom)]
pub(crate) use model::{Injector, Local, Stealer};

#[cfg(not(loom))]
mod real {
    use crossbeam_deque as deque;

    /// A worker's own end of its queue.
    #[derive(Debug)]
    pub(crate) struct Local<T>(deque::Worker<T>);

    /// The other workers' end.
    #[derive(Debug)]
    pub(crate) struct Stealer<T>(deque::Stealer<T>);

    /// The queue that everybody may push to and take from.
    #[derive(Debug)]
    pub(crate) struct Injector<T>(deque::Injector<T>);

    impl<T> Local<T> {
        pub(crate) fn new() -> Self {
            Self(deque::Worker::new_fifo())
        }

        pub(crate) fn stealer(&self) -> Stealer<T> {
            Stealer(self.0.stealer())
        }

        #[inline]
        pub(crate) fn push(&self, item: T) {
            self.0.push(item);
        }

        #[inline]
        pub(crate) fn pop(&self) -> Option<T> {
            self.0.pop()
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    impl<T> Stealer<T> {
        /// Moves up to half of the victim's queue to `to` and gives one of it out.
        pub(crate) fn steal_into(&self, to: &Local<T>) -> Option<T> {
            std::iter::repeat_with(|| self.0.steal_batch_and_pop(&to.0))
                .find(|steal| !steal.is_retry())
                .and_then(deque::Steal::success)
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        pub(crate) fn len(&self) -> usize {
            self.0.len()
        }
    }

    impl<T> Injector<T> {
        pub(crate) fn new() -> Self {
            Self(deque::Injector::new())
        }

        pub(crate) fn push(&self, item: T) {
            self.0.push(item);
        }

        /// Takes the oldest.
        pub(crate) fn pop(&self) -> Option<T> {
            if self.0.is_empty() {
                return None;
            }
            std::iter::repeat_with(|| self.0.steal())
                .find(|steal| !steal.is_retry())
                .and_then(deque::Steal::success)
        }

        /// Moves a batch to `to` and gives one of it out.
        #[inline]
        pub(crate) fn pop_into(&self, to: &Local<T>) -> Option<T> {
            if self.0.is_empty() {
                return None;
            }
            std::iter::repeat_with(|| self.0.steal_batch_and_pop(&to.0))
                .find(|steal| !steal.is_retry())
                .and_then(deque::Steal::success)
        }

        #[inline]
        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        pub(crate) fn len(&self) -> usize {
            self.0.len()
        }
    }
}

#[cfg(loom)]
mod model {
    use std::collections::VecDeque;

    use crate::sync::explorer::sync::{Arc, Mutex};
    use crate::sync::lock_unranked as lock;

    /// A worker's own end of its queue.
    #[derive(Debug)]
    pub(crate) struct Local<T>(Arc<Mutex<VecDeque<T>>>);

    /// The other workers' end.
    #[derive(Debug)]
    pub(crate) struct Stealer<T>(Arc<Mutex<VecDeque<T>>>);

    /// The queue that everybody may push to and take from.
    #[derive(Debug)]
    pub(crate) struct Injector<T>(Mutex<VecDeque<T>>);

    impl<T> Local<T> {
        pub(crate) fn new() -> Self {
            Self(Arc::new(Mutex::new(VecDeque::new())))
        }

        pub(crate) fn stealer(&self) -> Stealer<T> {
            Stealer(self.0.clone())
        }

        pub(crate) fn push(&self, item: T) {
            lock(&self.0).push_back(item);
        }

        pub(crate) fn pop(&self) -> Option<T> {
            lock(&self.0).pop_front()
        }

        pub(crate) fn is_empty(&self) -> bool {
            lock(&self.0).is_empty()
        }
    }

    impl<T> Stealer<T> {
        pub(crate) fn steal_into(&self, to: &Local<T>) -> Option<T> {
            let mut batch = take_half(&mut lock(&self.0));
            let first = batch.pop_front();
            lock(&to.0).append(&mut batch);
            first
        }

        pub(crate) fn is_empty(&self) -> bool {
            lock(&self.0).is_empty()
        }

        pub(crate) fn len(&self) -> usize {
            lock(&self.0).len()
        }
    }

    impl<T> Injector<T> {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(VecDeque::new()))
        }

        pub(crate) fn push(&self, item: T) {
            lock(&self.0).push_back(item);
        }

        pub(crate) fn pop(&self) -> Option<T> {
            lock(&self.0).pop_front()
        }

        pub(crate) fn pop_into(&self, to: &Local<T>) -> Option<T> {
            let mut batch = take_half(&mut lock(&self.0));
            let first = batch.pop_front();
            lock(&to.0).append(&mut batch);
            first
        }

        pub(crate) fn is_empty(&self) -> bool {
            lock(&self.0).is_empty()
        }

        pub(crate) fn len(&self) -> usize {
            lock(&self.0).len()
        }
    }

    fn take_half<T>(queue: &mut VecDeque<T>) -> VecDeque<T> {
        let half = queue.len().div_ceil(2);
        queue.drain(..half).collect()
    }
}
