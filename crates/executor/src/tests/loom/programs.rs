//! A whole pool under shuttle: three workers with queues, who steal and rest, run a group of tasks,
//! a bounded queue with both of its ends, a task from outside and one that waits for a socket.
//!
//! The parking protocol is the real one and so are the queues of the seam; what surrounds them is
//! that of `world`, and the tasks are numbers. A wake that is lost is a deadlock to shuttle. It
//! knows no stale reads, which are loom's to find: this is for what takes more threads than that.

use std::collections::VecDeque;

use super::world::{NAP, NOTHING, SPIN, Step, Worker, World};
use crate::counts::Wish;
use crate::queue::Local;
use crate::sync::explorer;
use crate::sync::explorer::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::explorer::sync::{Arc, Mutex};
use crate::sync::explorer::thread;

const WORKERS: usize = 3;
/// Schedules of each kind for each program.
const SCHEDULES: usize = 3_000;
/// Threads of which a schedule of the other kind takes the turn at so many random points.
const DEPTH: usize = 4;

/// Creates all others but those from outside.
const ROOT: usize = 0;
/// Tasks of a group; what comes after the last of them.
const CHILDREN: std::ops::Range<usize> = 1..5;
const AFTER_GROUP: usize = 5;
/// The ends of a queue.
const PUTTER: usize = 6;
const GETTER: usize = 7;
/// From another thread.
const FOREIGN: usize = 8;
/// Woken by an event.
const SOCKET: usize = 9;

/// Items that go through the queue, and how many it holds at once.
const ITEMS: usize = 5;
const ROOM: usize = 2;

/// What the tasks share.
struct Program {
    world: Arc<World>,
    /// Children that have not run.
    group: AtomicUsize,
    channel: Mutex<Channel>,
    /// After the group, the end of the queue, what is foreign, the event.
    left: AtomicUsize,
}

#[derive(Default)]
struct Channel {
    items: VecDeque<usize>,
    put: usize,
    got: Vec<usize>,
    is_putter_waiting: bool,
    is_getter_waiting: bool,
}

/// A worker with its queue.
struct Runner {
    worker: Worker,
    queue: Local<usize>,
    program: Arc<Program>,
}

impl Program {
    /// Runs a task; those that it wakes or creates are for the queue of the worker that runs it.
    fn run(&self, task: usize) -> Vec<usize> {
        match task {
            ROOT => CHILDREN.chain([PUTTER, GETTER]).collect(),
            PUTTER => self.put(),
            GETTER => self.get(),
            AFTER_GROUP | FOREIGN | SOCKET => self.end_one(),
            _child if self.group.fetch_sub(1, Ordering::AcqRel) == 1 => vec![AFTER_GROUP],
            _child => Vec::new(),
        }
    }

    /// Puts one item, and goes behind the others; waits while there is no room.
    fn put(&self) -> Vec<usize> {
        let mut channel = self.channel.lock().unwrap();
        if channel.items.len() == ROOM {
            channel.is_putter_waiting = true;
            return Vec::new();
        }
        let item = channel.put;
        channel.items.push_back(item);
        channel.put += 1;
        let getter = std::mem::take(&mut channel.is_getter_waiting).then_some(GETTER);
        let again = (channel.put < ITEMS).then_some(PUTTER);
        getter.into_iter().chain(again).collect()
    }

    /// Takes one item, and goes behind the others; waits while there is none.
    fn get(&self) -> Vec<usize> {
        let mut channel = self.channel.lock().unwrap();
        let Some(item) = channel.items.pop_front() else {
            channel.is_getter_waiting = true;
            return Vec::new();
        };
        channel.got.push(item);
        let putter = std::mem::take(&mut channel.is_putter_waiting).then_some(PUTTER);
        if channel.got.len() == ITEMS {
            drop(channel);
            return self.end_one();
        }
        putter.into_iter().chain([GETTER]).collect()
    }

    fn end_one(&self) -> Vec<usize> {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.world.close(None);
        }
        Vec::new()
    }

    fn inject(&self, task: usize) {
        let (_, injector) = self.world.queues.as_ref().unwrap();
        injector.push(task);
        self.world.wake_up(self.world.sleep.work_added());
    }
}

impl Runner {
    /// `worker.rs`, with what is left of it here.
    fn work(&self) {
        while !self.program.world.is_over() {
            if let Some(task) = self.next().or_else(|| self.search()) {
                self.worker.end_search();
                self.program
                    .run(task)
                    .into_iter()
                    .for_each(|task| self.push(task));
            } else if self.worker.rest_unless(&|| self.program.world.has_work()) == Step::Ready {
                self.push(SOCKET);
            }
        }
        self.worker.end_search();
    }

    fn push(&self, task: usize) {
        self.queue.push(task);
        self.program
            .world
            .wake_up(self.program.world.sleep.work_added());
    }

    fn next(&self) -> Option<usize> {
        self.queue.pop().or_else(|| {
            let (_, injector) = self.program.world.queues.as_ref().unwrap();
            let first = injector.pop_into(&self.queue)?;
            if !self.queue.is_empty() {
                self.program
                    .world
                    .wake_up(self.program.world.sleep.work_added());
            }
            Some(first)
        })
    }

    fn search(&self) -> Option<usize> {
        if !self.worker.searching.get() {
            if !self.program.world.sleep.start_search() {
                return None;
            }
            self.worker.searching.set(true);
        }
        let (stealers, injector) = self.program.world.queues.as_ref().unwrap();
        let others = (1..WORKERS).map(|step| (self.worker.me + step) % WORKERS);
        let mut stolen = others.filter_map(|victim| stealers[victim].steal_into(&self.queue));
        stolen.next().or_else(|| injector.pop_into(&self.queue))
    }
}

/// One run of it all.
fn play(seats: usize, wishes: [Wish; WORKERS]) {
    let queues: Vec<_> = (0..WORKERS).map(|_| Local::new()).collect();
    let world = World::with_queues(seats, &queues);
    let program = Arc::new(Program {
        world: world.clone(),
        group: AtomicUsize::new(CHILDREN.len()),
        channel: Mutex::default(),
        left: AtomicUsize::new(4),
    });
    let workers = queues.into_iter().zip(wishes).enumerate();
    let workers = workers.map(|(me, (queue, wish))| {
        let runner = Runner {
            worker: Worker::new(&world, me).wishing(wish),
            queue,
            program: program.clone(),
        };
        thread::spawn(move || runner.work())
    });
    let mut threads: Vec<_> = workers.collect();
    for task in [ROOT, FOREIGN] {
        let program = program.clone();
        threads.push(thread::spawn(move || program.inject(task)));
    }
    world.make_ready();
    for thread in threads {
        thread.join().unwrap();
    }
    world.assert_quiet();
    let got = &program.channel.lock().unwrap().got;
    assert_eq!(*got, (0..ITEMS).collect::<Vec<_>>());
    assert_eq!(program.group.load(Ordering::Relaxed), 0);
}

/// Random turns, and long turns that are broken off at a few random points.
fn explore(seats: usize, wishes: [Wish; WORKERS]) {
    explorer::check_random(move || play(seats, wishes), SCHEDULES);
    explorer::check_pct(move || play(seats, wishes), SCHEDULES, DEPTH);
}

#[test]
fn three_workers_with_two_seats_lose_nothing() {
    explore(2, [NOTHING; WORKERS]);
}

#[test]
fn three_workers_with_one_seat_lose_nothing() {
    explore(1, [NOTHING; WORKERS]);
}

#[test]
fn a_spinner_a_monitor_and_one_who_sleeps_lose_nothing() {
    explore(1, [SPIN, NAP, NOTHING]);
    explore(2, [NAP, SPIN, SPIN]);
}
