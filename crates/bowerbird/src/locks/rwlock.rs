//! A value that many may read, or one may write. asyncio has none.
//!
//! The value goes from hand to hand in an `Arc`: readers have a clone each, a writer the only one.
//! So the counts below say who is served next, and the `Arc` proves that they are right.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// What cannot be: only a leaked guard keeps the value from an owner of the lock.
const LEAKED: &str = "the value of this lock went with a guard that was leaked";

/// Lets many tasks read a value at a time, or one write it.
///
/// - Fair: first come, first served. Readers who come after a waiting writer wait for it; those who
///   stand together in the line read together.
/// - Who has it and asks again may wait forever: a writer that waits in between comes first.
/// - asyncio has none; it follows [`Lock`](crate::Lock).
///
/// ```
/// # bowerbird::run(async {
/// let settings = bowerbird::RwLock::new("fast");
/// {
///     let (one, two) = (settings.read().await, settings.read().await);
///     assert_eq!(*one, *two);
///     assert!(settings.try_write().is_none());
/// }
/// *settings.write().await = "correct";
/// assert_eq!(*settings.read().await, "correct");
/// # });
/// ```
pub struct RwLock<T> {
    /// Where the value is, and the line.
    desk: Desk<Keeper<T>>,
}

/// What changes in a [`RwLock`].
struct Keeper<T> {
    /// The value; `None` while a writer has it.
    value: Option<Arc<T>>,
    /// How many have been given a clone and not said that it is gone.
    readers: usize,
    /// Who waits, readers and writers in one.
    line: Line<Kind, Arc<T>>,
}

/// What somebody waits for.
#[derive(Clone, Copy)]
enum Kind {
    Read,
    Write,
}

/// Waiting to read.
struct Reading<T>(PhantomData<T>);

/// Waiting to write.
struct Writing<T>(PhantomData<T>);

impl<T> RwLock<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self {
            desk: Desk::new(Keeper {
                value: Some(Arc::new(value)),
                readers: 0,
                line: Line::new(),
            }),
        }
    }

    /// Waits until everybody who came before has been served and nobody writes.
    ///
    /// - Cancel: the place in the line is given up; what had been handed over already goes on to
    ///   the next.
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        let value = Wait::<Reading<T>>::new(&self.desk, ()).await;
        RwLockReadGuard {
            lock: self,
            value: Some(value),
        }
    }

    /// Waits until everybody who came before has had the value and given it back.
    ///
    /// - Cancel: the place in the line is given up, and readers who waited behind it go on; what
    ///   had been handed over already goes on to the next.
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        let value = Wait::<Writing<T>>::new(&self.desk, ()).await;
        RwLockWriteGuard {
            lock: self,
            value: Some(value),
        }
    }

    /// The value to read, if that needs no wait. It never overtakes a waiting writer.
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let value = self.desk.with(|keeper, _| keeper.lend())?;
        Some(RwLockReadGuard {
            lock: self,
            value: Some(value),
        })
    }

    /// The value to write, if that needs no wait.
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let value = self.desk.with(|keeper, _| keeper.give())?;
        Some(RwLockWriteGuard {
            lock: self,
            value: Some(value),
        })
    }

    /// The value, without locking: whoever has `&mut` has no rival.
    ///
    /// # Panics
    /// If a guard was leaked (`mem::forget`).
    pub fn get_mut(&mut self) -> &mut T {
        let value = self.desk.get_mut().value.as_mut();
        value.and_then(Arc::get_mut).expect(LEAKED)
    }

    /// The value, taken out.
    ///
    /// # Panics
    /// If a guard was leaked (`mem::forget`).
    pub fn into_inner(self) -> T {
        let value = self.desk.into_inner().value;
        value.and_then(Arc::into_inner).expect(LEAKED)
    }
}

impl<T> Keeper<T> {
    /// For a reader who has just come.
    fn lend(&mut self) -> Option<Arc<T>> {
        if !self.line.is_empty() {
            return None;
        }
        let value = self.value.clone()?;
        self.readers += 1;
        Some(value)
    }

    /// For a writer who has just come.
    fn give(&mut self) -> Option<Arc<T>> {
        if !self.line.is_empty() || self.readers > 0 {
            return None;
        }
        self.value.take()
    }

    /// Serves the line as far as it goes.
    fn serve(&mut self, wakes: &mut Wakes) {
        while let Some(&first) = self.line.first() {
            let value = match first {
                Kind::Read => self.value.clone(),
                Kind::Write if self.readers == 0 => self.value.take(),
                Kind::Write => None,
            };
            let Some(value) = value else { return };
            self.readers += usize::from(matches!(first, Kind::Read));
            let served = self.line.serve(value, wakes);
            debug_assert!(served.is_ok(), "the first in line was there");
        }
    }

    /// A reader is done, and its clone gone.
    fn end_read(&mut self, wakes: &mut Wakes) {
        self.readers -= 1;
        self.serve(wakes);
    }

    /// A writer is done.
    fn end_write(&mut self, value: Arc<T>, wakes: &mut Wakes) {
        self.value = Some(value);
        self.serve(wakes);
    }
}

impl<T> Service for Reading<T> {
    type State = Keeper<T>;
    type Wish = ();
    type Mark = Kind;
    type Gift = Arc<T>;
    type Output = Arc<T>;

    const MARK: Kind = Kind::Read;

    fn line(keeper: &mut Keeper<T>) -> &mut Line<Kind, Arc<T>> {
        &mut keeper.line
    }

    fn serve_now(keeper: &mut Keeper<T>, _wish: (), _wakes: &mut Wakes) -> Result<Arc<T>, ()> {
        keeper.lend().ok_or(())
    }

    fn collect(_: &mut Keeper<T>, _wish: (), value: Arc<T>, _: &mut Wakes) -> Arc<T> {
        value
    }

    fn left(keeper: &mut Keeper<T>, value: Option<Arc<T>>, wakes: &mut Wakes) {
        if let Some(value) = value {
            // Never the last one, the keeper has its own; and gone before a writer is served.
            drop(value);
            keeper.end_read(wakes);
        }
    }
}

impl<T> Service for Writing<T> {
    type State = Keeper<T>;
    type Wish = ();
    type Mark = Kind;
    type Gift = Arc<T>;
    type Output = Arc<T>;

    const MARK: Kind = Kind::Write;

    fn line(keeper: &mut Keeper<T>) -> &mut Line<Kind, Arc<T>> {
        &mut keeper.line
    }

    fn serve_now(keeper: &mut Keeper<T>, _wish: (), _wakes: &mut Wakes) -> Result<Arc<T>, ()> {
        keeper.give().ok_or(())
    }

    fn collect(_: &mut Keeper<T>, _wish: (), value: Arc<T>, _: &mut Wakes) -> Arc<T> {
        value
    }

    fn left(keeper: &mut Keeper<T>, value: Option<Arc<T>>, wakes: &mut Wakes) {
        match value {
            Some(value) => keeper.end_write(value, wakes),
            // Readers may have waited for this writer alone.
            None => keeper.serve(wakes),
        }
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        let (readers, waiting) = self.desk.look(|keeper| (keeper.readers, keeper.line.len()));
        debug
            .field("readers", &readers)
            .field("waiting", &waiting)
            .finish()
    }
}

/// The right to read a [`RwLock`]'s value; dropping it gives it back.
#[must_use = "a guard that is not kept releases its lock at once"]
pub struct RwLockReadGuard<'a, T> {
    /// Whose value it is.
    lock: &'a RwLock<T>,
    /// A clone of the keeper's; `None` only once it is dropped.
    value: Option<Arc<T>>,
}

/// The right to write a [`RwLock`]'s value; dropping it gives it back.
#[must_use = "a guard that is not kept releases its lock at once"]
pub struct RwLockWriteGuard<'a, T> {
    /// Where the value goes back to.
    lock: &'a RwLock<T>,
    /// The only one there is; `None` only once it is dropped.
    value: Option<Arc<T>>,
}

impl<T> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("a living guard has the value")
    }
}

impl<T> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("a living guard has the value")
    }
}

impl<T> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let value = self.value.as_mut().expect("a living guard has the value");
        Arc::get_mut(value).expect("readers drop their clones before a writer is served")
    }
}

impl<T> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        // Before the count says so, or a writer could be served that is not alone.
        drop(self.value.take());
        self.lock.desk.with(Keeper::end_read);
    }
}

impl<T> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.lock
                .desk
                .with(|keeper, wakes| keeper.end_write(value, wakes));
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
