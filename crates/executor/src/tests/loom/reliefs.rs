//! Who stands in for workers that block in place: nobody who is needed stays on the bench, nobody
//! who is not needed stays away from it, and what a relief publishes is seen like any worker's.
//!
//! The reserve and the parking protocol are the real ones; a relief's thread takes the steps of
//! `Worker::stand_in`, and the caller those of `in_place.rs`: **who changes these changes the
//! twin**. A relief that is not there when it should be is a deadlock to loom.

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use super::world::{Gate, Step, Worker, World};
use crate::reserve::Reserve;

/// A pool whose workers are all the model's own threads, and its reliefs.
struct Pool {
    world: Arc<World>,
    reserve: Reserve<(), JoinHandle<()>>,
    /// Opened by a relief for each piece of work it has done.
    done: Gate,
    /// Opened by a relief on its way to the bench, and back from it.
    leaves: Gate,
}

impl Pool {
    fn new(workers: usize, reliefs: usize, publishers: usize) -> Arc<Self> {
        Arc::new(Self {
            world: World::with_reliefs(workers, reliefs, 1, publishers),
            reserve: Reserve::new(workers, vec![(); reliefs]),
            done: Gate::new(),
            leaves: Gate::new(),
        })
    }

    /// `block_in_place` up to the call.
    fn step_out(this: &Arc<Self>) {
        let called = this.reserve.call(|index, ()| {
            let pool = this.clone();
            Ok(thread::spawn(move || pool.stand_in(index)))
        });
        called.unwrap();
    }

    /// `block_in_place` after the call.
    fn step_in(&self) {
        if let Some(index) = self.reserve.dismiss() {
            self.world.wake_up(self.world.sleep.call(index));
        }
    }

    fn stand_in(&self, index: usize) {
        let worker = Worker::new(&self.world, index);
        while !self.world.is_over() {
            if self.reserve.is_dismissed(index) {
                worker.end_search();
                self.leaves.open();
                self.reserve.sit_out(index);
                continue;
            }
            if worker.step() == Step::Work {
                self.done.open();
            }
        }
        worker.end_search();
    }

    /// The end of the loop.
    fn close(&self) {
        self.world.close(None);
        for thread in self.reserve.close() {
            thread.join().unwrap();
        }
        assert_eq!(self.reserve.duties(), (0, 0), "somebody is still on duty");
        self.world.assert_quiet();
    }
}

#[test]
fn work_that_is_left_behind_by_a_call_in_place_is_done_by_the_relief() {
    loom::model(|| {
        let pool = Pool::new(1, 1, 1);
        pool.world.publish(0);
        Pool::step_out(&pool);
        pool.done.pass();
        pool.step_in();
        pool.close();
    });
}

#[test]
fn a_relief_that_is_called_as_it_leaves_is_on_duty() {
    loom::model(|| {
        let pool = Pool::new(1, 1, 1);
        Pool::step_out(&pool);
        pool.step_in();
        Pool::step_out(&pool);
        pool.world.publish(0);
        pool.done.pass();
        pool.step_in();
        pool.close();
    });
}

#[test]
fn a_relief_that_waits_on_the_bench_is_called_from_it() {
    loom::model(|| {
        let pool = Pool::new(1, 1, 1);
        Pool::step_out(&pool);
        pool.step_in();
        pool.leaves.pass();
        Pool::step_out(&pool);
        pool.world.publish(0);
        pool.done.pass();
        pool.step_in();
        pool.close();
    });
}

#[test]
fn a_relief_that_rests_hears_that_it_may_leave() {
    loom::model(|| {
        let pool = Pool::new(1, 1, 0);
        Pool::step_out(&pool);
        pool.step_in();
        pool.leaves.pass();
        pool.close();
    });
}

#[test]
fn two_calls_with_one_relief_leave_nobody_on_duty() {
    loom::model(|| {
        let pool = Pool::new(2, 1, 1);
        let other = thread::spawn({
            let pool = pool.clone();
            move || {
                Pool::step_out(&pool);
                pool.step_in();
            }
        });
        Pool::step_out(&pool);
        // The relief serves for as long as one of both is in a call.
        pool.world.publish(0);
        pool.done.pass();
        pool.step_in();
        other.join().unwrap();
        pool.close();
    });
}

#[test]
fn what_a_new_relief_publishes_is_seen_by_who_goes_to_rest() {
    loom::model(|| {
        // Cell and worker have the same number, and a worker looks at those that are manned.
        let world = World::with_reliefs(2, 1, 1, 3);
        let reserve = Arc::new(Reserve::<(), JoinHandle<()>>::new(2, vec![()]));
        let resting = thread::spawn({
            let (world, reserve) = (world.clone(), reserve.clone());
            move || {
                let worker = Worker::new(&world, 1);
                while !world.take_below(reserve.manned()) {
                    worker.rest_unless(&|| world.has_work_below(reserve.manned()));
                }
                worker.end_search();
            }
        });
        let called = reserve.call(|index, ()| {
            let world = world.clone();
            // It publishes and is in a long poll from then on.
            Ok(thread::spawn(move || world.publish(index)))
        });
        called.unwrap();
        resting.join().unwrap();
        for thread in reserve.close() {
            thread.join().unwrap();
        }
        world.assert_quiet();
    });
}
