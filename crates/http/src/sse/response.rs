//! The answer, and what its handler sends with.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use bowerbird::Queue;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Response, header};

use super::body::{EventSourceBody, Handling};
use super::event::Event;

/// How long nothing is said before something is: `aiohttp-sse`'s.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// An answer of events, for as long as its handler sends some.
///
/// - The handler is a part of the answer's body: it goes on as its events are taken, and is
///   cancelled where it stands when the client goes, or when the server [stops](crate::Server): the
///   answer ends then, and the client may come back to another server. When it returns, the answer
///   ends; browsers come back for more, unless told otherwise by a status of 204.
/// - A client that takes nothing holds its handler up at the next [`Events::send`], and is given up
///   after the server's [`write_timeout`](crate::Server::write_timeout).
/// - asyncio: `aiohttp-sse`'s `sse_response` and `EventSourceResponse`.
///
/// See the [module](super) for an example.
#[must_use = "events are heard when this is answered with"]
pub struct EventSourceResponse {
    /// What sends.
    handling: Handling,
    /// What it sends, one at a time.
    queue: Queue<Bytes>,
    /// How long nothing is said before something is; zero for always.
    ping_interval: Duration,
}

impl EventSourceResponse {
    /// Events that `handler` sends.
    ///
    /// - It begins when the answer's head has been sent, and has the context variables of whoever
    ///   drives the answer, which is its connection.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: FnOnce(Events) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), EventSourceClosed>> + Send + 'static,
    {
        let queue = Queue::new(1);
        let events = Events(queue.clone());
        let handling = Box::pin(async move {
            // That it is closed is known to whoever has closed it.
            let _ended = handler(events).await;
        });
        Self {
            handling,
            queue,
            ping_interval: PING_INTERVAL,
        }
    }

    /// Events of a stream, to its end.
    pub fn from_stream<S>(stream: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: Into<Event> + Send,
    {
        Self::new(async move |events| {
            let mut stream = pin!(stream);
            while let Some(event) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                events.send(event).await?;
            }
            Ok(())
        })
    }

    /// How long nothing is sent before a comment is, so that whatever stands between the two ends
    /// does not take the connection for a dead one. 15 s; zero for no comments.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// The answer: 200, with the type that browsers expect, and not to be kept by caches, nor held
    /// back by proxies.
    pub fn into_response(self) -> Response<EventSourceBody> {
        let (body, leave) = EventSourceBody::new(self.handling, self.queue, self.ping_interval);
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        let said = |value| HeaderValue::from_static(value);
        headers.insert(header::CONTENT_TYPE, said("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, said("no-cache"));
        headers.insert("x-accel-buffering", said("no"));
        response.extensions_mut().insert(leave);
        response
    }
}

impl fmt::Debug for EventSourceResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceResponse")
            .field("ping_interval", &self.ping_interval)
            .finish_non_exhaustive()
    }
}

/// Where a handler sends its events to. Clones go to the same client; others may send, too.
#[derive(Debug, Clone)]
pub struct Events(Queue<Bytes>);

impl Events {
    /// Sends an event, once the one before was taken.
    ///
    /// - Taken is what is on its way to the socket; whether the client has it, nobody knows.
    /// - Cancel: the event is sent, or not, and never in part.
    ///
    /// # Errors
    /// [`EventSourceClosed`] when the answer has ended. Its handler never sees that: it ends with
    /// the answer. It is for those that were given a clone.
    pub async fn send(&self, event: impl Into<Event>) -> Result<(), EventSourceClosed> {
        let bytes = event.into().into_bytes();
        self.0.put(bytes).await.map_err(|_| EventSourceClosed)
    }

    /// Whether the answer has ended.
    pub fn is_closed(&self) -> bool {
        self.0.is_shut_down()
    }
}

/// An answer of events has ended: its client has gone, its server has stopped, or its handler has
/// returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSourceClosed;

impl fmt::Display for EventSourceClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody listens to these events any more")
    }
}

impl std::error::Error for EventSourceClosed {}
