//! Which worker this thread is. Set while a thread works for a loop; asked by every wake and spawn.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::handle::Handle;
use crate::shared::Shared;
use crate::worker::Worker;

thread_local! {
    /// The worker that this thread is, if it is one.
    static CURRENT: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

/// Makes the thread a worker until [`leave`].
pub(crate) fn enter(worker: Rc<Worker>) {
    CURRENT.with(|current| *current.borrow_mut() = Some(worker));
}

/// Ends it.
pub(crate) fn leave() {
    let worker = CURRENT.with(|current| current.borrow_mut().take());
    drop(worker);
}

/// Ends it for a while, if `may_go` agrees; [`enter`] makes the thread that worker again.
pub(crate) fn take_if(may_go: impl FnOnce(&Worker) -> bool) -> Option<Rc<Worker>> {
    CURRENT.with(|current| {
        // Borrowed by a call further out, which relies on the worker.
        let mut current = current.try_borrow_mut().ok()?;
        current.take_if(|worker| may_go(worker))
    })
}

/// Whether this thread works for any loop.
pub(crate) fn is_worker() -> bool {
    CURRENT.with(|current| current.borrow().is_some())
}

/// Calls `f` with this thread's worker, if it is one of that loop.
#[inline]
pub(crate) fn with_worker_of<R>(shared: &Arc<Shared>, f: impl FnOnce(Option<&Worker>) -> R) -> R {
    let mut f = Some(f);
    let answer = CURRENT.try_with(|current| {
        let current = current.borrow();
        let worker = current
            .as_deref()
            .filter(|worker| Arc::ptr_eq(worker.shared(), shared));
        f.take().map(|f| f(worker))
    });
    match answer {
        Ok(Some(answer)) => answer,
        // The thread is on its way out and its locals are gone: it is no worker any more.
        _ => f.take().expect("not called yet")(None),
    }
}

/// Calls `f` with the loop that this thread works for.
#[inline]
pub(crate) fn with_handle<R>(f: impl FnOnce(Option<&Handle>) -> R) -> R {
    let mut f = Some(f);
    let answer = CURRENT.try_with(|current| {
        let current = current.borrow();
        let handle = current.as_deref().map(|worker| &worker.handle);
        f.take().map(|f| f(handle))
    });
    match answer {
        Ok(Some(answer)) => answer,
        // As above.
        _ => f.take().expect("not called yet")(None),
    }
}
