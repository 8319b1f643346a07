//! std's primitives or those of a model, chosen here and nowhere else in this crate: loom's with
//! `--cfg loom`, shuttle's with `--cfg shuttle` besides.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
};

#[cfg(all(loom, not(shuttle)))]
pub(crate) use ::loom as explorer;

#[cfg(all(loom, shuttle))]
pub(crate) use ::shuttle as explorer;

#[cfg(loom)]
pub(crate) use explorer::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
};

use bowerbird_core::locked::{Guarded, Rank};

/// What [`lock`] gives.
pub(crate) type Locked<'a, T> = Guarded<MutexGuard<'a, T>>;

/// Takes a lock whose holder may have panicked: what these locks guard is whole at every point
/// where foreign code could run, so poison says nothing.
#[track_caller]
pub(crate) fn lock<T>(mutex: &Mutex<T>, rank: Rank) -> Locked<'_, T> {
    Guarded::take(rank, || lock_unranked(mutex))
}

/// Takes a lock of a model's stage, which has no rank; poison as in [`lock`].
pub(crate) fn lock_unranked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Waits for a notification, which may be none: the caller looks again. Poison as in [`lock`].
pub(crate) fn wait<'a, T>(changed: &Condvar, held: Locked<'a, T>) -> Locked<'a, T> {
    held.through(|guard| {
        changed
            .wait(guard)
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    })
}

/// The locks of this crate, in the order in which a thread may take them; those of `core` come
/// after all of them.
pub(crate) mod ranks {
    use bowerbird_core::locked::Rank;

    /// The phase of a loop.
    pub(crate) const GATE: Rank = Rank::new(10, "gate");
    /// Who stands in for workers that block.
    pub(crate) const ROLL: Rank = Rank::new(15, "roll");
    /// Worker 0's own part, while nobody runs the loop.
    pub(crate) const CORE: Rank = Rank::new(20, "core");
    /// The threads of a loop.
    pub(crate) const THREADS: Rank = Rank::new(25, "threads");
    /// Callbacks that wait.
    pub(crate) const CALLBACKS: Rank = Rank::new(30, "callbacks");
    /// Callbacks for later.
    pub(crate) const TIMED: Rank = Rank::new(35, "timed");
    /// What stands by for signals.
    pub(crate) const SIGNALS: Rank = Rank::new(40, "signals");
    /// A group of unfinished tasks.
    pub(crate) const REGISTRY: Rank = Rank::new(45, "registry");
    /// The pool for blocking calls.
    pub(crate) const POOL: Rank = Rank::new(50, "pool");
    /// What looks after slots may still cost.
    pub(crate) const ALLOWANCE: Rank = Rank::new(55, "allowance");
    /// Who gets the reports.
    pub(crate) const REPORTER: Rank = Rank::new(60, "reporter");
    /// A request to end the main future.
    pub(crate) const REQUEST: Rank = Rank::new(65, "request");
    /// The workers that are asleep.
    pub(crate) const SLEEPERS: Rank = Rank::new(70, "sleepers");
    /// Tasks that only one worker may run.
    pub(crate) const INBOX: Rank = Rank::new(75, "inbox");
    /// A worker's thread.
    pub(crate) const THREAD: Rank = Rank::new(80, "thread");
}

/// Lets another thread go on while we wait for a store that is already under way.
pub(crate) fn pause() {
    #[cfg(not(loom))]
    std::hint::spin_loop();
    #[cfg(loom)]
    explorer::thread::yield_now();
}

#[cfg(all(test, debug_assertions, not(loom)))]
mod tests {
    //! That the locks of this crate and the checks of `core` keep one book.

    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::report::{Desk, Report};

    fn complaint(f: impl FnOnce()) -> String {
        let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it must be noticed");
        *payload.downcast().expect("a text with names in it")
    }

    #[test]
    fn callbacks_are_locked_before_those_for_later_and_not_after() {
        let (one, other) = (Mutex::new(()), Mutex::new(()));
        drop((lock(&one, ranks::CALLBACKS), lock(&other, ranks::TIMED)));
        let told = complaint(|| {
            let (one, other) = (Mutex::new(()), Mutex::new(()));
            let _late = lock(&one, ranks::TIMED);
            let _early = lock(&other, ranks::CALLBACKS);
        });
        assert_eq!(told, "the lock `callbacks` is taken while `timed` is held");
    }

    #[test]
    fn user_code_under_a_lock_of_a_loop_fails_at_once() {
        let desk = Desk::new(|_: &Report| {});
        let told = complaint(|| {
            let one = Mutex::new(());
            let _held = lock(&one, ranks::POOL);
            desk.report(&Report::new("what a user's handler would get"));
        });
        assert_eq!(
            told,
            "user code is about to run while the lock `pool` is held"
        );
    }

    #[test]
    fn a_wait_gives_the_lock_back_with_its_note() {
        let (one, changed) = (Mutex::new(false), Condvar::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                *lock(&one, ranks::ROLL) = true;
                changed.notify_all();
            });
            let mut held = lock(&one, ranks::ROLL);
            while !*held {
                held = wait(&changed, held);
            }
            drop(held);
            bowerbird_core::locked::assert_none_held();
        });
    }
}
