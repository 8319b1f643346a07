use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Bell, Countdown, oneshot};

/// Counts its wakes.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        // Relaxed: each test is one thread.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls once before `act` and once after; checks that only `act` wakes, and makes it ready.
fn becomes_ready_by<F: Future>(future: F, act: impl FnOnce()) -> F::Output {
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(counter.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    assert!(future.as_mut().poll(&mut context).is_pending());
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    act();
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    match future.poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("woken and still pending"),
    }
}

#[test]
fn a_value_sent_arrives() {
    let (sender, receiver) = oneshot();
    assert_eq!(becomes_ready_by(receiver, || sender.send(7)), 7);
}

#[test]
fn a_bell_wakes_who_has_heard_less() {
    let bell = Bell::default();
    becomes_ready_by(bell.ring_after(0), || bell.ring());
    becomes_ready_by(bell.ring_after(1), || bell.ring());
    assert_eq!(futures_lite::future::block_on(bell.ring_after(1)), ());
}

#[test]
fn only_the_last_tick_of_a_countdown_wakes() {
    let countdown = Countdown::new();
    countdown.reset(3);
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(counter.clone());
    let mut context = Context::from_waker(&waker);
    let mut zero = pin!(countdown.zero());
    assert!(zero.as_mut().poll(&mut context).is_pending());
    for wakes in [0, 0, 1] {
        countdown.tick();
        assert_eq!(counter.0.load(Ordering::Relaxed), wakes);
    }
    assert!(zero.poll(&mut context).is_ready());
}
