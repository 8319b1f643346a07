//! A connection, from its first byte to its last: hyper's part is driven here, told when to come to
//! an end, and given up when its first request does not come. Started by the accept loops.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bowerbird::{Report, current_task, get_running_loop};
use http::{Extensions, Request, Response};
use hyper::body::{Body, Incoming};
use tower_service::Service;

use super::Failure;
use super::activity::Activity;
use super::guard::Guarded;
#[cfg(feature = "tls")]
use super::handshake;
use super::keeper::Keeper;
use super::line::Line;
use super::listener::{Arrival, Socket};
use super::outbox::Rounds;
use super::pace::Pace;
use super::protocol;
use super::roll::Pass;
use super::wire::Wire;

/// Who sent a request, among its extensions: the other end of a TCP connection, which may be a
/// proxy. No header is believed. asyncio: aiohttp's `request.remote`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(pub SocketAddr);

/// Where the requests of a connection come from.
#[derive(Debug)]
pub(super) struct Origin {
    /// What handlers are told: the other end, and what was agreed on with it.
    known: Extensions,
    /// Told of each request.
    pub(super) activity: Arc<Activity>,
    /// For those that ask for another protocol, for handlers whose client has gone, and for answers
    /// that go on.
    keeper: Keeper,
    /// Whether handlers whose client has gone are cancelled.
    is_cancelling: bool,
}

/// Answers the requests of a connection until it ends, or is asked to.
pub(super) async fn converse<S, B>(pass: Pass, arrival: Arrival, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    let pass = Arc::new(pass);
    let roll = pass.roll().clone();
    let peer = arrival.peer;
    #[cfg(feature = "tls")]
    let Some(socket) = handshake::secured(&roll, arrival).await else {
        return;
    };
    #[cfg(not(feature = "tls"))]
    let socket = arrival.socket;
    let activity = Arc::new(Activity::default());
    let origin = Origin::new(&pass, peer, &socket, activity.clone());
    let line = Arc::new(Line::new(socket));
    let wire = Wire::new(line.clone(), activity.clone(), roll.limits);
    let service = Guarded::new(service, origin);
    let mut talk = pin!(protocol::begin(&roll, wire, service));
    let mut pace = Pace::new();
    let stopping = pin!(roll.stopping());
    let mut bell = Bell::new(stopping);
    let mut rounds = Rounds::new(roll.limits.write);
    let talked = poll_fn(|cx| {
        if bell.rings(cx, roll.is_stopping()) {
            talk.as_mut().graceful_shutdown();
        }
        if activity.is_hostile(roll.limits.resets) {
            return Poll::Ready(Ending::ThrownOut);
        }
        if let Poll::Ready(talked) = talk.as_mut().poll(cx).map_err(Failure::from) {
            return Poll::Ready(Ending::Left(talked));
        }
        let has_gone = activity.is_answering() && line.poll_gone(activity.answers(), cx).is_ready();
        let is_stuck = rounds.poll(&activity.outbox, cx).is_ready();
        if has_gone || is_stuck || pace.poll(activity.wait(), &roll.limits, cx).is_ready() {
            return Poll::Ready(Ending::Left(Ok(())));
        }
        Poll::Pending
    });
    // What is left of hyper's part is dropped below, and with it handlers that have not answered.
    // Those of whom is thrown out are cancelled: nobody is to make work by misbehaving.
    if let Ending::Left(talked) = talked.await {
        activity.note_left();
        if let Err(error) = talked {
            tell(error);
        }
    }
}

/// How a connection came to its end.
enum Ending {
    /// The client has gone, or does nothing any more.
    Left(Result<(), Failure>),
    /// The client gave up more requests than it may.
    ThrownOut,
}

/// The server's word that it is stopping, which comes once. Its lock is taken when the wait begins
/// and not at each poll: a connection stays in its task, so its waker stays good.
struct Bell<'a, F> {
    /// The wait; gone once it rang.
    stopping: Option<Pin<&'a mut F>>,
    /// Whether the wait knows our waker.
    is_waiting: bool,
}

impl<'a, F: Future<Output = ()>> Bell<'a, F> {
    fn new(stopping: Pin<&'a mut F>) -> Self {
        Self {
            stopping: Some(stopping),
            is_waiting: false,
        }
    }

    /// True once, as soon as it is stopping.
    fn rings(&mut self, cx: &mut Context<'_>, is_stopping: bool) -> bool {
        let Some(stopping) = &mut self.stopping else {
            return false;
        };
        let is_first = !std::mem::replace(&mut self.is_waiting, true);
        let rings = is_stopping || is_first && stopping.as_mut().poll(cx).is_ready();
        if rings {
            self.stopping = None;
        }
        rings
    }
}

/// Reports what was the service's fault. Peers that break off, or talk no HTTP, are no news.
fn tell(error: Failure) {
    let is_users = error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_user);
    if is_users {
        report(Report::new("the body of an HTTP response failed").with_error(error));
    }
}

/// To the exception handler, with the task it happened in.
pub(super) fn report(mut report: Report) {
    if let Some(task) = current_task() {
        report = report.with_task(task);
    }
    if let Ok(running) = get_running_loop() {
        running.call_exception_handler(&report);
    }
}

impl Origin {
    fn new(
        pass: &Arc<Pass>,
        peer: Option<SocketAddr>,
        socket: &Socket,
        activity: Arc<Activity>,
    ) -> Self {
        let mut known = Extensions::new();
        if let Some(peer) = peer {
            known.insert(Peer(peer));
        }
        #[cfg(feature = "tls")]
        if let Some(info) = socket.tls_info() {
            known.insert(Arc::new(info));
        }
        #[cfg(not(feature = "tls"))]
        let _same_for_all = socket;
        Self {
            known,
            activity,
            is_cancelling: pass.roll().limits.is_cancelling,
            keeper: Keeper::new(pass.clone()),
        }
    }

    /// Where a handler goes on when its client has gone, and what tells answers of the end.
    pub(super) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Whether a handler is cancelled when its client has gone.
    pub(super) fn is_cancelling(&self) -> bool {
        self.is_cancelling
    }

    /// Lets a handler know.
    pub(super) fn note_in(&self, request: &mut Request<Incoming>) {
        #[cfg(feature = "ws")]
        if self.activity.is_asking() && request.headers().contains_key(http::header::UPGRADE) {
            request.extensions_mut().insert(self.keeper.clone());
        }
        request.extensions_mut().extend(self.known.clone());
    }
}
