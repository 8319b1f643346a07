//! Which context is in force: where reads look and sets write.
//!
//! ```text
//! the innermost `Context::run` of the task under poll, if there is one
//!   else the task under poll: its own, in its cold part
//!   else what this thread has set outside of tasks
//! ```
//!
//! So a poll swaps nothing in or out, and a task that nobody gave variables and that sets none has
//! no context at all. Only `contexts` asks here. Nothing is locked or borrowed while user code runs
//! (I4): what callers do inside [`in_force`] and [`change`] is a search, or a new slice.

use std::cell::{Cell, RefCell};
use std::mem;

use super::context::Kept;
use super::vars::Vars;
use crate::cell::with_current;
use crate::current;
use crate::sync::ranks::CONTEXT;
use crate::sync::{lock, thread_local};

/// A context that was entered and not left.
struct Frame {
    /// The task under poll when it was entered, zero outside of tasks: a task that is polled inside
    /// the poll of another has a context of its own.
    task: usize,
    /// The context, lent for the time.
    kept: Kept,
}

thread_local! {
    /// The context entered last on this thread; each keeps the one before it.
    static ENTERED: RefCell<Option<Frame>> = const { RefCell::new(None) };
}

thread_local! {
    /// Whether `ENTERED` holds any, for the many tasks made where it does not. There to the
    /// thread's very end, since nothing has to be dropped.
    static HAS_ENTERED: Cell<bool> = const { Cell::new(false) };
}

thread_local! {
    /// What this thread has set outside of tasks.
    static THREAD: RefCell<Vars> = const { RefCell::new(Vars::new()) };
}

/// Lends the variables in force to `f` for a look; `None` where none was ever set, or where the
/// thread is on its way out and has none any more.
pub(super) fn in_force<R>(f: impl FnOnce(&mut Vars) -> R) -> Option<R> {
    let f = match in_entered(f) {
        Ok(answer) => return Some(answer),
        Err(f) => f?,
    };
    with_current(|task| match task {
        Some(task) => {
            let cold = task.header().existing_cold()?;
            Some(lock(&cold.context, CONTEXT).0.with(f))
        }
        None => THREAD.try_with(|vars| f(&mut vars.borrow_mut())).ok(),
    })
}

/// Lends the variables in force to `f`, which changes them; made now where there were none.
pub(super) fn change<R>(f: impl FnOnce(&mut Vars) -> R) -> R {
    let f = match in_entered(f) {
        Ok(answer) => return answer,
        Err(f) => f.expect("variables are not set while the thread's locals are dropped"),
    };
    with_current(|task| match task {
        Some(task) => lock(&task.cold().context, CONTEXT).0.with(f),
        None => THREAD.with(|vars| f(&mut vars.borrow_mut())),
    })
}

/// Lends the variables of the context that was entered in this very poll; gives `f` back where
/// there is none, and nothing where the thread is on its way out.
#[inline]
fn in_entered<R, F: FnOnce(&mut Vars) -> R>(f: F) -> Result<R, Option<F>> {
    if !HAS_ENTERED.with(Cell::get) {
        return Err(Some(f));
    }
    let answer = ENTERED.try_with(|entered| match &mut *entered.borrow_mut() {
        Some(frame) if frame.task == current::mark() => Ok(frame.kept.with(f)),
        _ => Err(Some(f)),
    });
    answer.unwrap_or(Err(None))
}

/// Puts the context in force until the guard drops, unwinding included.
pub(super) fn enter(home: &mut Kept) -> Entered<'_> {
    let frame = Frame {
        task: current::mark(),
        kept: mem::take(home),
    };
    let before = ENTERED.with(|entered| entered.borrow_mut().replace(frame));
    HAS_ENTERED.with(|has| has.set(true));
    Entered { home, before }
}

/// The time in which a context is in force.
#[must_use = "the context is left again when this drops"]
pub(super) struct Entered<'a> {
    /// Where the context goes back to.
    home: &'a mut Kept,
    /// What was entered before.
    before: Option<Frame>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let before = self.before.take();
        HAS_ENTERED.with(|has| has.set(before.is_some()));
        // Only a thread that is on its way out could have nothing there, and it entered nothing.
        let left = ENTERED.try_with(|entered| mem::replace(&mut *entered.borrow_mut(), before));
        if let Ok(Some(frame)) = left {
            *self.home = frame.kept;
        }
    }
}
