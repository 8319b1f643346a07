//! Work for anybody, published while workers go to rest: none is lost (I3, fault 20).

use loom::sync::Arc;
use loom::thread;

use super::world::{Gate, NAP, NOTHING, SPIN, Step, Worker, World};
use crate::counts::{Place, Wish};

/// One publisher, one worker that goes to rest where `seats` and `spins` say.
fn one_each(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(1, seats, 1);
        let other = world.clone();
        let publishing = thread::spawn(move || other.publish(0));
        let worker = Worker::new(&world, 0);
        let worker = worker.wishing(wish);
        worker.work();
        publishing.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn fault_020_work_reaches_a_worker_that_goes_to_its_seat() {
    one_each(1, NOTHING);
}

#[test]
fn fault_020_work_reaches_a_worker_that_falls_asleep() {
    one_each(0, NOTHING);
}

#[test]
fn fault_020_work_reaches_a_worker_that_spins_and_settles_in_a_seat() {
    one_each(1, SPIN);
}

#[test]
fn fault_020_work_reaches_a_worker_that_spins_and_falls_asleep() {
    one_each(0, SPIN);
}

#[test]
fn fault_020_work_reaches_a_worker_that_naps_and_takes_a_seat() {
    one_each(1, NAP);
}

#[test]
fn fault_020_work_reaches_a_worker_that_naps_and_falls_asleep() {
    one_each(0, NAP);
}

#[test]
fn work_reaches_a_worker_that_has_searched_in_vain() {
    loom::model(|| {
        let world = World::new(1, 1, 1);
        let other = world.clone();
        let publishing = thread::spawn(move || other.publish(0));
        Worker::new(&world, 0).searching().work();
        publishing.join().unwrap();
        world.assert_quiet();
    });
}

/// Two publishers, one worker.
fn two_to_one(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(1, seats, 2);
        let publishing = [0, 1].map(|cell| {
            let world = world.clone();
            thread::spawn(move || world.publish(cell))
        });
        let worker = Worker::new(&world, 0);
        let worker = worker.wishing(wish);
        worker.work();
        for thread in publishing {
            thread.join().unwrap();
        }
        world.assert_quiet();
    });
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_seated_worker() {
    two_to_one(1, NOTHING);
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_sleeper() {
    two_to_one(0, NOTHING);
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_spinner() {
    two_to_one(1, SPIN);
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_monitor() {
    two_to_one(1, NAP);
}

/// One publisher, two workers that go to rest; whoever finds the work ends the other one.
fn one_to_two(seats: usize, wish: Wish, searches: bool) {
    loom::model(move || {
        let world = World::new(2, seats, 1);
        let worker = |me| Worker {
            wish,
            may_search: searches,
            ..Worker::new(&world, me)
        };
        let resting = worker(1).start();
        let other = world.clone();
        let publishing = thread::spawn(move || other.publish(0));
        worker(0).work();
        resting.join().unwrap();
        publishing.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn work_reaches_one_of_two_in_the_reactor() {
    one_to_two(2, NOTHING, false);
}

#[test]
fn work_reaches_one_of_two_where_there_is_one_seat() {
    one_to_two(1, NOTHING, false);
}

#[test]
fn work_reaches_one_of_two_sleepers() {
    one_to_two(0, NOTHING, false);
}

#[test]
fn work_reaches_one_of_two_where_one_spins() {
    one_to_two(1, SPIN, false);
}

#[test]
fn work_reaches_one_of_two_where_one_naps() {
    one_to_two(1, NAP, false);
}

/// What a busy worker leaves to the monitor, because it will come to it soon, and then does not:
/// the other one finds it, wherever it was on its way from the nap to its next rest.
fn left_to_monitor(seats: usize) {
    loom::model(move || {
        let world = World::new(2, seats, 1);
        let monitor = Worker::new(&world, 1).wishing(NAP).start();
        world.publish_for_monitor(0);
        // A long poll.
        monitor.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn work_left_to_the_monitor_is_found_before_it_waits_in_the_reactor() {
    left_to_monitor(2);
}

#[test]
fn work_left_to_the_monitor_is_found_before_it_falls_asleep() {
    left_to_monitor(0);
}

#[test]
fn work_reaches_one_of_two_that_search() {
    one_to_two(2, NOTHING, true);
}

/// The monitor leaves for a long poll of its own just as something is left to it: then it is for
/// whoever else rests.
#[test]
fn work_left_to_a_monitor_that_leaves_reaches_another_one() {
    loom::model(|| {
        let world = World::new(3, 1, 1);
        let done = Arc::new(Gate::new());
        assert_eq!(world.sleep.rest(1, false, NAP), Some(Place::Nap));
        let other = thread::spawn({
            let (world, done) = (world.clone(), done.clone());
            move || {
                let worker = Worker::new(&world, 2);
                while worker.step() != Step::Work {}
                worker.end_search();
                done.open();
            }
        });
        let monitor = thread::spawn({
            let (world, done) = (world.clone(), done.clone());
            move || {
                let worker = Worker::new(&world, 1);
                worker.end_rest(Place::Nap);
                worker.end_search();
                done.pass();
            }
        });
        world.publish_for_monitor(0);
        // A long poll, too: `other` must find the work.
        other.join().unwrap();
        monitor.join().unwrap();
        world.assert_quiet();
    });
}
