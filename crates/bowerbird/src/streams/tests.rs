use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::buffer::{Separator, find};
use super::connection::Connection;
use super::link::Link;
use super::{ReadError, StreamReader, StreamWriter};
use crate::events::EventLoop;

/// A link that gives what the script says, and keeps what it is given.
#[derive(Default)]
struct Toy(Mutex<Script>);

#[derive(Default)]
struct Script {
    /// What reads give, one after the other: bytes, or nothing yet. Then the end.
    arrivals: VecDeque<Option<Vec<u8>>>,
    /// What was written.
    written: Vec<u8>,
    /// How many bytes may be written before the next wait.
    room: usize,
    /// Who waits for room.
    writer: Option<Waker>,
    /// `shutdown`s, in order.
    shutdowns: Vec<Shutdown>,
}

impl Toy {
    fn with_arrivals(arrivals: impl IntoIterator<Item = Option<Vec<u8>>>) -> Arc<Self> {
        let toy = Self::default();
        toy.0.lock().unwrap().arrivals = arrivals.into_iter().collect();
        Arc::new(toy)
    }

    fn give_room(&self, room: usize) {
        let mut script = self.0.lock().unwrap();
        script.room += room;
        let writer = script.writer.take();
        drop(script);
        if let Some(writer) = writer {
            writer.wake();
        }
    }

    /// Whether somebody waits until there is room.
    fn has_sender(&self) -> bool {
        self.0.lock().unwrap().writer.is_some()
    }

    fn written(&self) -> Vec<u8> {
        self.0.lock().unwrap().written.clone()
    }

    fn shutdowns(&self) -> Vec<Shutdown> {
        self.0.lock().unwrap().shutdowns.clone()
    }
}

impl Link for Toy {
    fn poll_read(&self, _cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0.lock().unwrap().arrivals.pop_front() {
            None => Poll::Ready(Ok(0)),
            Some(None) => Poll::Pending,
            Some(Some(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut script = self.0.lock().unwrap();
        let taken = bytes.len().min(script.room);
        if taken == 0 {
            script.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        script.room -= taken;
        script.written.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.lock().unwrap().shutdowns.push(how);
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        true
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}

fn reader_of(event_loop: &EventLoop, toy: Arc<Toy>, limit: usize) -> StreamReader {
    StreamReader::new(Connection::new(toy, event_loop.handle().clone()), limit)
}

fn writer_of(event_loop: &EventLoop, toy: &Arc<Toy>) -> StreamWriter {
    StreamWriter::new(Connection::new(toy.clone(), event_loop.handle().clone()))
}

fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Drops the read at each of its waits, and begins it anew.
fn insist<R>(reader: &mut StreamReader, read: impl AsyncFn(&mut StreamReader) -> R) -> R {
    loop {
        if let Some(output) = poll_once(read(reader)) {
            return output;
        }
    }
}

/// A read of the random programs.
#[derive(Debug, Clone)]
enum Read {
    Some(usize),
    Exactly(usize),
    Line,
    Until(Vec<Vec<u8>>),
    ToTheEnd,
}

fn reads() -> impl Strategy<Value = Read> {
    let separator = || prop::collection::vec(prop::sample::select(b"ab\n".to_vec()), 1..4);
    prop_oneof![
        (0_usize..9).prop_map(Read::Some),
        (0_usize..30).prop_map(Read::Exactly),
        Just(Read::Line),
        prop::collection::vec(separator(), 1..4).prop_map(Read::Until),
        Just(Read::ToTheEnd),
    ]
}

/// Bytes in random pieces, with waits in between.
fn pieces() -> impl Strategy<Value = Vec<Option<Vec<u8>>>> {
    let byte = || prop::sample::select(b"aaabbc\n".to_vec());
    let piece = prop_oneof![
        3 => prop::collection::vec(byte(), 1..12).prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec(piece, 0..12)
}

/// Where the separator that ends first begins and ends: every place is tried, the naive way.
fn naive_find(bytes: &[u8], separators: &[Vec<u8>]) -> Option<(usize, usize)> {
    (0..=bytes.len()).find_map(|end| {
        let ends_here = |one: &&Vec<u8>| bytes[..end].ends_with(one);
        let shortest = separators.iter().filter(ends_here).map(Vec::len).min()?;
        Some((end - shortest, end))
    })
}

/// Takes `bytes` off the front.
fn take(rest: &mut Vec<u8>, bytes: usize) -> Vec<u8> {
    rest.drain(..bytes).collect()
}

/// Checks one read against the naive model, which knows the whole `rest` of the stream. `false`
/// when what is left depends on how the bytes came.
fn check(reader: &mut StreamReader, rest: &mut Vec<u8>, limit: usize, read: &Read) -> bool {
    match read {
        Read::Some(most) => {
            let got = insist(reader, async |reader| reader.read(*most).await.unwrap());
            assert_eq!(got.is_empty(), *most == 0 || rest.is_empty());
            assert!(got.len() <= *most);
            assert_eq!(take(rest, got.len()), got);
        }
        Read::Exactly(bytes) => {
            let got = insist(reader, async |reader| reader.readexactly(*bytes).await);
            match got {
                Ok(got) => assert_eq!(take(rest, *bytes), got),
                Err(ReadError::Incomplete(error)) => {
                    assert!(rest.len() < *bytes);
                    assert_eq!(error.expected, Some(*bytes));
                    assert_eq!(std::mem::take(rest), error.partial);
                }
                Err(error) => panic!("unexpected: {error}"),
            }
        }
        Read::Line => return check_line(reader, rest, limit),
        Read::Until(separators) => check_until(reader, rest, limit, separators),
        Read::ToTheEnd => {
            let got = insist(reader, async |reader| reader.read(None).await.unwrap());
            assert_eq!(std::mem::take(rest), got);
        }
    }
    true
}

fn check_line(reader: &mut StreamReader, rest: &mut Vec<u8>, limit: usize) -> bool {
    let got = insist(reader, async |reader| reader.readline().await);
    let line = rest.split_inclusive(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default().to_vec();
    let length = line.strip_suffix(b"\n").unwrap_or(&line).len();
    match got {
        Ok(got) => {
            assert_eq!(line, got);
            assert!(length <= limit);
            take(rest, got.len());
            true
        }
        Err(ReadError::LimitOverrun(error)) => {
            assert!(length > limit);
            if error.is_found {
                take(rest, line.len());
            }
            error.is_found
        }
        Err(error) => panic!("unexpected: {error}"),
    }
}

fn check_until(
    reader: &mut StreamReader,
    rest: &mut Vec<u8>,
    limit: usize,
    separators: &[Vec<u8>],
) {
    let borrowed: Vec<&[u8]> = separators.iter().map(Vec::as_slice).collect();
    let got = insist(reader, async |reader| {
        reader.readuntil(borrowed.as_slice()).await
    });
    match (got, naive_find(rest, separators)) {
        (Ok(got), Some((start, end))) => {
            assert!(start <= limit);
            assert_eq!(take(rest, end), got);
        }
        (Err(ReadError::Incomplete(error)), None) => {
            assert_eq!(error.expected, None);
            assert_eq!(std::mem::take(rest), error.partial);
        }
        (Err(ReadError::LimitOverrun(error)), found) => {
            assert!(error.consumed > limit);
            match found {
                Some((start, _)) => assert!(error.consumed <= start),
                None => assert!(!error.is_found),
            }
        }
        (got, found) => panic!("{got:?}, and the model has {found:?}"),
    }
}

proptest! {
    #[test]
    fn reads_agree_with_a_naive_model_however_the_bytes_come(
        pieces in pieces(),
        limit in 1_usize..24,
        reads in prop::collection::vec(reads(), 0..16),
    ) {
        let event_loop = EventLoop::new_current_thread().unwrap();
        let mut rest: Vec<u8> = pieces.iter().flatten().flatten().copied().collect();
        let mut reader = reader_of(&event_loop, Toy::with_arrivals(pieces), limit);
        for read in &reads {
            if !check(&mut reader, &mut rest, limit, read) {
                break;
            }
        }
    }

    #[test]
    fn the_separator_that_ends_first_is_found(
        bytes in prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..20),
        separators in prop::collection::vec(
            prop::collection::vec(prop::sample::select(b"ab".to_vec()), 1..5), 1..4),
    ) {
        let borrowed: Vec<&[u8]> = separators.iter().map(Vec::as_slice).collect();
        let found = find(&bytes, 0, borrowed.as_slice());
        let found = found.map(|found| (found.start, found.end));
        prop_assert_eq!(found, naive_find(&bytes, &separators));
    }
}

#[test]
fn a_separator_that_comes_in_pieces_is_found() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let stream = b"--abcd--".to_vec();
    for cut in 1..stream.len() {
        for second in cut + 1..stream.len() {
            let pieces = [&stream[..cut], &stream[cut..second], &stream[second..]];
            let pieces = pieces.map(|piece| Some(piece.to_vec()));
            let mut reader = reader_of(&event_loop, Toy::with_arrivals(pieces), 100);
            let found = poll_once(reader.readuntil(["x", "abcd"])).unwrap();
            assert_eq!(found.unwrap(), b"--abcd", "cut at {cut} and {second}");
        }
    }
}

#[test]
fn separators_come_in_many_shapes() {
    fn all(separator: &dyn Separator) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        separator.for_each(&mut |one| all.push(one.to_vec()));
        all
    }
    assert_eq!(all(&b"ab"), [b"ab"]);
    assert_eq!(all(&"ab"), [b"ab"]);
    assert_eq!(all(&["a", "b"]), [b"a", b"b"]);
    assert_eq!(all(&[b"a", b"b"]), [b"a", b"b"]);
    assert_eq!(all(&["a", "b"].as_slice()), [b"a", b"b"]);
}

#[test]
#[should_panic = "a separator of at least one byte"]
fn an_empty_separator_is_refused() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let mut reader = reader_of(&event_loop, Toy::with_arrivals([]), 9);
    poll_once(reader.readuntil(["a", ""]));
}

#[test]
fn what_the_link_does_not_take_is_sent_by_what_no_list_knows_and_ends_with_it() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop
        .run_until_complete(async {
            let toy = Arc::new(Toy::default());
            let writer = writer_of(&crate::get_running_loop().unwrap(), &toy);
            let tasks = || crate::all_tasks().len();
            assert_eq!(tasks(), 1);
            toy.give_room(3);
            writer.write("hello, ");
            writer.write("world");
            assert_eq!((tasks(), writer.write_buffer_size()), (1, 9));
            assert!(toy.has_sender());
            toy.give_room(6);
            crate::yield_now().await;
            assert_eq!(toy.written(), b"hello, wo");
            toy.give_room(100);
            crate::yield_now().await;
            assert_eq!((tasks(), writer.write_buffer_size()), (1, 0));
            assert!(!toy.has_sender());
            writer.write("!");
            assert!(!toy.has_sender(), "what the link takes at once needs none");
            assert_eq!(toy.written(), b"hello, world!");
        })
        .unwrap();
}

#[test]
fn drains_wait_above_the_upper_mark_and_until_the_lower_one() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop
        .run_until_complete(async {
            let toy = Arc::new(Toy::default());
            let writer = writer_of(&crate::get_running_loop().unwrap(), &toy);
            assert_eq!(writer.write_buffer_limits(), (16 * 1024, 64 * 1024));
            writer.set_write_buffer_limits(2, 8);
            writer.write("12345678");
            assert!(poll_once(writer.drain()).is_some(), "not above the mark");
            writer.write("9");
            let (mut one, mut two) = (writer.drain(), writer.drain());
            assert!(poll_once(&mut one).is_none());
            assert!(poll_once(&mut two).is_none());
            toy.give_room(6);
            crate::yield_now().await;
            assert!(poll_once(&mut one).is_none(), "above the lower mark");
            assert!(poll_once(writer.drain()).is_none(), "paused still");
            toy.give_room(1);
            crate::yield_now().await;
            assert!(poll_once(&mut one).unwrap().is_ok());
            assert!(poll_once(&mut two).unwrap().is_ok());
        })
        .unwrap();
}

#[test]
fn a_close_waits_for_what_was_written_and_then_ends_all_waits() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop
        .run_until_complete(async {
            let toy = Arc::new(Toy::default());
            let writer = writer_of(&crate::get_running_loop().unwrap(), &toy);
            writer.write("by");
            writer.write("e");
            writer.close();
            writer.write("ignored");
            assert!(writer.is_closing());
            crate::yield_now().await;
            assert_eq!(toy.shutdowns(), []);
            toy.give_room(100);
            writer.wait_closed().await.unwrap();
            assert_eq!(
                (toy.written(), toy.shutdowns()),
                (b"bye".to_vec(), vec![Shutdown::Both])
            );
            let gone = writer.drain().await.unwrap_err();
            assert_eq!(gone.kind(), io::ErrorKind::ConnectionReset);
        })
        .unwrap();
}

#[test]
fn the_end_of_writing_comes_after_the_bytes_and_leaves_reading_alone() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop
        .run_until_complete(async {
            let toy = Arc::new(Toy::default());
            let writer = writer_of(&crate::get_running_loop().unwrap(), &toy);
            writer.write("all");
            writer.write_eof().unwrap();
            writer.write_eof().unwrap();
            assert_eq!(toy.shutdowns(), []);
            toy.give_room(3);
            crate::yield_now().await;
            assert_eq!(
                (toy.written(), toy.shutdowns()),
                (b"all".to_vec(), vec![Shutdown::Write])
            );
            assert!(!writer.is_closing());
        })
        .unwrap();
}

#[test]
fn an_abort_drops_what_is_unsent() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop
        .run_until_complete(async {
            let toy = Arc::new(Toy::default());
            let writer = writer_of(&crate::get_running_loop().unwrap(), &toy);
            writer.write("never");
            writer.abort();
            writer.wait_closed().await.unwrap();
            toy.give_room(100);
            assert_eq!(writer.write_buffer_size(), 0);
            assert_eq!(toy.shutdowns(), [Shutdown::Both]);
        })
        .unwrap();
}

#[test]
fn a_write_on_a_closed_loop_is_a_lost_connection_and_no_hang() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let toy = Arc::new(Toy::default());
    let writer = writer_of(&event_loop, &toy);
    event_loop.close().unwrap();
    writer.write("never");
    assert!(writer.is_closing());
    assert!(poll_once(writer.wait_closed()).unwrap().is_err());
}
