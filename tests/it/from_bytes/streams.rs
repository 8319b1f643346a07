//! A reader over a real socket beside the whole stream: no byte is lost, doubled or invented, and
//! no read holds more than its limit.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::OnceLock;

use bowerbird::streams::ReadError;
use bowerbird::{EventLoop, StreamReader, open_unix_connection, yield_now};
use futures_lite::future::zip;

/// Where readers connect to; one for the process.
fn listener() -> &'static (PathBuf, UnixListener) {
    static LISTENER: OnceLock<(PathBuf, UnixListener)> = OnceLock::new();
    LISTENER.get_or_init(|| {
        let name = format!("bowerbird-from-bytes-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _none_before = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        (path, listener)
    })
}

/// What is read next.
enum Read {
    Some(usize),
    Exactly(usize),
    Line,
    Until(Vec<Vec<u8>>),
}

/// Plays the bytes: a limit, a few reads, and what comes, in pieces.
///
/// # Panics
/// When the reader gives anything but what came.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&[limit, count], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let (limit, mut rest) = (usize::from(limit) + 1, rest.iter().copied());
    let reads: Vec<Read> = (0..count % 16).map(|_| next_read(&mut rest)).collect();
    let stream: Vec<u8> = rest.map(letter).collect();
    let event_loop = EventLoop::new_current_thread().expect("descriptors");
    let (path, listener) = listener();
    let running = async {
        let connecting = open_unix_connection(path).limit(limit);
        let (mut reader, _writer) = connecting.await.expect("somebody listens");
        let (mut peer, _addr) = listener.accept().expect("it has connected");
        let mut left = stream.as_slice();
        let pieces = stream.as_slice();
        let sending = async move {
            for piece in pieces.chunks(limit % 7 + 1) {
                peer.write_all(piece).expect("there is room for some bytes");
                yield_now().await;
            }
        };
        let reading = async {
            for read in &reads {
                take(&mut reader, &mut left, limit, read).await;
            }
        };
        zip(sending, reading).await;
    };
    let ended = event_loop.run_until_complete(running);
    ended.expect("nobody stops it");
    event_loop.close().expect("it does not run");
}

/// Few letters, so that separators are found.
fn letter(byte: u8) -> u8 {
    b"ab\n"[usize::from(byte % 3)]
}

fn next_read(bytes: &mut impl Iterator<Item = u8>) -> Read {
    let mut number = || bytes.next().unwrap_or(0);
    match number() % 4 {
        0 => Read::Some(usize::from(number())),
        1 => Read::Exactly(usize::from(number() % 40)),
        2 => Read::Line,
        _ => {
            let mut one = || (0..=number() % 3).map(|_| letter(number())).collect();
            Read::Until(vec![one(), one()])
        }
    }
}

/// Reads once; `left` is what has not been read of the stream.
async fn take(reader: &mut StreamReader, left: &mut &[u8], limit: usize, read: &Read) {
    let (got, end) = match read {
        Read::Some(most) => {
            let got = reader.read(*most).await.expect("the peer resets nothing");
            assert_eq!(got.is_empty(), *most == 0 || left.is_empty());
            assert!(got.len() <= *most);
            let end = got.len();
            (Ok(got), end)
        }
        Read::Exactly(bytes) => (reader.readexactly(*bytes).await, *bytes),
        Read::Line => return take_line(reader, left, limit).await,
        Read::Until(separators) => {
            let borrowed: Vec<&[u8]> = separators.iter().map(Vec::as_slice).collect();
            let got = reader.readuntil(borrowed.as_slice()).await;
            let ends = |end: &usize| borrowed.iter().any(|one| left[..*end].ends_with(one));
            let end = (0..=left.len()).find(ends);
            (got, end.unwrap_or(usize::MAX))
        }
    };
    match got {
        Ok(got) => {
            assert_eq!(got, left[..end]);
            *left = &left[end..];
        }
        Err(ReadError::Incomplete(error)) => {
            assert!(end > left.len(), "the stream has it");
            assert_eq!(error.partial, *left);
            *left = &[];
        }
        Err(ReadError::LimitOverrun(error)) => {
            // It stays, so that the next read finds it.
            assert!(matches!(read, Read::Until(_)));
            assert!(limit < error.consumed && error.consumed <= left.len().min(end));
        }
        Err(error) => panic!("{error}"),
    }
}

/// A line over the limit goes, or what has come of it; that depends on how it came.
async fn take_line(reader: &mut StreamReader, left: &mut &[u8], limit: usize) {
    let end = left.iter().position(|&byte| byte == b'\n');
    let end = end.map_or(left.len(), |at| at + 1);
    match reader.readline().await {
        Ok(line) => {
            assert_eq!(line, left[..end]);
            assert!(line.trim_ascii_end().len() <= limit);
            *left = &left[end..];
        }
        Err(ReadError::LimitOverrun(_)) => {
            assert!(end > limit);
            // How much has gone, the rest of the stream tells.
            let rest = reader.read(None).await.expect("the peer resets nothing");
            assert!(left.ends_with(&rest) && rest.len() < left.len());
            *left = &[];
        }
        Err(error) => panic!("{error}"),
    }
}
