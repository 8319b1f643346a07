//! The body of an answer of events: drives the handler while the socket takes what it sends, and
//! ends it. Driven by hyper, told by the server when it stops.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bowerbird::{Queue, QueueShutDown, Sleep, sleep};
use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::server::Keeper;

/// What is said when there is nothing to say: a comment, `aiohttp-sse`'s.
const PING: &str = ": ping\n\n";

/// A handler at work.
pub(super) type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The next event, when it comes.
type Coming = Pin<Box<dyn Future<Output = Result<Bytes, QueueShutDown>> + Send>>;

/// Among an answer's extensions: where the server that sends it leaves its keeper.
#[derive(Debug, Clone)]
pub(crate) struct Leave(Arc<OnceLock<Keeper>>);

impl Leave {
    /// Lets the body know when its server stops. The first server counts: the one that sends it.
    pub(crate) fn give(&self, keeper: &Keeper) {
        let _known = self.0.set(keeper.clone());
    }
}

/// The body of an [`EventSourceResponse`](super::EventSourceResponse). Never fails.
pub struct EventSourceBody {
    /// The handler, until it has returned.
    handling: Option<Handling>,
    /// What it sends.
    queue: Queue<Bytes>,
    /// The next event; gone when there are no more.
    coming: Option<Coming>,
    /// When something is to be said; none if nothing has to be.
    ping: Option<Ping>,
    /// The server, once it is known.
    leave: Leave,
    /// Its end, once it is waited for.
    stopping: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// A clock for comments.
struct Ping {
    interval: Duration,
    /// Begins with the first poll, and anew with each event.
    sleep: Option<Sleep>,
}

impl EventSourceBody {
    pub(super) fn new(
        handling: Handling,
        queue: Queue<Bytes>,
        ping_interval: Duration,
    ) -> (Self, Leave) {
        let leave = Leave(Arc::default());
        let ping = (!ping_interval.is_zero()).then_some(Ping {
            interval: ping_interval,
            sleep: None,
        });
        let body = Self {
            handling: Some(handling),
            coming: Some(coming(&queue)),
            queue,
            ping,
            leave: leave.clone(),
            stopping: None,
        };
        (body, leave)
    }

    fn is_stopping(&mut self, cx: &mut Context<'_>) -> bool {
        if self.stopping.is_none() {
            let keeper = self.leave.0.get().cloned();
            self.stopping = keeper.map(|keeper| {
                let stopping = async move { keeper.stopping().await };
                Box::pin(stopping) as Pin<Box<dyn Future<Output = ()> + Send>>
            });
        }
        let stopping = self.stopping.as_mut();
        stopping.is_some_and(|stopping| stopping.as_mut().poll(cx).is_ready())
    }

    /// No handler, no events, and nobody waits to send one.
    fn end(&mut self) {
        self.queue.shutdown(true);
        self.handling = None;
        self.coming = None;
    }

    /// The next event; `None` after the last.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(handling) = &mut self.handling {
            if handling.as_mut().poll(cx).is_ready() {
                self.handling = None;
                // What it has sent last is there to be taken.
                self.queue.shutdown(false);
            }
        }
        let Some(next) = &mut self.coming else {
            return Poll::Ready(None);
        };
        let event = ready!(next.as_mut().poll(cx));
        self.coming = event.is_ok().then(|| coming(&self.queue));
        Poll::Ready(event.ok())
    }
}

fn coming(queue: &Queue<Bytes>) -> Coming {
    let queue = queue.clone();
    Box::pin(async move { queue.get().await })
}

impl Ping {
    /// Ready when nothing has been said for long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let interval = self.interval;
        let sleep = self.sleep.get_or_insert_with(|| sleep(interval));
        Pin::new(sleep).poll(cx)
    }
}

impl Body for EventSourceBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.coming.is_none() {
            return Poll::Ready(None);
        }
        if self.is_stopping(cx) {
            self.end();
            return Poll::Ready(None);
        }
        let said = match self.poll_event(cx) {
            Poll::Ready(Some(event)) => event,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => match self.ping.as_mut().map(|ping| ping.poll(cx)) {
                Some(Poll::Ready(())) => Bytes::from_static(PING.as_bytes()),
                _not_yet => return Poll::Pending,
            },
        };
        if let Some(ping) = &mut self.ping {
            ping.sleep = None;
        }
        Poll::Ready(Some(Ok(Frame::data(said))))
    }
}

impl Drop for EventSourceBody {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for EventSourceBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceBody")
            .field("is_handled", &self.handling.is_none())
            .finish_non_exhaustive()
    }
}
