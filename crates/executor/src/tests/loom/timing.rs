//! Timers that are set while others rest: the kernel's timer is armed by whoever sets one, or by
//! whoever rests.

use loom::thread;

use super::world::{NAP, NOTHING, SPIN, Step, Worker, World};
use crate::counts::Wish;

/// A worker sets a timer and does not come back from its poll: the other one is woken for it,
/// wherever it was on its way to its rest.
fn fires_elsewhere(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(2, seats, 0);
        let other = Worker::new(&world, 1).wishing(wish);
        let resting = thread::spawn(move || {
            while other.step() != Step::Ready {
                thread::yield_now();
            }
        });
        world.set_timer();
        // A long poll.
        resting.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn fault_046_a_timer_reaches_a_worker_that_takes_a_seat() {
    fires_elsewhere(2, NOTHING);
}

#[test]
fn fault_046_a_timer_reaches_a_worker_that_spins_and_takes_a_seat() {
    fires_elsewhere(2, SPIN);
}

#[test]
fn fault_046_a_timer_reaches_a_worker_that_naps_and_takes_a_seat() {
    fires_elsewhere(2, NAP);
}
