//! Sources between the kernel and those who wait: an event and a wait do not miss each other, and
//! an event in flight harms nobody when its source has left (I5).

use std::sync::Arc as StdArc;

use loom::sync::{Arc, Mutex};
use loom::thread;

use super::alarm::Alarm;
use crate::source::{Direction, Source};
use crate::sources::Table;
use crate::sys::Signal;

/// Something to read, under this key.
fn readable(key: usize) -> Signal {
    Signal {
        key,
        is_readable: true,
        is_writable: false,
        is_read_hung: false,
        is_write_hung: false,
    }
}

/// A turn of the reactor that has got this event.
fn deliver(table: &Table, signal: Signal) -> usize {
    let mut wakers = Vec::new();
    let delivered = table.deliver(std::iter::once(signal), false, &mut wakers);
    crate::wake_all(&mut wakers);
    delivered
}

/// What a descriptor holds; the kernel's own lock is around it.
struct Kernel(Mutex<usize>);

impl Kernel {
    fn send(&self) {
        *self.0.lock().unwrap() += 1;
    }

    fn read(&self) -> bool {
        let mut bytes = self.0.lock().unwrap();
        let is_there = *bytes > 0;
        *bytes -= usize::from(is_there);
        is_there
    }
}

/// Reads once, waiting as `Async::poll_io` does: **who changes that changes this**.
fn read_one(source: &Source, kernel: &Kernel, alarm: &StdArc<Alarm>) {
    let side = source.side(Direction::Read);
    loop {
        let observed = side.load();
        if observed.is_ready() {
            if kernel.read() {
                return;
            }
            side.clear(observed);
        }
        if side.wait(&alarm.waker()) {
            alarm.wait();
        }
    }
}

#[test]
fn an_event_and_a_wait_do_not_miss_each_other() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let kernel = Arc::new(Kernel(Mutex::new(0)));
        let source = table.insert().unwrap();
        let reading = thread::spawn({
            let (source, kernel) = (source.clone(), kernel.clone());
            move || read_one(&source, &kernel, &Alarm::new())
        });
        kernel.send();
        assert_eq!(deliver(&table, readable(source.key)), 1);
        reading.join().unwrap();
    });
}

#[test]
fn two_events_bring_two_reads() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let kernel = Arc::new(Kernel(Mutex::new(0)));
        let source = table.insert().unwrap();
        let reading = thread::spawn({
            let (source, kernel, alarm) = (source.clone(), kernel.clone(), Alarm::new());
            move || {
                read_one(&source, &kernel, &alarm);
                read_one(&source, &kernel, &alarm);
            }
        });
        for _ in 0..2 {
            kernel.send();
            deliver(&table, readable(source.key));
        }
        reading.join().unwrap();
    });
}

#[test]
fn every_listed_waiter_hears_of_an_event() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let source = table.insert().unwrap();
        let side = source.side(Direction::Read);
        side.clear(side.load());
        let waiting = thread::spawn({
            let source = source.clone();
            move || {
                let (alarm, mut seat) = (Alarm::new(), None);
                let side = source.side(Direction::Read);
                if side.wait_listed(&alarm.waker(), &mut seat) {
                    alarm.wait();
                }
                side.leave(&mut seat);
            }
        });
        deliver(&table, readable(source.key));
        waiting.join().unwrap();
    });
}

#[test]
fn fault_063_an_event_in_flight_wakes_nobody_who_took_the_place_of_its_source() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let old = table.insert().unwrap();
        let signal = readable(old.key);
        let turning = thread::spawn({
            let table = table.clone();
            move || deliver(&table, signal)
        });
        // Its descriptor is closed, and the next one gets its place in the table.
        table.remove(&old);
        let new = table.insert().unwrap();
        let side = new.side(Direction::Read);
        side.clear(side.load());
        let alarm = Alarm::new();
        assert!(side.wait(&alarm.waker()), "it is not ready");
        turning.join().unwrap();
        assert_eq!(alarm.rung(), 0, "woken by an event of another");
        assert!(side.is_waiting());
    });
}

#[test]
fn fault_063_who_waits_as_its_source_leaves_is_woken_by_the_event_or_left_alone() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let source = table.insert().unwrap();
        let side = source.side(Direction::Read);
        side.clear(side.load());
        let alarm = Alarm::new();
        assert!(side.wait(&alarm.waker()));
        let turning = thread::spawn({
            let (table, signal) = (table.clone(), readable(source.key));
            move || deliver(&table, signal)
        });
        table.remove(&source);
        let delivered = turning.join().unwrap();
        assert_eq!(alarm.rung(), delivered);
        let late = deliver(&table, readable(source.key));
        assert_eq!(late, 0, "it has left");
        drop(source);
        // Nobody keeps the waker any more: ours is the last reference.
        assert_eq!(StdArc::strong_count(&alarm), 1);
        assert_eq!(table.len(), 0);
    });
}

#[test]
fn who_begins_to_wait_as_the_loop_closes_hears_of_it() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let source = table.insert().unwrap();
        let side = source.side(Direction::Read);
        side.clear(side.load());
        let waiting = thread::spawn({
            let source = source.clone();
            move || {
                let alarm = Alarm::new();
                let side = source.side(Direction::Read);
                if side.wait(&alarm.waker()) {
                    alarm.wait();
                }
                assert!(side.load().is_shut());
            }
        });
        let mut wakers = Vec::new();
        table.close(&mut wakers);
        crate::wake_all(&mut wakers);
        waiting.join().unwrap();
        assert!(table.insert().is_none());
    });
}
