//! A connection: a link, and the bytes on their way into it. Shared by the two halves, which users
//! see, and by the server, which can close it. Reading is the reader's business alone.
//!
//! Whoever writes while nobody else does sends at once, without copying. What the link does not
//! take goes to a task that lives until all is sent: an idle connection has none. Everybody who
//! writes meanwhile leaves the bytes in the queue.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bowerbird_executor::Handle;

use super::errors::again;
use super::link::Link;
use super::outgoing::{Accepted, Drained, End, Ended, Flushed, Half, Outgoing, Step, Until};
use super::roll::Membership;
use crate::tasks::{Sleep, sleep};
use crate::waiters::{Desk, Wait};

/// See the module.
pub(super) struct Connection {
    /// What carries the bytes.
    link: Arc<dyn Link>,
    /// What is on its way; locked for a few steps at a time, and never while the link is in use.
    desk: Desk<Outgoing>,
    /// The loop it belongs to, for the task that sends what the link did not take.
    handle: Handle,
}

impl Connection {
    /// A connection over `link`, on this loop.
    pub(super) fn new(link: Arc<dyn Link>, handle: Handle) -> Arc<Self> {
        Arc::new(Self {
            link,
            desk: Desk::new(Outgoing::new()),
            handle,
        })
    }

    pub(super) fn link(&self) -> &Arc<dyn Link> {
        &self.link
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Keeps `membership` until the connection ends; drops it at once if it has.
    pub(super) fn keep(&self, membership: Membership) {
        let mut membership = Some(membership);
        self.desk.with(|outgoing, _| {
            if outgoing.how_it_ended().is_none() {
                outgoing.membership = membership.take();
            }
        });
    }

    /// Goes on where `former` stopped, for users and server: its marks and its entry in the roll.
    #[cfg(feature = "tls")]
    pub(super) fn take_place_of(self: &Arc<Self>, former: &Self) {
        let (low, high) = former.look(Outgoing::limits);
        self.set_limits(low, high);
        let membership = former.desk.with(|outgoing, _| outgoing.membership.take());
        if let Some(membership) = membership {
            membership.pass_to(self);
            self.keep(membership);
        }
    }

    /// Sends `bytes`, now or soon, in the order of the calls.
    pub(super) fn write(self: &Arc<Self>, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.desk.with(|outgoing, _| outgoing.accept(bytes)) {
            Accepted::Send => self.send_now(bytes),
            Accepted::Nothing => {}
        }
    }

    /// Closes our direction when all is sent.
    pub(super) fn write_eof(self: &Arc<Self>) {
        if self.desk.with(|outgoing, _| outgoing.ask_eof()) {
            self.go_on(Sender::new(self));
        }
    }

    /// Closes both directions when all is sent.
    pub(super) fn close(self: &Arc<Self>) {
        if self.desk.with(|outgoing, _| outgoing.ask_close()) {
            self.go_on(Sender::new(self));
        }
    }

    /// A half was dropped. Without a writer no more bytes follow, and without a reader, too, nobody
    /// needs the connection.
    pub(super) fn drop_half(self: &Arc<Self>, half: Half) {
        if self.desk.with(|outgoing, _| outgoing.drop_half(half)) {
            self.close();
        } else if half == Half::Writer && self.link.can_write_eof() {
            self.write_eof();
        }
    }

    /// Closes both directions now; what is unsent stays so.
    pub(super) fn abort(&self) {
        self.end(End::Closed);
    }

    /// The connection has broken.
    pub(super) fn lose(&self, error: io::Error) {
        self.end(End::Lost(Arc::new(error)));
    }

    /// Waits until writers need not pause.
    pub(super) fn drained(&self) -> Wait<'_, Until<Drained>> {
        Wait::new(&self.desk, ())
    }

    /// Waits until the link has taken everything.
    ///
    /// # Errors
    /// That of [`gone`], if it ends before.
    pub(super) async fn flushed(&self) -> io::Result<()> {
        gone(Wait::<Until<Flushed>>::new(&self.desk, ()).await)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// What broke it, if it was not closed.
    pub(super) async fn ended(&self) -> io::Result<()> {
        match Wait::<Until<Ended>>::new(&self.desk, ()).await {
            Some(End::Lost(error)) => Err(again(&error)),
            Some(End::Closed) | None => Ok(()),
        }
    }

    /// Looks at what is on its way.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Outgoing) -> R) -> R {
        self.desk.look(look)
    }

    /// Moves the marks between which writers pause.
    pub(super) fn set_limits(&self, low: usize, high: usize) {
        self.desk
            .with(|outgoing, wakes| outgoing.set_limits(low, high, wakes));
    }

    /// The first part of a sender's work, on the caller's stack and without a copy.
    fn send_now(self: &Arc<Self>, bytes: &[u8]) {
        let mut sender = Sender::new(self);
        let mut cx = Context::from_waker(Waker::noop());
        match self.link.poll_write(&mut cx, bytes) {
            Poll::Ready(Ok(sent)) if sent > 0 => {
                sender.bytes.extend_from_slice(&bytes[sent..]);
                self.desk.with(|outgoing, wakes| outgoing.sent(sent, wakes));
            }
            Poll::Ready(written) => {
                sender.is_done = true;
                self.lose(written.err().unwrap_or_else(|| ErrorKind::WriteZero.into()));
                return;
            }
            Poll::Pending => sender.bytes.extend_from_slice(bytes),
        }
        self.go_on(sender);
    }

    /// Goes on as far as the link takes it, and leaves the rest to a task.
    fn go_on(self: &Arc<Self>, mut sender: Sender) {
        let mut cx = Context::from_waker(Waker::noop());
        if sender.poll_send(&mut cx).is_ready() {
            return;
        }
        self.desk.with(|outgoing, _| outgoing.judge());
        let sending = poll_fn(move |cx| sender.poll_send(cx));
        // In no list, so that whoever cancels all tasks, as the end of a run does, leaves the bytes
        // alone. On a closed loop the sender is dropped, which says so to all who wait.
        self.handle.create_unlisted(sending).detach();
    }

    fn end(&self, end: End) {
        let over = self.desk.with(|outgoing, wakes| outgoing.end(end, wakes));
        let Some(membership) = over else { return };
        // Nobody is left to be told: the connection is over either way.
        let _closed = self.link.shutdown(Shutdown::Both);
        drop(membership);
    }
}

/// The error of whoever needs a connection that has ended.
///
/// # Errors
/// What broke it; `ConnectionReset` when it was closed.
pub(super) fn gone(end: Option<End>) -> io::Result<()> {
    match end {
        None => Ok(()),
        Some(End::Closed) => Err(io::Error::new(
            ErrorKind::ConnectionReset,
            "connection lost: the stream was closed",
        )),
        Some(End::Lost(error)) => Err(again(&error)),
    }
}

/// The right to use a link for writing; one at most exists for each connection.
struct Sender {
    /// Whose.
    connection: Arc<Connection>,
    /// Bytes to send before those of the queue.
    bytes: Vec<u8>,
    /// How many of them the link has taken.
    taken: usize,
    /// All is sent, and the peer is being told.
    is_leaving: bool,
    /// The limit of that, once it runs.
    limit: Option<Sleep>,
    /// The right was given back, or the connection has ended.
    is_done: bool,
}

impl Sender {
    fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: connection.clone(),
            bytes: Vec::new(),
            taken: 0,
            is_leaving: false,
            limit: None,
            is_done: false,
        }
    }

    /// Does all there is to do; ready when it is not the sender any more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sent = ready!(self.poll_steps(cx));
        self.is_done = true;
        if let Err(error) = sent {
            self.connection.lose(error);
        }
        Poll::Ready(())
    }

    fn poll_steps(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connection = self.connection.clone();
        loop {
            if self.is_leaving {
                ready!(self.poll_farewell(cx));
                connection.end(End::Closed);
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_bytes(cx))?;
            match connection.desk.with(Outgoing::next_step) {
                Step::Write(bytes) => (self.bytes, self.taken) = (bytes, 0),
                Step::Eof => connection.link.shutdown(Shutdown::Write)?,
                Step::Leave => self.is_leaving = true,
                Step::Rest => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.taken < self.bytes.len() {
            let rest = &self.bytes[self.taken..];
            let sent = ready!(self.connection.link.poll_write(cx, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.taken += sent;
            self.connection
                .desk
                .with(|outgoing, wakes| outgoing.sent(sent, wakes));
        }
        self.bytes = Vec::new();
        self.taken = 0;
        self.connection.link.poll_flush(cx)
    }

    /// A farewell that fails, or takes too long, changes nothing: all was sent.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let link = &self.connection.link;
        if link.poll_farewell(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(limit) = link.farewell_limit() else {
            return Poll::Pending;
        };
        // The first try is made by whoever closes, perhaps on a thread without a loop.
        if Handle::with_current(|handle| handle.is_none()) {
            return Poll::Pending;
        }
        let limit = self.limit.get_or_insert_with(|| sleep(limit));
        Pin::new(limit).poll(cx)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.is_done {
            // The loop is closed.
            self.connection.lose(io::Error::new(
                ErrorKind::ConnectionAborted,
                "the event loop ended before all was sent",
            ));
        }
    }
}
