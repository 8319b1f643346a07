//! What is queued behind a call in place goes to the common queue: each task is run once, by
//! somebody who takes it there or who has stolen it before.
//!
//! The queues are the locked twins of `queue.rs`, the parking protocol is the real one, and the
//! steps are those of `Worker::hand_over` and of `Worker::next_task`: **who changes these changes
//! the twin**.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::world::{Gate, Worker, World};
use crate::queue::{Injector, Local, Stealer};

/// What two workers share.
struct Queues {
    world: Arc<World>,
    injector: Injector<usize>,
    /// The far end of the queue of the worker that blocks.
    behind: Stealer<usize>,
    /// How often each task has run. Relaxed: joining carries it.
    ran: [AtomicUsize; 2],
    /// Opened when all have run.
    all_ran: Gate,
}

impl Queues {
    /// `Shared::inject`.
    fn inject(&self, task: usize) {
        self.injector.push(task);
        self.world.wake_up(self.world.sleep.work_added());
    }

    fn has_work(&self) -> bool {
        !self.injector.is_empty() || !self.behind.is_empty()
    }

    /// The other worker, until all tasks have run.
    fn work(&self, tasks: usize) {
        let own = Local::new();
        let worker = Worker::new(&self.world, 1);
        let mut left = tasks;
        while left > 0 {
            let taken = own
                .pop()
                .or_else(|| self.injector.pop_into(&own))
                .or_else(|| self.behind.steal_into(&own));
            match taken {
                Some(task) => {
                    self.ran[task].fetch_add(1, Ordering::Relaxed);
                    left -= 1;
                }
                None => drop(worker.rest_unless(&|| self.has_work())),
            }
        }
        worker.end_search();
        self.all_ran.open();
    }
}

fn tasks_are_handed_over(tasks: usize) {
    loom::model(move || {
        let own = Local::new();
        (0..tasks).for_each(|task| own.push(task));
        let queues = Arc::new(Queues {
            world: World::new(2, 1, 0),
            injector: Injector::new(),
            behind: own.stealer(),
            ran: Default::default(),
            all_ran: Gate::new(),
        });
        let other = thread::spawn({
            let queues = queues.clone();
            move || queues.work(tasks)
        });
        while let Some(task) = own.pop() {
            queues.inject(task);
        }
        // The call waits for them all, and comes to no queue meanwhile.
        queues.all_ran.pass();
        other.join().unwrap();
        let ran = |task: &AtomicUsize| task.load(Ordering::Relaxed);
        assert!(queues.ran[..tasks].iter().all(|task| ran(task) == 1));
        queues.world.assert_quiet();
    });
}

#[test]
fn one_task_behind_a_call_in_place_is_run_elsewhere() {
    tasks_are_handed_over(1);
}

#[test]
fn two_tasks_behind_a_call_in_place_are_run_elsewhere_once_each() {
    tasks_are_handed_over(2);
}
