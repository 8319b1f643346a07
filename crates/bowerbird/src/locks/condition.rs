//! Waiting, with a lock in hand, for something to change. asyncio: `locks.py`, `Condition`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;

use super::{Lock, LockGuard};
use crate::waiters::{Desk, Line, Service, Wait, Wakes};

/// Lets tasks that have a [`Lock`] wait until another one has changed what it guards.
///
/// - Change the value with the lock in hand, then notify, with the lock or after its release.
/// - One lock can have several conditions.
/// - asyncio: `locks.py`, `Condition`. The lock is not part of it: `wait` takes the guard and gives
///   one back. Notifying without the lock is allowed (asyncio: `RuntimeError`). A wait that is
///   cancelled ends without the lock, since a dropped future can hold nothing (asyncio acquires it
///   once more to raise in its hold).
///
/// ```
/// use std::sync::Arc;
/// use bowerbird::{Condition, Lock};
///
/// # bowerbird::run(async {
/// let shared = Arc::new((Lock::new(0), Condition::new()));
/// let reader = bowerbird::create_task({
///     let shared = shared.clone();
///     async move {
///         let (stock, changed) = &*shared;
///         let mut stock = changed.wait_for(stock.acquire().await, |stock| *stock >= 2).await;
///         *stock -= 2;
///         *stock
///     }
/// });
/// let (stock, changed) = &*shared;
/// for _ in 0..3 {
///     *stock.acquire().await += 1;
///     changed.notify(1);
///     bowerbird::yield_now().await;
/// }
/// assert!(reader.await.unwrap() <= 1);
/// # });
/// ```
///
/// A notification does not wait for anybody: with nobody in line it is gone.
/// ```
/// # use std::time::Duration;
/// # use bowerbird::{Condition, Lock};
/// # bowerbird::run(async {
/// let (lock, changed) = (Lock::new(()), Condition::new());
/// changed.notify_all();
/// let late = changed.wait(lock.acquire().await);
/// assert!(bowerbird::wait_for(late, Duration::from_millis(1)).await.is_err());
/// # });
/// ```
pub struct Condition {
    /// Who waits.
    desk: Desk<Line<(), Notice>>,
}

/// How a waiter was notified.
enum Notice {
    /// By a call for a certain number: if this one does not use it, the next in line may.
    Counted,
    /// Together with everybody else.
    All,
}

/// The only way to wait for a [`Condition`].
struct Noticing;

impl Condition {
    /// A condition that nobody waits for.
    pub const fn new() -> Self {
        Self {
            desk: Desk::new(Line::new()),
        }
    }

    /// Releases the lock, waits to be notified, and comes back with the lock.
    ///
    /// - No notification is missed between the release and the wait.
    /// - What was true at the notification need not be so any more: check again, or use
    ///   [`wait_for`](Self::wait_for).
    /// - Cancel: a notification that had arrived, and was not meant for all, goes to the next in
    ///   line, also while the lock is awaited. The lock is not held then.
    pub async fn wait<'a, T>(&self, guard: LockGuard<'a, T>) -> LockGuard<'a, T> {
        let lock: &'a Lock<T> = LockGuard::lock_of(&guard);
        let mut guard = Some(guard);
        let mut waiting = pin!(Wait::<Noticing>::new(&self.desk, ()));
        let notice = poll_fn(|cx| {
            let polled = waiting.as_mut().poll(cx);
            if waiting.is_in_line() {
                // From here on whoever changes the value finds us in the line.
                drop(guard.take());
            }
            polled
        })
        .await;
        let unused = Unused {
            condition: self,
            notice: Some(notice),
        };
        let guard = lock.acquire().await;
        unused.used();
        guard
    }

    /// Waits until `predicate` holds, looking first now and then after each notification.
    ///
    /// - Cancel: as [`wait`](Self::wait).
    /// - asyncio: gives the predicate's value; here the lock, and the value with it.
    pub async fn wait_for<'a, T>(
        &self,
        mut guard: LockGuard<'a, T>,
        mut predicate: impl FnMut(&mut T) -> bool,
    ) -> LockGuard<'a, T> {
        while !predicate(&mut guard) {
            guard = self.wait(guard).await;
        }
        guard
    }

    /// Wakes up to `count` of those who wait, the longest wait first.
    pub fn notify(&self, count: usize) {
        self.desk.with(|line, wakes| {
            for _ in 0..count {
                if line.serve(Notice::Counted, wakes).is_err() {
                    return;
                }
            }
        });
    }

    /// Wakes all who wait.
    pub fn notify_all(&self) {
        self.desk
            .with(|line, wakes| while line.serve(Notice::All, wakes).is_ok() {});
    }
}

/// A notification whose receiver has not got its lock back yet.
struct Unused<'a> {
    /// Where it came from.
    condition: &'a Condition,
    /// `None` once it is used.
    notice: Option<Notice>,
}

impl Unused<'_> {
    fn used(mut self) {
        self.notice = None;
    }
}

impl Drop for Unused<'_> {
    fn drop(&mut self) {
        let notice = self.notice.take();
        self.condition
            .desk
            .with(|line, wakes| pass_on(line, notice, wakes));
    }
}

/// Gives what somebody could not use to the next; with nobody in line it is gone.
fn pass_on(line: &mut Line<(), Notice>, notice: Option<Notice>, wakes: &mut Wakes) {
    if let Some(Notice::Counted) = notice {
        let _nobody_waits = line.serve(Notice::Counted, wakes);
    }
}

impl Service for Noticing {
    type State = Line<(), Notice>;
    type Wish = ();
    type Mark = ();
    type Gift = Notice;
    type Output = Notice;

    const MARK: () = ();

    fn line(line: &mut Line<(), Notice>) -> &mut Line<(), Notice> {
        line
    }

    fn serve_now(_: &mut Line<(), Notice>, _wish: (), _: &mut Wakes) -> Result<Notice, ()> {
        Err(())
    }

    fn collect(_: &mut Line<(), Notice>, _wish: (), notice: Notice, _: &mut Wakes) -> Notice {
        notice
    }

    fn left(line: &mut Line<(), Notice>, notice: Option<Notice>, wakes: &mut Wakes) {
        pass_on(line, notice, wakes);
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("waiting", &self.desk.look(Line::len))
            .finish()
    }
}
