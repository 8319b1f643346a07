//! Somebody waits in the reactor as long as anybody is idle.

use loom::sync::Arc;
use loom::thread;

use super::world::{Gate, Step, Worker, World};

/// Two workers, one seat. Whoever leaves it for a long poll, by whichever event, leaves it to the
/// other one: a source that is ready then is served.
fn seat_is_filled(leave: impl Fn(&World) + Copy + Send + Sync + 'static) {
    loom::model(move || {
        let world = World::new(2, 1, 0);
        let served = Arc::new(Gate::new());
        let workers = [0, 1].map(|me| {
            let (world, served) = (world.clone(), served.clone());
            thread::spawn(move || {
                let worker = Worker::new(&world, me);
                loop {
                    match worker.step() {
                        Step::Wish => {
                            // A long poll; from now on the source can be ready.
                            world.make_ready();
                            return served.pass();
                        }
                        Step::Ready => {
                            worker.end_search();
                            return served.open();
                        }
                        _ => {}
                    }
                }
            })
        });
        leave(&world);
        for worker in workers {
            worker.join().unwrap();
        }
        world.assert_quiet();
    });
}

#[test]
fn who_is_called_out_of_the_last_seat_leaves_it_to_a_sleeper() {
    seat_is_filled(|world| world.wish(0));
}

/// The same for one that was granted a search: it is the searcher who fills the seat at its end.
#[test]
fn who_is_granted_out_of_the_last_seat_leaves_it_to_a_sleeper() {
    loom::model(|| {
        let world = World::new(2, 1, 1);
        let served = Arc::new(Gate::new());
        let workers = [0, 1].map(|me| {
            let (world, served) = (world.clone(), served.clone());
            thread::spawn(move || {
                let worker = Worker::new(&world, me);
                loop {
                    match worker.step() {
                        Step::Work => {
                            world.make_ready();
                            return served.pass();
                        }
                        Step::Ready => {
                            worker.end_search();
                            return served.open();
                        }
                        _ => {}
                    }
                }
            })
        });
        world.publish(0);
        for worker in workers {
            worker.join().unwrap();
        }
        world.assert_quiet();
    });
}
