//! What a connection owes its peer, as a value: bytes that wait, whether writers should pause, and
//! how it ends. [`Connection`](super::connection::Connection) keeps it at a desk and acts upon it;
//! nothing here touches a link or wakes anybody.
//!
//! ```text
//! open ──write_eof──► eof asked ──┐
//!   └───────close────────────────►│ closing ──all is sent──► ended
//!   └───────────an error, abort()─┴────────────────────────► ended
//! ```

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use super::roll::Membership;
use crate::waiters::{Line, Service, Wakes};

/// Writers pause above this many unsent bytes, unless told otherwise. asyncio's number.
const HIGH_WATER: usize = 64 * 1024;

/// Writers go on at this many. asyncio's number.
const LOW_WATER: usize = 16 * 1024;

/// See the module.
pub(super) struct Outgoing {
    /// Bytes behind those that the sender holds.
    queued: Vec<u8>,
    /// Bytes in `queued` and with the sender.
    unsent: usize,
    /// Writers pause above it.
    high: usize,
    /// Paused writers go on at it.
    low: usize,
    /// Between the two: the mark above was passed last.
    is_paused: bool,
    /// Somebody holds the right to use the link for writing.
    is_sending: bool,
    /// `write_eof` was called.
    is_eof_asked: bool,
    /// The sender has passed that on.
    is_eof_sent: bool,
    /// `close` was called.
    is_closing: bool,
    /// Users have dropped the half to read.
    is_reader_gone: bool,
    /// Users have dropped the half to write.
    is_writer_gone: bool,
    /// It is over.
    end: Option<End>,
    /// Its entry with the server, which is dropped when the connection ends.
    pub(super) membership: Option<Membership>,
    /// Who waits until writers need not pause.
    drains: Line<(), ()>,
    /// Who waits until nothing is unsent.
    flushes: Line<(), ()>,
    /// Who waits for the end.
    ends: Line<(), ()>,
}

/// How a connection ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Closed or aborted by us.
    Closed,
    /// Broken.
    Lost(Arc<io::Error>),
}

/// What users hold of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Reader,
    Writer,
}

/// What a writer has to do with its bytes.
pub(super) enum Accepted {
    /// Send them: it is the sender now.
    Send,
    /// Nothing: they were queued, or nobody wants them any more.
    Nothing,
}

/// What the sender has to do next.
pub(super) enum Step {
    /// Write these bytes, then ask again.
    Write(Vec<u8>),
    /// Tell the peer that no more bytes follow, then ask again.
    Eof,
    /// Take leave; then the connection has ended.
    Leave,
    /// Nothing: it is not the sender any more.
    Rest,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            queued: Vec::new(),
            unsent: 0,
            high: HIGH_WATER,
            low: LOW_WATER,
            is_paused: false,
            is_sending: false,
            is_eof_asked: false,
            is_eof_sent: false,
            is_closing: false,
            is_reader_gone: false,
            is_writer_gone: false,
            end: None,
            membership: None,
            drains: Line::new(),
            flushes: Line::new(),
            ends: Line::new(),
        }
    }

    /// Takes bytes to send.
    pub(super) fn accept(&mut self, bytes: &[u8]) -> Accepted {
        if self.is_closing || self.end.is_some() {
            return Accepted::Nothing;
        }
        self.unsent += bytes.len();
        if self.is_sending {
            self.queued.extend_from_slice(bytes);
            self.judge();
            return Accepted::Nothing;
        }
        self.is_sending = true;
        Accepted::Send
    }

    /// The sender could not get rid of all at once: now the marks count.
    pub(super) fn judge(&mut self) {
        self.is_paused |= self.unsent > self.high;
    }

    /// The sender has got rid of so many bytes.
    pub(super) fn sent(&mut self, bytes: usize, wakes: &mut Wakes) {
        if self.end.is_some() {
            return;
        }
        self.unsent -= bytes;
        if self.is_paused && self.unsent <= self.low {
            self.is_paused = false;
            serve_all(&mut self.drains, wakes);
        }
    }

    /// What the sender does next; it holds no bytes now.
    pub(super) fn next_step(&mut self, wakes: &mut Wakes) -> Step {
        if self.end.is_some() {
            self.is_sending = false;
            return Step::Rest;
        }
        if !self.queued.is_empty() {
            return Step::Write(std::mem::take(&mut self.queued));
        }
        serve_all(&mut self.flushes, wakes);
        if self.is_closing {
            return Step::Leave;
        }
        if self.is_eof_asked && !self.is_eof_sent {
            self.is_eof_sent = true;
            return Step::Eof;
        }
        self.is_sending = false;
        Step::Rest
    }

    /// `write_eof`: whether the caller is the sender now.
    pub(super) fn ask_eof(&mut self) -> bool {
        self.is_eof_asked = true;
        self.become_sender()
    }

    /// `close`: whether the caller is the sender now.
    pub(super) fn ask_close(&mut self) -> bool {
        !std::mem::replace(&mut self.is_closing, true) && self.become_sender()
    }

    /// A half was dropped: whether that was the second one, so that nobody is left who could close.
    pub(super) fn drop_half(&mut self, half: Half) -> bool {
        match half {
            Half::Reader => self.is_reader_gone = true,
            Half::Writer => self.is_writer_gone = true,
        }
        self.is_reader_gone && self.is_writer_gone
    }

    /// It is over; the first reason counts. Gives what is to be dropped once the desk is free, or
    /// `None` when it was over before.
    pub(super) fn end(&mut self, end: End, wakes: &mut Wakes) -> Option<Option<Membership>> {
        self.is_closing = true;
        if self.end.is_some() {
            return None;
        }
        self.end = Some(end);
        self.queued = Vec::new();
        self.unsent = 0;
        self.is_paused = false;
        for line in [&mut self.drains, &mut self.flushes, &mut self.ends] {
            serve_all(line, wakes);
        }
        Some(self.membership.take())
    }

    /// How it ended, if it has.
    pub(super) fn how_it_ended(&self) -> Option<End> {
        self.end.clone()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub(super) fn is_eof_asked(&self) -> bool {
        self.is_eof_asked
    }

    /// Whether bytes would be sent. How a connection ended is for `Until` to tell.
    ///
    /// # Errors
    /// `BrokenPipe` after `write_eof` and `close`.
    pub(super) fn check_open(&self) -> io::Result<()> {
        let is_shut = self.is_eof_asked || (self.is_closing && self.end.is_none());
        if is_shut {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent
    }

    pub(super) fn limits(&self) -> (usize, usize) {
        (self.low, self.high)
    }

    /// Moves the marks; `low` is not above `high`.
    pub(super) fn set_limits(&mut self, low: usize, high: usize, wakes: &mut Wakes) {
        (self.low, self.high) = (low, high);
        self.judge();
        self.sent(0, wakes);
    }

    fn become_sender(&mut self) -> bool {
        self.end.is_none() && !std::mem::replace(&mut self.is_sending, true)
    }
}

fn serve_all(line: &mut Line<(), ()>, wakes: &mut Wakes) {
    while line.serve((), wakes).is_ok() {}
}

/// Something that can be waited for until it is so.
pub(super) trait Condition {
    /// Who waits for it.
    fn line(outgoing: &mut Outgoing) -> &mut Line<(), ()>;

    /// Whether it is so. It always is when the connection has ended.
    fn is_met(outgoing: &Outgoing) -> bool;
}

/// Writers need not pause.
pub(super) struct Drained;

impl Condition for Drained {
    fn line(outgoing: &mut Outgoing) -> &mut Line<(), ()> {
        &mut outgoing.drains
    }

    fn is_met(outgoing: &Outgoing) -> bool {
        !outgoing.is_paused
    }
}

/// Nothing is unsent.
pub(super) struct Flushed;

impl Condition for Flushed {
    fn line(outgoing: &mut Outgoing) -> &mut Line<(), ()> {
        &mut outgoing.flushes
    }

    fn is_met(outgoing: &Outgoing) -> bool {
        !outgoing.is_sending || outgoing.end.is_some()
    }
}

/// It is over.
pub(super) struct Ended;

impl Condition for Ended {
    fn line(outgoing: &mut Outgoing) -> &mut Line<(), ()> {
        &mut outgoing.ends
    }

    fn is_met(outgoing: &Outgoing) -> bool {
        outgoing.end.is_some()
    }
}

/// The wait for a condition; ends with how the connection ended, if it has.
pub(super) struct Until<C>(PhantomData<C>);

impl<C: Condition> Service for Until<C> {
    type State = Outgoing;
    type Wish = ();
    type Mark = ();
    type Gift = ();
    type Output = Option<End>;

    const MARK: () = ();

    fn line(outgoing: &mut Outgoing) -> &mut Line<(), ()> {
        C::line(outgoing)
    }

    fn serve_now(outgoing: &mut Outgoing, _: (), _: &mut Wakes) -> Result<Option<End>, ()> {
        if C::is_met(outgoing) {
            Ok(outgoing.how_it_ended())
        } else {
            Err(())
        }
    }

    fn collect(outgoing: &mut Outgoing, _: (), _: (), _: &mut Wakes) -> Option<End> {
        outgoing.how_it_ended()
    }

    fn left(_: &mut Outgoing, _: Option<()>, _: &mut Wakes) {
        // Everybody else who waited was told too.
    }
}
