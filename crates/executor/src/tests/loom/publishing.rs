//! Work for anybody, published while workers go to rest: none is lost (I3, fault 20).

use loom::thread;

use super::world::{Worker, World};

/// One publisher, one worker that goes to rest where `seats` and `spins` say.
fn one_each(seats: usize, spins: bool) {
    loom::model(move || {
        let world = World::new(1, seats, 1);
        let other = world.clone();
        let publishing = thread::spawn(move || other.publish(0));
        let worker = Worker::new(&world, 0);
        let worker = if spins { worker.spinning() } else { worker };
        worker.work();
        publishing.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn fault_020_work_reaches_a_worker_that_goes_to_its_seat() {
    one_each(1, false);
}

#[test]
fn fault_020_work_reaches_a_worker_that_falls_asleep() {
    one_each(0, false);
}

#[test]
fn fault_020_work_reaches_a_worker_that_spins_and_settles_in_a_seat() {
    one_each(1, true);
}

#[test]
fn fault_020_work_reaches_a_worker_that_spins_and_falls_asleep() {
    one_each(0, true);
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
fn two_to_one(seats: usize, spins: bool) {
    loom::model(move || {
        let world = World::new(1, seats, 2);
        let publishing = [0, 1].map(|cell| {
            let world = world.clone();
            thread::spawn(move || world.publish(cell))
        });
        let worker = Worker::new(&world, 0);
        let worker = if spins { worker.spinning() } else { worker };
        worker.work();
        for thread in publishing {
            thread.join().unwrap();
        }
        world.assert_quiet();
    });
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_seated_worker() {
    two_to_one(1, false);
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_sleeper() {
    two_to_one(0, false);
}

#[test]
fn of_two_publishers_neither_is_lost_on_a_spinner() {
    two_to_one(1, true);
}

/// One publisher, two workers that go to rest; whoever finds the work ends the other one.
fn one_to_two(seats: usize, spins: bool, searches: bool) {
    loom::model(move || {
        let world = World::new(2, seats, 1);
        let worker = |me| Worker {
            may_spin: spins,
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
    one_to_two(2, false, false);
}

#[test]
fn work_reaches_one_of_two_where_there_is_one_seat() {
    one_to_two(1, false, false);
}

#[test]
fn work_reaches_one_of_two_sleepers() {
    one_to_two(0, false, false);
}

#[test]
fn work_reaches_one_of_two_where_one_spins() {
    one_to_two(1, true, false);
}

#[test]
fn work_reaches_one_of_two_that_search() {
    one_to_two(2, false, true);
}
