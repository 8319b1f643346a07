//! A loop's life: built, run any number of times, closed once.
//!
//! Owned by the facade's loop handles. Worker 0 is whoever runs the loop; the other workers are
//! threads that start with the loop, wait at the gate while it is paused, and are joined when it
//! closes (I7).

use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bowerbird_core::locked::Guarded;
use bowerbird_core::{Birth, KeptBlocks, TaskRef, keep_blocks};
use bowerbird_io::{Clock, Reactor};
use crossbeam_utils::CachePadded;

use crate::blocking::Pool;
use crate::budget;
use crate::closing::{Remains, unwatched};
use crate::config::{Config, Flavor};
use crate::counts::FIELD_MAX;
use crate::current;
use crate::error::LoopError;
use crate::handle::Handle;
use crate::life::Life;
use crate::main_future::MainFuture;
use crate::queue::{Injector, Local};
use crate::registry::Registry;
use crate::relief::{RELIEFS, Relief};
use crate::report::{Desk, Report};
use crate::shared::{Remote, Shared};
use crate::sleep::Sleep;
use crate::slow::{self, Pace};
use crate::sync::ranks;
use crate::timed::Timed;
use crate::watch::Watch;
use crate::worker::{Core, Worker};

/// A loop.
#[derive(Debug)]
pub struct Runtime {
    /// What everybody shares.
    shared: Arc<Shared>,
    /// Worker 0's own part, while nobody runs the loop.
    core: Mutex<Option<Core>>,
    /// The other workers' threads.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Runtime {
    /// Builds a loop and starts its threads; they wait until it is run.
    ///
    /// # Errors
    /// `InvalidInput` for knobs that make no sense; what the system says when it has no more
    /// threads or descriptors. Nothing is left behind.
    pub fn new(config: Config) -> io::Result<Arc<Self>> {
        let workers = config.workers()?;
        let (shared, cores) = share(config, workers)?;
        let shared = Arc::new(shared);
        let mut cores = cores.into_iter();
        let first = cores.next();
        let threads = Mutex::new(Vec::with_capacity(workers));
        let runtime = Arc::new(Self {
            shared,
            core: Mutex::new(first),
            threads,
        });
        // The loop is new, so nobody has set it before.
        let _known = runtime.shared.runtime.set(Arc::downgrade(&runtime));
        for (index, core) in (1..).zip(cores) {
            // On failure the runtime drops here, and with it the threads that did start.
            let thread = start_worker(&runtime.shared, index, core)?;
            runtime.threads().push(thread);
        }
        Ok(runtime)
    }

    /// The runtime behind a door, if it still lives.
    pub fn of(handle: &Handle) -> Weak<Self> {
        handle.0.runtime.get().cloned().unwrap_or_default()
    }

    /// The door to the loop.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.clone())
    }

    /// Runs the loop on this thread until `future` has its value.
    ///
    /// # Errors
    /// [`LoopError`]: it runs already, another loop runs on this thread, it is closed, or it was
    /// stopped, or the future cancelled, before there was a value.
    ///
    /// # Panics
    /// When the future panics; the loop can be run again afterwards.
    pub fn run_until_complete<F: Future>(
        &self,
        future: F,
        birth: Birth,
    ) -> Result<F::Output, LoopError> {
        let run = self.start_run()?;
        let main = MainFuture::new(&self.shared, birth);
        let mut future = pin!(Some(future));
        loop {
            if main.take_wish() {
                let poll = || main.poll(future.as_mut());
                let poll = || slow::poll_main(&self.shared, main.task(), poll);
                if let Some(output) = run.worker.poll_main(poll) {
                    // What else runs in this pass sees a main future that has ended.
                    main.task().enter(|| future.set(None));
                    run.finish_pass();
                    return output.ok_or(LoopError::Cancelled);
                }
            }
            if run.is_stopped() {
                return Err(LoopError::Stopped);
            }
            run.worker.step();
        }
    }

    /// Runs the loop on this thread until it is stopped.
    ///
    /// # Errors
    /// [`LoopError`]: it runs already, another loop runs on this thread, or it is closed.
    pub fn run_forever(&self) -> Result<(), LoopError> {
        let run = self.start_run()?;
        while !run.is_stopped() {
            run.worker.step();
        }
        Ok(())
    }

    /// Closes the loop: its threads are joined, its tasks dropped, blocking calls that wait are
    /// cancelled and those under way get `limit` to end. Closing again does nothing.
    ///
    /// # Errors
    /// `LoopError::Running` while it runs, and when one of its own tasks asks.
    pub fn close(&self, limit: Duration) -> Result<(), LoopError> {
        if self.is_own_worker() {
            return Err(LoopError::Running);
        }
        match self.shared.life.close(|| unwatched(&self.shared))? {
            Some(unwatched) => self.remains(unwatched).close(limit),
            None => self.shared.life.wait_closed(),
        }
        Ok(())
    }

    /// Whether this thread is one of the loop's workers, and be it in the midst of a call in place,
    /// where it is none to all others: it cannot join itself.
    fn is_own_worker(&self) -> bool {
        let me = thread::current().id();
        let is_mine = |remote: &CachePadded<Remote>| {
            let thread = remote.thread();
            thread.as_ref().is_some_and(|thread| thread.id() == me)
        };
        // Whoever runs the loop is worker 0 for as long as the loop runs, and no longer.
        self.shared.remotes.iter().skip(1).any(is_mine)
            || current::with_worker_of(&self.shared, |worker| worker.is_some())
    }

    /// What there is to close; taken once.
    fn remains(&self, unwatched: Vec<TaskRef>) -> Remains {
        let core = self.core().take();
        let threads = std::mem::take(&mut *self.threads());
        Remains {
            shared: self.shared.clone(),
            core: core.expect("the loop does not run, so its core is here"),
            threads,
            unwatched,
        }
    }

    #[track_caller]
    fn core(&self) -> Guarded<MutexGuard<'_, Option<Core>>> {
        Guarded::take(ranks::CORE, || {
            self.core.lock().expect("nobody panics under this lock")
        })
    }

    #[track_caller]
    fn threads(&self) -> Guarded<MutexGuard<'_, Vec<JoinHandle<()>>>> {
        Guarded::take(ranks::THREADS, || {
            self.threads.lock().expect("nobody panics under this lock")
        })
    }

    /// Becomes worker 0.
    fn start_run(&self) -> Result<Run<'_>, LoopError> {
        if current::is_worker() {
            let here = Handle::current().is_some_and(|handle| handle.is_same_loop(&self.handle()));
            return Err(if here {
                LoopError::AlreadyRunning
            } else {
                LoopError::AnotherRunning
            });
        }
        self.shared.life.start()?;
        let core = self.core().take();
        let core = core.expect("the phase lets one run at a time, and each gives the core back");
        set_thread(&self.shared, 0);
        let worker = Rc::new(Worker::new(self.shared.clone(), 0, core));
        current::enter(worker.clone());
        let run = Run {
            runtime: self,
            worker,
            _kept: keep_blocks(),
        };
        let is_stopping = self.shared.life.is_stopping();
        self.shared.callbacks.begin_run(is_stopping);
        run.begin_pass();
        Ok(run)
    }
}

impl Drop for Runtime {
    /// Closes the loop. The last handle may go with a task, on a worker that cannot join itself:
    /// then another thread closes.
    fn drop(&mut self) {
        let Ok(Some(unwatched)) = self.shared.life.close(|| unwatched(&self.shared)) else {
            return;
        };
        let remains = self.remains(unwatched);
        if !self.is_own_worker() {
            return remains.close(Duration::ZERO);
        }
        let name = format!("{}-closing", self.shared.config.thread_name);
        let closing = thread::Builder::new()
            .name(name)
            .spawn(move || remains.close(Duration::ZERO));
        if closing.is_err() {
            self.shared.desk.report(&Report::new(
                "an event loop was dropped by its own task and could not be closed: no thread",
            ));
        }
    }
}

/// A run under way; dropping it pauses the loop and keeps what worker 0 has.
struct Run<'a> {
    /// The loop.
    runtime: &'a Runtime,
    /// Worker 0.
    worker: Rc<Worker>,
    /// The memory of tasks for the next ones; given back last.
    _kept: KeptBlocks,
}

impl Run<'_> {
    /// Whether the run is to end, which it does at the end of a pass. On a pool there is one pass,
    /// over what was ready at the beginning: after that tasks run in no order that could end.
    #[inline]
    fn is_stopped(&self) -> bool {
        if !self.worker.is_pass_over() {
            return false;
        }
        let shared = self.worker.shared();
        if shared.life.is_stopping() {
            return shared.callbacks.halt_after_pass();
        }
        if shared.is_single() {
            self.begin_pass();
        }
        false
    }

    /// Begins a pass over what is ready, callbacks whose time has come included.
    fn begin_pass(&self) {
        let shared = self.worker.shared();
        if !shared.timed.is_empty() {
            self.worker.handle.call_due();
        }
        self.worker.begin_pass();
    }

    /// The main future has its value. What stood in line by then still gets its turn, as in
    /// asyncio, where the end of a run is itself a callback; on a pool that is true of callbacks.
    fn finish_pass(&self) {
        let shared = self.worker.shared();
        // First the flag, then the pass: the runner of callbacks ends with this one.
        shared.life.stop();
        if shared.is_single() {
            self.begin_pass();
            while !self.worker.is_pass_over() {
                self.worker.step();
            }
        } else {
            shared.callbacks.begin_pass();
            while !shared.callbacks.halt_after_pass() {
                self.worker.step();
            }
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let callbacks = &self.worker.shared().callbacks;
        callbacks.halt();
        self.worker.end_search();
        current::leave();
        self.worker.forget_ended();
        budget::lift();
        let shared = self.worker.shared().clone();
        let idle = Core::new(0, Local::new());
        let spent = Rc::new(Worker::new(shared.clone(), 0, idle));
        let worker = std::mem::replace(&mut self.worker, spent);
        let worker = Rc::into_inner(worker).expect("`leave` dropped the only other owner");
        *self.runtime.core() = Some(worker.core);
        shared.life.pause();
    }
}

/// Everything the threads share, and what the workers own.
fn share(config: Config, workers: usize) -> io::Result<(Shared, Vec<Core>)> {
    let reactor = Arc::new(Reactor::new()?);
    let clock = Clock::real();
    let reliefs = match config.flavor {
        Flavor::MultiThread => RELIEFS.min(FIELD_MAX - workers),
        Flavor::CurrentThread => 0,
    };
    let all = workers + reliefs;
    let queues = (0..all).map(|_| Local::new());
    let mut cores: Vec<Core> = queues
        .enumerate()
        .map(|(at, queue)| Core::new(at, queue))
        .collect();
    let remotes = cores
        .iter()
        .map(|core| CachePadded::new(Remote::of(core)))
        .collect();
    let spare = cores.split_off(workers);
    let shared = Shared {
        life: Life::default(),
        injector: Injector::new(),
        remotes,
        workers,
        relief: Relief::new(workers, spare),
        sleep: Sleep::new(workers, reliefs, reactor.seats()),
        reactor,
        registry: Registry::new(2 * all),
        pool: Pool::new(config.clone(), clock.clone()),
        clock,
        fired: std::sync::atomic::AtomicU64::new(0),
        callbacks: crate::callbacks::Callbacks::new(),
        signal_handlers: crate::signal_handlers::SignalHandlers::default(),
        watch: Watch::new(all),
        timed: Timed::new(),
        pace: Pace::new(config.is_debug(), config.slow_callback_duration),
        desk: Desk::new(config.fallback),
        runtime: std::sync::OnceLock::new(),
        config,
    };
    Ok((shared, cores))
}

/// Starts the thread of a worker, or of a relief.
pub(crate) fn start_worker(
    shared: &Arc<Shared>,
    index: usize,
    core: Core,
) -> io::Result<JoinHandle<()>> {
    let shared = shared.clone();
    let name = format!("{}-worker-{index}", shared.config.thread_name);
    let builder = thread::Builder::new().name(name);
    let builder = match shared.config.thread_stack_size {
        Some(size) => builder.stack_size(size),
        None => builder,
    };
    builder.spawn(move || worker_thread(shared, index, core))
}

/// The life of a worker's thread.
fn worker_thread(shared: Arc<Shared>, index: usize, core: Core) {
    set_thread(&shared, index);
    shared.config.thread_starts();
    let worker = Rc::new(Worker::new(shared.clone(), index, core));
    let _kept = keep_blocks();
    current::enter(worker.clone());
    if index < shared.workers() {
        worker.work(|_| {});
    } else {
        worker.stand_in();
    }
    // Local tasks can be dropped here and nowhere else.
    loop {
        worker.drop_queued();
        let pinned = shared.registry.tasks_of(shared.pinned_group(index));
        if pinned.is_empty() {
            break;
        }
        pinned.iter().for_each(bowerbird_core::TaskRef::abort);
        thread::yield_now();
    }
    current::leave();
    worker.forget_ended();
    shared.config.thread_stops();
}

/// Lets others wake this worker's thread.
fn set_thread(shared: &Shared, index: usize) {
    *shared.remotes[index].thread() = Some(thread::current());
}
