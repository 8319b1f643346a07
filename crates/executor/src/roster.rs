//! Who runs a blocking call: the decisions of the pool, apart from its threads.
//!
//! `blocking` keeps a roster behind its lock and does what it says; the loom models do the same
//! with threads of their own, so that the decisions they explore are the real ones. Knows neither
//! tasks nor threads nor time: jobs and seats are whatever its owner has, and nothing of theirs is
//! run or dropped in here.
//!
//! At most one errand is under way: a thread that was called or started has to look for a job
//! before the next one may go out, and it is sent by whoever looked.

use std::collections::VecDeque;

/// See the module.
#[derive(Debug)]
pub(crate) struct Roster<J, S> {
    /// Calls that wait for a thread, oldest first.
    jobs: VecDeque<J>,
    /// The seats of idle threads, the one that became idle last at the end.
    idle: Vec<S>,
    /// A thread has been called or started and has not looked for a job yet.
    is_waking: bool,
    /// Threads that live.
    threads: usize,
    /// How many threads may live.
    threads_max: usize,
    /// How many were ever started, for their names.
    started: usize,
    /// No more jobs: threads end when they are idle.
    is_closed: bool,
}

/// What is to be done once the lock is free.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Errand<S> {
    /// Nothing: nobody is needed, or somebody is under way, or nobody can be had.
    Nothing,
    /// Call the thread in this seat.
    Call(S),
    /// Start a thread, with this number.
    Start(usize),
}

/// What a thread does next.
#[derive(Debug)]
#[must_use]
pub(crate) enum Next<J, S> {
    /// This job, after the errand.
    Run(J, Errand<S>),
    /// Its seat is among the idle ones now: wait to be called.
    Wait,
    /// The pool is closed.
    End,
}

impl<J, S: Clone> Roster<J, S> {
    pub(crate) fn new(threads_max: usize) -> Self {
        Self {
            jobs: VecDeque::new(),
            idle: Vec::new(),
            is_waking: false,
            threads: 0,
            threads_max: threads_max.max(1),
            started: 0,
            is_closed: false,
        }
    }

    /// How many threads live.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Queues a job; gives it back when the pool is closed.
    pub(crate) fn add(&mut self, job: J) -> Result<Errand<S>, J> {
        if self.is_closed {
            return Err(job);
        }
        self.jobs.push_back(job);
        Ok(self.errand())
    }

    /// Sees to it that somebody comes for the first job, unless somebody is under way.
    pub(crate) fn errand(&mut self) -> Errand<S> {
        if self.is_waking || self.jobs.is_empty() {
            return Errand::Nothing;
        }
        if let Some(seat) = self.idle.pop() {
            self.is_waking = true;
            return Errand::Call(seat);
        }
        if self.threads >= self.threads_max {
            return Errand::Nothing;
        }
        self.is_waking = true;
        self.threads += 1;
        self.started += 1;
        Errand::Start(self.started)
    }

    /// What the thread that sits in `seat` does next.
    pub(crate) fn next(&mut self, seat: &S) -> Next<J, S> {
        // Whoever looks into the queue has arrived: the next errand may go out.
        self.is_waking = false;
        if let Some(job) = self.jobs.pop_front() {
            let errand = self.errand();
            return Next::Run(job, errand);
        }
        if self.is_closed {
            return Next::End;
        }
        self.idle.push(seat.clone());
        Next::Wait
    }

    /// An idle thread gives up; false if somebody has called it meanwhile, and relies on it.
    #[must_use]
    pub(crate) fn leave(&mut self, is_its: impl Fn(&S) -> bool) -> bool {
        let Some(at) = self.idle.iter().position(is_its) else {
            return false;
        };
        self.idle.remove(at);
        true
    }

    /// A thread is gone, and this is what it leaves to be done: a job that came after it gave up
    /// its seat found nobody idle, and perhaps no room for another thread beside it.
    pub(crate) fn thread_gone(&mut self) -> Errand<S> {
        self.threads -= 1;
        self.errand()
    }

    /// The thread of the last errand could not be started. With others alive the jobs wait for
    /// them; else they come back, for nobody would ever run them.
    #[must_use]
    pub(crate) fn start_failed(&mut self) -> VecDeque<J> {
        self.threads -= 1;
        self.is_waking = false;
        if self.threads > 0 {
            return VecDeque::new();
        }
        std::mem::take(&mut self.jobs)
    }

    /// Takes no more jobs; gives those that wait, and the seats of those to be called.
    #[must_use]
    pub(crate) fn close(&mut self) -> (VecDeque<J>, Vec<S>) {
        self.is_closed = true;
        (
            std::mem::take(&mut self.jobs),
            std::mem::take(&mut self.idle),
        )
    }
}
