//! What the three queues share: the items, who waits for them, and who may have the next one.
//! Called by `queues` through a desk, under its lock; never drops an item there.
//!
//! Who waits is not given an item but the *promise* of one, kept until it comes to collect it: the
//! item stays in the store. So a wait that is cancelled has nothing to put back, an item's order is
//! decided when it is taken, and sizes are what asyncio's would be. Places are promised to those
//! who wait in `put` in the same way. Between any two calls:
//!
//! - if there is an item that is not promised, nobody waits in `get`;
//! - if there is a free place that is not promised, nobody waits in `put`;
//! - if nothing is unfinished, nobody waits in `join`.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::errors::{GetNowaitError, PutNowaitError, QueueEmpty, QueueFull, QueueShutDown};
use super::stores::Store;
use crate::exceptions::ValueError;
use crate::waiters::{Line, Service, Wakes};

/// The state of a queue.
pub(super) struct Shelf<S> {
    /// The items, promised ones included.
    items: S,
    /// How many places there are; 0 is no limit.
    pub(super) maxsize: usize,
    /// How many items are kept for those who were served in `getters`.
    promised_items: usize,
    /// How many places are kept for those who were served in `putters`.
    promised_places: usize,
    /// Items put in for which nobody has called `task_done`.
    unfinished: usize,
    /// Nothing can be put in any more.
    pub(super) is_shut_down: bool,
    /// Who waits for an item; a gift is the promise of one, or of the news that none will come.
    getters: Line<(), ()>,
    /// Who waits for a place; a gift is the promise of one, or of the news of the shutdown.
    putters: Line<(), ()>,
    /// Who waits for the work to be done.
    joiners: Line<(), ()>,
}

/// A queue in numbers, to be shown when its lock is released.
pub(super) struct Counts {
    /// How many places there are.
    maxsize: usize,
    /// Items in it.
    qsize: usize,
    /// Items that are not done.
    unfinished: usize,
    /// Whether it was shut down.
    is_shut_down: bool,
    /// How many wait in `get`.
    getters: usize,
    /// How many wait in `put`.
    putters: usize,
}

/// Waiting for an item; `None` when none will come.
pub(super) struct Getting<S>(PhantomData<S>);

/// Waiting for a place; an error gives the item back after a shutdown.
pub(super) struct Putting<S>(PhantomData<S>);

/// Waiting for the work to be done.
pub(super) struct Joining<S>(PhantomData<S>);

impl<S: Store> Shelf<S> {
    /// Nothing in it.
    pub(super) fn new(maxsize: usize) -> Self {
        Self {
            items: S::new(),
            maxsize,
            promised_items: 0,
            promised_places: 0,
            unfinished: 0,
            is_shut_down: false,
            getters: Line::new(),
            putters: Line::new(),
            joiners: Line::new(),
        }
    }

    /// Items in it.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// `put_nowait`.
    pub(super) fn put(
        &mut self,
        item: S::Item,
        wakes: &mut Wakes,
    ) -> Result<(), PutNowaitError<S::Item>> {
        if self.is_shut_down {
            Err(PutNowaitError::ShutDown(item))
        } else if self.has_place() {
            self.store(item, wakes);
            Ok(())
        } else {
            Err(PutNowaitError::Full(QueueFull(item)))
        }
    }

    /// `get_nowait`.
    pub(super) fn get(&mut self, wakes: &mut Wakes) -> Result<S::Item, GetNowaitError> {
        if self.has_item() {
            let item = self.take(wakes);
            Ok(item.expect("an item that is not promised was there"))
        } else if self.is_over() {
            Err(QueueShutDown.into())
        } else {
            Err(QueueEmpty.into())
        }
    }

    /// `task_done`.
    pub(super) fn task_done(&mut self, wakes: &mut Wakes) -> Result<(), ValueError> {
        let left = self.unfinished.checked_sub(1);
        self.unfinished = left.ok_or(ValueError::TaskDoneTooOften)?;
        self.serve(wakes);
        Ok(())
    }

    /// `shutdown`; gives the items that are to be dropped.
    pub(super) fn shut_down(&mut self, immediate: bool, wakes: &mut Wakes) -> Option<S> {
        self.is_shut_down = true;
        let dropped = immediate.then(|| std::mem::replace(&mut self.items, S::new()));
        if let Some(dropped) = &dropped {
            self.unfinished = self.unfinished.saturating_sub(dropped.len());
        }
        self.serve(wakes);
        dropped
    }

    /// What there is to see from outside.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            maxsize: self.maxsize,
            qsize: self.len(),
            unfinished: self.unfinished,
            is_shut_down: self.is_shut_down,
            getters: self.getters.len(),
            putters: self.putters.len(),
        }
    }

    /// Whether an item is there for somebody who comes now.
    fn has_item(&self) -> bool {
        self.len() > self.promised_items
    }

    /// Whether a place is there for somebody who comes now.
    fn has_place(&self) -> bool {
        self.maxsize == 0 || self.len() + self.promised_places < self.maxsize
    }

    /// Whether no item will ever come again.
    fn is_over(&self) -> bool {
        self.is_shut_down && self.len() == 0
    }

    fn store(&mut self, item: S::Item, wakes: &mut Wakes) {
        let before = self.len();
        let stored = catch_unwind(AssertUnwindSafe(|| self.items.push(item)));
        self.unfinished += self.len() - before;
        self.served_after(stored, wakes);
    }

    fn take(&mut self, wakes: &mut Wakes) -> Option<S::Item> {
        let taken = catch_unwind(AssertUnwindSafe(|| self.items.pop()));
        self.served_after(taken, wakes)
    }

    /// Serves those who wait, also when comparing items has panicked.
    fn served_after<R>(&mut self, changed: std::thread::Result<R>, wakes: &mut Wakes) -> R {
        self.serve(wakes);
        changed.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Promises what is there to those who wait for it.
    fn serve(&mut self, wakes: &mut Wakes) {
        while (self.has_item() || self.is_over()) && self.getters.serve((), wakes).is_ok() {
            self.promised_items += 1;
        }
        while (self.has_place() || self.is_shut_down) && self.putters.serve((), wakes).is_ok() {
            self.promised_places += 1;
        }
        while self.unfinished == 0 && self.joiners.serve((), wakes).is_ok() {}
    }
}

impl Counts {
    /// `fmt::Debug`, with the queue's name.
    pub(super) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("maxsize", &self.maxsize)
            .field("qsize", &self.qsize)
            .field("unfinished", &self.unfinished)
            .field("is_shut_down", &self.is_shut_down)
            .field("getters", &self.getters)
            .field("putters", &self.putters)
            .finish()
    }
}

impl<S: Store> Service for Getting<S> {
    type State = Shelf<S>;
    type Wish = ();
    type Mark = ();
    type Gift = ();
    type Output = Option<S::Item>;

    const MARK: () = ();

    fn line(shelf: &mut Shelf<S>) -> &mut Line<(), ()> {
        &mut shelf.getters
    }

    fn serve_now(
        shelf: &mut Shelf<S>,
        _wish: (),
        wakes: &mut Wakes,
    ) -> Result<Option<S::Item>, ()> {
        if shelf.has_item() {
            Ok(shelf.take(wakes))
        } else if shelf.is_over() {
            Ok(None)
        } else {
            Err(())
        }
    }

    fn collect(
        shelf: &mut Shelf<S>,
        _wish: (),
        _promise: (),
        wakes: &mut Wakes,
    ) -> Option<S::Item> {
        shelf.promised_items -= 1;
        shelf.take(wakes)
    }

    fn left(shelf: &mut Shelf<S>, promise: Option<()>, wakes: &mut Wakes) {
        if promise.is_some() {
            shelf.promised_items -= 1;
            shelf.serve(wakes);
        }
    }
}

impl<S: Store> Service for Putting<S> {
    type State = Shelf<S>;
    type Wish = S::Item;
    type Mark = ();
    type Gift = ();
    type Output = Result<(), S::Item>;

    const MARK: () = ();

    fn line(shelf: &mut Shelf<S>) -> &mut Line<(), ()> {
        &mut shelf.putters
    }

    fn serve_now(
        shelf: &mut Shelf<S>,
        item: S::Item,
        wakes: &mut Wakes,
    ) -> Result<Self::Output, S::Item> {
        match shelf.put(item, wakes) {
            Ok(()) => Ok(Ok(())),
            Err(PutNowaitError::ShutDown(item)) => Ok(Err(item)),
            Err(PutNowaitError::Full(QueueFull(item))) => Err(item),
        }
    }

    fn collect(
        shelf: &mut Shelf<S>,
        item: S::Item,
        _promise: (),
        wakes: &mut Wakes,
    ) -> Self::Output {
        shelf.promised_places -= 1;
        if shelf.is_shut_down {
            return Err(item);
        }
        shelf.store(item, wakes);
        Ok(())
    }

    fn left(shelf: &mut Shelf<S>, promise: Option<()>, wakes: &mut Wakes) {
        if promise.is_some() {
            shelf.promised_places -= 1;
            shelf.serve(wakes);
        }
    }
}

impl<S: Store> Service for Joining<S> {
    type State = Shelf<S>;
    type Wish = ();
    type Mark = ();
    type Gift = ();
    type Output = ();

    const MARK: () = ();

    fn line(shelf: &mut Shelf<S>) -> &mut Line<(), ()> {
        &mut shelf.joiners
    }

    fn serve_now(shelf: &mut Shelf<S>, _wish: (), _wakes: &mut Wakes) -> Result<(), ()> {
        if shelf.unfinished == 0 {
            Ok(())
        } else {
            Err(())
        }
    }

    fn collect(_: &mut Shelf<S>, _wish: (), _done: (), _: &mut Wakes) {}

    fn left(_: &mut Shelf<S>, _done: Option<()>, _: &mut Wakes) {
        // Everybody else who waited was told too.
    }
}
