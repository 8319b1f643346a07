use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};

use rustix::process::{Signal, getpid, kill_process};

use std::future::Future;

use super::*;
use crate::reactor::{Events, Wait};

/// Sends a signal to this process, and waits until its handler has run for `listener`: on which
/// thread is the kernel's choice. Each test has a signal of its own, since they share the process.
fn raise(signal: Signal, listener: &Listener) {
    let before = listener.arrivals.count.load(Ordering::SeqCst);
    kill_process(getpid(), signal).unwrap();
    while listener.arrivals.count.load(Ordering::SeqCst) == before {
        std::thread::yield_now();
    }
}

fn count(listener: &mut Listener) -> Poll<u64> {
    let mut cx = Context::from_waker(Waker::noop());
    listener
        .arrivals
        .poll_count(&mut cx)
        .map(|count| count.unwrap())
}

struct Counts(std::sync::atomic::AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_cannot_be_caught_is_told_apart() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let refused = |number| {
        let error = Listener::new(&reactor, number).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        *error
            .get_ref()
            .unwrap()
            .downcast_ref::<SignalError>()
            .unwrap()
    };
    for number in [i32::MIN, -1, 0, sys::LAST + 1, i32::MAX] {
        assert_eq!(refused(number), SignalError::OutOfRange(number));
    }
    assert_eq!(refused(9), SignalError::Uncatchable(9));
    assert_eq!(refused(11), SignalError::Fault(11));
    assert_eq!(reactor.sources(), 0);
}

#[test]
fn every_listener_gets_every_signal_wherever_its_loop_is() {
    let reactors = [(); 2].map(|()| Arc::new(Reactor::new().unwrap()));
    let listen = |reactor| Listener::new(reactor, Signal::USR1.as_raw()).unwrap();
    let mut first = listen(&reactors[0]);
    let mut second = listen(&reactors[0]);
    let mut third = listen(&reactors[1]);
    for _ in 0..3 {
        raise(Signal::USR1, &third);
    }
    let all = [&mut first, &mut second, &mut third].map(count);
    assert_eq!(all, [Poll::Ready(3); 3]);
    drop(first);
    raise(Signal::USR1, &third);
    assert_eq!([&mut second, &mut third].map(count), [Poll::Ready(1); 2]);
    assert_eq!([&mut second, &mut third].map(count), [Poll::Pending; 2]);
}

#[test]
fn who_waits_is_woken_by_the_reactor() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let mut listener = Listener::new(&reactor, Signal::USR2.as_raw()).unwrap();
    let woken = Arc::new(Counts(0.into()));
    let waker = Waker::from(woken.clone());
    for times in 1..4 {
        let mut cx = Context::from_waker(&waker);
        assert!(listener.arrivals.poll_count(&mut cx).is_pending());
        raise(Signal::USR2, &listener);
        let mut events = Events::new();
        // A turn may bring what concerns nobody: that there is room in the bell.
        while woken.0.load(Ordering::Relaxed) < times {
            let _turn = reactor.turn(&mut events, Wait::Block).unwrap();
        }
        assert_eq!(woken.0.load(Ordering::Relaxed), times);
        assert_eq!(count(&mut listener), Poll::Ready(1));
    }
}

#[test]
fn more_signals_than_a_bell_can_hold_are_all_counted() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let mut listener = Listener::new(&reactor, Signal::HUP.as_raw()).unwrap();
    assert_eq!(count(&mut listener), Poll::Pending);
    for _ in 0..10_000 {
        raise(Signal::HUP, &listener);
    }
    assert_eq!(count(&mut listener), Poll::Ready(10_000));
    assert_eq!(count(&mut listener), Poll::Pending);
    raise(Signal::HUP, &listener);
    assert_eq!(count(&mut listener), Poll::Ready(1));
}

#[test]
fn a_listener_of_a_closed_loop_gets_an_error() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let mut listener = Listener::new(&reactor, Signal::WINCH.as_raw()).unwrap();
    reactor.close();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(
        listener.arrivals.poll_count(&mut cx),
        Poll::Ready(Err(_))
    ));
    assert!(Listener::new(&reactor, Signal::WINCH.as_raw()).is_err());
}

#[test]
fn arrivals_whose_claim_is_gone_end() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let listener = Listener::new(&reactor, Signal::WINCH.as_raw()).unwrap();
    let Listener {
        claim,
        mut arrivals,
    } = listener;
    drop(claim);
    let mut events = Events::new();
    let mut cx = Context::from_waker(Waker::noop());
    // The first look takes the rings; the reactor may have to bring the end.
    let ended = loop {
        match arrivals.poll_count(&mut cx) {
            Poll::Ready(ended) => break ended,
            Poll::Pending => drop(reactor.turn(&mut events, Wait::Block).unwrap()),
        }
    };
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_run_is_asked_once_and_stands_back_while_others_listen() {
    let reactor = Arc::new(Reactor::new().unwrap());
    let (interrupts, mut asked) = Interrupts::arm(&reactor).unwrap().unwrap();
    assert!(
        Interrupts::arm(&reactor).unwrap().is_none(),
        "armed already"
    );
    let mut is_asked = || {
        let mut cx = Context::from_waker(Waker::noop());
        std::pin::Pin::new(&mut asked).poll(&mut cx).is_ready()
    };
    let mut listener = Listener::new(&reactor, numbers::INT).unwrap();
    raise(Signal::INT, &listener);
    assert_eq!(count(&mut listener), Poll::Ready(1));
    assert!(!is_asked() && !interrupts.is_asked());
    drop(listener);
    kill_process(getpid(), Signal::INT).unwrap();
    while !interrupts.is_asked() {
        std::thread::yield_now();
    }
    assert!(is_asked());
    drop(interrupts);
    assert!(!is_asked());
}
