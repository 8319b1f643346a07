//! The unfinished tasks of a loop: what `all_tasks` lists and what a closing loop ends.
//!
//! One shard per worker, so that a worker that spawns and finishes its own tasks meets nobody at
//! the lock. Tasks are entered by the handle that creates them and leave through
//! `Schedule::retire`. Never runs user code: references go out of the lock before they drop (I4).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird_core::TaskRef;
use crossbeam_utils::CachePadded;

/// See the module.
#[derive(Debug)]
pub(crate) struct Registry {
    /// The shards; a task's slot number says which one it is in.
    shards: Box<[CachePadded<Shard>]>,
}

#[derive(Debug, Default)]
struct Shard {
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
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Enters a task; it keeps the number until its end.
    #[inline]
    pub(crate) fn enter(&self, shard: usize, task: TaskRef) {
        let Shard { len, entries } = &*self.shards[shard];
        let mut entries = lock(entries);
        let index = match entries.free.pop() {
            Some(index) => index,
            None => {
                entries.tasks.push(None);
                u32::try_from(entries.tasks.len() - 1).expect("four billion unfinished tasks")
            }
        };
        task.set_slot((shard as u64) << 32 | u64::from(index));
        entries.tasks[index as usize] = Some(task);
        // Relaxed: under the lock; readers without it take it as a hint.
        len.store(len.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Takes the task with this number out.
    #[inline]
    pub(crate) fn retire(&self, slot: u64) -> Option<TaskRef> {
        let Shard { len, entries } = &*self.shards[(slot >> 32) as usize];
        let index = slot as u32;
        let mut entries = lock(entries);
        let task = entries.tasks[index as usize].take()?;
        entries.free.push(index);
        // Relaxed: as in `enter`.
        len.store(len.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        Some(task)
    }

    /// All tasks of all shards.
    pub(crate) fn tasks(&self) -> Vec<TaskRef> {
        (0..self.shards.len())
            .flat_map(|shard| self.tasks_of(shard))
            .collect()
    }

    /// The tasks of one shard.
    pub(crate) fn tasks_of(&self, shard: usize) -> Vec<TaskRef> {
        lock(&self.shards[shard].entries)
            .tasks
            .iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// How many tasks are in. Exact once nobody enters any more.
    pub(crate) fn len(&self) -> usize {
        // Relaxed: a hint while tasks come and go; whoever needs the truth has stopped them.
        self.shards
            .iter()
            .map(|shard| shard.len.load(Ordering::Relaxed))
            .sum()
    }
}

fn lock(entries: &Mutex<Entries>) -> std::sync::MutexGuard<'_, Entries> {
    entries.lock().expect("nothing under this lock can panic")
}
