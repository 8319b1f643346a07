//! Promises of sources: no event is lost, no end is lost, no waiter is forgotten.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use super::*;
use crate::fixtures::{Flag, reactors, settle, turn_until_true, turn_until_woken};
use crate::{Events, Wait};

/// A stream that counts how often it is read.
struct Counted(UnixStream, AtomicUsize);

impl AsFd for Counted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for &Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::Relaxed);
        (&self.0).read(buffer)
    }
}

/// A connected pair, ours in the event loop.
fn unix_pair(reactor: &Arc<Reactor>) -> (Async<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (Async::stream(reactor, ours).unwrap(), theirs)
}

fn tcp_pair(reactor: &Arc<Reactor>) -> (Async<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    (Async::stream(reactor, ours).unwrap(), theirs)
}

/// Reads once; `None` when that would have to wait.
fn read<T: AsSource>(
    source: &Async<T>,
    flag: &Arc<Flag>,
    room: usize,
) -> Option<io::Result<Vec<u8>>>
where
    for<'a> &'a T: Read,
{
    let mut buffer = vec![0; room];
    match flag.poll(|cx| source.poll_read(cx, &mut buffer)) {
        Poll::Pending => None,
        Poll::Ready(Ok(read)) => {
            buffer.truncate(read);
            Some(Ok(buffer))
        }
        Poll::Ready(Err(error)) => Some(Err(error)),
    }
}

/// Writes until that would have to wait, and says how many bytes went.
fn fill<T: AsSource>(source: &Async<T>, flag: &Arc<Flag>) -> usize
where
    for<'a> &'a T: Write,
{
    let mut written = 0;
    while let Poll::Ready(result) = flag.poll(|cx| source.poll_write(cx, &[7; 65_536])) {
        written += result.unwrap();
    }
    written
}

/// Compiles only if what workers and tasks share may be shared.
#[test]
fn what_workers_share_may_be_shared() {
    fn check<T: Send + Sync>() {}
    check::<Reactor>();
    check::<crate::Timers>();
    check::<crate::Clock>();
    check::<Async<UnixStream>>();
    check::<Ready<'_, UnixStream>>();
    fn check_send<T: Send>() {}
    check_send::<Events>();
}

#[test]
fn a_reader_is_woken_by_data_and_only_then() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let flag = Flag::new();
        assert!(read(&ours, &flag, 8).is_none());
        settle(&reactor);
        flag.take();
        assert!(read(&ours, &flag, 8).is_none());
        settle(&reactor);
        assert!(!flag.is_woken());
        theirs.write_all(b"abc").unwrap();
        turn_until_woken(&reactor, &flag);
        assert_eq!(read(&ours, &flag, 8).unwrap().unwrap(), b"abc");
        assert!(read(&ours, &flag, 8).is_none());
    }
}

#[test]
fn a_short_read_spares_the_next_one_and_loses_no_event() {
    for reactor in reactors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let ours = Async::stream(&reactor, Counted(ours, AtomicUsize::new(0))).unwrap();
        let flag = Flag::new();
        assert!(read(&ours, &flag, 8).is_none());
        for round in 0..5 {
            theirs.write_all(b"ping").unwrap();
            turn_until_woken(&reactor, &flag);
            let before = ours.get_ref().1.load(Ordering::Relaxed);
            assert_eq!(read(&ours, &flag, 8).unwrap().unwrap(), b"ping");
            assert!(read(&ours, &flag, 8).is_none());
            let calls = ours.get_ref().1.load(Ordering::Relaxed) - before;
            // The first event may come together with one that was there from the start.
            assert!(round == 0 || calls == if reactor.is_short_drained() { 1 } else { 2 });
        }
    }
}

#[test]
fn a_full_read_is_followed_by_another_without_an_event() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let flag = Flag::new();
        assert!(read(&ours, &flag, 4).is_none());
        theirs.write_all(b"abcdefgh").unwrap();
        turn_until_woken(&reactor, &flag);
        assert_eq!(read(&ours, &flag, 4).unwrap().unwrap(), b"abcd");
        assert_eq!(read(&ours, &flag, 4).unwrap().unwrap(), b"efgh");
        assert!(read(&ours, &flag, 4).is_none());
    }
}

#[test]
fn an_end_that_comes_with_the_data_is_not_lost() {
    fn check<T: AsSource>(reactor: &Reactor, ours: &Async<T>, end: impl FnOnce())
    where
        for<'a> &'a T: Read,
    {
        let flag = Flag::new();
        assert!(read(ours, &flag, 64).is_none());
        settle(reactor);
        flag.take();
        assert!(read(ours, &flag, 64).is_none());
        end();
        turn_until_woken(reactor, &flag);
        assert_eq!(read(ours, &flag, 64).unwrap().unwrap(), b"bye");
        // Whether or not another event comes, nobody may have to wait for it.
        assert_eq!(
            read(ours, &flag, 64).expect("the end was lost").unwrap(),
            b""
        );
    }
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        check(&reactor, &ours, move || theirs.write_all(b"bye").unwrap());
        let (ours, mut theirs) = tcp_pair(&reactor);
        // Corked, so that data and FIN leave as one packet.
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&theirs).set_tcp_cork(true).unwrap();
        theirs.write_all(b"bye").unwrap();
        check(&reactor, &ours, move || drop(theirs));
    }
}

#[test]
fn fault_061_a_half_closed_peer_can_still_be_written_to() {
    for reactor in reactors() {
        let (ours, mut theirs) = tcp_pair(&reactor);
        let flag = Flag::new();
        assert!(read(&ours, &flag, 8).is_none());
        theirs.shutdown(std::net::Shutdown::Write).unwrap();
        turn_until_woken(&reactor, &flag);
        assert_eq!(read(&ours, &flag, 8).unwrap().unwrap(), b"");
        assert!(matches!(
            flag.poll(|cx| ours.poll_write(cx, b"still here")),
            Poll::Ready(Ok(10))
        ));
        let mut heard = [0; 10];
        theirs.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"still here");
    }
}

#[test]
fn fault_060_a_reset_wakes_reader_and_writer() {
    for reactor in reactors() {
        let (ours, theirs) = tcp_pair(&reactor);
        let (reader, writer) = (Flag::new(), Flag::new());
        assert!(read(&ours, &reader, 8).is_none());
        fill(&ours, &writer);
        settle(&reactor);
        reader.take();
        writer.take();
        assert!(read(&ours, &reader, 8).is_none());
        fill(&ours, &writer);
        socket2::SockRef::from(&theirs)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(theirs);
        turn_until_true(&reactor, || reader.is_woken() && writer.is_woken());
        // The one who asks first is told of the reset; the other finds the end or a broken pipe.
        assert!(read(&ours, &reader, 8).unwrap().is_err());
        assert!(matches!(
            writer.poll(|cx| ours.poll_write(cx, b"x")),
            Poll::Ready(Err(_))
        ));
    }
}

#[test]
fn the_ends_of_a_pipe_tell_each_other_of_their_end() {
    for reactor in reactors() {
        let pipe = || {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            let enter = |end| Async::new(&reactor, std::fs::File::from(end)).unwrap();
            (enter(reader), enter(writer))
        };
        let flag = Flag::new();
        let (reader, writer) = pipe();
        assert!(read(&reader, &flag, 8).is_none());
        drop(writer);
        turn_until_woken(&reactor, &flag);
        assert_eq!(read(&reader, &flag, 8).unwrap().unwrap(), b"");

        let (reader, writer) = pipe();
        assert!(fill(&writer, &flag) > 0);
        settle(&reactor);
        flag.take();
        assert_eq!(fill(&writer, &flag), 0);
        drop(reader);
        turn_until_woken(&reactor, &flag);
        let Poll::Ready(Err(error)) = flag.poll(|cx| writer.poll_write(cx, b"x")) else {
            panic!("nobody will ever read");
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}

#[test]
fn more_buffers_than_the_system_takes_at_once_leave_nothing_behind() {
    const COUNT: usize = 3_000;
    for reactor in reactors() {
        let flag = Flag::new();
        let (ours, mut theirs) = tcp_pair(&reactor);
        settle(&reactor);
        let sent = [7; COUNT];
        let mut written = 0;
        while written < COUNT {
            let slices: Vec<_> = sent[written..].chunks(1).map(IoSlice::new).collect();
            match flag.poll(|cx| ours.poll_write_vectored(cx, &slices)) {
                Poll::Ready(moved) => written += moved.unwrap(),
                Poll::Pending => panic!("there is room, but after {written} it waits"),
            }
        }
        theirs.read_exact(&mut [0; COUNT]).unwrap();

        theirs.write_all(&sent).unwrap();
        settle(&reactor);
        let mut room = [0; COUNT];
        let mut read = 0;
        while read < COUNT {
            let mut slices: Vec<_> = room[read..].chunks_mut(1).map(IoSliceMut::new).collect();
            match flag.poll(|cx| ours.poll_read_vectored(cx, &mut slices)) {
                Poll::Ready(moved) => read += moved.unwrap(),
                Poll::Pending => panic!("all has come, but after {read} it waits"),
            }
        }
        assert_eq!(room, sent);
    }
}

#[test]
fn a_writer_is_woken_when_there_is_room_again() {
    for reactor in reactors() {
        let (ours, theirs) = unix_pair(&reactor);
        let flag = Flag::new();
        let written = fill(&ours, &flag);
        let mut left = written;
        let mut buffer = vec![0; 65_536];
        while left > 0 {
            left -= (&theirs).read(&mut buffer).unwrap();
        }
        turn_until_woken(&reactor, &flag);
        assert!(flag.poll(|cx| ours.poll_write(cx, b"more")).is_ready());
    }
}

#[test]
fn an_event_for_the_reader_does_not_deafen_the_writer() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let (reader, writer) = (Flag::new(), Flag::new());
        let mut left = fill(&ours, &writer);
        assert!(read(&ours, &reader, 8).is_none());
        theirs.write_all(b"x").unwrap();
        turn_until_woken(&reactor, &reader);
        // The reader does not wait again, so only the writer can keep its own wait alive.
        assert_eq!(read(&ours, &reader, 8).unwrap().unwrap(), b"x");
        while writer.take() > 0 {
            left += fill(&ours, &writer);
            settle(&reactor);
        }
        let mut buffer = vec![0; 65_536];
        while left > 0 {
            left -= theirs.read(&mut buffer).unwrap();
        }
        turn_until_woken(&reactor, &writer);
    }
}

#[test]
fn one_event_wakes_every_waiter_and_a_dropped_one_leaves_no_trace() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let flags: Vec<_> = (0..4).map(|_| Flag::new()).collect();
        let mut waits: Vec<_> = (0..4).map(|_| Box::pin(ours.readable())).collect();
        for (wait, flag) in waits.iter_mut().zip(&flags) {
            assert!(flag.poll(|cx| wait.as_mut().poll(cx)).is_pending());
        }
        let polling = Flag::new();
        assert!(read(&ours, &polling, 8).is_none());
        drop(waits.remove(1));
        assert_eq!(
            Arc::strong_count(&flags[1]),
            1,
            "a dead waiter is still in line"
        );
        theirs.write_all(b"x").unwrap();
        turn_until_woken(&reactor, &polling);
        let woken: Vec<_> = flags.iter().map(|flag| flag.is_woken()).collect();
        assert_eq!(woken, [true, false, true, true]);
        // One that was woken goes without looking; the others still see the event.
        drop(waits.remove(0));
        for (wait, flag) in waits.iter_mut().zip(&flags[2..]) {
            assert!(flag.poll(|cx| wait.as_mut().poll(cx)).is_ready());
        }
    }
}

#[test]
fn readable_asks_the_kernel_and_not_its_memory() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let flag = Flag::new();
        for _ in 0..3 {
            let mut readable = Box::pin(ours.readable());
            assert!(flag.poll(|cx| readable.as_mut().poll(cx)).is_pending());
            theirs.write_all(b"x").unwrap();
            turn_until_true(&reactor, || {
                flag.poll(|cx| readable.as_mut().poll(cx)).is_ready()
            });
            let mut readable = Box::pin(ours.readable());
            assert!(
                flag.poll(|cx| readable.as_mut().poll(cx)).is_ready(),
                "it is level, not edge"
            );
            // Behind the back of the source.
            assert_eq!(ours.get_ref().read(&mut [0; 8]).unwrap(), 1);
        }
    }
}

#[test]
fn fault_019_the_task_that_polled_last_is_woken() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let (first, last) = (Flag::new(), Flag::new());
        assert!(read(&ours, &first, 8).is_none());
        assert!(read(&ours, &last, 8).is_none());
        assert_eq!(Arc::strong_count(&first), 1);
        theirs.write_all(b"x").unwrap();
        turn_until_woken(&reactor, &last);
        assert!(!first.is_woken());
    }
}

#[test]
fn try_io_remembers_that_it_would_have_blocked() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let attempt = || ours.try_io(Direction::Read, |mut io| io.read(&mut [0; 8]));
        assert_eq!(attempt().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(!ours.side(Direction::Read).load().is_ready());
        theirs.write_all(b"abc").unwrap();
        assert_eq!(
            attempt().unwrap(),
            3,
            "the kernel knows before the reactor does"
        );
    }
}

#[test]
fn a_source_taken_out_is_whole_and_may_enter_again() {
    for reactor in reactors() {
        let (ours, mut theirs) = unix_pair(&reactor);
        let inner = ours.into_inner().unwrap();
        assert_eq!(reactor.sources(), 0);
        let ours = Async::new(&reactor, inner).unwrap();
        let flag = Flag::new();
        assert!(read(&ours, &flag, 8).is_none());
        theirs.write_all(b"x").unwrap();
        turn_until_woken(&reactor, &flag);
    }
}

/// Parks the thread that it was made on.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a poll function to its end on this thread, while others turn the reactor.
fn block_on<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match poll(&mut cx) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

/// Moves `amount` bytes from one end of a pair to the other and checks every one of them.
fn transfer(from: &Async<UnixStream>, to: &Async<UnixStream>, amount: usize) {
    let byte = |position: usize| u8::try_from(position % 251).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sent = 0;
            while sent < amount {
                let piece: Vec<_> = (sent..amount.min(sent + 7_777)).map(byte).collect();
                sent += block_on(|cx| from.poll_write(cx, &piece)).unwrap();
            }
        });
        let mut received = 0;
        let mut buffer = [0; 5_000];
        while received < amount {
            let read = block_on(|cx| to.poll_read(cx, &mut buffer)).unwrap();
            for (offset, got) in buffer[..read].iter().enumerate() {
                assert_eq!(*got, byte(received + offset));
            }
            received += read;
        }
    });
}

#[test]
fn fault_066_two_turning_threads_lose_nothing_between_readers_and_writers() {
    for reactor in reactors() {
        let (left, right) = UnixStream::pair().unwrap();
        let left = Async::new(&reactor, left).unwrap();
        let right = Async::new(&reactor, right).unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let turning: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut events = Events::new();
                        while !is_over.load(Ordering::SeqCst) {
                            let _turn = reactor.turn(&mut events, Wait::Block).unwrap();
                        }
                    })
                })
                .collect();
            thread::scope(|inner| {
                inner.spawn(|| transfer(&left, &right, 2_000_000));
                inner.spawn(|| transfer(&right, &left, 2_000_000));
            });
            is_over.store(true, Ordering::SeqCst);
            while !turning.iter().all(thread::ScopedJoinHandle::is_finished) {
                reactor.notify();
                thread::yield_now();
            }
        });
    }
}
