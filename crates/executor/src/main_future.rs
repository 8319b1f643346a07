//! The future that a run is about: polled by the running thread itself, yet a task to all others.
//!
//! It need be neither `Send` nor `'static`, so it cannot live in a task cell. A small task stands
//! for it: `current_task` inside the future is that task, cancelling the task cancels the future,
//! and the task is done when the future is.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use bowerbird_core::locked::Guarded;
use bowerbird_core::{Birth, Callback, Panic, Runnable, Schedule, TaskRef, create};

use crate::handle::Handle;
use crate::shared::Shared;
use crate::sync::ranks;

/// The task that stands for the main future, and what wakes it.
pub(crate) struct MainFuture {
    /// Told when the future is to be polled.
    signal: Arc<Signal>,
    /// The same, as the waker it is polled with.
    waker: Waker,
    /// The task; its output is never used.
    stand_in: TaskRef,
}

/// What wakes the main future.
struct Signal {
    /// The loop.
    shared: Arc<Shared>,
    /// A poll is wanted.
    woken: AtomicBool,
    /// Its turn has come: at once on a pool, and in line where order is a promise.
    has_turn: AtomicBool,
    /// The stand-in's turn to be polled, which is how cancel requests arrive.
    request: Mutex<Option<Runnable>>,
    /// The stand-in was cancelled and nothing inside caught it.
    cancelled: AtomicBool,
    /// The main future has its value: the stand-in may end.
    over: AtomicBool,
}

impl MainFuture {
    pub(crate) fn new(shared: &Arc<Shared>, birth: Birth) -> Self {
        let signal = Arc::new(Signal {
            shared: shared.clone(),
            woken: AtomicBool::new(true),
            has_turn: AtomicBool::new(true),
            request: Mutex::default(),
            cancelled: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let gate = Gate(signal.clone());
        let (runnable, stand_in, entry) = create(gate, Messenger(signal.clone()), birth);
        shared.registry.enter(0, entry, true);
        // Its first poll, so that from now on it is idle and every request comes as a runnable.
        drop(runnable.run());
        Self {
            waker: Waker::from(signal.clone()),
            signal,
            stand_in: stand_in.handle(),
        }
    }

    /// The task that stands for the future.
    pub(crate) fn task(&self) -> &TaskRef {
        &self.stand_in
    }

    /// Whether the future is to be polled now; asking takes the wish.
    #[inline]
    pub(crate) fn take_wish(&self) -> bool {
        // Relaxed look, then AcqRel pairs with `take_turn`, and on `woken` with `wake`: the poll
        // sees what the waker wrote. The turn goes first, so that a wake which comes in between
        // gets another one.
        self.signal.has_turn.load(Ordering::Relaxed)
            && self.signal.has_turn.swap(false, Ordering::AcqRel)
            && self.signal.woken.swap(false, Ordering::AcqRel)
    }

    /// Polls the future once. `Some(None)`: it was cancelled, and is to be dropped.
    pub(crate) fn poll<F: Future>(&self, future: Pin<&mut Option<F>>) -> Option<Option<F::Output>> {
        let future = future
            .as_pin_mut()
            .expect("it is there until an answer ends the run");
        self.deliver();
        if self.is_cancelled() {
            return Some(None);
        }
        let mut cx = Context::from_waker(&self.waker);
        let polled = self.stand_in.enter(|| future.poll(&mut cx));
        // A request may have come from inside, as with a task that cancels itself.
        self.deliver();
        match polled {
            _ if self.is_cancelled() => Some(None),
            Poll::Ready(output) => Some(Some(output)),
            Poll::Pending => None,
        }
    }

    /// Hands a cancel request to the scopes inside, or learns that nobody caught it.
    fn deliver(&self) {
        let request = self.signal.lock().take();
        if let Some(runnable) = request {
            if let Some(again) = runnable.run() {
                again.schedule();
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        // Relaxed: written by `Gate::drop` on this very thread, in `deliver`.
        self.signal.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for MainFuture {
    fn drop(&mut self) {
        // Relaxed: read by the gate on this very thread.
        self.signal.over.store(true, Ordering::Relaxed);
        self.stand_in.waker().wake();
        self.deliver();
    }
}

impl Signal {
    /// The next look at the wish finds it. AcqRel pairs with `take_wish`.
    fn take_turn(&self) {
        self.has_turn.swap(true, Ordering::AcqRel);
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Option<Runnable>>> {
        Guarded::take(ranks::REQUEST, || {
            self.request
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // AcqRel pairs with `take_wish`.
        if self.woken.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.shared.is_single() {
            // It stands in line like every task; its turn is a task of its own.
            let signal = self.clone();
            let turn = async move { signal.take_turn() };
            return Handle(self.shared.clone()).spawn_unlisted(turn);
        }
        self.take_turn();
        // On worker 0 too: it may be on its way to rest, past its look at our wish.
        self.shared.call_worker(0);
    }
}

/// The stand-in's future: pending until the main future is over.
struct Gate(Arc<Signal>);

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        // Relaxed: written on this very thread.
        if self.0.over.load(Ordering::Relaxed) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Relaxed: both on the running thread; dropped before its end means cancelled.
        if !self.0.over.load(Ordering::Relaxed) {
            self.0.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

/// The stand-in's scheduler: its runnable waits for the thread that polls the main future.
struct Messenger(Arc<Signal>);

impl Schedule for Messenger {
    fn schedule(&self, runnable: Runnable) {
        let before = self.0.lock().replace(runnable);
        drop(before);
        self.0.wake_by_ref();
    }

    fn retire(&self, slot: u64) -> Option<TaskRef> {
        self.0.shared.registry.retire(slot)
    }

    fn call_soon(&self, callback: Callback) {
        Handle(self.0.shared.clone()).call_soon(callback);
    }

    fn panic_unseen(&self, task: &TaskRef, panic: Panic) {
        Schedule::panic_unseen(&Handle(self.0.shared.clone()), task, panic);
    }
}
