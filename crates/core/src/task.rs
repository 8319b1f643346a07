//! The handle of a task: awaiting it owns it, dropping it lets it go on alone.
//!
//! Made by [`create`] and [`create_local`] for an executor, handed to users by the facade. Knows
//! neither queues nor loops.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex as StdMutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::cell::{self, Join, Permit, Ref};
use crate::cold::Cold;
use crate::contexts::Context as Variables;
use crate::error::TaskError;
use crate::home::HomeBound;
use crate::id::{CallbackId, TaskId};
use crate::runnable::Runnable;
use crate::schedule::Schedule;
use crate::task_ref::TaskRef;

/// What a task starts with, beside its future.
#[derive(Debug, Default)]
pub struct Birth {
    /// Its name; `Task-N` without one.
    pub name: Option<Arc<str>>,
    /// The context its polls see; empty costs nothing.
    pub context: Variables,
    /// Where it was created, if that is to be remembered.
    pub location: Option<&'static Location<'static>>,
}

impl Birth {
    /// The cold part that holds all this; none when there is nothing to hold.
    #[inline]
    fn into_cold(self) -> Option<Box<Cold>> {
        if self.name.is_none() && self.context.is_blank() && self.location.is_none() {
            return None;
        }
        Some(self.cold())
    }

    #[cold]
    fn cold(self) -> Box<Cold> {
        let cold = Cold::new(self.context, self.location);
        cold.parts().name = self.name;
        Box::new(cold)
    }
}

/// Makes a task: the right to poll it first, its handle, and a reference for a registry.
///
/// A registry keeps the reference under the number it tells [`TaskRef::set_slot`], and gives it
/// back in [`Schedule::retire`]; a scheduler without one just drops it.
#[inline]
pub fn create<F, S>(future: F, schedule: S, birth: Birth) -> (Runnable, Task<F::Output>, TaskRef)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    // SAFETY: future and output are `Send`, so any thread may poll and drop them.
    wrap(unsafe { cell::create(future, schedule, birth.into_cold()) })
}

/// Makes a task whose future stays on the calling thread.
///
/// The scheduler must queue it for that thread only. Should it be polled elsewhere all the same,
/// the task ends with a panic that says so; dropped elsewhere, its future leaks.
pub fn create_local<F, S>(
    future: F,
    schedule: S,
    birth: Birth,
) -> (Runnable, Task<F::Output>, TaskRef)
where
    F: Future + 'static,
    F::Output: 'static,
    S: Schedule,
{
    // SAFETY: the wrapper refuses to poll and to drop the future on another thread, and its output
    // can leave only through the handle, which is `Send` only if the output is; a finisher runs
    // only after a poll, on this thread.
    wrap(unsafe { cell::create(HomeBound::new(future), schedule, birth.into_cold()) })
}

fn wrap<T>((permit, join, task): (Permit, Join<T>, Ref)) -> (Runnable, Task<T>, TaskRef) {
    (Runnable(permit), Task(join), TaskRef::new(task))
}

/// A task that the loop drives by itself, and the only way to its result.
///
/// - Awaiting it gives `Result<T, TaskError>` and owns the task: **if that await is dropped midway,
///   the task is cancelled**, as in asyncio. `(&mut task).await` only borrows: dropping it leaves
///   the task alone.
/// - **Dropping the handle without awaiting detaches the task**: it runs on to its end, and the
///   loop holds it until then. (asyncio's tasks can vanish when nobody refers to them; these
///   cannot.)
/// - asyncio: `tasks.py`, `Task`.
pub struct Task<T>(Join<T>);

impl<T> Task<T> {
    /// A reference without the result: to look at the task, to cancel it, to keep in collections.
    pub fn handle(&self) -> TaskRef {
        TaskRef::new(self.0.task().clone())
    }

    /// Lets the task run on alone. The same as dropping the handle, said aloud.
    pub fn detach(self) {
        drop(self);
    }

    /// The result, if the task is done and nobody took it before.
    pub fn try_result(&mut self) -> Option<Result<T, TaskError>> {
        self.0.try_take()
    }

    /// Waits for the result on a thread that is not the loop's: at most `timeout`, for ever
    /// without one. `None` when the time is over; the task runs on and can be asked again.
    ///
    /// asyncio: the `result` of what `run_coroutine_threadsafe` gives. Zero looks once.
    ///
    /// # Panics
    /// When the result was taken before.
    pub fn blocking_result(
        &mut self,
        timeout: impl Into<Option<Duration>>,
    ) -> Option<Result<T, TaskError>> {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        let mut cx = Context::from_waker(&waker);
        if let Poll::Ready(result) = self.0.poll(&mut cx) {
            return Some(result);
        }
        bell.wait(timeout.into());
        self.0.try_take()
    }

    /// See [`TaskRef::cancel`].
    pub fn cancel(&self) -> bool {
        self.handle().cancel()
    }

    /// See [`TaskRef::cancel_with`].
    pub fn cancel_with(&self, message: impl Into<Arc<str>>) -> bool {
        self.handle().cancel_with(message)
    }

    /// See [`TaskRef::cancelling`].
    pub fn cancelling(&self) -> usize {
        self.handle().cancelling()
    }

    /// See [`TaskRef::uncancel`].
    pub fn uncancel(&self) -> usize {
        self.handle().uncancel()
    }

    /// Whether the task has ended, in whichever way.
    pub fn is_done(&self) -> bool {
        self.0.task().header().state.load().is_done()
    }

    /// See [`TaskRef::is_cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.0.task().header().state.load().is_cancelled()
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.0.task().header().id
    }

    /// See [`TaskRef::name`].
    pub fn name(&self) -> Arc<str> {
        self.handle().name()
    }

    /// See [`TaskRef::set_name`].
    pub fn set_name(&self, name: impl Into<Arc<str>>) {
        self.handle().set_name(name);
    }

    /// See [`TaskRef::add_done_callback`].
    pub fn add_done_callback(
        &self,
        callback: impl FnOnce(&TaskRef) + Send + 'static,
    ) -> CallbackId {
        self.handle().add_done_callback(callback)
    }

    /// See [`TaskRef::remove_done_callback`].
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.handle().remove_done_callback(id)
    }

    /// Looks at the result, if the task is done and nobody took it, and leaves it where it is.
    ///
    /// asyncio: `exception`, and `result` where it is called more than once. A panic that was only
    /// looked at counts as unseen, and is reported when the handle goes.
    pub fn peek_result(&mut self) -> Option<&Result<T, TaskError>> {
        self.0.peek()
    }

    /// Polls for the end of the task and leaves the result where it is: for those who write
    /// futures. Of several wakers left here and by awaits the last one counts.
    pub fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_done(cx)
    }

    /// Forgets the waker that [`poll_done`](Self::poll_done) or
    /// [`poll_result`](Self::poll_result) left: nobody waits any more.
    pub fn stop_waiting(&mut self) {
        self.0.withdraw();
    }

    /// Polls for the result without owning the task's life: for those who write futures.
    ///
    /// # Panics
    /// When the result was taken before.
    pub fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, TaskError>> {
        self.0.poll(cx)
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(&self.handle()).finish()
    }
}

impl<T> IntoFuture for Task<T> {
    type Output = Result<T, TaskError>;
    type IntoFuture = OwnedWait<T>;

    fn into_future(self) -> OwnedWait<T> {
        OwnedWait(self)
    }
}

impl<'a, T> IntoFuture for &'a mut Task<T> {
    type Output = Result<T, TaskError>;
    type IntoFuture = BorrowedWait<'a, T>;

    fn into_future(self) -> BorrowedWait<'a, T> {
        BorrowedWait(self)
    }
}

/// What awaiting a [`Task`] is: the result, or the task's cancellation when this is dropped first.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct OwnedWait<T>(Task<T>);

impl<T> OwnedWait<T> {
    /// The task that is awaited.
    pub fn task(&self) -> &Task<T> {
        &self.0
    }
}

impl<T> Future for OwnedWait<T> {
    type Output = Result<T, TaskError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.0.poll(cx)
    }
}

impl<T> Drop for OwnedWait<T> {
    fn drop(&mut self) {
        if !self.0.0.is_taken() {
            self.0.cancel();
        }
    }
}

/// What awaiting a `&mut Task` is: the result; dropping it changes nothing.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct BorrowedWait<'a, T>(&'a mut Task<T>);

impl<T> BorrowedWait<'_, T> {
    /// The task that is awaited.
    pub fn task(&self) -> &Task<T> {
        self.0
    }
}

impl<T> Future for BorrowedWait<'_, T> {
    type Output = Result<T, TaskError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.0.poll(cx)
    }
}

impl<T> Drop for BorrowedWait<'_, T> {
    /// The task lives on, and must not keep a waker of whoever waited (I8).
    fn drop(&mut self) {
        self.0.0.withdraw();
    }
}

/// What a blocked thread waits on; std's lock, because loom never blocks a real thread.
#[derive(Default)]
struct Bell {
    /// Whether the task has woken us.
    rung: StdMutex<bool>,
    /// Told when it has.
    changed: Condvar,
}

impl Bell {
    fn wait(&self, timeout: Option<Duration>) {
        let rung = self.rung.lock().expect("nobody panics under this lock");
        let quiet = |rung: &mut bool| !*rung;
        match timeout {
            Some(limit) => {
                drop(self.changed.wait_timeout_while(rung, limit, quiet));
            }
            None => drop(self.changed.wait_while(rung, quiet)),
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().expect("nobody panics under this lock") = true;
        self.changed.notify_all();
    }
}
