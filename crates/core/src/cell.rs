//! The task cell: header, scheduler, future and later its output, in one allocation.
//!
//! This file is its memory: layout, the table of typed functions, references. What happens to a
//! task in it is [`run`]. `Runnable`, `Task`, `TaskRef` and the waker are built on [`Ref`] and
//! [`Cell`] here; unsafe code lives in this room and in the waker only. It never decides where a
//! task runs (`Schedule` does) and never looks at a clock.
//!
//! ```text
//!  Header  64 bytes with the scheduler's Arc behind it        who may touch it
//!  ├ state    flags and reference count                       everybody, atomically
//!  ├ table    typed functions                                 everybody, constant
//!  ├ cold     name, messages, callbacks … or null             everybody, atomically
//!  ├ slot     the executor's word (its registry)              written once before the first queue
//!  ├ id                                                       everybody, constant
//!  └ awaiter  the waker of whoever awaits the task            the AWAITER bit says who
//!  schedule                                                   everybody, shared
//!  stage      future, then output, then nothing               RUNNING, then DONE + the handle (I2)
//! ```

use std::any::type_name;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::task::Waker;

use crate::cold::Cold;
use crate::contexts::Context;
use crate::error::TaskError;
use crate::id::TaskId;
use crate::schedule::{Callback, Schedule};
use crate::state::{AtomicState, Woken};
use crate::sync::{AtomicPtr, AtomicU64, Ordering, UnsafeCell};

mod blocks;

mod awaiter;

mod current;

mod run;

pub(crate) use awaiter::Join;
pub use blocks::{KeptBlocks, keep_blocks};
pub(crate) use current::{current, enter, outside, with_current};
pub(crate) use run::Permit;

/// The part of a cell that does not depend on the future's type.
pub(crate) struct Header {
    /// Flags and references; see `state.rs`.
    pub(crate) state: AtomicState,
    /// What to do with the typed part.
    table: &'static Table,
    /// The cold part, or null; set once, freed with the cell.
    cold: AtomicPtr<Cold>,
    /// The executor's word.
    slot: AtomicU64,
    /// The task's id.
    pub(crate) id: TaskId,
    /// The waker of whoever awaits the task, under the rules of the AWAITER bit.
    awaiter: UnsafeCell<Option<Waker>>,
}

/// The whole allocation. The header comes first, so a pointer to one is a pointer to the other.
#[repr(C)]
struct Cell<F: Future, S: Schedule> {
    header: Header,
    /// Where the task is queued.
    schedule: S,
    /// The future or its output; the state says which.
    stage: UnsafeCell<Stage<F>>,
}

/// What the cell holds beside its header.
union Stage<F: Future> {
    /// Until the task is finished.
    future: ManuallyDrop<F>,
    /// From then on, until the handle takes it or whoever is last drops it.
    output: ManuallyDrop<Result<F::Output, TaskError>>,
}

/// The typed functions of one kind of cell. All take a pointer to a living cell of that kind.
struct Table {
    /// Hands the task's `Runnable` to its scheduler; the caller has just set QUEUED (I1).
    schedule: unsafe fn(NonNull<Header>),
    /// Polls once; the caller owns the `Runnable`. True: it was woken meanwhile.
    run: unsafe fn(NonNull<Header>) -> bool,
    /// Drops the future and ends the task with that error; the caller owns the `Runnable`.
    end: unsafe fn(NonNull<Header>, TaskError),
    /// Moves the output to the pointer; the task is DONE and the caller owns the output.
    take_output: unsafe fn(NonNull<Header>, *mut ()),
    /// Where the output is; as above, but nothing moves.
    output: unsafe fn(NonNull<Header>) -> NonNull<()>,
    /// Drops the output; as above. A panic that nobody saw is reported.
    drop_output: unsafe fn(NonNull<Header>),
    /// Hands callbacks to the loop.
    call_soon: unsafe fn(NonNull<Header>, Vec<Callback>),
    /// Frees the cell; nobody else refers to it.
    free: unsafe fn(NonNull<Header>),
    /// The future's type, which names the function it came from.
    type_name: fn() -> &'static str,
}

impl<F: Future, S: Schedule> Cell<F, S> {
    const TABLE: Table = Table {
        schedule: Self::schedule,
        run: Self::run,
        end: Self::end,
        take_output: Self::take_output,
        output: Self::output,
        drop_output: Self::drop_output,
        call_soon: Self::call_soon,
        free: Self::free,
        type_name: type_name::<F>,
    };

    /// Allocates a cell in its first state: queued, three references.
    fn allocate(future: F, schedule: S, cold: Option<Box<Cold>>) -> NonNull<Header> {
        let state = AtomicState::new();
        if cold.is_some() {
            // Not done: the cell is not even known yet.
            let _ = state.set_cold();
        }
        let cell = blocks::allocate(Self {
            header: Header {
                state,
                table: &Self::TABLE,
                cold: AtomicPtr::new(cold.map_or(ptr::null_mut(), Box::into_raw)),
                slot: AtomicU64::new(0),
                id: TaskId::next(),
                awaiter: UnsafeCell::new(None),
            },
            schedule,
            stage: UnsafeCell::new(Stage {
                future: ManuallyDrop::new(future),
            }),
        });
        cell.cast()
    }

    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: by this table's contract the pointer came from `allocate` of this very type and
        // the last reference is gone; the stage is empty by then (I2).
        unsafe { blocks::free(header.cast::<Self>()) };
    }

    unsafe fn schedule(header: NonNull<Header>) {
        // SAFETY: the cell lives, by this table's contract, and is of this type.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the caller set QUEUED on an idle task, so this permit is the only one (I1).
        let permit = unsafe { Permit::new(header) };
        cell.schedule.schedule(crate::Runnable(permit));
    }

    unsafe fn call_soon(header: NonNull<Header>, callbacks: Vec<Callback>) {
        // SAFETY: the cell lives, by this table's contract, and is of this type.
        let cell = unsafe { header.cast::<Self>().as_ref() };
        for callback in callbacks {
            cell.schedule.call_soon(callback);
        }
    }
}

/// Makes a task of `future`. The caller vouches for what the types cannot say.
///
/// # Safety
/// Unless `F` is `Send`, and its output too, the future must be polled and dropped on one thread.
pub(crate) unsafe fn create<F, S>(
    future: F,
    schedule: S,
    cold: Option<Box<Cold>>,
) -> (Permit, Join<F::Output>, Ref)
where
    F: Future + 'static,
    S: Schedule,
{
    let header = Cell::allocate(future, schedule, cold);
    // SAFETY: a new cell counts as queued and nobody else holds its permit (I1).
    let permit = unsafe { Permit::new(header) };
    // SAFETY: a new cell has the HANDLE bit and a reference for the handle, of this output type.
    let join = unsafe { Join::new(Ref(header)) };
    (permit, join, Ref(header))
}

impl Drop for Header {
    fn drop(&mut self) {
        // Relaxed: the last reference is gone, so all writes are visible (AtomicState::release).
        let cold = self.cold.load(Ordering::Relaxed);
        if !cold.is_null() {
            // SAFETY: the pointer came from `Box::into_raw` and was installed once; the cell that
            // owns it is being freed (I2).
            drop(unsafe { Box::from_raw(cold) });
        }
    }
}

/// A counted reference to a cell: while it lives, so does the cell.
pub(crate) struct Ref(NonNull<Header>);

// SAFETY: a reference only reaches the header's atomics, locks and typed functions; the future and
// the output have owners of their own, named by RUNNING and by the handle (I2).
unsafe impl Send for Ref {}
// SAFETY: as for Send; every method that takes `&self` works on atomics or under a lock.
unsafe impl Sync for Ref {}

impl Ref {
    /// # Safety
    /// The caller gives up a reference that it owns; the pointer is from [`Ref::into_raw`] or the
    /// reference was counted for it.
    pub(crate) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// The pointer; the reference stays counted.
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    pub(crate) fn as_ptr(&self) -> NonNull<Header> {
        self.0
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the reference is counted, so the cell lives as long as `self`.
        unsafe { self.0.as_ref() }
    }

    /// Asks for a poll; a done task ignores it.
    #[inline]
    pub(crate) fn wake(&self) {
        self.enqueue(self.header().state.wake());
    }

    /// Does what a wake or a cancel asked its caller to do.
    #[inline]
    pub(crate) fn enqueue(&self, duty: Woken) {
        if duty == Woken::Enqueue {
            // SAFETY: the cell lives, and the duty says that QUEUED was set on an idle task (I1).
            unsafe { (self.header().table.schedule)(self.0) }
        }
    }

    /// The cold part, made at the first use.
    pub(crate) fn cold(&self) -> &Cold {
        if let Some(cold) = self.header().existing_cold() {
            return cold;
        }
        let fresh = Box::into_raw(Box::new(Cold::new(Context::default(), None)));
        let header = self.header();
        // AcqRel: Release pairs with the Acquire in `existing_cold`; Acquire is for the loser here.
        let installed = header.cold.compare_exchange(
            ptr::null_mut(),
            fresh,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if installed.is_err() {
            // SAFETY: another thread was first; `fresh` was never shared.
            drop(unsafe { Box::from_raw(fresh) });
        }
        header
            .existing_cold()
            .expect("it was installed above, by us or by another thread")
    }

    /// Hands callbacks to the task's loop.
    pub(crate) fn call_soon(&self, callbacks: Vec<Callback>) {
        // SAFETY: the cell lives as long as `self`.
        unsafe { (self.header().table.call_soon)(self.0, callbacks) }
    }

    /// The type of the task's future.
    pub(crate) fn type_name(&self) -> &'static str {
        (self.header().table.type_name)()
    }

    /// Gives `count` references back, `self` being one of them.
    fn release(self, count: usize) {
        let header = self.into_raw();
        // SAFETY: the references are ours until the call below, so the cell lives.
        let last = unsafe { header.as_ref() }.state.release(count);
        if last {
            // SAFETY: no reference is left; the table is the one of this cell's type.
            unsafe { free(header) };
        }
    }
}

/// Frees a cell through its table.
///
/// # Safety
/// The last reference is gone and this is called once.
unsafe fn free(header: NonNull<Header>) {
    // SAFETY: nobody but us can free it, so it still lives here.
    let table = unsafe { header.as_ref() }.table;
    // SAFETY: passed on from this function's contract.
    unsafe { (table.free)(header) }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Self {
        self.header().state.retain();
        Self(self.0)
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        Self(self.0).release(1);
    }
}

impl Header {
    /// The cold part, if there is one.
    #[inline]
    pub(crate) fn existing_cold(&self) -> Option<&Cold> {
        // Acquire pairs with the Release that installed it, in `Ref::cold`.
        let cold = self.cold.load(Ordering::Acquire);
        // SAFETY: null or a part that lives as long as this header.
        unsafe { cold.as_ref() }
    }

    /// The executor's word. Relaxed: written before the task was first queued, and the queue
    /// publishes it.
    pub(crate) fn slot(&self) -> u64 {
        self.slot.load(Ordering::Relaxed)
    }

    /// Sets the executor's word. Relaxed: see `slot`.
    pub(crate) fn set_slot(&self, slot: u64) {
        self.slot.store(slot, Ordering::Relaxed);
    }
}
