//! Blocking on a worker's own thread, without holding up what waits behind the call.
//!
//! Before the call the worker gives its slot and its queue to the injector, which every worker
//! looks into however busy it is, and another thread stands in for it (`relief`); its timers and
//! the reactor are looked after by whoever looks around. During the call the thread is no worker:
//! what it wakes goes to the injector too, and it may even run another loop. What can run here only
//! waits: the main future on worker 0, and local tasks.

use std::rc::Rc;

use crate::budget;
use crate::current;
use crate::worker::Worker;

/// Runs `f`, which may block, on this thread; see the module. On a single-threaded loop, and on a
/// thread that is no worker, it is just called.
///
/// # Panics
/// When `f` does; the thread is a worker again by then.
pub fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    let _stepped_out = SteppedOut::step_out();
    f()
}

/// A worker's thread while it is no worker.
struct SteppedOut(Rc<Worker>);

impl SteppedOut {
    /// None where nobody could take over.
    fn step_out() -> Option<Self> {
        let worker = current::take_if(|worker| !worker.shared().is_single())?;
        worker.hand_over();
        worker.shared().call_relief();
        budget::lift();
        Some(Self(worker))
    }
}

impl Drop for SteppedOut {
    fn drop(&mut self) {
        self.0.shared().dismiss_relief();
        // The poll goes on, and so does its limit.
        budget::refill();
        current::enter(self.0.clone());
    }
}
