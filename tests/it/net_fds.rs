//! Other people's descriptors: awaited through `Async`, or watched by callbacks.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::net::{Async, Direction};
use bowerbird::{EventLoop, create_task, gather, wait_for, yield_now};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, on_each};

fn running() -> EventLoop {
    bowerbird::get_running_loop().unwrap()
}

/// A stream and its peer, both blocking: nothing here may need them not to be.
fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}

#[test]
fn what_others_made_is_read_and_written_by_awaiting() {
    inside_each(async || {
        let (ours, theirs) = pair();
        let (mut ours, mut theirs) = (Async::new(ours).unwrap(), Async::new(theirs).unwrap());
        let sending = create_task(async move {
            ours.write_all(&[3; 500_000]).await.unwrap();
            ours.flush().await.unwrap();
        });
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [3; 500_000]);
        sending.await.unwrap();
    });
}

#[test]
fn any_number_of_tasks_work_on_one_descriptor() {
    inside_each(async || {
        let (ours, mut theirs) = pair();
        let ours = Arc::new(Async::new(ours).unwrap());
        let reading = gather((0..5).map(|_| {
            let ours = ours.clone();
            async move {
                let mut byte = [0];
                let read = ours.read_with(|mut io| io.read(&mut byte)).await;
                assert_eq!(read.unwrap(), 1);
                byte[0]
            }
        }));
        yield_now().await;
        theirs.write_all(b"abcde").unwrap();
        let mut bytes = reading.await.unwrap();
        bytes.sort_unstable();
        assert_eq!(bytes, b"abcde");
    });
}

#[test]
fn trying_tells_what_waiting_waits_for() {
    inside_each(async || {
        let (ours, mut theirs) = pair();
        let ours = Async::new(ours).unwrap();
        let read = |mut io: &UnixStream| io.read(&mut [0; 4]);
        let nothing = ours.try_io(Direction::Read, read).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        assert!(
            wait_for(ours.readable(), Duration::from_millis(5))
                .await
                .is_err()
        );
        theirs.write_all(b"x").unwrap();
        ours.readable().await.unwrap();
        assert_eq!(ours.try_io(Direction::Read, read).unwrap(), 1);
        ours.writable().await.unwrap();
        let ours = ours.into_inner().unwrap();
        assert!(ours.peer_addr().is_ok());
    });
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    inside_each(async || {
        let file = || std::fs::File::open("Cargo.toml").unwrap();
        assert!(Async::new(file()).is_err());
        assert!(running().add_reader(file(), || {}).is_err());
        assert!(!running().remove_reader(file()));
    });
}

#[test]
fn a_reader_is_called_again_until_all_is_read() {
    inside_each(async || {
        let (ours, mut theirs) = pair();
        let (mut reader, calls, done) =
            (ours.try_clone().unwrap(), Tally::default(), Bell::default());
        let (call, ring) = (calls.clone(), done.clone());
        theirs.write_all(b"abc").unwrap();
        running()
            .add_reader(&ours, move || {
                // A blocking descriptor: it is not made into anything else, nor read in vain.
                let mut byte = [0];
                reader.read_exact(&mut byte).unwrap();
                call.add();
                if byte == [b'c'] {
                    ring.ring();
                }
            })
            .unwrap();
        done.rung().await;
        assert_eq!(calls.count(), 3);
        let mode = rustix::fs::fcntl_getfl(&ours).unwrap();
        assert!(
            !mode.contains(rustix::fs::OFlags::NONBLOCK),
            "left as it was"
        );
        theirs.write_all(b"c").unwrap();
        while calls.count() < 4 {
            yield_now().await;
        }
        assert!(running().remove_reader(&ours));
        assert!(!running().remove_reader(&ours));
        theirs.write_all(b"d").unwrap();
        bowerbird::sleep(Duration::from_millis(5)).await;
        assert_eq!(calls.count(), 4);
    });
}

#[test]
fn a_reader_hears_of_the_end() {
    inside_each(async || {
        let (ours, theirs) = pair();
        let ended = Bell::default();
        let (ring, event_loop, watched) = (ended.clone(), running(), ours.try_clone().unwrap());
        running()
            .add_reader(&ours, move || {
                // By another name: the table goes by the number it was entered under.
                assert!(!event_loop.remove_reader(&watched));
                ring.ring();
            })
            .unwrap();
        yield_now().await;
        assert!(!ended.is_rung());
        drop(theirs);
        ended.rung().await;
        assert!(running().remove_reader(&ours));
    });
}

#[test]
fn a_callback_may_remove_and_replace_itself() {
    inside_each(async || {
        let (ours, _theirs) = pair();
        let ours = Arc::new(ours);
        let (order, done) = (Arc::new(Mutex::new(Vec::new())), Bell::default());
        let (event_loop, fd, written, ring) =
            (running(), ours.clone(), order.clone(), done.clone());
        running()
            .add_writer(&*ours, move || {
                written.lock().unwrap().push("first");
                let (event, same, written, ring) = (
                    event_loop.clone(),
                    fd.clone(),
                    written.clone(),
                    ring.clone(),
                );
                let second = move || {
                    written.lock().unwrap().push("second");
                    assert!(event.remove_writer(&*same));
                    ring.ring();
                };
                event_loop.add_writer(&*fd, second).unwrap();
            })
            .unwrap();
        done.rung().await;
        bowerbird::sleep(Duration::from_millis(2)).await;
        assert_eq!(*order.lock().unwrap(), ["first", "second"]);
        assert!(!running().remove_writer(&*ours));
    });
}

#[test]
fn a_callback_that_panics_is_reported_and_called_again() {
    inside_each(async || {
        let (ours, _theirs) = pair();
        let (reports, calls, done) = (Tally::default(), Tally::default(), Bell::default());
        let (report, call, ring) = (reports.clone(), calls.clone(), done.clone());
        running().set_exception_handler(Some(move |_: &bowerbird::Report| report.add()));
        running()
            .add_writer(&ours, move || {
                call.add();
                if call.count() > 1 {
                    return ring.ring();
                }
                std::panic::panic_any("the first time");
            })
            .unwrap();
        done.rung().await;
        assert!(running().remove_writer(&ours));
        assert_eq!(reports.count(), 1);
        running().set_exception_handler(None::<fn(&bowerbird::Report)>);
    });
}

#[test]
fn what_is_removed_replaced_or_outlived_is_dropped_and_nothing_stays_open() {
    on_each(each_builder(), |event_loop| {
        let (ours, mut theirs) = pair();
        let dropped = Tally::default();
        let counted = || {
            let counted = Counted(dropped.clone());
            move || {
                std::hint::black_box(&counted);
            }
        };
        let settle = || {
            let pause = bowerbird::sleep(Duration::from_millis(2));
            event_loop.run_until_complete(pause).unwrap();
        };
        event_loop.add_reader(&ours, counted()).unwrap();
        settle();
        event_loop.add_reader(&ours, counted()).unwrap();
        assert_eq!(dropped.count(), 1, "replaced");
        settle();
        assert!(event_loop.remove_reader(&ours));
        assert_eq!(dropped.count(), 2, "removed while it waits");
        // Nobody else has it open, so its peer sees the end.
        let fd = OwnedFd::from(ours);
        event_loop.add_reader(&fd, counted()).unwrap();
        event_loop.add_writer(&fd, counted()).unwrap();
        drop(fd);
        theirs
            .set_read_timeout(Some(Duration::from_millis(2)))
            .unwrap();
        assert!(theirs.read(&mut [0]).is_err(), "the loop keeps it open");
        settle();
        event_loop.close().unwrap();
        assert_eq!(dropped.count(), 4, "outlived");
        theirs.set_read_timeout(None).unwrap();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
        assert!(event_loop.add_reader(&theirs, || {}).is_err());
        assert!(!event_loop.remove_reader(&theirs));
    });
}
#[test]
fn callbacks_see_the_context_of_whoever_added_them() {
    static NAME: bowerbird::ContextVar<u32> = bowerbird::ContextVar::new("name");
    inside_each(async || {
        let (ours, _theirs) = pair();
        let (seen, done) = (Arc::new(Mutex::new(0)), Bell::default());
        let (see, ring) = (seen.clone(), done.clone());
        let _before = NAME.set(7);
        running()
            .add_writer(&ours, move || {
                *see.lock().unwrap() = NAME.get_or(0);
                ring.ring();
            })
            .unwrap();
        let _before = NAME.set(8);
        done.rung().await;
        running().remove_writer(&ours);
        assert_eq!(*seen.lock().unwrap(), 7);
    });
}
