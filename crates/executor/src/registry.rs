//! The unfinished tasks of a loop: what `all_tasks` lists and what a closing loop ends.
//!
//! A group per worker, with a lock of its own that in the common case only this worker takes: it
//! enters the tasks it makes and takes out those that end with it. A task that was stolen ends with
//! another worker, which keeps a list of such ([`Ended`]) and takes them out many at a time, before
//! it rests at the latest. (Taking each out at once, 190 to 210 ns went by for a spawn and its join
//! over two workers, with 32 locks a group to deal the tasks out among; now it is 160 to 190.)
//!
//! Tasks are entered by the handle that creates them and leave through `Schedule::retire`. Never
//! runs user code: references go out of the lock before they drop (I4).

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use bowerbird_core::TaskRef;
use bowerbird_core::locked::Guarded;
use crossbeam_utils::CachePadded;

use crate::sync::ranks;

/// How many ended tasks a worker keeps before it takes them out of other workers' groups.
const BATCH: usize = 64;
/// Set in the number of a task that holds values of its user's, which are to go when it ends.
const AT_ONCE: u64 = 1 << 63;

/// See the module.
#[derive(Debug)]
pub(crate) struct Registry {
    /// The groups; a task's slot number says which one it is in.
    groups: Box<[CachePadded<Group>]>,
}

#[derive(Debug, Default)]
struct Group {
    /// How many tasks are in; written under the lock, read without it.
    len: AtomicUsize,
    /// The tasks.
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// A task at its own index, or a hole.
    tasks: Vec<Option<TaskRef>>,
    /// The holes.
    free: Vec<u32>,
}

impl Registry {
    pub(crate) fn new(groups: usize) -> Self {
        Self {
            groups: (0..groups).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Enters a task; it keeps the number until its end. With `holds`, it holds values of its
    /// user's besides its future.
    #[inline]
    pub(crate) fn enter(&self, group: usize, task: TaskRef, holds: bool) {
        let Group { len, entries } = &*self.groups[group];
        let mut entries = lock(entries);
        let index = match entries.free.pop() {
            Some(index) => index,
            None => {
                entries.tasks.push(None);
                u32::try_from(entries.tasks.len() - 1).expect("four billion unfinished tasks")
            }
        };
        let flag = if holds { AT_ONCE } else { 0 };
        task.set_slot(flag | (group as u64) << 32 | u64::from(index));
        entries.tasks[index as usize] = Some(task);
        // Relaxed: under the lock; readers without it take it as a hint.
        len.store(len.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Takes the task with this number out.
    #[inline]
    pub(crate) fn retire(&self, slot: u64) -> Option<TaskRef> {
        let Group { len, entries } = &*self.groups[group_of(slot)];
        let mut entries = lock(entries);
        let task = entries.retire(slot)?;
        // Relaxed: as in `enter`.
        len.store(len.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        Some(task)
    }

    /// Takes all of these out; those of one group that follow each other under one lock.
    fn retire_all(&self, slots: &[u64]) -> Vec<TaskRef> {
        let mut tasks = Vec::with_capacity(slots.len());
        for of_group in slots.chunk_by(|&one, &other| group_of(one) == group_of(other)) {
            let Group { len, entries } = &*self.groups[group_of(of_group[0])];
            let mut entries = lock(entries);
            let before = tasks.len();
            tasks.extend(of_group.iter().filter_map(|&slot| entries.retire(slot)));
            // Relaxed: as in `enter`.
            let gone = tasks.len() - before;
            len.store(len.load(Ordering::Relaxed) - gone, Ordering::Relaxed);
        }
        tasks
    }

    /// All tasks of all groups that are not done.
    pub(crate) fn tasks(&self) -> Vec<TaskRef> {
        self.groups.iter().flat_map(|group| group.tasks()).collect()
    }

    /// The tasks of one group that are not done.
    pub(crate) fn tasks_of(&self, group: usize) -> Vec<TaskRef> {
        self.groups[group].tasks()
    }

    /// How many tasks are in: those not done, and some that have ended with another worker.
    pub(crate) fn len(&self) -> usize {
        // Relaxed: a hint while tasks come and go; whoever needs the truth has stopped them.
        self.groups
            .iter()
            .map(|group| group.len.load(Ordering::Relaxed))
            .sum()
    }
}

/// The tasks of other workers' groups that have ended with this worker, and are still entered.
#[derive(Debug, Default)]
pub(crate) struct Ended(RefCell<Vec<u64>>);

impl Ended {
    /// Keeps the number of a task that ends; true once there are enough to forget them.
    #[inline]
    pub(crate) fn keep(&self, slot: u64) -> bool {
        let mut slots = self.0.borrow_mut();
        slots.push(slot);
        slots.len() >= BATCH
    }

    /// Takes them all out of the registry; how many these were.
    pub(crate) fn forget(&self, registry: &Registry) -> usize {
        if self.0.borrow().is_empty() {
            return 0;
        }
        let mut slots = self.0.take();
        // What is dropped here may be the last of a task, and of what its user left with it.
        drop(registry.retire_all(&slots));
        let gone = slots.len();
        slots.clear();
        // Room for the next ones, unless what was dropped has kept some already.
        let mut kept = self.0.borrow_mut();
        if kept.is_empty() {
            *kept = slots;
        }
        gone
    }
}

impl Entries {
    #[inline]
    fn retire(&mut self, slot: u64) -> Option<TaskRef> {
        let index = slot as u32;
        let task = self.tasks[index as usize].take()?;
        self.free.push(index);
        Some(task)
    }
}

impl Group {
    fn tasks(&self) -> Vec<TaskRef> {
        let entries = lock(&self.entries);
        let unfinished = |task: &&TaskRef| !task.is_done();
        let tasks = entries.tasks.iter().flatten();
        tasks.filter(unfinished).cloned().collect()
    }
}

/// Which group a task with this number is in.
fn group_of(slot: u64) -> usize {
    ((slot & !AT_ONCE) >> 32) as usize
}

/// Whether a task with this number may stay entered for a while, once it has ended with a worker
/// that did not enter it.
pub(crate) fn may_stay(slot: u64, worker: usize) -> bool {
    slot & AT_ONCE == 0 && group_of(slot) != worker
}

#[inline]
#[track_caller]
fn lock(entries: &Mutex<Entries>) -> Guarded<MutexGuard<'_, Entries>> {
    Guarded::take(ranks::REGISTRY, || {
        entries.lock().expect("nothing under this lock can panic")
    })
}

#[cfg(test)]
mod tests;
