//! Signals: streams, handlers, Ctrl-C awaited. In processes of their own, since a signal concerns
//! all of a process. Unix.
#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::signal::{
    SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, SignalError, SignalKind, ctrl_c,
    signal,
};
use bowerbird::{EventLoop, create_task, gather, get_running_loop};
use futures_lite::StreamExt;
use rustix::process::{Signal, getpid, kill_process};

use crate::alone::{alone, is_interruptible, output_alone};
use crate::loops::{each_builder, inside_each, on_each};

/// Sends a signal to this process.
fn raise(kind: SignalKind) {
    let signal = Signal::from_named_raw(kind.as_raw()).unwrap();
    kill_process(getpid(), signal).unwrap();
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_stream_hands_out_every_signal_one_by_one() {
    alone(
        "signals::a_stream_hands_out_every_signal_one_by_one",
        || {
            inside_each(async || {
                let mut hello = signal(SIGUSR1).unwrap();
                assert_eq!(hello.kind(), SIGUSR1);
                for _ in 0..100 {
                    raise(SIGUSR1);
                    assert_eq!(hello.recv().await, Some(()));
                }
                raise(SIGUSR1);
                assert_eq!(hello.next().await, Some(()));
                // Different ones do not wait for each other.
                let mut other = signal(SIGUSR2).unwrap();
                raise(SIGUSR2);
                assert_eq!(other.recv().await, Some(()));
                let more = bowerbird::wait_for(hello.recv(), Duration::from_millis(10)).await;
                assert!(more.is_err(), "nobody sent this one");
            });
        },
    );
}

#[test]
fn every_listener_of_every_loop_gets_every_signal() {
    alone(
        "signals::every_listener_of_every_loop_gets_every_signal",
        || {
            on_each(each_builder(), |event_loop| {
                let (ready, is_ready) = channel();
                let elsewhere = std::thread::spawn(move || {
                    bowerbird::run(async {
                        let mut hello = signal(SIGUSR1).unwrap();
                        ready.send(()).unwrap();
                        hello.recv().await
                    })
                });
                let here = async {
                    let listeners: Vec<_> = (0..10).map(|_| signal(SIGUSR1).unwrap()).collect();
                    is_ready.recv().unwrap();
                    raise(SIGUSR1);
                    let heard = listeners
                        .into_iter()
                        .map(|mut listener| async move { listener.recv().await });
                    gather(heard).await.unwrap()
                };
                let heard = event_loop.run_until_complete(here).unwrap();
                assert_eq!(heard, [Some(()); 10]);
                assert_eq!(elsewhere.join().unwrap(), Some(()));
            });
        },
    );
}

#[test]
fn a_cancelled_wait_loses_no_signal() {
    alone("signals::a_cancelled_wait_loses_no_signal", || {
        inside_each(async || {
            let mut hello = signal(SIGUSR1).unwrap();
            let none = bowerbird::wait_for(hello.recv(), Duration::ZERO).await;
            assert!(none.is_err());
            raise(SIGUSR1);
            assert_eq!(hello.recv().await, Some(()));
        });
    });
}

#[test]
fn no_signal_is_lost_while_a_handler_runs() {
    alone("signals::no_signal_is_lost_while_a_handler_runs", || {
        on_each(each_builder(), |event_loop| {
            let (began, has_begun) = channel();
            let (go_on, may_go_on) = channel::<()>();
            let stopped = event_loop.clone();
            let mut calls = 0;
            let handler = move || {
                calls += 1;
                began.send(calls).unwrap();
                may_go_on.recv().unwrap();
                if calls == 3 {
                    stopped.stop();
                }
            };
            event_loop.add_signal_handler(SIGUSR1, handler).unwrap();
            let sender = std::thread::spawn(move || {
                for call in 1..=3 {
                    // While the call before it is under way: but for the first one.
                    raise(SIGUSR1);
                    if call > 1 {
                        go_on.send(()).unwrap();
                    }
                    assert_eq!(has_begun.recv(), Ok(call));
                }
                go_on.send(()).unwrap();
            });
            event_loop.run_forever().unwrap();
            sender.join().unwrap();
        });
    });
}

/// What handlers have noted, oldest first.
static NOTES: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn note(what: &'static str) {
    NOTES.lock().unwrap().push(what);
}

/// Waits until exactly this was noted, and forgets it.
async fn until_noted(what: &[&str]) {
    until(|| *NOTES.lock().unwrap() == what).await;
    NOTES.lock().unwrap().clear();
}

#[test]
fn a_handler_is_a_callback_of_its_loop() {
    alone("signals::a_handler_is_a_callback_of_its_loop", || {
        on_each(each_builder(), |event_loop| {
            let (done, is_done) = channel();
            let expected = event_loop.clone();
            let handler = move || {
                let here = get_running_loop().unwrap();
                assert_eq!(here, expected);
                assert!(here.all_tasks().is_empty(), "a handler is no task");
                let done = done.clone();
                create_task(async move { done.send(()).unwrap() }).detach();
                here.stop();
            };
            event_loop.add_signal_handler(SIGUSR1, handler).unwrap();
            // Before the loop runs: it is kept.
            raise(SIGUSR1);
            event_loop.run_forever().unwrap();
            // Another worker may have taken the task when the run ended: no pass is too many.
            while is_done.try_recv().is_err() {
                event_loop.stop();
                event_loop.run_forever().unwrap();
            }
        });
    });
}

#[test]
fn a_handler_replaces_the_one_before_and_can_be_removed() {
    alone(
        "signals::a_handler_replaces_the_one_before_and_can_be_removed",
        || {
            inside_each(async || {
                let event_loop = get_running_loop().unwrap();
                let note = |what| move || note(what);
                assert!(!event_loop.remove_signal_handler(SIGUSR1));
                event_loop
                    .add_signal_handler(SIGUSR1, note("first"))
                    .unwrap();
                event_loop
                    .add_signal_handler(SIGUSR1, note("second"))
                    .unwrap();
                event_loop
                    .add_signal_handler(SIGUSR2, note("other"))
                    .unwrap();
                let mut probe = signal(SIGUSR1).unwrap();
                raise(SIGUSR1);
                probe.recv().await;
                until_noted(&["second"]).await;
                assert!(event_loop.remove_signal_handler(SIGUSR1));
                assert!(!event_loop.remove_signal_handler(SIGUSR1));
                raise(SIGUSR1);
                probe.recv().await;
                raise(SIGUSR2);
                until_noted(&["other"]).await;
                assert!(event_loop.remove_signal_handler(SIGUSR2.as_raw()));
            });
        },
    );
}

/// Lets others run until something holds, forever if need be: the watchdog ends what never does.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        bowerbird::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_handler_can_remove_itself_and_one_that_panics_stays() {
    alone(
        "signals::a_handler_can_remove_itself_and_one_that_panics_stays",
        || {
            inside_each(async || {
                let event_loop = get_running_loop().unwrap();
                let reports = Arc::new(Mutex::new(Vec::new()));
                let desk = reports.clone();
                event_loop.set_exception_handler(Some(move |report: &bowerbird::Report| {
                    desk.lock().unwrap().push(report.to_string());
                }));
                let is_gone = Arc::new(AtomicUsize::new(0));
                let noted = is_gone.clone();
                let own = event_loop.clone();
                let mut calls = 0;
                let handler = move || {
                    calls += 1;
                    assert!(calls > 1, "the first one fails");
                    assert!(own.remove_signal_handler(SIGUSR1));
                    noted.fetch_add(1, Ordering::SeqCst);
                };
                event_loop.add_signal_handler(SIGUSR1, handler).unwrap();
                raise(SIGUSR1);
                until(|| reports.lock().unwrap().len() == 1).await;
                assert!(reports.lock().unwrap()[0].contains("the first one fails"));
                raise(SIGUSR1);
                until(|| is_gone.load(Ordering::SeqCst) == 1).await;
                assert!(!event_loop.remove_signal_handler(SIGUSR1));
            });
        },
    );
}

#[test]
fn what_cannot_be_caught_is_a_typed_error() {
    inside_each(async || {
        let event_loop = get_running_loop().unwrap();
        let cases = [
            (SIGKILL, SignalError::Uncatchable(9)),
            (SIGSTOP, SignalError::Uncatchable(SIGSTOP.as_raw())),
            (SignalKind::from(11), SignalError::Fault(11)),
            (SignalKind::from(0), SignalError::OutOfRange(0)),
            (SignalKind::from(-1), SignalError::OutOfRange(-1)),
            (SignalKind::from(1000), SignalError::OutOfRange(1000)),
        ];
        for (kind, expected) in cases {
            for error in [
                signal(kind).unwrap_err(),
                event_loop.add_signal_handler(kind, || {}).unwrap_err(),
            ] {
                assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
                let typed = error.get_ref().unwrap().downcast_ref();
                assert_eq!(typed, Some(&expected));
            }
            assert!(!event_loop.remove_signal_handler(kind));
        }
    });
}

#[test]
fn a_closed_loop_has_no_handlers_and_streams_end() {
    alone(
        "signals::a_closed_loop_has_no_handlers_and_streams_end",
        || {
            on_each(each_builder(), |event_loop| {
                event_loop.add_signal_handler(SIGHUP, || {}).unwrap();
                let mut hello = event_loop
                    .run_until_complete(async { signal(SIGUSR1).unwrap() })
                    .unwrap();
                event_loop.close().unwrap();
                assert!(!event_loop.remove_signal_handler(SIGHUP));
                let error = event_loop.add_signal_handler(SIGHUP, || {}).unwrap_err();
                assert!(
                    error.to_string().contains("event loop is closed"),
                    "{error}"
                );
                assert_eq!(futures_lite::future::block_on(hello.recv()), None);
            });
        },
    );
}

#[test]
#[cfg(target_os = "linux")]
fn listeners_and_handlers_leave_no_descriptor_behind() {
    alone(
        "signals::listeners_and_handlers_leave_no_descriptor_behind",
        || {
            let before = open_descriptors();
            on_each(each_builder(), |event_loop| {
                for _ in 0..50 {
                    event_loop.add_signal_handler(SIGUSR1, || {}).unwrap();
                    event_loop.add_signal_handler(SIGUSR2, || {}).unwrap();
                    assert!(event_loop.remove_signal_handler(SIGUSR2));
                }
                let streams = async {
                    for _ in 0..50 {
                        drop(signal(SIGUSR1).unwrap());
                        drop(ctrl_c());
                    }
                };
                event_loop.run_until_complete(streams).unwrap();
                drop(event_loop);
                assert_eq!(open_descriptors(), before);
            });
        },
    );
}

#[test]
fn fault_078_a_storm_of_signals_melts_and_stops_nobody() {
    alone(
        "signals::fault_078_a_storm_of_signals_melts_and_stops_nobody",
        || {
            // The last one may still be on its way when a loop ends: somebody listens until the
            // process does, or its default would end it.
            let ear = EventLoop::new_current_thread().unwrap();
            ear.add_signal_handler(SIGUSR1, || {}).unwrap();
            std::mem::forget(ear);
            inside_each(async || {
                let calls = Arc::new(AtomicUsize::new(0));
                let counted = calls.clone();
                let event_loop = get_running_loop().unwrap();
                let handler = move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                };
                event_loop.add_signal_handler(SIGUSR1, handler).unwrap();
                let mut stream = signal(SIGUSR1).unwrap();
                let mut storm = bowerbird::to_thread(|| (0..100_000).for_each(|_| raise(SIGUSR1)));
                // One more once it is done, so that whoever waits then sees that it is.
                storm.add_done_callback(|_| raise(SIGUSR1));
                let mut heard = 0;
                while !storm.is_done() {
                    stream.recv().await;
                    heard += 1;
                }
                (&mut storm).await.unwrap();
                assert!(0 < heard && heard <= 100_001, "{heard}");
                until(|| calls.load(Ordering::SeqCst) > 0).await;
            });
        },
    );
}

#[test]
fn a_signal_does_the_default_again_when_nobody_listens() {
    let name = "signals::a_signal_does_the_default_again_when_nobody_listens";
    for way in ["handler", "stream", "ctrl_c", "closed"] {
        if way == "ctrl_c" && !is_interruptible() {
            eprintln!("skipped: {name}, {way}: this run ignores Ctrl-C");
            continue;
        }
        let ended = output_alone(name, &[("WAY", way)], || {
            let way = std::env::var("WAY").unwrap();
            let event_loop = EventLoop::new_current_thread().unwrap();
            let main = async {
                match &*way {
                    "handler" => {
                        let here = get_running_loop().unwrap();
                        here.add_signal_handler(SIGTERM, || note("caught")).unwrap();
                        raise(SIGTERM);
                        until_noted(&["caught"]).await;
                        assert!(here.remove_signal_handler(SIGTERM));
                        raise(SIGTERM);
                    }
                    "stream" => {
                        let mut first = signal(SIGTERM).unwrap();
                        let second = signal(SIGTERM).unwrap();
                        drop(second);
                        raise(SIGTERM);
                        first.recv().await;
                        drop(first);
                        raise(SIGTERM);
                    }
                    "ctrl_c" => {
                        let pressed = ctrl_c();
                        raise(SIGINT);
                        pressed.await.unwrap();
                        raise(SIGINT);
                        // It may be under way on another thread still, and the next one faster.
                        std::thread::park_timeout(Duration::from_secs(60));
                    }
                    _ => {
                        let here = get_running_loop().unwrap();
                        here.add_signal_handler(SIGTERM, || {}).unwrap();
                    }
                }
            };
            event_loop.run_until_complete(main).unwrap();
            event_loop.close().unwrap();
            raise(SIGTERM);
            // Which thread it is delivered on is the kernel's choice, and so is when.
            std::thread::park_timeout(Duration::from_secs(60));
        });
        let Some(ended) = ended else { return };
        let expected = if way == "ctrl_c" { SIGINT } else { SIGTERM };
        let told = String::from_utf8_lossy(&ended.stderr);
        let ended = ended.status;
        assert_eq!(
            ended.signal(),
            Some(expected.as_raw()),
            "{way}: {ended} {told}"
        );
    }
}
