//! Searchers: counted once, and the last one never leaves work behind.

use loom::sync::Arc;
use loom::thread;

use super::world::{Gate, NAP, NOTHING, SPIN, Step, Worker, World};
use crate::counts::{Place, Wish};
use crate::queue::{Injector, Local};

/// The worker ends its rest by itself while a publisher grants it a search: either the grant finds
/// it gone, or it counts as a searcher once.
fn grant_and_retract(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(1, seats, 1);
        let worker = Worker::new(&world, 0);
        let place = world.sleep.rest(0, false, wish).unwrap();
        let other = world.clone();
        let publishing = thread::spawn(move || other.publish(0));
        worker.end_rest(place);
        worker.end_search();
        publishing.join().unwrap();
        worker.work();
        world.assert_quiet();
    });
}

#[test]
fn a_grant_that_meets_a_worker_leaving_its_seat_counts_it_once() {
    grant_and_retract(1, NOTHING);
}

#[test]
fn a_grant_that_meets_a_worker_waking_up_counts_it_once() {
    grant_and_retract(0, NOTHING);
}

#[test]
fn a_grant_that_meets_a_worker_done_spinning_counts_it_once() {
    grant_and_retract(1, SPIN);
}

#[test]
fn a_grant_that_meets_a_monitor_leaving_its_nap_counts_it_once() {
    grant_and_retract(1, NAP);
}

/// Two grants and a worker that gives up its spin: the second grant must not hit its next rest.
#[test]
fn a_grant_never_hits_the_rest_after_the_one_it_was_meant_for() {
    loom::model(|| {
        let world = World::new(1, 1, 2);
        let worker = Worker::new(&world, 0).wishing(SPIN);
        assert_eq!(world.sleep.rest(0, false, SPIN), Some(Place::Spin));
        let publishing = [0, 1].map(|cell| {
            let world = world.clone();
            thread::spawn(move || world.publish(cell))
        });
        worker.end_rest(Place::Spin);
        worker.work();
        for thread in publishing {
            thread.join().unwrap();
        }
        world.assert_quiet();
    });
}

/// A grant whose store comes late must not hide a call from a worker that is seated by then.
#[test]
fn a_grant_that_comes_late_hides_no_call() {
    loom::model(|| {
        let world = World::new(1, 1, 1);
        let worker = Worker::new(&world, 0);
        assert_eq!(world.sleep.rest(0, false, SPIN), Some(Place::Spin));
        let publishing = thread::spawn({
            let world = world.clone();
            move || world.publish(0)
        });
        let calling = thread::spawn({
            let world = world.clone();
            move || world.wish(0)
        });
        worker.end_rest(Place::Spin);
        let (mut work, mut wish) = (false, false);
        while !(work && wish) {
            match worker.step() {
                Step::Work => work = true,
                Step::Wish => wish = true,
                _ => {}
            }
        }
        worker.end_search();
        publishing.join().unwrap();
        calling.join().unwrap();
        world.assert_quiet();
    });
}

/// A searcher finds work and stays in one long poll until the other worker has done some too:
/// whoever published that relied on the searcher, and the other worker rests.
fn last_searcher(seats: usize, wish: Wish) {
    loom::model(move || {
        let world = World::new(2, seats, 2);
        let second_done = Arc::new(Gate::new());
        world.publish(0);
        let searcher = Worker::new(&world, 0).searching();
        assert!(world.sleep.start_search());
        searcher.searching.set(true);
        let publishing = thread::spawn({
            let world = world.clone();
            move || world.publish(1)
        });
        let other = thread::spawn({
            let (world, done) = (world.clone(), second_done.clone());
            let worker = Worker {
                wish,
                ..Worker::new(&world, 1)
            };
            move || {
                while worker.step() != Step::Work {}
                done.open();
            }
        });
        while searcher.step() != Step::Work {}
        second_done.pass();
        publishing.join().unwrap();
        other.join().unwrap();
        world.assert_quiet();
    });
}

#[test]
fn the_last_searcher_hands_on_what_came_meanwhile_to_a_seated_worker() {
    last_searcher(2, NOTHING);
}

#[test]
fn the_last_searcher_hands_on_what_came_meanwhile_to_a_sleeper() {
    last_searcher(0, NOTHING);
}

#[test]
fn the_last_searcher_hands_on_what_came_meanwhile_to_a_monitor() {
    last_searcher(1, NAP);
}

/// A spinner turns the reactor too, and may take the notification that was meant for a seat: the
/// token is still out, so it passes it on. Else the seated worker would count as searching for
/// ever, and nobody would be woken for what comes next.
#[test]
fn a_notification_that_a_spinner_takes_reaches_the_seat() {
    loom::model(|| {
        let world = World::new(2, 1, 2);
        let done = Arc::new(Gate::new());
        let other = thread::spawn({
            let (world, done) = (world.clone(), done.clone());
            let worker = Worker::new(&world, 1);
            move || {
                while worker.step() != Step::Work {}
                done.open();
            }
        });
        world.publish(0);
        let worker = Worker::new(&world, 0);
        world.take();
        worker.spin_once();
        worker.end_search();
        world.publish(1);
        // A long poll, until the other one has done something.
        done.pass();
        other.join().unwrap();
        world.take();
        world.assert_quiet();
    });
}

/// A batch on its way from the injector to a queue is seen by nobody; a worker that looks just
/// then rests, and must be told of what arrives, though the mover is in a long poll by then, until
/// the other one has done the other two pieces.
#[test]
fn a_batch_on_its_way_is_told_to_who_missed_it() {
    loom::model(|| {
        let world = World::new(2, 2, 0);
        let injector = Arc::new(Injector::new());
        injector.push(1);
        injector.push(2);
        injector.push(3);
        let mine = Local::new();
        let theirs = mine.stealer();
        let second_done = Arc::new(Gate::new());
        let other = thread::spawn({
            let (world, injector) = (world.clone(), injector.clone());
            let done = second_done.clone();
            move || {
                let worker = Worker::new(&world, 1);
                let has_work = || !injector.is_empty() || !theirs.is_empty();
                let own = Local::new();
                let take = || theirs.steal_into(&own).or_else(|| injector.pop());
                for _ in 0..2 {
                    while take().is_none() {
                        worker.rest_unless(&has_work);
                    }
                    worker.end_search();
                }
                done.open();
            }
        });
        let first = injector.pop_into(&mine);
        if first.is_some() && !mine.is_empty() {
            world.wake_up(world.sleep.work_added());
        }
        // The long poll of the first one.
        second_done.pass();
        other.join().unwrap();
        world.assert_quiet();
    });
}
