//! One certain worker is wanted: the call arrives, whoever the kernel wakes for it.

use loom::sync::Arc;
use loom::thread;

use super::world::{NAP, NOTHING, SPIN, Step, Worker, World};
use crate::counts::Wish;

/// Steps until the worker has seen its wish; then it goes on with what it likes.
fn wait_for_wish(worker: &Worker) {
    while worker.step() != Step::Wish {}
}

fn call_one(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(1, seats, 0);
        let other = world.clone();
        let calling = thread::spawn(move || other.wish(0));
        let worker = Worker::new(&world, 0);
        let worker = worker.wishing(wish);
        wait_for_wish(&worker);
        calling.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn a_call_reaches_a_worker_that_goes_to_its_seat() {
    call_one(1, NOTHING);
}

#[test]
fn a_call_reaches_a_worker_that_falls_asleep() {
    call_one(0, NOTHING);
}

#[test]
fn a_call_reaches_a_worker_that_settles_in_a_seat() {
    call_one(1, SPIN);
}

#[test]
fn a_call_reaches_a_worker_that_settles_and_sleeps() {
    call_one(0, SPIN);
}

#[test]
fn a_call_reaches_a_worker_that_naps_and_takes_a_seat() {
    call_one(1, NAP);
}

#[test]
fn a_call_reaches_a_worker_that_naps_and_falls_asleep() {
    call_one(0, NAP);
}

/// Worker 0 is wanted, and worker 1 may be the one that the kernel wakes. It ends when 0 says so.
fn call_one_of_two(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(2, seats, 0);
        let bystander = Worker::new(&world, 1).start();
        let other = world.clone();
        let calling = thread::spawn(move || other.wish(0));
        let worker = Worker::new(&world, 0);
        let worker = worker.wishing(wish);
        wait_for_wish(&worker);
        world.close(Some(0));
        bystander.join().unwrap();
        calling.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn a_call_that_wakes_the_wrong_waiter_is_passed_on() {
    call_one_of_two(2, NOTHING);
}

#[test]
fn a_call_that_wakes_the_wrong_waiter_reaches_one_that_settles() {
    call_one_of_two(2, SPIN);
}

#[test]
fn a_call_that_wakes_the_wrong_waiter_reaches_one_that_naps() {
    call_one_of_two(2, NAP);
}

#[test]
fn a_call_reaches_one_of_two_that_want_the_same_seat() {
    call_one_of_two(1, NOTHING);
}

/// Two are called at once, and both calls may come as one event.
#[test]
fn two_calls_that_melt_into_one_event_reach_both() {
    loom::model(|| {
        let world = World::new(2, 2, 0);
        let other = thread::spawn({
            let world = world.clone();
            move || wait_for_wish(&Worker::new(&world, 1))
        });
        let callers = [0, 1].map(|worker| {
            let world = world.clone();
            thread::spawn(move || world.wish(worker))
        });
        wait_for_wish(&Worker::new(&world, 0));
        other.join().unwrap();
        for caller in callers {
            caller.join().unwrap();
        }
        world.assert_quiet();
    });
}

/// Work for anybody and a call for worker 0 at once, which may come as one event.
fn call_and_work(seats: usize) {
    loom::model(move || {
        let world = World::new(2, seats, 1);
        let other = Worker::new(&world, 1).start();
        let acting = thread::spawn({
            let world: Arc<World> = world.clone();
            move || {
                world.publish(0);
                world.wish(0);
            }
        });
        // Whoever takes the work ends the other one; worker 0 must still have had its wish, or
        // have been told of the end by the same call.
        let worker = Worker::new(&world, 0);
        worker.work();
        other.join().unwrap();
        acting.join().unwrap();
        world.clear_wish(0);
        world.assert_quiet();
    });
}

#[test]
fn a_call_and_a_grant_that_melt_into_one_event_both_arrive() {
    call_and_work(2);
}

#[test]
fn a_call_and_a_grant_both_arrive_where_one_sleeps() {
    call_and_work(1);
}
