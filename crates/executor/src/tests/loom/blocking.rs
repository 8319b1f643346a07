//! The pool for blocking calls: no job is lost and none runs twice, whoever comes, gives up, closes
//! or cannot be started meanwhile.
//!
//! The roster is the real one; the steps around it are those of `blocking.rs`: **who changes that
//! file changes this one**. A call of a thread that is not heard is a deadlock to loom. Time is
//! left out: a thread is patient and waits for ever, or gives up at its first look, and the order
//! of that look and a call is loom's to choose.

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread::{self, JoinHandle, Thread};

use crate::roster::{Errand, Next, Roster};
use crate::sync::lock_unranked as lock;

/// What a model's pool is like.
#[derive(Clone, Copy)]
struct Knobs {
    /// How many threads may live.
    threads_max: usize,
    /// Idle threads wait to be called, instead of giving up at once.
    is_patient: bool,
    /// The number of a thread that cannot be started.
    refused: usize,
    /// Job 0 lasts until job 1 has run.
    is_first_long: bool,
}

const ONE: Knobs = Knobs {
    threads_max: 1,
    is_patient: false,
    refused: 0,
    is_first_long: false,
};

#[derive(Clone)]
struct Pool(Arc<Shared>);

struct Shared {
    knobs: Knobs,
    roster: Mutex<Roster<usize, Arc<Seat>>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
    /// How often each job has run. Relaxed: joining carries it.
    ran: [AtomicUsize; 3],
    /// Jobs that were given back: refused, closed over, or stranded. Relaxed: as above.
    returned: AtomicUsize,
}

struct Seat {
    wanted: AtomicBool,
    thread: Thread,
}

impl Seat {
    fn call(&self) {
        self.wanted.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn is_called(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }
}

impl Pool {
    fn new(knobs: Knobs) -> Self {
        Self(Arc::new(Shared {
            knobs,
            roster: Mutex::new(Roster::new(knobs.threads_max)),
            handles: Mutex::new(Vec::new()),
            ran: Default::default(),
            returned: AtomicUsize::new(0),
        }))
    }

    fn push(&self, job: usize) {
        let added = lock(&self.0.roster).add(job);
        match added {
            Ok(errand) => self.run_errand(errand),
            Err(_job) => self.give_back(1),
        }
    }

    fn give_back(&self, jobs: usize) {
        self.0.returned.fetch_add(jobs, Ordering::Relaxed);
    }

    fn run_errand(&self, errand: Errand<Arc<Seat>>) {
        match errand {
            Errand::Nothing => {}
            Errand::Call(seat) => seat.call(),
            Errand::Start(number) if number == self.0.knobs.refused => {
                let stranded = lock(&self.0.roster).start_failed();
                self.give_back(stranded.len());
            }
            Errand::Start(_number) => {
                let pool = self.clone();
                let handle = thread::spawn(move || pool.work());
                lock(&self.0.handles).push(handle);
            }
        }
    }

    fn work(&self) {
        let seat = Arc::new(Seat {
            wanted: AtomicBool::new(false),
            thread: thread::current(),
        });
        while let Some(job) = self.next_job(&seat) {
            self.run(job);
        }
        let errand = lock(&self.0.roster).thread_gone();
        self.run_errand(errand);
    }

    fn run(&self, job: usize) {
        let is_long = self.0.knobs.is_first_long && job == 0;
        while is_long && self.0.ran[1].load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        self.0.ran[job].fetch_add(1, Ordering::Relaxed);
    }

    fn next_job(&self, seat: &Arc<Seat>) -> Option<usize> {
        loop {
            let mut roster = lock(&self.0.roster);
            match roster.next(seat) {
                Next::Run(job, errand) => {
                    drop(roster);
                    self.run_errand(errand);
                    return Some(job);
                }
                Next::End => return None,
                Next::Wait => seat.wanted.store(false, Ordering::Relaxed),
            }
            drop(roster);
            if !self.wait(seat) && lock(&self.0.roster).leave(|other| Arc::ptr_eq(other, seat)) {
                return None;
            }
        }
    }

    fn wait(&self, seat: &Seat) -> bool {
        if !self.0.knobs.is_patient {
            return seat.is_called();
        }
        while !seat.is_called() {
            thread::park();
        }
        true
    }

    fn close(&self) {
        let (jobs, idle) = lock(&self.0.roster).close();
        self.give_back(jobs.len());
        idle.iter().for_each(|seat| seat.call());
    }

    /// Joins all threads, those that others have started included, and looks at what is left.
    fn assert_all_done(&self, jobs: usize) {
        loop {
            let handle = lock(&self.0.handles).pop();
            let Some(handle) = handle else { break };
            handle.join().unwrap();
        }
        let ran: Vec<_> = self
            .0
            .ran
            .iter()
            .map(|ran| ran.load(Ordering::Relaxed))
            .collect();
        assert!(ran.iter().all(|&ran| ran <= 1), "a job ran twice: {ran:?}");
        let returned = self.0.returned.load(Ordering::Relaxed);
        assert_eq!(ran.iter().sum::<usize>() + returned, jobs, "a job is lost");
        let roster = lock(&self.0.roster);
        assert_eq!((roster.threads(), roster.waiting()), (0, 0));
    }
}

#[test]
fn a_job_that_comes_as_the_only_thread_gives_up_is_run() {
    loom::model(|| {
        let pool = Pool::new(ONE);
        pool.push(0);
        pool.push(1);
        pool.assert_all_done(2);
    });
}

#[test]
fn jobs_of_two_submitters_are_run_while_threads_come_and_go() {
    loom::model(|| {
        let pool = Pool::new(Knobs {
            threads_max: 2,
            ..ONE
        });
        let other = thread::spawn({
            let pool = pool.clone();
            move || pool.push(0)
        });
        pool.push(1);
        other.join().unwrap();
        pool.assert_all_done(2);
    });
}

#[test]
fn a_thread_that_waits_hears_of_the_next_job_and_of_the_end() {
    loom::model(|| {
        let pool = Pool::new(Knobs {
            is_patient: true,
            ..ONE
        });
        pool.push(0);
        pool.push(1);
        pool.close();
        pool.assert_all_done(2);
    });
}

#[test]
fn a_job_that_meets_the_end_is_run_or_given_back() {
    loom::model(|| {
        let pool = Pool::new(Knobs {
            is_patient: true,
            ..ONE
        });
        let closing = thread::spawn({
            let pool = pool.clone();
            move || pool.close()
        });
        pool.push(0);
        closing.join().unwrap();
        pool.push(1);
        pool.assert_all_done(2);
    });
}

#[test]
fn two_jobs_at_once_get_a_waiting_thread_and_a_new_one() {
    loom::model(|| {
        let pool = Pool::new(Knobs {
            threads_max: 2,
            is_patient: true,
            ..ONE
        });
        pool.push(0);
        pool.push(1);
        pool.push(2);
        pool.close();
        pool.assert_all_done(3);
    });
}

#[test]
fn a_thread_that_cannot_be_started_strands_no_job() {
    for refused in [1, 2] {
        loom::model(move || {
            let pool = Pool::new(Knobs {
                threads_max: 2,
                refused,
                ..ONE
            });
            pool.push(0);
            pool.push(1);
            pool.assert_all_done(2);
        });
    }
}

#[test]
fn a_long_call_does_not_hold_up_the_next() {
    loom::model(|| {
        let pool = Pool::new(Knobs {
            threads_max: 2,
            is_first_long: true,
            ..ONE
        });
        pool.push(0);
        pool.push(1);
        pool.assert_all_done(2);
    });
}
