//! A value that one task has at a time. asyncio: `locks.py`, `Lock`. Its guard is what
//! [`Condition`](super::Condition) is used with.
//!
//! The value itself is what goes from hand to hand: whoever has the lock has the box, and a release
//! puts the box into the place of the next in line. So there is nothing that could be unlocked
//! twice, or be locked by nobody.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// What cannot be: only a leaked guard keeps the value from an owner of the lock.
const LEAKED: &str = "the value of this lock went with a guard that was leaked";

/// Lets one task at a time have a value.
///
/// - Fair: first come, first served; [`try_acquire`](Self::try_acquire) never overtakes.
/// - The guard can be held across awaits and moved to another thread; dropping it releases.
/// - Not reentrant: who acquires a lock it has waits forever.
/// - asyncio: `locks.py`, `Lock`. It guards a value, and releasing what is not locked (asyncio's
///   `RuntimeError`) cannot be written.
///
/// ```
/// use std::sync::Arc;
/// use bowerbird::Lock;
///
/// # bowerbird::run(async {
/// let total = Arc::new(Lock::new(0));
/// let tasks = (1..=3).map(|n| {
///     let total = total.clone();
///     bowerbird::create_task(async move { *total.acquire().await += n })
/// });
/// bowerbird::gather(tasks).await.unwrap();
/// assert_eq!(*total.acquire().await, 6);
/// # });
/// ```
pub struct Lock<T> {
    /// Where the value is while nobody has it, and the line of those who want it.
    desk: Desk<Keeper<T>>,
}

/// What changes in a [`Lock`].
struct Keeper<T> {
    /// The value, while nobody has it; then nobody waits for it either.
    value: Option<Box<T>>,
    /// Who waits.
    line: Line<(), Box<T>>,
}

/// The only way to wait for a [`Lock`].
struct Acquiring<T>(PhantomData<T>);

impl<T> Lock<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self {
            desk: Desk::new(Keeper {
                value: Some(Box::new(value)),
                line: Line::new(),
            }),
        }
    }

    /// Waits until the lock is free and everybody who came before has had it.
    ///
    /// - Cancel: the place in the line is given up; a lock that had been handed over already goes
    ///   to the next.
    ///
    /// ```
    /// # bowerbird::run(async {
    /// let lock = bowerbird::Lock::new(1);
    /// let mut guard = lock.acquire().await;
    /// *guard += 1;
    /// assert_eq!(*guard, 2);
    /// # });
    /// ```
    pub async fn acquire(&self) -> LockGuard<'_, T> {
        let value = Wait::<Acquiring<T>>::new(&self.desk, ()).await;
        LockGuard {
            lock: self,
            value: Some(value),
        }
    }

    /// [`acquire`](Self::acquire), by the name that Rust gives it.
    ///
    /// - Cancel: as `acquire`.
    pub async fn lock(&self) -> LockGuard<'_, T> {
        self.acquire().await
    }

    /// The lock if it is free at this moment.
    ///
    /// ```
    /// let lock = bowerbird::Lock::new(());
    /// let guard = lock.try_acquire().expect("nobody has it");
    /// assert!(lock.try_acquire().is_none());
    /// drop(guard);
    /// assert!(lock.try_acquire().is_some());
    /// ```
    pub fn try_acquire(&self) -> Option<LockGuard<'_, T>> {
        let value = self.desk.with(|keeper, _| keeper.value.take())?;
        Some(LockGuard {
            lock: self,
            value: Some(value),
        })
    }

    /// Whether somebody has it, or has been handed it. asyncio: `locked`.
    pub fn is_locked(&self) -> bool {
        self.desk.look(|keeper| keeper.value.is_none())
    }

    /// The value, without locking: whoever has `&mut` has no rival.
    ///
    /// # Panics
    /// If a guard was leaked (`mem::forget`).
    pub fn get_mut(&mut self) -> &mut T {
        self.desk.get_mut().value.as_deref_mut().expect(LEAKED)
    }

    /// The value, taken out.
    ///
    /// # Panics
    /// If a guard was leaked (`mem::forget`).
    pub fn into_inner(self) -> T {
        *self.desk.into_inner().value.expect(LEAKED)
    }
}

impl<T> Keeper<T> {
    fn release(&mut self, value: Box<T>, wakes: &mut Wakes) {
        if let Err(value) = self.line.serve(value, wakes) {
            self.value = Some(value);
        }
    }
}

impl<T> Service for Acquiring<T> {
    type State = Keeper<T>;
    type Wish = ();
    type Mark = ();
    type Gift = Box<T>;
    type Output = Box<T>;

    const MARK: () = ();

    fn line(keeper: &mut Keeper<T>) -> &mut Line<(), Box<T>> {
        &mut keeper.line
    }

    fn serve_now(keeper: &mut Keeper<T>, _wish: (), _wakes: &mut Wakes) -> Result<Box<T>, ()> {
        keeper.value.take().ok_or(())
    }

    fn collect(_: &mut Keeper<T>, _wish: (), value: Box<T>, _: &mut Wakes) -> Box<T> {
        value
    }

    fn left(keeper: &mut Keeper<T>, value: Option<Box<T>>, wakes: &mut Wakes) {
        if let Some(value) = value {
            keeper.release(value, wakes);
        }
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Lock");
        // Taken, not looked at under the lock: `T`'s own `fmt` may do anything.
        match self.try_acquire() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        let waiting = self.desk.look(|keeper| keeper.line.len());
        debug.field("waiting", &waiting).finish()
    }
}

/// The right to a [`Lock`]'s value; dropping it hands the lock to the next in line.
#[must_use = "a guard that is not kept releases its lock at once"]
pub struct LockGuard<'a, T> {
    /// Where the value goes back to.
    lock: &'a Lock<T>,
    /// The value; `None` only once it is dropped.
    value: Option<Box<T>>,
}

impl<'a, T> LockGuard<'a, T> {
    /// The lock that it holds.
    pub(super) fn lock_of(guard: &Self) -> &'a Lock<T> {
        guard.lock
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("a living guard has the value")
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value
            .as_deref_mut()
            .expect("a living guard has the value")
    }
}

impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.lock
                .desk
                .with(|keeper, wakes| keeper.release(value, wakes));
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
