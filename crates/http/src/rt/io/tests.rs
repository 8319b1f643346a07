//! Promises about streams between hyper and the rest.

use std::pin::pin;
use std::task::{Context, Waker};

use futures_lite::io::Cursor;

use super::*;

/// Gives what hyper would read into `length` bytes.
fn read(stream: &mut Io<impl AsyncRead + Unpin>, length: usize) -> Poll<io::Result<Vec<u8>>> {
    let mut memory = vec![0xAA; length];
    let mut room = ReadBuf::new(&mut memory);
    let mut cx = Context::from_waker(Waker::noop());
    ready!(Read::poll_read(Pin::new(stream), &mut cx, room.unfilled()))?;
    Poll::Ready(Ok(room.filled().to_vec()))
}

fn ready_bytes(read: Poll<io::Result<Vec<u8>>>) -> Vec<u8> {
    match read {
        Poll::Ready(bytes) => bytes.unwrap(),
        Poll::Pending => panic!("a cursor never waits"),
    }
}

#[test]
fn reads_fill_what_hyper_has_room_for_and_no_more() {
    let text: Vec<u8> = (0..3 * CHUNK).map(|index| (index % 251) as u8).collect();
    let mut stream = Io::new(Cursor::new(text.clone()));
    let mut all = ready_bytes(read(&mut stream, 10));
    assert_eq!(all.len(), 10);
    while all.len() < text.len() {
        let some = ready_bytes(read(&mut stream, 2 * CHUNK));
        assert!((1..=CHUNK).contains(&some.len()));
        all.extend(some);
    }
    assert_eq!(all, text);
    assert_eq!(ready_bytes(read(&mut stream, 10)), [0_u8; 0]);
}

/// Reads from another stream while it is being read from, as TLS would.
struct Nested(Io<Cursor<Vec<u8>>>);

impl AsyncRead for Nested {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        buffer[..4].copy_from_slice(b"mine");
        let inner = ready_bytes(read(&mut self.0, 5));
        buffer[4..9].copy_from_slice(&inner);
        Poll::Ready(Ok(9))
    }
}

#[test]
fn a_stream_that_reads_another_has_a_buffer_of_its_own() {
    let inner = Io::new(Cursor::new(b"yours".to_vec()));
    let mut outer = Io::new(Nested(inner));
    assert_eq!(ready_bytes(read(&mut outer, 20)), b"mineyours");
}

#[test]
fn hypers_streams_are_read_and_written_by_everybody_else() {
    let mut there_and_back = Io::new(Io::new(Cursor::new(b"question".to_vec())));
    let mut cx = Context::from_waker(Waker::noop());
    let mut buffer = [0; 20];
    let mut stream = pin!(&mut there_and_back);
    let length = match AsyncRead::poll_read(stream.as_mut(), &mut cx, &mut buffer) {
        Poll::Ready(length) => length.unwrap(),
        Poll::Pending => panic!("a cursor never waits"),
    };
    assert_eq!(&buffer[..length], b"question");
    let written = AsyncWrite::poll_write(stream, &mut cx, b"!");
    assert!(matches!(written, Poll::Ready(Ok(1))));
    let text = there_and_back.into_inner().into_inner().into_inner();
    assert_eq!(text, b"question!");
}
