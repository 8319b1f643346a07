//! What becomes of work that a closed loop refuses: it is dropped, on the calling thread.
//!
//! A drop may ask for more work, which is refused too, and so on: the drops would nest without end.
//! Called by whoever refuses (the handle, the callbacks, the pool); never by a loop that is open.

use std::cell::Cell;

/// How many refusals may nest before what is refused is leaked instead.
const DEPTH_MAX: u32 = 64;

thread_local! {
    /// Refusals under way on this thread.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Drops `refused`, unless drops within drops keep coming.
#[cold]
pub(crate) fn drop_refused<T>(refused: T) {
    let depth = DEPTH.try_with(Cell::get).unwrap_or(DEPTH_MAX);
    if depth >= DEPTH_MAX {
        return std::mem::forget(refused);
    }
    let _nested = Nested::enter(depth);
    drop(refused);
}

/// One refusal under way; a drop may panic out of it.
struct Nested {
    /// The depth outside of it.
    before: u32,
}

impl Nested {
    fn enter(before: u32) -> Self {
        // A thread on its way out has no count, and `drop_refused` does not get here.
        let _counted = DEPTH.try_with(|depth| depth.set(before + 1));
        Self { before }
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        let _counted = DEPTH.try_with(|depth| depth.set(self.before));
    }
}
