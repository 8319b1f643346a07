//! The unfinished tasks of a loop: what `all_tasks` lists and what a closing loop ends.
//!
//! A group of shards per worker, its tasks dealt out among them in turn: a worker that finishes a
//! task it has stolen hardly ever meets the one that spawns the next. (With one lock a group, half
//! of the time of a spawn and its join over two workers went by at that lock.) Tasks are entered by
//! the handle that creates them and leave through `Schedule::retire`. Never runs user code:
//! references go out of the lock before they drop (I4).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird_core::TaskRef;
use crossbeam_utils::CachePadded;

/// Shards of a group.
const SHARDS: usize = 32;

/// See the module.
#[derive(Debug)]
pub(crate) struct Registry {
    /// The shards, group after group; a task's slot number says which one it is in.
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
    pub(crate) fn new(groups: usize) -> Self {
        let shards = groups * SHARDS;
        Self {
            shards: (0..shards).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Enters a task; it keeps the number until its end.
    #[inline]
    pub(crate) fn enter(&self, group: usize, task: TaskRef) {
        // A thread's ids follow each other, so this deals its tasks out in turn.
        let shard = group * SHARDS + task.id().as_u64() as usize % SHARDS;
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

    /// All tasks of all groups.
    pub(crate) fn tasks(&self) -> Vec<TaskRef> {
        self.shards.iter().flat_map(|shard| shard.tasks()).collect()
    }

    /// The tasks of one group.
    pub(crate) fn tasks_of(&self, group: usize) -> Vec<TaskRef> {
        let shards = &self.shards[group * SHARDS..][..SHARDS];
        shards.iter().flat_map(|shard| shard.tasks()).collect()
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

impl Shard {
    fn tasks(&self) -> Vec<TaskRef> {
        lock(&self.entries)
            .tasks
            .iter()
            .flatten()
            .cloned()
            .collect()
    }
}

fn lock(entries: &Mutex<Entries>) -> std::sync::MutexGuard<'_, Entries> {
    entries.lock().expect("nothing under this lock can panic")
}
