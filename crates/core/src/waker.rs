//! A task's waker: a counted reference whose `wake` asks for a poll, exactly once per pause.
//!
//! Handed to user futures by the cell; knows nothing of queues (the cell's scheduler does).

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::cell::{Header, Ref};

/// One table for all tasks, so that two wakers of a task are always found equal.
static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker for the time of one poll: it holds no reference, because the poll does.
///
/// # Safety
/// The cell lives as long as the answer is used.
#[inline]
pub(crate) unsafe fn lend(header: NonNull<Header>) -> ManuallyDrop<Waker> {
    // SAFETY: the table's functions follow the contract of `RawWaker`; the reference that its
    // `drop` would give back is never given back, which ManuallyDrop sees to.
    ManuallyDrop::new(unsafe { Waker::new(header.as_ptr().cast(), &TABLE) })
}

/// A waker that owns the reference given to it.
pub(crate) fn owned(task: Ref) -> Waker {
    let data = task.into_raw().as_ptr().cast();
    // SAFETY: the table's functions follow the contract of `RawWaker`; the reference is counted.
    unsafe { Waker::new(data, &TABLE) }
}

/// The waker's reference, back as a value.
///
/// # Safety
/// `data` is a waker's of this table, and the caller gives that waker up (or forgets the answer).
unsafe fn reference(data: *const ()) -> Ref {
    // SAFETY: made from a `NonNull` in `lend` and `owned`.
    let header = unsafe { NonNull::new_unchecked(data.cast_mut().cast()) };
    // SAFETY: passed on from this function's contract.
    unsafe { Ref::from_raw(header) }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker is only borrowed, so its reference is forgotten again.
    let borrowed = ManuallyDrop::new(unsafe { reference(data) });
    std::mem::forget(Ref::clone(&borrowed));
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: `wake` takes the waker, and its reference with it.
    unsafe { reference(data) }.wake();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker is only borrowed, so its reference is forgotten again.
    ManuallyDrop::new(unsafe { reference(data) }).wake();
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker goes, and its reference with it.
    drop(unsafe { reference(data) });
}
