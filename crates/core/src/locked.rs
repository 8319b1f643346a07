//! Which locks this thread holds, in debug builds: one taken out of order, or held while user code
//! runs, fails at once instead of hanging some day.
//!
//! Every lock of this crate and of the executor has a [`Rank`] (`sync::ranks` of each); a thread
//! may take one only above all that it holds, and none may be held where foreign code begins (I4).
//! Called by `sync::lock`, and by whoever is about to poll, drop, wake or call. Release builds and
//! loom models keep none of it: the notes are empty there and the checks are gone.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// A lock's place in the one order in which locks may be taken, and its name for the complaint.
#[derive(Clone, Copy, Debug)]
pub struct Rank {
    /// Locks of a higher level may be taken while this one is held.
    #[cfg_attr(
        any(not(debug_assertions), loom),
        expect(dead_code, reason = "checked in debug builds only")
    )]
    level: u8,
    /// What is behind the lock.
    #[cfg_attr(
        any(not(debug_assertions), loom),
        expect(dead_code, reason = "checked in debug builds only")
    )]
    name: &'static str,
}

impl Rank {
    /// A rank; those of a higher level come later. The executor's are below 100: its locks are
    /// taken before those of the tasks that it holds.
    pub const fn new(level: u8, name: &'static str) -> Self {
        Self { level, name }
    }
}

/// A lock is held, or about to be.
#[derive(Debug)]
#[must_use = "the lock counts as given back when this drops"]
pub struct Held {
    /// What it is about, in debug builds.
    #[cfg(all(debug_assertions, not(loom)))]
    rank: Rank,
    /// It is this thread's.
    _here: PhantomData<*const ()>,
}

/// A lock's guard, and the note that it is held.
pub struct Guarded<G> {
    /// What the lock gave.
    guard: G,
    /// Dropped after the guard.
    held: Held,
}

impl<G> Guarded<G> {
    /// The guard that `take` gives, noted before it waits: so a cycle is told and does not hang.
    #[inline]
    pub fn take(rank: Rank, take: impl FnOnce() -> G) -> Self {
        let held = Held::note(rank);
        Self {
            guard: take(),
            held,
        }
    }

    /// Lends the guard to a wait for a condition, which gives it back. The lock counts as held
    /// meanwhile: this thread does nothing else.
    #[inline]
    pub fn through(self, wait: impl FnOnce(G) -> G) -> Self {
        let Self { guard, held } = self;
        Self {
            guard: wait(guard),
            held,
        }
    }
}

impl<G: Deref> Deref for Guarded<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Guarded<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

impl<G: fmt::Debug> fmt::Debug for Guarded<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

#[cfg(any(not(debug_assertions), loom))]
impl Held {
    #[inline]
    fn note(_rank: Rank) -> Self {
        Self { _here: PhantomData }
    }
}

/// Foreign code is about to run (a poll, a drop, a wake, a callback): no lock may be held.
///
/// # Panics
/// In debug builds, when this thread holds a lock.
#[inline]
#[track_caller]
pub fn assert_none_held() {
    #[cfg(all(debug_assertions, not(loom)))]
    book::assert_none();
}

#[cfg(all(debug_assertions, not(loom)))]
mod book {
    //! The locks of each thread, in the order in which they were taken.

    use std::cell::Cell;
    use std::marker::PhantomData;

    use super::{Held, Rank};

    /// More than are ever held at once.
    const MAX: usize = 6;

    thread_local! {
        /// What is held, the last one last; without a destructor, so that it outlives all others.
        static BOOK: Cell<[Option<Rank>; MAX]> = const { Cell::new([None; MAX]) };
    }

    impl Held {
        #[track_caller]
        pub(super) fn note(rank: Rank) -> Self {
            let mut book = BOOK.get();
            let count = book.iter().flatten().count();
            if let Some(held) = book.iter().flatten().find(|held| held.level >= rank.level) {
                panic!(
                    "the lock `{}` is taken while `{}` is held",
                    rank.name, held.name
                );
            }
            book[count] = Some(rank);
            BOOK.set(book);
            Self {
                rank,
                _here: PhantomData,
            }
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            let mut book = BOOK.get();
            let is_this =
                |held: &Option<Rank>| held.is_some_and(|held| held.level == self.rank.level);
            if let Some(at) = book.iter().position(is_this) {
                // Those behind it move up: the order of giving back is nobody's business.
                book[at..].rotate_left(1);
                book[MAX - 1] = None;
            }
            BOOK.set(book);
        }
    }

    #[track_caller]
    pub(super) fn assert_none() {
        if let Some(held) = BOOK.get().into_iter().flatten().last() {
            panic!(
                "user code is about to run while the lock `{}` is held",
                held.name
            );
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    //! Promises of the book, and that release builds have none.

    use std::panic::catch_unwind;
    use std::sync::Mutex;

    use super::*;
    use crate::sync::lock_unranked;

    const OUTER: Rank = Rank::new(201, "outer");
    const INNER: Rank = Rank::new(202, "inner");

    fn take(mutex: &Mutex<u8>, rank: Rank) -> impl DerefMut<Target = u8> {
        Guarded::take(rank, || lock_unranked(mutex))
    }

    fn complaint(f: impl FnOnce() + std::panic::UnwindSafe) -> Option<String> {
        let payload = catch_unwind(f).err()?;
        payload.downcast_ref::<String>().cloned()
    }

    #[test]
    fn locks_are_taken_upwards_and_given_back_in_any_order() {
        let (one, other) = (Mutex::new(1), Mutex::new(2));
        let first = take(&one, OUTER);
        let second = take(&other, INNER);
        drop(first);
        drop(second);
        assert_none_held();
        let again = take(&other, INNER);
        drop(again);
        drop(take(&one, OUTER));
        assert_none_held();
    }

    #[test]
    #[cfg(debug_assertions)]
    fn a_lock_taken_downwards_or_twice_fails_at_once() {
        for rank in [OUTER, INNER] {
            let told = complaint(move || {
                let (one, other) = (Mutex::new(1), Mutex::new(2));
                let _held = take(&one, INNER);
                let _wrong = take(&other, rank);
            });
            assert!(told.unwrap().contains("while `inner` is held"));
            assert_none_held();
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    fn user_code_under_a_lock_fails_at_once() {
        let told = complaint(|| {
            let one = Mutex::new(1);
            let _held = take(&one, OUTER);
            assert_none_held();
        });
        assert!(told.unwrap().contains("while the lock `outer` is held"));
        assert_none_held();
    }

    #[test]
    #[cfg(not(debug_assertions))]
    fn nothing_is_kept_in_release_builds() {
        assert_eq!(size_of::<Guarded<u64>>(), size_of::<u64>());
        let (one, other) = (Mutex::new(1), Mutex::new(2));
        let _first = take(&one, INNER);
        let _second = take(&other, OUTER);
    }
}
