//! One poll of a task, and its end. Reached through [`Permit`], which is what a `Runnable` owns.
//!
//! User code (poll, drops) runs here with no lock held (I4), and a panic of it ends its task and
//! nothing else (I7).

use std::any::Any;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::{Cell, Header, Ref, Stage, current, free};
use crate::cancel::Delivery;
use crate::error::{Panic, TaskError, swallow};
use crate::locked::assert_none_held;
use crate::schedule::Schedule;
use crate::state::{Ending, Finished, Paused, Started};
use crate::task_ref::TaskRef;
use crate::waker;

/// The right to poll a task once (I1). Holds no reference: a queued task is alive.
pub(crate) struct Permit(NonNull<Header>);

// SAFETY: a permit is passed between threads by queues; the future it leads to is `Send`, or its
// creator vouched that it stays on one thread (contract of `create`).
unsafe impl Send for Permit {}
// SAFETY: `&Permit` offers nothing but reads of atomics.
unsafe impl Sync for Permit {}

impl Permit {
    /// # Safety
    /// QUEUED is set and no other permit for the cell exists (I1).
    pub(super) unsafe fn new(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// The header of the task that waits for its poll.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: a queued task is not done, so its alive reference keeps the cell (I1).
        unsafe { self.0.as_ref() }
    }

    /// One more reference to the task.
    pub(crate) fn to_ref(&self) -> Ref {
        self.header().state.retain();
        // SAFETY: the reference was counted in the line above.
        unsafe { Ref::from_raw(self.0) }
    }

    /// Polls the task; gives the permit back if it was woken meanwhile.
    #[inline]
    pub(crate) fn run(self) -> Option<Self> {
        let run = self.header().table.run;
        let header = ManuallyDrop::new(self).0;
        // SAFETY: the permit was ours and is used up by this call (I1).
        let woken = unsafe { run(header) };
        // SAFETY: `run` found QUEUED set at its pause, and hands that permit to us (I1).
        woken.then(|| unsafe { Self::new(header) })
    }

    /// Ends the task without a poll: its future is dropped, and this is its result.
    pub(crate) fn fail(self, error: TaskError) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the permit is ours and goes with this call (I1).
        unsafe { this.end(error) };
    }

    /// # Safety
    /// The permit is used up by this call.
    unsafe fn end(&self, error: TaskError) {
        let end = self.header().table.end;
        // SAFETY: passed on from this function's contract.
        unsafe { end(self.0, error) };
    }

    /// Hands the permit to the task's scheduler.
    pub(crate) fn schedule(self) {
        let schedule = self.header().table.schedule;
        let keep = self.to_ref();
        let header = ManuallyDrop::new(self).0;
        // SAFETY: the permit was ours and goes to the scheduler; `keep` holds the cell meanwhile.
        unsafe { schedule(header) };
        drop(keep);
    }

    /// The permit as a pointer, to be kept in an atomic.
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// The pointer came from `into_raw`, once.
    pub(crate) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }
}

impl Drop for Permit {
    /// A task that will never be polled again is cancelled: its future is dropped here.
    fn drop(&mut self) {
        // SAFETY: the permit is ours and goes with this call (I1).
        unsafe { self.end(TaskError::Cancelled) };
    }
}

/// A future's end: its output, or why there is none.
type Outcome<F> = Result<<F as Future>::Output, TaskError>;

// The functions below take the pointer that the allocation gave, and not `&self`: the cell may be
// freed before they return, and only that pointer may free it.
impl<F: Future, S: Schedule> Cell<F, S> {
    /// See [`Table`](super::Table).
    pub(super) unsafe fn run(header: NonNull<Header>) -> bool {
        // SAFETY: the cell lives and is of this type, by the table's contract.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        let outcome = match cell.header.state.start() {
            Started::Cancel if !deliver(&cell.header) => Err(TaskError::Cancelled),
            Started::Abort => Err(TaskError::Cancelled),
            // SAFETY: RUNNING is ours since `start` (I2).
            Started::Poll | Started::Cancel => match unsafe { cell.poll(header) } {
                Ok(Poll::Ready(output)) => Ok(output),
                Ok(Poll::Pending) if must_end(&cell.header) => Err(TaskError::Cancelled),
                Ok(Poll::Pending) => return cell.header.state.pause() == Paused::Requeue,
                Err(payload) => Err(TaskError::Panicked(Panic::new(payload))),
            },
        };
        // SAFETY: RUNNING is ours and the future is still in its place (I2).
        unsafe { Self::complete(header, outcome) };
        false
    }

    /// See [`Table`](super::Table).
    pub(super) unsafe fn end(header: NonNull<Header>, error: TaskError) {
        // SAFETY: the cell lives, by the table's contract.
        let _always_ends = unsafe { header.as_ref() }.state.start();
        // SAFETY: RUNNING is ours since `start`, and the future is in its place (I2).
        unsafe { Self::complete(header, Err(error)) };
    }

    /// # Safety
    /// The caller holds RUNNING and the future is in its place; `header` is this cell's.
    #[inline]
    unsafe fn poll(&self, header: NonNull<Header>) -> Result<Poll<F::Output>, Box<dyn Any + Send>> {
        // SAFETY: RUNNING keeps the cell alive for the whole poll (its alive reference goes only
        // in `complete`), and the guard stays on this stack.
        let _entered = unsafe { current::set(header) };
        // SAFETY: the cell lives for the whole poll, as above.
        let waker = unsafe { waker::lend(header) };
        assert_none_held();
        let mut cx = Context::from_waker(&waker);
        self.stage.with_mut(|stage| {
            // SAFETY: RUNNING locks the stage (I2), so nobody else refers to it.
            let stage = unsafe { &mut *stage };
            // SAFETY: the stage holds the future, by this function's contract.
            let future = unsafe { &mut stage.future };
            // SAFETY: the cell never moves and the future is dropped in its place.
            let future = unsafe { Pin::new_unchecked(&mut **future) };
            catch_unwind(AssertUnwindSafe(|| future.poll(&mut cx)))
        })
    }

    /// Drops the future, keeps what came of it for the handle, and finishes the task.
    ///
    /// # Safety
    /// The caller holds RUNNING and the future is in its place; neither is so afterwards.
    unsafe fn complete(header: NonNull<Header>, outcome: Outcome<F>) {
        // SAFETY: RUNNING keeps the cell alive.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        let outcome = match outcome {
            // A request that came before the return wins over the value, as in asyncio.
            Ok(late) if cell.header.state.load().has_request() => {
                drop_quietly(late).and(Err(TaskError::Cancelled))
            }
            outcome => outcome,
        };
        // SAFETY: passed on from this function's contract.
        let dropped = unsafe { cell.drop_future(header) };
        let outcome = weigh(dropped, outcome);
        let ending = Ending {
            kept: cell.header.state.load().has_handle(),
            cancelled: matches!(outcome, Err(TaskError::Cancelled)),
        };
        if ending.kept {
            cell.stage.with_mut(|stage| {
                // SAFETY: RUNNING locks the stage (I2), so nobody else refers to it; it is empty
                // since `drop_future`.
                let stage = unsafe { &mut *stage };
                stage.output = ManuallyDrop::new(outcome);
            });
        } else {
            // SAFETY: RUNNING keeps the cell alive.
            unsafe { Self::discard(header, outcome) };
        }
        // SAFETY: passed on from this function's contract.
        unsafe { Self::finish(header, ending) };
    }

    /// Drops the future in its place, and as its own task: destructors see what its polls saw.
    ///
    /// # Safety
    /// The caller holds RUNNING and the future is in its place; it is not afterwards. `header` is
    /// this cell's.
    unsafe fn drop_future(&self, header: NonNull<Header>) -> Result<(), TaskError> {
        // SAFETY: RUNNING keeps the cell alive, and the guard stays on this stack.
        let _entered = unsafe { current::set(header) };
        assert_none_held();
        let dropped = self.stage.with_mut(|stage| {
            // SAFETY: RUNNING locks the stage (I2), so nobody else refers to it.
            let stage = unsafe { &mut *stage };
            // SAFETY: the stage holds the future, by this function's contract.
            let future = unsafe { &mut stage.future };
            // SAFETY: dropped once, by this function's contract.
            catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(future) }))
        });
        dropped.map_err(|payload| TaskError::Panicked(Panic::new(payload)))
    }

    /// Marks the task DONE and gives back what kept it alive.
    ///
    /// # Safety
    /// The caller holds RUNNING and the future is gone; if it was kept, the output is in its
    /// place.
    unsafe fn finish(header: NonNull<Header>, ending: Ending) {
        // SAFETY: the alive reference is ours to give back, so the cell lives until then.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        let registered = cell
            .schedule
            .retire(cell.header.slot())
            .map(TaskRef::into_ref);
        // A registry may be wrong; another task's reference is dropped here like any other.
        let registered = registered.filter(|task| task.as_ptr() == header);
        let held = 1 + usize::from(registered.is_some());
        // From here on the alive reference and the registry's are counted in `held`.
        let _counted = registered.map(ManuallyDrop::new);
        let duty = cell.header.state.finish(held, ending);
        match duty {
            Finished::Quiet { last: false } => {}
            // SAFETY: the last references went in that very step.
            Finished::Quiet { last: true } => unsafe { free(header) },
            Finished::Loud {
                awaiter,
                handle,
                cold,
            } => {
                // SAFETY: the alive reference, as above.
                let alive = unsafe { Ref::from_raw(header) };
                if ending.kept && !handle {
                    // SAFETY: DONE without a handle: the output is the finisher's (I2).
                    unsafe { Self::drop_output(header) };
                }
                // Before the awaiter: what it adds after its wake stands behind these.
                if cold {
                    hand_over_callbacks(&alive);
                }
                if awaiter {
                    cell.header.wake_awaiter();
                }
                alive.release(held);
            }
        }
    }

    /// See [`Table`](super::Table).
    pub(super) unsafe fn take_output(header: NonNull<Header>, to: *mut ()) {
        // SAFETY: the cell lives and is of this type, by the table's contract.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the output is the caller's to take, once (I2).
        let output = unsafe { cell.read_output() };
        // SAFETY: `to` points to room for this very type, by the caller's contract.
        unsafe { to.cast::<Outcome<F>>().write(output) };
    }

    /// See [`Table`](super::Table).
    pub(super) unsafe fn output(header: NonNull<Header>) -> NonNull<()> {
        // SAFETY: the cell lives and is of this type, by the table's contract.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        cell.stage.with_mut(|stage: *mut Stage<F>| {
            // SAFETY: the output is the caller's, so nobody else refers to the stage (I2).
            let stage = unsafe { &mut *stage };
            // SAFETY: the stage holds the output, by the table's contract.
            let output = unsafe { &mut stage.output };
            NonNull::from(output).cast()
        })
    }

    /// See [`Table`](super::Table).
    pub(super) unsafe fn drop_output(header: NonNull<Header>) {
        // SAFETY: the cell lives and is of this type, by the table's contract.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the output is the caller's to take, once (I2).
        let output = unsafe { cell.read_output() };
        // SAFETY: the cell lives, as above.
        unsafe { Self::discard(header, output) };
    }

    /// # Safety
    /// DONE is set, and the output is the caller's and in its place; it is not afterwards (I2).
    unsafe fn read_output(&self) -> Outcome<F> {
        self.stage.with_mut(|stage: *mut Stage<F>| {
            // SAFETY: the output is the caller's, so nobody else refers to the stage (I2).
            let stage = unsafe { &mut *stage };
            // SAFETY: the stage holds the output, by this function's contract.
            let output = unsafe { &mut stage.output };
            // SAFETY: read once, by this function's contract.
            unsafe { ManuallyDrop::take(output) }
        })
    }

    /// Drops an outcome nobody will see; a panic in it goes to the loop, once.
    ///
    /// # Safety
    /// The cell lives.
    unsafe fn discard(header: NonNull<Header>, outcome: Outcome<F>) {
        let unseen = match outcome {
            Ok(value) => drop_quietly(value),
            Err(error) => Err(error),
        };
        if let Err(TaskError::Panicked(panic)) = unseen {
            // SAFETY: the cell lives, by this function's contract.
            let cell = unsafe { header.cast::<Self>().as_ref() };
            cell.header.state.retain();
            // SAFETY: the reference was counted in the line above.
            let task = unsafe { Ref::from_raw(header) };
            cell.schedule.panic_unseen(&TaskRef::new(task), panic);
        }
    }
}

/// What becomes of a task whose future ended so, and whose destructors ended so.
fn weigh<T>(dropped: Result<(), TaskError>, outcome: Result<T, TaskError>) -> Result<T, TaskError> {
    match (dropped, outcome) {
        (Ok(()), outcome) => outcome,
        // The first panic is the cause, the second one only its echo.
        (Err(echo), Err(TaskError::Panicked(first))) => {
            swallow(|| drop(echo));
            Err(TaskError::Panicked(first))
        }
        (Err(error), lost) => {
            swallow(|| drop(lost));
            Err(error)
        }
    }
}

/// Drops a user's value; its panic becomes an error (I7).
fn drop_quietly<T>(value: T) -> Result<(), TaskError> {
    assert_none_held();
    catch_unwind(AssertUnwindSafe(|| drop(value)))
        .map_err(|payload| TaskError::Panicked(Panic::new(payload)))
}

/// Delivers the pending request; true: somebody inside caught it, or it was taken back, so poll on.
fn deliver(header: &Header) -> bool {
    if !header.state.take_request() {
        return true;
    }
    let Some(cold) = header.existing_cold() else {
        return false;
    };
    let mut parts = cold.parts();
    let message = parts.message.take();
    let tree = parts.tree.clone();
    drop(parts);
    tree.is_some_and(|tree| tree.request_root(message) == Delivery::Caught)
}

/// Whether a catcher passed the task's cancellation on to the task itself.
fn must_end(header: &Header) -> bool {
    let Some(cold) = header.existing_cold() else {
        return false;
    };
    let tree = cold.parts().tree.clone();
    tree.is_some_and(|tree| tree.root_must_end())
}

/// Sends the done-callbacks to the loop, and lets go of the scopes, which hold a waker of the task.
fn hand_over_callbacks(task: &Ref) {
    if let Some(cold) = task.header().existing_cold() {
        let tree = cold.parts().tree.take();
        if let Some(tree) = tree {
            tree.task_ended();
        }
        let callbacks = cold.take_callbacks(&TaskRef::new(task.clone()));
        if !callbacks.is_empty() {
            task.call_soon(callbacks);
        }
    }
}
