//! Variables with their values: a shared, sorted slice, or nothing at all.
//!
//! A copy is one pointer, an empty set none. Each change writes a new slice; that beats a tree as
//! long as there are dozens of variables and not thousands, because reads, by far the most
//! frequent, are a binary search in one block of memory, and copies, one for each task, cost
//! nothing. It runs no user code: what it gives out is cloned and dropped by its callers.

use std::any::Any;
use std::mem;
use std::sync::Arc;
// std's and not loom's: only numbers.
use std::sync::atomic::{AtomicU64, Ordering};

/// A variable's value, shared by all contexts that have it.
pub(super) type Value = Arc<dyn Any + Send + Sync>;

/// A variable with its value.
#[derive(Clone)]
pub(super) struct Entry {
    /// Its number.
    var: u64,
    /// Its value.
    value: Value,
}

/// See the module.
#[derive(Default)]
pub(super) struct Vars {
    /// The variables that have a value, sorted by number; `None` is no allocation.
    pub(super) entries: Option<Arc<[Entry]>>,
    /// Which context this is, as tokens know it; zero until something is set in it.
    id: u64,
}

/// What a change leaves behind, to be dropped where nothing is borrowed or locked.
pub(super) struct Former {
    /// What the variable was.
    pub(super) value: Option<Value>,
    /// The slice as it was.
    _entries: Option<Arc<[Entry]>>,
}

impl Vars {
    pub(super) const fn new() -> Self {
        Self {
            entries: None,
            id: 0,
        }
    }

    /// The same values in another context.
    pub(super) fn copy(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            id: 0,
        }
    }

    /// How many variables have a value.
    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn as_slice(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }

    pub(super) fn find(&self, var: u64) -> Option<Value> {
        let entries = self.as_slice();
        let at = entries.binary_search_by_key(&var, |entry| entry.var).ok()?;
        Some(entries[at].value.clone())
    }

    /// Puts `value` in, or takes the variable out.
    pub(super) fn replace(&mut self, var: u64, value: Option<Value>) -> Former {
        let entries = self.as_slice();
        let found = entries.binary_search_by_key(&var, |entry| entry.var);
        let before = found.ok().map(|at| entries[at].value.clone());
        let (head, tail) = match found {
            Ok(at) => (&entries[..at], &entries[at + 1..]),
            Err(at) => entries.split_at(at),
        };
        let middle = value.map(|value| Entry { var, value });
        let all: Vec<Entry> = head
            .iter()
            .cloned()
            .chain(middle)
            .chain(tail.iter().cloned())
            .collect();
        let entries = if all.is_empty() {
            None
        } else {
            Some(Arc::from(all))
        };
        Former {
            value: before,
            _entries: mem::replace(&mut self.entries, entries),
        }
    }

    /// Which context this is, given now if it had no number.
    pub(super) fn id(&mut self) -> u64 {
        static IDS: AtomicU64 = AtomicU64::new(1);
        if self.id == 0 {
            self.id = next(&IDS);
        }
        self.id
    }

    /// Whether tokens of that number belong here.
    pub(super) fn is(&self, id: u64) -> bool {
        self.id == id
    }
}

/// The next number of a kind.
pub(super) fn next(numbers: &AtomicU64) -> u64 {
    // Relaxed: numbers need only differ.
    numbers.fetch_add(1, Ordering::Relaxed)
}
