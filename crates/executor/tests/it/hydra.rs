//! Drops that ask for more work, without end.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird_core::Birth;
use bowerbird_executor::{Handle, LoopError};

use crate::stage::{Count, both, pool, run, spawn, watched, yield_now};

/// Makes another one of its kind whenever one is dropped.
struct Hydra {
    handle: Handle,
    born: Count,
    spawn: fn(&Handle, Hydra),
}

impl Drop for Hydra {
    fn drop(&mut self) {
        self.born.add();
        (self.spawn)(
            &self.handle,
            Hydra {
                handle: self.handle.clone(),
                born: self.born.clone(),
                spawn: self.spawn,
            },
        );
    }
}

fn as_task(handle: &Handle, hydra: Hydra) {
    let future = async move {
        let _hydra = &hydra;
        pending::<()>().await;
    };
    let _maybe = handle.create_task(future, Birth::default());
}

fn as_local(handle: &Handle, hydra: Hydra) {
    let future = async move {
        let _hydra = &hydra;
        pending::<()>().await;
    };
    let _maybe = handle.create_local_task(future, Birth::default());
}

fn as_call(handle: &Handle, hydra: Hydra) {
    let _maybe = handle.to_thread(move || drop(hydra), Birth::default());
}

#[test]
fn fault_036_drops_that_spawn_without_end_do_not_keep_a_loop_from_closing() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let born = Count::default();
            run(&runtime, async {
                for spawn_it in [as_task, as_local, as_call] {
                    let (hydra_born, inside) = (born.clone(), handle.clone());
                    let made = spawn(&handle, async move {
                        spawn_it(
                            &inside,
                            Hydra {
                                handle: inside.clone(),
                                born: hydra_born,
                                spawn: spawn_it,
                            },
                        );
                    });
                    if !std::ptr::fn_addr_eq(spawn_it, as_call as fn(&Handle, Hydra)) {
                        made.await.unwrap();
                    }
                }
            });
            runtime.close(Duration::ZERO).unwrap();
            assert!(born.read() > 10);
            assert_eq!(runtime.run_forever(), Err(LoopError::Closed));
        }
    });
}

#[test]
fn fault_036_nor_do_they_when_a_worker_drops_what_is_local_to_it() {
    watched(|| {
        let runtime = pool(2);
        let handle = runtime.handle();
        let born = Count::default();
        let main = std::thread::current().id();
        run(&runtime, async {
            // A local task of worker 1, which drops it on its own thread while the loop closes.
            let is_made = Arc::new(Mutex::new(false));
            while !*is_made.lock().unwrap() {
                let (is_made, born) = (is_made.clone(), born.clone());
                let inside = handle.clone();
                spawn(&handle, async move {
                    let mut is_made = is_made.lock().unwrap();
                    if std::thread::current().id() == main || *is_made {
                        return;
                    }
                    *is_made = true;
                    let hydra = Hydra {
                        handle: inside.clone(),
                        born,
                        spawn: as_task,
                    };
                    as_local(&inside, hydra);
                })
                .detach();
                yield_now().await;
            }
        });
        runtime.close(Duration::ZERO).unwrap();
        assert!(born.read() > 10);
    });
}
