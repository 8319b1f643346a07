//! Threads for calls that block: what `to_thread` runs on.
//!
//! A call and its result live in one task cell, whose scheduler is this pool. Threads start when
//! nobody is idle, linger for a moment before they sleep, and end after a long idle time. Who is
//! called or started is the `roster`'s to decide: at most one is under way, and it sends the next
//! before it begins its own job, so a long call never delays the start of the others. A call that
//! waits and whose handle is dropped never starts; one that has begun runs to its end.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use bowerbird_core::locked::Guarded;
use bowerbird_core::{Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create};
use bowerbird_io::{Clock, Deadline};

use crate::config::Config;
use crate::handle::Handle;
use crate::refusal::drop_refused;
use crate::report::Report;
use crate::roster::{Errand, Next, Roster};
use crate::sync::ranks;

/// How long an idle thread spins before it sleeps: a caller that awaits one call after the other
/// never waits for a thread to wake up.
const LINGER: Duration = Duration::from_micros(40);

/// See the module.
pub(crate) struct Pool {
    /// Jobs, threads and who is idle.
    state: Mutex<State>,
    /// Told when a thread ends.
    ended: Condvar,
    /// The loop's knobs.
    config: Config,
    /// Measures keep-alive and limits.
    clock: Clock,
}

struct State {
    /// Who runs what.
    roster: Roster<Runnable, Arc<Seat>>,
    /// Threads to be joined; those that ended by themselves are detached.
    handles: Vec<JoinHandle<()>>,
    /// Told when the last thread has ended.
    enders: Vec<Waker>,
}

impl State {
    /// Whom to wake, outside of the lock, after a thread has gone.
    fn enders(&mut self) -> Vec<Waker> {
        if self.roster.threads() == 0 {
            std::mem::take(&mut self.enders)
        } else {
            Vec::new()
        }
    }
}

/// Where an idle thread waits.
struct Seat {
    /// Somebody wants the thread.
    wanted: AtomicBool,
    /// The thread.
    thread: Thread,
}

impl Pool {
    pub(crate) fn new(config: Config, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                roster: Roster::new(config.max_blocking_threads),
                handles: Vec::new(),
                enders: Vec::new(),
            }),
            ended: Condvar::new(),
            config,
            clock,
        })
    }

    /// Queues a call.
    pub(crate) fn submit<F, T>(self: &Arc<Self>, f: F, birth: Birth, owner: Handle) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let home = Blocking {
            pool: self.clone(),
            owner,
        };
        let (runnable, task, _entry) = create(Call(Some(f)), home, birth);
        self.push(runnable);
        task
    }

    /// How many threads live and how many calls wait.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.lock();
        (state.roster.threads(), state.roster.waiting())
    }

    /// Whether it takes no more calls.
    pub(crate) fn is_shut(&self) -> bool {
        self.lock().roster.is_closed()
    }

    /// Takes no more calls, cancels those that wait, and lets idle threads end.
    pub(crate) fn shut(&self) {
        let (jobs, idle) = self.lock().roster.close();
        drop(jobs);
        idle.iter().for_each(|seat| seat.call());
    }

    /// Ready once no thread is left; `cx` is woken then.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        // Cloning is user code, so it comes before the lock.
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.roster.threads() == 0 {
            return Poll::Ready(());
        }
        if !state.enders.iter().any(|known| known.will_wake(&waker)) {
            state.enders.push(waker);
        }
        Poll::Pending
    }

    /// Shuts, and waits at most `limit` for what has begun. Says how many calls it left running;
    /// their threads end with them.
    pub(crate) fn close(&self, limit: Duration) -> usize {
        self.shut();
        let give_up = self.clock.now().after(limit);
        let mut state = self.lock();
        while state.roster.threads() > 0 {
            let left = give_up.saturating_since(self.clock.now());
            if left.is_zero() {
                return state.roster.threads();
            }
            state = state.through(|state| {
                let waited = self.ended.wait_timeout(state, left);
                waited.expect("nothing under this lock can panic").0
            });
        }
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        for handle in handles {
            // The thread's work catches panics of its jobs, and a failed hook was printed.
            let _ = handle.join();
        }
        0
    }

    fn push(self: &Arc<Self>, runnable: Runnable) {
        let added = self.lock().roster.add(runnable);
        match added {
            Ok(errand) => self.run_errand(errand),
            Err(runnable) => drop_refused(runnable),
        }
    }

    fn run_errand(self: &Arc<Self>, errand: Errand<Arc<Seat>>) {
        match errand {
            Errand::Nothing => {}
            Errand::Call(seat) => seat.call(),
            Errand::Start(number) => match self.start_thread(number) {
                Ok(handle) => self.keep(handle),
                Err(error) => self.start_failed(error),
            },
        }
    }

    fn start_thread(self: &Arc<Self>, number: usize) -> io::Result<JoinHandle<()>> {
        let pool = self.clone();
        let name = format!("{}-blocking-{number}", self.config.thread_name);
        let builder = thread::Builder::new().name(name);
        let builder = match self.config.thread_stack_size {
            Some(size) => builder.stack_size(size),
            None => builder,
        };
        builder.spawn(move || pool.work())
    }

    fn keep(&self, handle: JoinHandle<()>) {
        let mut state = self.lock();
        state.handles.retain(|handle| !handle.is_finished());
        state.handles.push(handle);
    }

    /// The system gives no thread. With others alive the job waits for them; else it fails, with
    /// the system's error as what it "panicked" with.
    fn start_failed(&self, error: io::Error) {
        let mut state = self.lock();
        let stranded = state.roster.start_failed();
        let mut enders = state.enders();
        self.ended.notify_all();
        drop(state);
        bowerbird_io::wake_all(&mut enders);
        let text = error.to_string();
        for runnable in stranded {
            let error = io::Error::new(
                error.kind(),
                format!("no thread for a blocking call: {text}"),
            );
            runnable.fail(Panic::new(Box::new(error)));
        }
    }

    /// The life of a thread.
    fn work(self: Arc<Self>) {
        self.config.thread_starts();
        let seat = Arc::new(Seat {
            wanted: AtomicBool::new(false),
            thread: thread::current(),
        });
        while let Some(runnable) = self.next_job(&seat) {
            // A blocking call never asks for a second poll.
            drop(runnable.run());
        }
        self.config.thread_stops();
        let mut state = self.lock();
        let errand = state.roster.thread_gone();
        let mut enders = state.enders();
        self.ended.notify_all();
        drop(state);
        self.run_errand(errand);
        bowerbird_io::wake_all(&mut enders);
    }

    /// The next job; `None` after an idle time, or when the pool is closed: the thread ends.
    fn next_job(self: &Arc<Self>, seat: &Arc<Seat>) -> Option<Runnable> {
        loop {
            let mut state = self.lock();
            match state.roster.next(seat) {
                Next::Run(job, errand) => {
                    drop(state);
                    self.run_errand(errand);
                    return Some(job);
                }
                Next::End => return None,
                // Relaxed: only we clear it, and the lock orders it before anybody finds the seat.
                Next::Wait => seat.wanted.store(false, Ordering::Relaxed),
            }
            drop(state);
            if !self.wait(seat) && self.leave(seat) {
                return None;
            }
        }
    }

    /// Waits until called; false when the keep-alive time is over.
    fn wait(&self, seat: &Seat) -> bool {
        let since = self.clock.now();
        let passed = |now: Deadline| now.saturating_since(since);
        while passed(self.clock.now()) < LINGER {
            for _ in 0..16 {
                if seat.is_called() {
                    return true;
                }
                std::hint::spin_loop();
            }
            // As for a worker that spins: whoever has work goes first.
            thread::yield_now();
        }
        while !seat.is_called() {
            let idle = passed(self.clock.now());
            if idle >= self.config.thread_keep_alive {
                return false;
            }
            thread::park_timeout(self.config.thread_keep_alive - idle);
        }
        true
    }

    /// Gives the idle seat up; false if somebody has called meanwhile.
    fn leave(&self, seat: &Arc<Seat>) -> bool {
        let mut state = self.lock();
        state.roster.leave(|other| Arc::ptr_eq(other, seat))
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, State>> {
        Guarded::take(ranks::POOL, || {
            self.state
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (threads, jobs) = self.size();
        f.debug_struct("Pool")
            .field("threads", &threads)
            .field("jobs", &jobs)
            .finish()
    }
}

impl Seat {
    fn call(&self) {
        // Release pairs with the Acquire in `is_called`.
        self.wanted.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn is_called(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }
}

/// A function as a future that is ready at its first poll.
struct Call<F>(Option<F>);

// The function is never pinned: it is moved out before it is called.
impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let call = self
            .0
            .take()
            .expect("polled once: a ready task is never polled again");
        Poll::Ready(call())
    }
}

/// The scheduler of blocking calls.
struct Blocking {
    /// Where they run.
    pool: Arc<Pool>,
    /// The loop they belong to.
    owner: Handle,
}

impl Schedule for Blocking {
    fn schedule(&self, runnable: Runnable) {
        self.pool.push(runnable);
    }

    fn retire(&self, _slot: u64) -> Option<TaskRef> {
        None
    }

    fn call_soon(&self, callback: Callback) {
        self.owner.call_soon(callback);
    }

    fn panic_unseen(&self, task: &TaskRef, panic: Panic) {
        let report = Report::new("the exception of a blocking call was never retrieved");
        let report = report.with_task(task.clone());
        self.owner.report(&report.with_panic(panic));
    }
}
