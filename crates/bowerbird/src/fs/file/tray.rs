//! What lies between a file's user and the thread that works for it: bytes on their way, one
//! request, its reply.
//!
//! Pure state under a lock: [`File`](super::File) puts things here and takes them, so does the
//! [`Courier`](super::courier::Courier) on the other side. It calls nobody, reads no file and wakes
//! nobody; who may have to wake somebody takes the wakers with [`Tray::take_waiting`] (I4).
//!
//! The system's position of the file runs ahead of the user's by what was read ahead. *Stale* means
//! that these bytes must not be handed out any more, since the file may have changed under them:
//! before the courier touches the file next, it steps back over them.

use std::io::{self, SeekFrom};
use std::task::Waker;

/// Bytes that may wait to be written: a writer that is quicker than the disk waits at this point.
pub(super) const WRITE_BEHIND: usize = 256 << 10;

/// Bytes that one trip reads at least, so that small reads share it.
pub(super) const READ_AHEAD: usize = 16 << 10;

/// Bytes that one trip reads at most, unless all are asked for.
pub(super) const READ_MAX: usize = 1 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tray {
    /// Read, and not taken by the user.
    pub(super) unread: Unread,
    /// `unread` may differ from the file, or the user's position is elsewhere.
    pub(super) is_stale: bool,
    /// Where the user's position is, if that is known and the system's is not there.
    pub(super) go_to: Option<u64>,
    /// Accepted from the user, in order; the courier takes all of it at once.
    pub(super) unwritten: Vec<u8>,
    /// The courier writes what it has taken.
    pub(super) is_writing: bool,
    /// What the courier is to do before it writes what was accepted later.
    pub(super) request: Option<Request>,
    /// A request waits or is being worked on.
    pub(super) is_requested: bool,
    /// What became of the last request, until the user asks for something else.
    pub(super) reply: Option<Reply>,
    /// Why bytes that were accepted are not in the file, until the user is told.
    pub(super) failure: Option<io::Error>,
    /// There is a courier: it comes back to the tray before it ends.
    pub(super) is_served: bool,
    /// The system's position is somebody else's, too: reading ahead would rob them.
    pub(super) is_shared: bool,
    /// The user has dropped the file: a failure has nobody to be told to.
    pub(super) is_orphan: bool,
    /// Who waits for any of this to change.
    waiting: Vec<Waker>,
}

/// What the user wants from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// At most so many bytes from here on.
    Read(usize),
    /// All bytes from here on.
    ReadToEnd,
    /// Another position.
    Seek(SeekFrom),
}

/// What became of a [`Request`]. What was read is in [`Tray::unread`].
#[derive(Debug)]
pub(super) enum Reply {
    /// So many bytes, none at the end.
    Read(io::Result<usize>),
    /// All there were.
    ReadToEnd(io::Result<()>),
    /// The new position, which the user's becomes when this is taken.
    Seek(SeekFrom, io::Result<u64>),
}

impl Tray {
    /// Tells a failure of writing, once.
    pub(super) fn tell_failure(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Whether accepted bytes are not in the file yet.
    pub(super) fn is_unwritten(&self) -> bool {
        self.is_writing || !self.unwritten.is_empty()
    }

    /// Whether the bytes read ahead are the ones at the user's position.
    pub(super) fn is_current(&self) -> bool {
        !self.is_stale && self.go_to.is_none() && !self.is_requested && !self.is_unwritten()
    }

    /// Whether a request may be made: none is under way, and what was accepted before is taken.
    pub(super) fn is_open_to_requests(&self) -> bool {
        !self.is_requested && self.unwritten.is_empty()
    }

    /// Leaves a request. True if it needs a courier: the caller starts one, without the lock.
    #[must_use]
    pub(super) fn ask(&mut self, request: Request) -> bool {
        debug_assert!(self.is_open_to_requests(), "one request at a time");
        self.reply = None;
        self.request = Some(request);
        self.is_requested = true;
        !std::mem::replace(&mut self.is_served, true)
    }

    /// Accepts what there is room for: how many bytes, zero if there is no room. The second answer
    /// is as that of [`ask`](Self::ask).
    #[must_use]
    pub(super) fn accept(&mut self, bytes: &[u8]) -> (usize, bool) {
        let room = WRITE_BEHIND.saturating_sub(self.unwritten.len());
        let accepted = room.min(bytes.len());
        if accepted == 0 {
            return (0, false);
        }
        self.unwritten.extend_from_slice(&bytes[..accepted]);
        self.forget_read();
        (accepted, !std::mem::replace(&mut self.is_served, true))
    }

    /// The courier has written what it took, or failed to. The empty `room` is worth keeping.
    pub(super) fn wrote(&mut self, written: io::Result<()>, room: Vec<u8>) {
        debug_assert!(room.is_empty(), "what it held is written or lost");
        self.is_writing = false;
        if let Err(error) = written {
            // What came after the missing bytes would stand in the wrong place.
            self.unwritten.clear();
            self.failure.get_or_insert(error);
        } else if self.unwritten.is_empty() {
            self.unwritten = room;
        }
    }

    /// The file changes: what was read ahead, or that there was no more, may be wrong.
    pub(super) fn forget_read(&mut self) {
        self.is_stale |= self.is_requested || !self.unread.is_empty();
        if !self.is_requested {
            self.reply = None;
        }
    }

    /// Leaves a reply, unless what it says has been overtaken.
    pub(super) fn answer(&mut self, reply: Reply) {
        self.is_requested = false;
        let is_read = !matches!(reply, Reply::Seek(..));
        let is_overtaken = !self.unwritten.is_empty() || (is_read && self.is_stale);
        self.reply = (!is_overtaken).then_some(reply);
        // Bytes that were accepted meanwhile belong before those that were read.
        self.is_stale |= is_overtaken && !self.unread.is_empty();
    }

    /// How the system's position gets to the user's, if it is elsewhere.
    pub(super) fn way_back(&self) -> Option<SeekFrom> {
        match self.go_to {
            Some(position) => Some(SeekFrom::Start(position)),
            None if self.unread.is_empty() => None,
            None => Some(SeekFrom::Current(-self.unread.length())),
        }
    }

    /// The system's position is the user's.
    pub(super) fn aligned(&mut self) {
        self.unread.clear();
        self.is_stale = false;
        self.go_to = None;
        if let Some(Reply::Seek(..)) = self.reply {
            // It was given up, and its move has just been undone.
            self.reply = None;
        }
    }

    /// The system's position has moved, and the user's is where it was.
    pub(super) fn moved_from(&mut self, position: u64) {
        self.unread.clear();
        self.is_stale = false;
        self.go_to = Some(position);
        self.reply = None;
    }

    /// The reply to a seek, if that is what was asked: it takes place now.
    pub(super) fn take_move(&mut self, to: SeekFrom) -> Option<io::Result<u64>> {
        match self.reply.take() {
            Some(Reply::Seek(asked, moved)) if asked == to => {
                if moved.is_ok() && to != SeekFrom::Current(0) {
                    self.aligned();
                }
                Some(moved)
            }
            _given_up => None,
        }
    }

    /// There are no positions: the bytes that were read ahead stay the next ones.
    pub(super) fn cannot_align(&mut self) {
        self.is_stale = false;
        self.go_to = None;
    }

    /// Somebody waits for a change. Gives the waker back if it is known: to be dropped unlocked.
    #[must_use]
    pub(super) fn wait(&mut self, waker: Waker) -> Option<Waker> {
        if self.waiting.iter().any(|known| known.will_wake(&waker)) {
            return Some(waker);
        }
        self.waiting.push(waker);
        None
    }

    /// Who has to be woken after a change, once the lock is released.
    #[must_use]
    pub(super) fn take_waiting(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.waiting)
    }
}

/// Bytes that were read ahead.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// Room, all of it initialised once.
    room: Vec<u8>,
    /// Where in the room they begin.
    start: usize,
    /// Where they end.
    end: usize,
}

impl Unread {
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many, as something to step back by.
    pub(super) fn length(&self) -> i64 {
        i64::try_from(self.end - self.start).expect("no memory is as large as that")
    }

    /// Copies what fits into `buffer` and takes it away.
    pub(super) fn take_into(&mut self, buffer: &mut [u8]) -> usize {
        let length = buffer.len().min(self.end - self.start);
        buffer[..length].copy_from_slice(&self.room[self.start..self.start + length]);
        self.start += length;
        length
    }

    /// Takes all, with the room.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        let Self {
            mut room,
            start,
            end,
        } = std::mem::take(self);
        room.truncate(end);
        room.drain(..start);
        room
    }

    /// Takes the empty room away, to read `length` bytes into it.
    pub(super) fn lend_room(&mut self, length: usize) -> Vec<u8> {
        self.clear();
        let mut room = std::mem::take(&mut self.room);
        if room.len() < length {
            room.resize(length, 0);
        }
        room
    }

    /// Gives the room back, with so many bytes at its beginning.
    pub(super) fn fill(&mut self, room: Vec<u8>, length: usize) {
        *self = Self {
            room,
            start: 0,
            end: length,
        };
    }

    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
