//! hyper's part of a connection, with the feature `http2`: its first bytes tell which of the two
//! protocols is spoken.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::server::conn::auto::{Builder, UpgradeableConnection};
use tower_service::Service;

use super::Failure;
use super::guard::Guarded;
use super::roll::Roll;
use super::wire::Wire;
use crate::rt::{Io, Timer};

/// A client is asked no more often than this whether it still lives.
const PING_MIN: Duration = Duration::from_secs(1);

/// How long a client may take to say that it still lives.
const PONG: Duration = Duration::from_secs(20);

/// Makes tasks for streams, with seats in the roll.
#[derive(Debug, Clone)]
pub(super) struct Streams(Arc<Roll>);

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.start(stream);
    }
}

/// A connection, ready to be polled.
pub(super) fn begin<S, B>(
    roll: &Arc<Roll>,
    wire: Wire,
    service: Guarded<S>,
) -> UpgradeableConnection<'static, Io<Wire>, Guarded<S>, Streams>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    let limits = &roll.limits;
    let header_bytes = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let mut builder = Builder::new(Streams(roll.clone()));
    builder
        .http2()
        .timer(Timer)
        .keep_alive_interval(limits.keep_alive.max(PING_MIN))
        .keep_alive_timeout(PONG)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(header_bytes);
    let mut http1 = builder.http1();
    http1
        // The connection knows who takes too long, and who has gone.
        .header_read_timeout(None)
        .half_close(true)
        .max_buf_size(limits.header_bytes);
    if let Some(headers) = limits.headers {
        http1.max_headers(headers);
    }
    builder
        .serve_connection_with_upgrades(wire.into_io(), service)
        .into_owned()
}
