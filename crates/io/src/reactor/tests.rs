//! Promises of turns, notifications, deadlines and closing.

use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use std::future::Future as _;
use std::task::Poll;

use super::*;
use crate::fixtures::{Flag, reactors, settle, turn_until, turn_until_woken};
use crate::{Async, Timers};

#[test]
fn a_turn_that_must_not_wait_does_not() {
    for reactor in reactors() {
        let turn = reactor.turn(&mut Events::new(), Wait::Poll).unwrap();
        assert_eq!(turn, Turn::default());
    }
}

#[test]
fn a_notification_before_the_wait_is_received_once() {
    for reactor in reactors() {
        reactor.notify();
        reactor.notify();
        let mut events = Events::new();
        assert!(reactor.turn(&mut events, Wait::Block).unwrap().notified);
        assert!(!reactor.turn(&mut events, Wait::Poll).unwrap().notified);
    }
}

#[test]
fn fault_068_every_notification_reaches_a_waiting_thread() {
    for reactor in reactors() {
        let (received, receipts) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..500 {
                    let _last = turn_until(&reactor, |turn| turn.notified);
                    received.send(()).unwrap();
                }
            });
            for _ in 0..500 {
                reactor.notify();
                receipts.recv().unwrap();
            }
        });
    }
}

#[test]
fn a_full_batch_of_notifications_from_many_threads_ends_every_wait() {
    for reactor in reactors() {
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| turn_until(&reactor, |turn| turn.notified)))
                .collect();
            // Notifications may be received as one, so repeat until all have returned.
            while !waiting.iter().all(thread::ScopedJoinHandle::is_finished) {
                reactor.notify();
                thread::yield_now();
            }
        });
    }
}

#[test]
fn one_event_wakes_one_of_two_waiting_threads() {
    for reactor in reactors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let source = Async::new(&reactor, ours).unwrap();
        let flag = Flag::new();
        assert!(
            flag.poll(|cx| source.poll_read(cx, &mut [0; 8]))
                .is_pending()
        );
        settle(&reactor);
        let (sender, turns) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..2 {
                let (sender, reactor) = (sender.clone(), &reactor);
                scope.spawn(move || {
                    let turn = turn_until(reactor, |turn| turn != Turn::default());
                    sender.send(turn).unwrap();
                });
            }
            theirs.write_all(b"hello").unwrap();
            assert_eq!(turns.recv().unwrap().io, 1);
            assert!(flag.is_woken());
            reactor.notify();
            assert_eq!(turns.recv().unwrap().io, 0, "one event came to both");
        });
    }
}

#[test]
fn a_deadline_is_never_early_and_disarms_itself() {
    let clock = Clock::real();
    for reactor in reactors() {
        for micros in [0, 1, 50, 300, 1_000, 5_000] {
            let at = clock.now().after(Duration::from_micros(micros));
            reactor.arm(at, &clock);
            assert_eq!(reactor.armed(), at);
            let turn = loop {
                let turn = reactor.turn(&mut Events::new(), Wait::Block).unwrap();
                if turn != Turn::default() {
                    break turn;
                }
            };
            let now = clock.now();
            assert!(turn.timer && !turn.notified && turn.io == 0, "{turn:?}");
            assert!(now >= at, "fired {:?} early", at.saturating_since(now));
            assert!(now.saturating_since(at) < Duration::from_secs(1));
            assert_eq!(reactor.armed(), Deadline::NEVER);
        }
    }
}

#[test]
fn fault_056_an_earlier_deadline_reaches_a_thread_that_waits_already() {
    let clock = Clock::real();
    let (late, patience) = (Duration::from_secs(20), Duration::from_secs(10));
    for reactor in reactors() {
        for _ in 0..10 {
            reactor.arm(clock.now().after(late), &clock);
            thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    let _turn = turn_until_timer(&reactor);
                    clock.now()
                });
                // Whether the thread waits by now changes nothing; that it mostly does makes this
                // test worth its time.
                let soon = clock.now().after(Duration::from_millis(1));
                while clock.now() < soon {
                    thread::yield_now();
                }
                let at = clock.now().after(Duration::from_micros(500));
                reactor.arm(at, &clock);
                let woken = waiting.join().unwrap();
                assert!(woken >= at);
                assert!(
                    woken.saturating_since(at) < patience,
                    "the deadline before was waited for"
                );
            });
        }
    }
}

/// Turns until the armed deadline comes, without arming another one.
fn turn_until_timer(reactor: &Reactor) -> Turn {
    let mut events = Events::new();
    loop {
        let turn = reactor.turn(&mut events, Wait::Block).unwrap();
        if turn.timer {
            return turn;
        }
    }
}

/// Serves the timers of one wheel as a worker does, until `is_over`.
fn serve(reactor: &Reactor, timers: &Timers, is_over: &AtomicBool) {
    let (clock, mut events) = (Clock::real(), Events::new());
    while !is_over.load(Ordering::SeqCst) {
        let turn = reactor.turn(&mut events, Wait::Block).unwrap();
        if turn.timer {
            let mut wakers = Vec::new();
            timers.expire(clock.now(), &mut wakers);
            wake_all(&mut wakers);
            reactor.arm(timers.next_deadline(), &clock);
        }
    }
    reactor.notify();
}

/// Ends the service when a test ends, by a panic too.
struct Ends<'a>(&'a Reactor, &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
        self.0.notify();
    }
}

#[test]
fn no_deadline_is_lost_between_adding_and_arming() {
    let clock = Clock::real();
    for reactor in reactors() {
        let (timers, is_over) = (Timers::new(), AtomicBool::new(false));
        let sleep = &|micros| {
            let flag = Flag::new();
            let at = clock.now().after(Duration::from_micros(micros));
            let inserted = timers.insert(at, flag.waker()).unwrap();
            if inserted.became_earliest {
                reactor.arm(at, &clock);
            }
            let limit = at.after(Duration::from_secs(10));
            while !flag.is_woken() {
                assert!(clock.now() < limit, "a deadline was lost");
                thread::yield_now();
            }
            assert!(clock.now() >= at);
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| serve(&reactor, &timers, &is_over));
            }
            let _ends = Ends(&reactor, &is_over);
            thread::scope(|inner| {
                for offset in 0..3 {
                    inner.spawn(move || (0..300).for_each(|n| sleep((n * 7 + offset * 13) % 90)));
                }
            });
        });
    }
}

#[test]
fn a_later_deadline_leaves_the_armed_one_alone() {
    let clock = Clock::real();
    for reactor in reactors() {
        let at = clock.now().after(Duration::from_secs(60));
        reactor.arm(at, &clock);
        reactor.arm(at.after(Duration::from_secs(1)), &clock);
        reactor.arm(Deadline::NEVER, &clock);
        assert_eq!(reactor.armed(), at);
    }
}

#[test]
fn a_deadline_of_a_manual_clock_comes_when_the_clock_is_moved() {
    let clock = Clock::manual();
    for reactor in reactors() {
        let at = clock.now().after(Duration::from_millis(1));
        reactor.arm(at, &clock);
        assert_eq!(reactor.armed(), Deadline::NEVER);
        clock.advance(Duration::from_millis(1));
        reactor.arm(at, &clock);
        assert!(turn_until(&reactor, |turn| turn.timer).timer);
    }
}

#[test]
fn fault_063_an_event_under_way_finds_nothing_once_its_source_left() {
    for reactor in reactors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let number = ours.as_raw_fd();
        let old = Async::new(&reactor, ours).unwrap();
        let flag = Flag::new();
        assert!(flag.poll(|cx| old.poll_read(cx, &mut [0; 8])).is_pending());
        settle(&reactor);
        theirs.write_all(b"old").unwrap();
        let mut events = Events::new();
        let _woken = reactor
            .backend
            .wait(&mut events.buffer, Wait::Poll)
            .unwrap();
        assert!(
            events.buffer.signals().count() > 0,
            "the event is under way"
        );
        drop(old);

        // The same place, and most likely the same descriptor.
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let is_reused = ours.as_raw_fd() == number;
        let new = Async::new(&reactor, ours).unwrap();
        let fresh = Flag::new();
        assert!(fresh.poll(|cx| new.poll_read(cx, &mut [0; 8])).is_pending());
        assert_eq!(reactor.deliver(&mut events), 0);
        wake_all(&mut events.wakers);
        assert!(!fresh.is_woken() && !flag.is_woken(), "reused: {is_reused}");
        theirs.write_all(b"new").unwrap();
        turn_until_woken(&reactor, &fresh);
    }
}

#[test]
fn what_is_received_is_woken_later_and_not_forgotten() {
    for reactor in reactors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let source = Async::new(&reactor, ours).unwrap();
        let flag = Flag::new();
        assert!(
            flag.poll(|cx| source.poll_read(cx, &mut [0; 8]))
                .is_pending()
        );
        settle(&reactor);
        flag.take();
        assert!(
            flag.poll(|cx| source.poll_read(cx, &mut [0; 8]))
                .is_pending()
        );
        theirs.write_all(b"x").unwrap();
        let mut events = Events::new();
        assert_eq!(reactor.receive(&mut events, Wait::Block).unwrap().io, 1);
        assert!(!flag.is_woken());
        let _nothing = reactor.receive(&mut events, Wait::Poll).unwrap();
        events.wake();
        assert_eq!(flag.take(), 1);
    }
}

/// A waker that, when woken, enters and leaves the reactor it is woken from.
struct Reenters(Arc<Reactor>, Arc<Flag>);

impl std::task::Wake for Reenters {
    fn wake(self: Arc<Self>) {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        drop(Async::new(&self.0, ours));
        self.1.waker().wake();
    }
}

#[test]
fn fault_017_a_waker_may_use_the_reactor_that_wakes_it() {
    for reactor in reactors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let source = Async::new(&reactor, ours).unwrap();
        let flag = Flag::new();
        let waker = Waker::from(Arc::new(Reenters(Arc::clone(&reactor), Arc::clone(&flag))));
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(source.poll_read(&mut cx, &mut [0; 8]).is_pending());
        theirs.write_all(b"x").unwrap();
        turn_until_woken(&reactor, &flag);
        assert!(source.poll_read(&mut cx, &mut [0; 8]).is_ready());
        assert!(source.poll_read(&mut cx, &mut [0; 8]).is_pending());
        reactor.close();
        assert!(flag.is_woken());
    }
}

#[test]
fn fault_038_closing_wakes_everyone_and_refuses_the_rest() {
    for reactor in reactors() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let source = Async::new(&reactor, ours).unwrap();
        let (polling, listed) = (Flag::new(), Flag::new());
        let mut readable = Box::pin(source.readable());
        assert!(listed.poll(|cx| readable.as_mut().poll(cx)).is_pending());
        assert!(
            polling
                .poll(|cx| source.poll_read(cx, &mut [0; 8]))
                .is_pending()
        );

        reactor.close();
        reactor.close();
        assert_eq!((polling.take(), listed.take()), (1, 1));

        let Poll::Ready(Err(error)) = listed.poll(|cx| readable.as_mut().poll(cx)) else {
            panic!("a wait on a closed loop must end");
        };
        assert_eq!(error.to_string(), "event loop is closed");
        assert!(matches!(
            polling.poll(|cx| source.poll_read(cx, &mut [0; 8])),
            Poll::Ready(Err(_))
        ));
        let refused = Async::new(&reactor, theirs).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotConnected);
        drop(readable);
        drop(source);
        assert_eq!(reactor.sources(), 0);
    }
}

#[test]
fn a_source_that_cannot_be_registered_leaves_nothing_behind() {
    for reactor in reactors() {
        let file = std::fs::File::open("Cargo.toml").unwrap();
        assert!(Async::new(&reactor, file).is_err());
        assert_eq!(reactor.sources(), 0);
    }
}
