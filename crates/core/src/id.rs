//! Numbers that tell things apart: task ids, unique in the process and rising on each thread, made
//! by the cell for every task; and the ids of done-callbacks, of which each task and each promise
//! counts its own.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many ids a thread takes from the common counter at once.
const BLOCK: u64 = 1024;

/// The first id that no thread has taken. std's atomic also under loom: ids order nothing.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// This thread's next id and the end of its block.
    static BLOCK_LEFT: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// What tells one task from every other task of the process, for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// An id nobody else has. Threads take ids in blocks, because one counter that every spawn
    /// writes would travel between all cores.
    #[inline]
    pub(crate) fn next() -> Self {
        let id = BLOCK_LEFT.with(|left| {
            let (mut next, mut end) = left.get();
            if next == end {
                // Relaxed: only the count itself is shared, it publishes nothing.
                next = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
                end = next + BLOCK;
            }
            left.set((next + 1, end));
            next
        });
        Self(NonZeroU64::new(id).expect("the counter starts at 1 and cannot wrap in practice"))
    }

    /// The id as a number, at least 1.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Finds a done-callback that is to be taken back, on the task or promise that it was added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallbackId(pub(crate) u64);
