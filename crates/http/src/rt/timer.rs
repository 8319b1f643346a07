//! Time for hyper: limits on headers, pings and pools. The loop's own timers and clock; nothing
//! here reads the machine's.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bowerbird::{Sleep, sleep, sleep_until};

/// The timers and the clock of the running loop.
///
/// # Panics
/// Outside a running loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timer;

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Delay(sleep(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Delay(sleep_until(deadline)))
    }

    fn now(&self) -> Instant {
        match bowerbird::get_running_loop() {
            Ok(running) => running.time(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Without a new box, where `sleep` is one of ours.
    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<Delay>() {
            Some(delay) => delay.get_mut().0 = sleep_until(new_deadline),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

/// A [`bowerbird::Sleep`] under hyper's trait.
#[derive(Debug)]
pub struct Delay(Sleep);

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl hyper::rt::Sleep for Delay {}

#[cfg(test)]
mod tests {
    //! Promises about hyper's time being the loop's.

    use hyper::rt::Timer as _;

    use super::*;

    #[test]
    fn delays_end_at_their_deadline_and_move_without_a_new_box() {
        bowerbird::run(async {
            let begin = Timer.now();
            let mut delay = Timer.sleep(Duration::from_secs(3_600));
            let place: *const dyn hyper::rt::Sleep = &*delay;
            Timer.reset(&mut delay, begin + Duration::from_millis(20));
            assert!(std::ptr::addr_eq(place, &*delay));
            delay.await;
            assert!(Timer.now() >= begin + Duration::from_millis(20));
        });
    }

    #[test]
    #[should_panic = "no running event loop"]
    fn there_is_no_time_outside_a_loop() {
        let _ = Timer.now();
    }
}
