//! Wakers of the models: they count, and a thread can wait for one.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::{Condvar, Mutex};

/// Counts how often it was woken.
pub(super) struct Alarm {
    rung: Mutex<usize>,
    changed: Condvar,
}

impl Alarm {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            rung: Mutex::new(0),
            changed: Condvar::new(),
        })
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }

    /// How often it was woken and not waited for.
    pub(super) fn rung(&self) -> usize {
        *self.rung.lock().unwrap()
    }

    /// Waits for a wake: one that never comes is a deadlock to loom.
    pub(super) fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while *rung == 0 {
            rung = self.changed.wait(rung).unwrap();
        }
        *rung -= 1;
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}
