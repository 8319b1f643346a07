//! What the tests of the reactor and of its sources share: every backend, wakers that count, and
//! turns that give up instead of hanging.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use crate::{Clock, Events, Reactor, Turn, Wait};

/// How long a turn may wait for what a test expects.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reactor for each way of working that this build has.
pub(crate) fn reactors() -> Vec<Arc<Reactor>> {
    vec![
        Arc::new(Reactor::new().unwrap()),
        #[cfg(any(not(target_os = "linux"), bowerbird_portable_reactor))]
        Arc::new(Reactor::new_oneshot().unwrap()),
    ]
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Flag(AtomicUsize);

impl Flag {
    pub(crate) fn new() -> Arc<Flag> {
        Arc::default()
    }

    /// How often it was woken since the last time it was asked.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn waker(self: &Arc<Flag>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// Calls `poll` with a context that raises this flag.
    pub(crate) fn poll<R>(self: &Arc<Flag>, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        poll(&mut Context::from_waker(&self.waker()))
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Turns until `is_over`, and fails when that takes unreasonably long.
pub(crate) fn turn_until(reactor: &Reactor, mut is_over: impl FnMut(Turn) -> bool) -> Turn {
    let clock = Clock::real();
    let limit = clock.now().after(PATIENCE);
    let mut events = Events::new();
    loop {
        reactor.arm(limit, &clock);
        let turn = reactor.turn(&mut events, Wait::Block).unwrap();
        if is_over(turn) {
            return turn;
        }
        assert!(clock.now() < limit, "what was waited for did not come");
    }
}

/// Turns until something is true, if it is not already.
pub(crate) fn turn_until_true(reactor: &Reactor, mut is_true: impl FnMut() -> bool) {
    if is_true() {
        return;
    }
    let _last = turn_until(reactor, |_| is_true());
}

/// Turns until the flag is raised.
pub(crate) fn turn_until_woken(reactor: &Reactor, flag: &Flag) {
    turn_until_true(reactor, || flag.is_woken());
    flag.take();
}

/// Takes what is there, several times over, so that nothing is left under way.
pub(crate) fn settle(reactor: &Reactor) {
    let mut events = Events::new();
    for _ in 0..3 {
        let _turn = reactor.turn(&mut events, Wait::Poll).unwrap();
    }
}
