//! An answer's body as it comes over the connection: read when it is asked for, so that the server
//! is slowed down by whoever reads slowly. Its end gives the connection back to the pool; dropping
//! it before that closes the connection.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird::{Sleep, sleep_until};
use bytes::Bytes;
use http::{Response, StatusCode, response};
use hyper::body::{Body, Incoming};

use super::connection::Http1;
use super::errors::{ClientError, PayloadError, TimeoutKind};
use super::exchange::Silence;
use super::pool::Lease;
use super::timeouts::Limits;
use super::wire::Activity;

/// See the module.
pub(super) struct Payload {
    /// What hyper has read.
    incoming: Incoming,
    /// The connection; `None` after the end.
    lease: Option<Lease>,
    /// What the connection has seen.
    activity: Arc<Activity>,
    /// How long the server may be silent.
    silence: Silence,
    /// When the whole request has to be over, and how long it was given; armed at the first wait.
    deadline: Option<(Deadline, Duration)>,
}

/// A limit that is armed when it is first waited for.
enum Deadline {
    At(std::time::Instant),
    Armed(Sleep),
}

impl Payload {
    /// The body of an answer; that of a 101 keeps the connection for what comes after.
    pub(super) fn new(
        answer: Response<Incoming>,
        mut lease: Lease,
        silence: Silence,
        limits: &Limits,
    ) -> (response::Parts, Self) {
        let (head, incoming) = answer.into_parts();
        let is_switching = head.status == StatusCode::SWITCHING_PROTOCOLS;
        let http1 = lease.http1();
        let activity = http1.map(|one| one.activity.clone());
        let mut payload = Self {
            incoming,
            lease: Some(lease),
            activity: activity.unwrap_or_else(sent),
            silence,
            deadline: limits.deadline.map(Deadline::At).zip(limits.parts.total),
        };
        if payload.incoming.is_end_stream() && !is_switching {
            payload.finish();
        }
        (head, payload)
    }

    /// The connection, for what comes after an upgrade.
    pub(super) fn take_http1(&mut self) -> Option<Box<Http1>> {
        self.lease.take().and_then(Lease::take_http1)
    }

    /// What is left of it, in bytes, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// The next piece; `None` at the end. After an error, only `None`.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ClientError>>> {
        let mut is_driven = false;
        while self.lease.is_some() {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.silence.end();
                    is_driven = false;
                    if self.incoming.is_end_stream() {
                        self.finish();
                    }
                    // Trailers are none of the body's bytes.
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.lease = None;
                    let error = PayloadError::Broken(error.into());
                    return Poll::Ready(Some(Err(error.into())));
                }
                Poll::Ready(None) => self.finish(),
                Poll::Pending if !is_driven => {
                    is_driven = true;
                    if let Some(http1) = self.lease.as_mut().and_then(Lease::http1) {
                        http1.drive(cx);
                    }
                }
                Poll::Pending => return self.poll_limits(cx).map(|late| Some(Err(late))),
            }
        }
        Poll::Ready(None)
    }

    /// Ready when it takes too long; the connection is closed then.
    fn poll_limits(&mut self, cx: &mut Context<'_>) -> Poll<ClientError> {
        let mut late = self.silence.poll(cx, &self.activity);
        if let Some((deadline, limit)) = &mut self.deadline {
            if let Deadline::At(when) = deadline {
                *deadline = Deadline::Armed(sleep_until(*when));
            }
            if let Deadline::Armed(sleep) = deadline {
                if Pin::new(sleep).poll(cx).is_ready() {
                    late = Poll::Ready(ClientError::timeout(TimeoutKind::Total, *limit));
                }
            }
        }
        if late.is_ready() {
            self.lease = None;
        }
        late
    }

    /// Gives the connection back.
    fn finish(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.keep();
        }
    }
}

/// Of HTTP/2: whose turn it is does not show, so it counts as the server's.
fn sent() -> Arc<Activity> {
    let activity = Activity::default();
    activity.note_sent(true);
    Arc::new(activity)
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("length", &self.length())
            .field("is_over", &self.lease.is_none())
            .finish_non_exhaustive()
    }
}
