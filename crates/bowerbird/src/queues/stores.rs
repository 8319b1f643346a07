//! Which item comes next: the three orders of the queues. Called by `shelf` under its lock; never
//! waits, never counts.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Items in some order.
pub(super) trait Store {
    /// What is kept.
    type Item;

    /// Nothing in it.
    fn new() -> Self;

    /// One more.
    fn push(&mut self, item: Self::Item);

    /// The next one.
    fn pop(&mut self) -> Option<Self::Item>;

    /// How many.
    fn len(&self) -> usize;
}

/// First in, first out.
pub(super) struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
pub(super) struct Lifo<T>(Vec<T>);

/// Lowest first, and of equal ones the first.
pub(super) struct Sorted<T> {
    /// The lowest on top.
    heap: BinaryHeap<Entry<T>>,
    /// What the next item is numbered.
    number: u64,
}

/// An item of [`Sorted`], greater than another one if it comes out earlier.
struct Entry<T> {
    /// What was put in.
    item: T,
    /// Counts upwards, so that equal items stay in order.
    number: u64,
}

impl<T> Store for Fifo<T> {
    type Item = T;

    fn new() -> Self {
        Self(VecDeque::new())
    }

    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Store for Lifo<T> {
    type Item = T;

    fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Store for Sorted<T> {
    type Item = T;

    fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            number: 0,
        }
    }

    fn push(&mut self, item: T) {
        let number = self.number;
        self.number += 1;
        self.heap.push(Entry { item, number });
    }

    fn pop(&mut self) -> Option<T> {
        self.heap.pop().map(|entry| entry.item)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T: Ord> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_item = other.item.cmp(&self.item);
        by_item.then_with(|| other.number.cmp(&self.number))
    }
}

impl<T: Ord> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Ord> Eq for Entry<T> {}
