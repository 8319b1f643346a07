//! Waking many, whatever one of them does.
//!
//! The reactor calls it after it has let go of its locks (I4), and so do those who expire timers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Wakes all of them, in order, and leaves the list empty. A waker that panics ends nothing but
/// its own wake (I7); the panic hook has reported it by then.
pub fn wake_all(wakers: &mut Vec<Waker>) {
    for waker in wakers.drain(..) {
        // A waker is a word of foreign code to us: nothing of ours is left half changed by it.
        let woken = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        if let Err(payload) = woken {
            discard(payload);
        }
    }
}

/// Drops what a panic carried; if that panics as well, keeps the second payload alive for good,
/// since there would be no end otherwise.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    //! Promises about panicking wakers.

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A payload that panics when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            std::panic::panic_any(Bomb);
        }
    }

    #[test]
    fn fault_006_a_panicking_waker_keeps_no_other_from_being_woken() {
        let counts = Arc::new(Counts(AtomicUsize::new(0)));
        let counting = || Waker::from(Arc::clone(&counts));
        let mut wakers = vec![counting(), Waker::from(Arc::new(Panics)), counting()];
        wake_all(&mut wakers);
        assert_eq!(counts.0.load(Ordering::Relaxed), 2);
        assert!(wakers.is_empty());
    }
}
