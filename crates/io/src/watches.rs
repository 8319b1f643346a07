//! What users have registered by the number of a descriptor: one entry for each number and
//! direction.
//!
//! The facade's `add_reader` and `add_writer` put their watches here, so that they can be found
//! again by number, replaced, and dropped with the event loop. It knows nothing of what is in it
//! and never touches the descriptor.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::reactor::closed;
use crate::source::Direction;

/// Something that watches a descriptor until it is dropped.
pub trait Watch: Send + Sync {}

/// The watches of one event loop. What leaves it is handed out, to be dropped with no lock held
/// (I4).
#[derive(Default)]
pub struct Watches {
    /// Locked for a moment at a time.
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// Watches by what they watch.
    entries: HashMap<(RawFd, Direction), Box<dyn Watch>>,
    /// Set for good when the event loop closes.
    is_closed: bool,
}

impl Watches {
    /// Enters a watch and gives the one that was there.
    ///
    /// # Errors
    ///
    /// "event loop is closed"; `watch` is dropped then.
    pub fn insert(
        &self,
        fd: BorrowedFd<'_>,
        direction: Direction,
        watch: Box<dyn Watch>,
    ) -> io::Result<Option<Box<dyn Watch>>> {
        let mut table = self.lock();
        if table.is_closed {
            drop(table);
            return Err(closed());
        }
        Ok(table.entries.insert((fd.as_raw_fd(), direction), watch))
    }

    /// Takes a watch out.
    pub fn remove(&self, fd: BorrowedFd<'_>, direction: Direction) -> Option<Box<dyn Watch>> {
        self.lock().entries.remove(&(fd.as_raw_fd(), direction))
    }

    /// Refuses watches from now on, and gives those that are here.
    pub(crate) fn close(&self) -> Vec<Box<dyn Watch>> {
        let mut table = self.lock();
        table.is_closed = true;
        table.entries.drain().map(|(_, watch)| watch).collect()
    }

    /// The table. No user code runs under this lock, so a poisoned one is as good as new.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.lock();
        f.debug_set().entries(table.entries.keys()).finish()
    }
}
