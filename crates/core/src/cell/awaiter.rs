//! The handle's side of a cell: waiting for the output and taking it. `Task` is built on [`Join`].
//!
//! The slot for the awaiter's waker belongs to the handle while AWAITER is clear, and to the
//! finisher once it is set and the task is DONE. So the handle clears the bit before it looks into
//! the slot, and the finisher takes the waker out without asking again.

use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::task::{Context, Poll, Waker};

use super::{Header, Ref};
use crate::awaited::{Awaited, note};
use crate::error::{TaskError, swallow};
use crate::state::Detached;

/// The one handle of a task whose output is `T`.
pub(crate) struct Join<T> {
    /// The handle's reference; given back by hand, because `detach` may give it in its own step.
    task: ManuallyDrop<Ref>,
    /// The output has been taken.
    taken: bool,
    /// The handle hands a `T` to whoever owns it.
    output: PhantomData<fn() -> T>,
}

// SAFETY: the handle moves a `T` from the thread that finished the task to the one that holds the
// handle, which is what `T: Send` allows; the rest is `Ref`, which is `Send`.
unsafe impl<T: Send> Send for Join<T> {}
// SAFETY: `&Join` offers only what `&Ref` does, never the output.
unsafe impl<T: Send> Sync for Join<T> {}

impl<T> Join<T> {
    /// # Safety
    /// The reference is the handle's: HANDLE is set, no other `Join` exists, the output is a `T`.
    pub(super) unsafe fn new(task: Ref) -> Self {
        Self {
            task: ManuallyDrop::new(task),
            taken: false,
            output: PhantomData,
        }
    }

    /// The task, to be referred to.
    pub(crate) fn task(&self) -> &Ref {
        &self.task
    }

    /// Whether the output is gone already.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken
    }

    /// The output if the task is done. None also when it was taken before.
    pub(crate) fn try_take(&mut self) -> Option<Result<T, TaskError>> {
        if self.taken || !self.task.header().state.load().is_done() {
            return None;
        }
        self.taken = true;
        let mut output = MaybeUninit::<Result<T, TaskError>>::uninit();
        let take = self.task.header().table.take_output;
        // SAFETY: DONE with a handle: the output is the handle's, taken once by the flag above
        // (I2), and the room is of its type by the contract of `new`.
        unsafe { take(self.task.as_ptr(), output.as_mut_ptr().cast()) };
        // SAFETY: `take_output` wrote it.
        Some(unsafe { output.assume_init() })
    }

    /// Waits for the output.
    ///
    /// # Panics
    /// When the output was taken before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, TaskError>> {
        assert!(
            !self.taken,
            "the result of this task was taken before: await a task once"
        );
        if let Some(output) = self.try_take() {
            return Poll::Ready(output);
        }
        if self.leave_waker(cx.waker()) {
            note(Awaited::Task(self.task.header().id));
            return Poll::Pending;
        }
        Poll::Ready(
            self.try_take()
                .expect("the task is done and the output not taken"),
        )
    }

    /// Looks at the output if the task is done. None also when it was taken before.
    pub(crate) fn peek(&mut self) -> Option<&Result<T, TaskError>> {
        if self.taken || !self.task.header().state.load().is_done() {
            return None;
        }
        let output = self.task.header().table.output;
        // SAFETY: DONE with a handle, and not taken: the output is the handle's and in place (I2).
        let output = unsafe { output(self.task.as_ptr()) };
        // SAFETY: it is of this type by the contract of `new`, and `&mut self` is lent for as long
        // as the reference lives, so nobody takes or drops it meanwhile.
        Some(unsafe { output.cast().as_ref() })
    }

    /// Waits for the end of the task and leaves its output where it is.
    pub(crate) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.taken || self.task.header().state.load().is_done() {
            return Poll::Ready(());
        }
        if self.leave_waker(cx.waker()) {
            note(Awaited::Task(self.task.header().id));
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Takes the waker out of the slot again: the wait is over before the task is.
    pub(crate) fn withdraw(&mut self) {
        let header = self.task.header();
        if self.taken || !header.state.load().has_awaiter() || header.state.clear_awaiter() {
            return;
        }
        // SAFETY: AWAITER is clear and the task was not done, so the slot is the handle's.
        let waker = unsafe { header.take_awaiter() };
        // A foreign waker may panic, and a wait that ends must not (I7).
        swallow(|| drop(waker));
    }

    /// Puts the waker into the slot; false: the task is done, nobody will look there.
    fn leave_waker(&self, waker: &Waker) -> bool {
        let header = self.task.header();
        if header.state.load().has_awaiter() && header.state.clear_awaiter() {
            return false;
        }
        // SAFETY: AWAITER is clear and the task was not done, so the slot is the handle's.
        let before = unsafe { header.swap_awaiter(waker) };
        let done = header.state.set_awaiter();
        drop(before);
        if done {
            // SAFETY: the finisher saw no AWAITER, so it never looks and the slot is still ours.
            drop(unsafe { header.take_awaiter() });
        }
        !done
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let header = self.task.header();
        loop {
            match header.state.detach() {
                Detached::ClearAwaiter => {
                    // SAFETY: AWAITER is clear and the task was not done: the slot is ours.
                    let waker = unsafe { header.take_awaiter() };
                    // A foreign waker may panic; the handle goes all the same (I7).
                    swallow(|| drop(waker));
                }
                // The reference went in the same step, and nothing here gives it back again.
                Detached::Gone => return,
                Detached::Done => break,
            }
        }
        if !self.taken {
            // SAFETY: DONE with a handle: the output is the handle's and still there (I2).
            unsafe { (header.table.drop_output)(self.task.as_ptr()) };
        }
        // SAFETY: dropped once, here; `self` is not used again.
        unsafe { ManuallyDrop::drop(&mut self.task) };
    }
}

impl Header {
    /// Tells the awaiter that the task is done. Called by the finisher, which saw AWAITER at DONE.
    pub(super) fn wake_awaiter(&self) {
        // SAFETY: AWAITER was set when DONE was: the slot is the finisher's.
        if let Some(waker) = unsafe { self.take_awaiter() } {
            // A foreign waker may panic; that must not end the worker (I7).
            swallow(|| waker.wake());
        }
    }

    /// # Safety
    /// The slot is the caller's, by the rules of the AWAITER bit.
    unsafe fn take_awaiter(&self) -> Option<Waker> {
        self.awaiter.with_mut(|slot| {
            // SAFETY: nobody else touches the slot, by this function's contract.
            unsafe { &mut *slot }.take()
        })
    }

    /// Leaves `waker` in the slot and gives out what lay there, to be dropped later.
    ///
    /// # Safety
    /// The slot is the caller's, by the rules of the AWAITER bit.
    unsafe fn swap_awaiter(&self, waker: &Waker) -> Option<Waker> {
        self.awaiter.with_mut(|slot| {
            // SAFETY: nobody else touches the slot, by this function's contract.
            let slot = unsafe { &mut *slot };
            match slot {
                Some(same) if same.will_wake(waker) => None,
                _ => slot.replace(waker.clone()),
            }
        })
    }
}
