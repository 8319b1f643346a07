//! Unix sockets: streams and datagrams between programs of one machine, at paths of the file system
//! or, on Linux, at abstract names.

mod datagram;

mod file;

mod listener;

mod stream;

use std::io;
use std::time::Duration;

use crate::tasks::sleep;

pub use bowerbird_io::net::PeerCred;
pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use stream::UnixStream;

/// How long to wait before knocking again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(64));

/// Tries until it does not block, with growing pauses: for a peer whose line is full, of whom the
/// system does not say when there is room.
async fn knocking<R>(attempt: impl Fn() -> io::Result<R>) -> io::Result<R> {
    let (mut pause, longest) = PAUSES;
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                sleep(pause).await;
                pause = (pause * 2).min(longest);
            }
            done => return done,
        }
    }
}
