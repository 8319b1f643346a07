//! Polling by hand, dropping after a number of polls, numbers from a seed, and every kind of loop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bowerbird::{Flavor, Runner};

/// Far longer than any test takes: what is over by then hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A future that the test polls itself.
pub(crate) struct Hand<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // Read by the thread that the test runs on, which is the one that wakes.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a, T> Hand<'a, T> {
    pub(crate) fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            woken: Arc::default(),
        }
    }

    /// The same, polled once.
    pub(crate) fn started(future: impl Future<Output = T> + 'a) -> Self {
        let mut hand = Self::new(future);
        assert!(hand.poll().is_none(), "it was meant to wait");
        hand
    }

    pub(crate) fn poll(&mut self) -> Option<T> {
        let waker = Waker::from(self.woken.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed) // See `wake`.
    }
}

/// Numbers that are not random at all, from a seed.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 = self.0.wrapping_add(0x2545_f491_4f6c_dd1d);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % limit
    }
}

/// Polls `future` so many times at most, then drops it: `None`.
pub(crate) async fn polls<F: Future>(count: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = count;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // The last poll is over: dropped as it is, without being woken.
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Runs the test on a loop of one thread, of two and of four.
pub(crate) fn on_every_loop<F: Future<Output = ()>>(test: impl Fn() -> F) {
    for workers in [1, 2, 4] {
        let mut runner = Runner::builder();
        runner = match workers {
            1 => runner.flavor(Flavor::CurrentThread),
            _ => runner.worker_threads(workers),
        };
        let mut runner = runner.build().expect("there are threads and descriptors");
        let ended = runner.run(within_patience(test()));
        assert!(ended.is_some(), "it hangs with {workers} workers");
    }
}

/// `None` when it hangs.
pub(crate) async fn within_patience<F: Future>(future: F) -> Option<F::Output> {
    bowerbird::wait_for(future, PATIENCE).await.ok()
}
