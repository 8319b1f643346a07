//! Callbacks: soon, later, or on a thread where they may block. asyncio: `Handle`, `TimerHandle`,
//! and the loop's `call_*`.
//!
//! A callback lives in a slot that its handle shares with the loop, so that a cancelled one is
//! dropped at once, wherever the loop keeps its place in line.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bowerbird_core::Callback;
use bowerbird_core::contexts::copy_context;
use bowerbird_executor::{Call, CallKey, CallSite, Handle as Door};

use super::EventLoop;
use crate::exceptions::{LoopError, TimeoutError};
use crate::runners::blocking_ended;
use crate::tasks::{Task, wait_for};

impl EventLoop {
    /// Calls `callback` soon: once, in the order of the calls, and never inside this one.
    ///
    /// - From any thread; the callback sees the context variables as they are now. Callbacks of a
    ///   loop never overlap. On a `current_thread` loop they stand in one line with the tasks; on a
    ///   pool they run on any worker, while tasks go on beside them.
    /// - One that panics reaches the exception handler, and those behind it run. One that has not
    ///   run when the loop closes is dropped.
    /// - Dropping the [`Handle`] changes nothing; [`Handle::cancel`] takes the callback back.
    /// - asyncio: `call_soon`. Arguments are what the closure captures, and so is a context.
    ///
    /// # Panics
    /// On a closed loop.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let stop = event_loop.clone();
    /// event_loop.call_soon(|| println!("first"));
    /// event_loop.call_soon(move || stop.stop());
    /// event_loop.run_forever().expect("nobody else runs it");
    /// ```
    ///
    /// ```should_panic
    /// let event_loop = bowerbird::EventLoop::new_current_thread().unwrap();
    /// event_loop.close().unwrap();
    /// event_loop.call_soon(|| {});
    /// ```
    #[track_caller]
    pub fn call_soon<F>(&self, callback: F) -> Handle
    where
        F: FnOnce() + Send + 'static,
    {
        let (handle, call) = make_call(callback, Location::caller());
        accepted(self.handle.call(call));
        handle
    }

    /// The same as [`call_soon`](Self::call_soon), which every thread may call here.
    ///
    /// # Panics
    /// On a closed loop.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let other = event_loop.clone();
    /// std::thread::spawn(move || {
    ///     let stop = other.clone();
    ///     other.call_soon_threadsafe(move || stop.stop());
    /// });
    /// event_loop.run_forever().expect("nobody else runs it");
    /// ```
    #[track_caller]
    pub fn call_soon_threadsafe<F>(&self, callback: F) -> Handle
    where
        F: FnOnce() + Send + 'static,
    {
        self.call_soon(callback)
    }

    /// Calls `callback` after `delay`, never before; zero: in the next pass.
    ///
    /// - Callbacks run in the order of their times, whatever the order of the calls; equal times
    ///   keep it. Otherwise as [`call_soon`](Self::call_soon).
    /// - asyncio: `call_later`, where equal times may run in any order. A delay cannot be negative
    ///   here; a time in the past goes through [`call_at`](Self::call_at).
    ///
    /// # Panics
    /// On a closed loop.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let stop = event_loop.clone();
    /// let never = event_loop.call_later(Duration::from_millis(1), || unreachable!());
    /// event_loop.call_later(Duration::from_millis(5), move || stop.stop());
    /// never.cancel();
    /// event_loop.run_forever().expect("nobody else runs it");
    /// ```
    #[track_caller]
    pub fn call_later<F>(&self, delay: Duration, callback: F) -> TimerHandle
    where
        F: FnOnce() + Send + 'static,
    {
        let when = self.handle.now().after(delay);
        let (handle, call) = make_call(callback, Location::caller());
        let key = accepted(self.handle.call_at(when, call));
        TimerHandle {
            handle,
            key,
            door: self.handle.clone(),
        }
    }

    /// Calls `callback` at `when`, by the clock of [`time`](Self::time); in the next pass if that
    /// has passed, and then still in the order of the times. Otherwise as
    /// [`call_later`](Self::call_later).
    ///
    /// # Panics
    /// On a closed loop.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let stop = event_loop.clone();
    /// let when = event_loop.time() + Duration::from_millis(1);
    /// let timer = event_loop.call_at(when, move || stop.stop());
    /// assert_eq!(timer.when(), when);
    /// event_loop.run_forever().expect("nobody else runs it");
    /// assert!(event_loop.time() >= when);
    /// ```
    #[track_caller]
    pub fn call_at<F>(&self, when: Instant, callback: F) -> TimerHandle
    where
        F: FnOnce() + Send + 'static,
    {
        let when = self.handle.clock().deadline(when);
        let (handle, call) = make_call(callback, Location::caller());
        let key = accepted(self.handle.call_at(when, call));
        TimerHandle {
            handle,
            key,
            door: self.handle.clone(),
        }
    }

    /// What time it is for this loop: no change of the calendar moves its clock. asyncio: `time`.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// assert!(event_loop.time() <= event_loop.time());
    /// ```
    pub fn time(&self) -> Instant {
        self.handle.clock().time()
    }

    /// Runs `f` on a thread where it may block, and gives what it returns; from any thread.
    ///
    /// - Cancel: as [`to_thread`](crate::to_thread): a call that has begun runs to its end, one
    ///   that still waits for a thread never starts.
    /// - asyncio: `run_in_executor(None, f)`. The call sees the caller's context variables; another
    ///   executor is another function.
    ///
    /// # Panics
    /// On a closed loop, and with asyncio's "Executor shutdown has been called" after
    /// [`shutdown_default_executor`](Self::shutdown_default_executor).
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let call = event_loop.run_in_executor(|| 6 * 7);
    /// assert_eq!(event_loop.run_until_complete(call).unwrap().unwrap(), 42);
    /// ```
    #[track_caller]
    pub fn run_in_executor<F, T>(&self, f: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if self.is_closed() {
            accepted::<()>(Err(LoopError::Closed));
        }
        assert!(
            !self.handle.is_blocking_shut(),
            "Executor shutdown has been called"
        );
        self.handle.to_thread(f, self.birth(Location::caller()))
    }

    /// Takes no more blocking calls, and waits for those that have begun, at most `limit`; `None`
    /// waits for ever. Other tasks go on meanwhile. [`Runner`](crate::Runner) does this at its end.
    ///
    /// - A call that still waits for a thread is cancelled.
    /// - Cancel: calls are refused from the first poll on; nothing else is undone.
    /// - asyncio: `shutdown_default_executor`, which only warns when the time is over.
    ///
    /// # Errors
    /// [`TimeoutError`] when calls were still running by then; they are left to themselves.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # bowerbird::run(async {
    /// let event_loop = bowerbird::get_running_loop().expect("it runs here");
    /// let call = event_loop.run_in_executor(|| 7);
    /// assert_eq!(call.await.unwrap(), 7);
    /// event_loop.shutdown_default_executor(Duration::from_secs(1)).await.expect("all is quiet");
    /// # });
    /// ```
    pub async fn shutdown_default_executor(
        &self,
        limit: impl Into<Option<Duration>>,
    ) -> Result<(), TimeoutError> {
        self.handle.shut_blocking();
        wait_for(blocking_ended(self), limit).await
    }
}

/// The value, or a panic that says why there is none.
#[track_caller]
fn accepted<T>(answer: Result<T, LoopError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("cannot schedule a callback: {error}"),
    }
}

/// Both ends of a callback: the user's, and the loop's.
fn make_call<F>(callback: F, location: &'static Location<'static>) -> (Handle, Call)
where
    F: FnOnce() + Send + 'static,
{
    let site = CallSite::of::<F>(location);
    let slot = Arc::new(Slot {
        stage: Mutex::new(Stage::Waiting(Box::new(callback))),
        site,
    });
    let place = Place(slot.clone());
    let call = Call {
        callback: Box::new(move || place.0.run()),
        context: copy_context(),
        site: Some(site),
    };
    (Handle(slot), call)
}

/// A callback on its way, to be taken back. Dropping it changes nothing, and clones are the same
/// callback. asyncio: `Handle`.
///
/// ```
/// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
/// let handle = event_loop.call_soon(|| unreachable!("taken back"));
/// assert!(handle.cancel() && handle.is_cancelled());
/// event_loop.run_until_complete(async {}).unwrap();
/// ```
#[derive(Clone)]
pub struct Handle(Arc<Slot>);

impl Handle {
    /// Takes the callback back: it is dropped at once, and never runs. Also when it stands in the
    /// pass that is under way. False, and nothing has changed, when it has begun or was cancelled
    /// before.
    ///
    /// ```
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let handle = event_loop.call_soon(|| unreachable!());
    /// assert!(handle.cancel());
    /// assert!(!handle.cancel());
    /// assert!(handle.is_cancelled());
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// Whether it was cancelled, by [`cancel`](Self::cancel) or by the end of its loop. asyncio:
    /// `cancelled`.
    pub fn is_cancelled(&self) -> bool {
        matches!(*self.0.stage(), Stage::Cancelled)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("stage", &*self.0.stage())
            .field("callback", &format_args!("{}", self.0.site))
            .finish()
    }
}

/// A callback for later, to be taken back. Ordered by time. asyncio: `TimerHandle`.
///
/// ```
/// use std::time::Duration;
///
/// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
/// let sooner = event_loop.call_later(Duration::from_secs(1), || ());
/// let later = event_loop.call_later(Duration::from_secs(2), || ());
/// assert!(sooner < later && sooner.when() < later.when());
/// assert!(later.cancel() && later.is_cancelled() && !sooner.is_cancelled());
/// ```
#[derive(Clone)]
pub struct TimerHandle {
    /// The callback.
    handle: Handle,
    /// Where the loop keeps it until its time has come.
    key: CallKey,
    /// The loop.
    door: Door,
}

impl TimerHandle {
    /// See [`Handle::cancel`]; nothing is left of it in the loop.
    pub fn cancel(&self) -> bool {
        let cancelled = self.handle.cancel();
        if cancelled {
            self.door.uncall(self.key);
        }
        cancelled
    }

    /// See [`Handle::is_cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.handle.is_cancelled()
    }

    /// When it is due, whether it has run or not. asyncio: `when`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event_loop = bowerbird::EventLoop::new_current_thread().expect("descriptors");
    /// let before = event_loop.time();
    /// let timer = event_loop.call_later(Duration::from_secs(60), || {});
    /// assert!(timer.when() >= before + Duration::from_secs(60));
    /// ```
    pub fn when(&self) -> Instant {
        self.door.clock().instant(self.key.when())
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle")
            .field("when", &self.key.when())
            .field("handle", &self.handle)
            .finish()
    }
}

impl PartialEq for TimerHandle {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.door.is_same_loop(&other.door)
    }
}

impl Eq for TimerHandle {}

impl PartialOrd for TimerHandle {
    /// By time, and among equal times by the calls; timers of different loops do not compare.
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let same = self.door.is_same_loop(&other.door);
        same.then(|| self.key.cmp(&other.key))
    }
}

/// Where a callback lives.
struct Slot {
    /// How far it has come.
    stage: Mutex<Stage>,
    /// Where it comes from.
    site: CallSite,
}

enum Stage {
    /// Not called yet.
    Waiting(Callback),
    /// Called, whatever came of it.
    Begun,
    /// Taken back.
    Cancelled,
}

impl Slot {
    fn run(&self) {
        let stage = self.leave(Stage::Begun);
        if let Some(callback) = stage {
            callback();
        }
    }

    fn cancel(&self) -> bool {
        self.leave(Stage::Cancelled).is_some()
    }

    /// The callback, if it still waits; it is called or dropped outside the lock.
    fn leave(&self, next: Stage) -> Option<Callback> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut *stage, next) {
            Stage::Waiting(callback) => Some(callback),
            Stage::Begun | Stage::Cancelled => None,
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "waiting",
            Self::Begun => "begun",
            Self::Cancelled => "cancelled",
        })
    }
}

/// The callback's place in the loop's line. A loop that drops it has taken the callback back.
struct Place(Arc<Slot>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
