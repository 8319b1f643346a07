//! hyper's part of a connection, without the feature `http2`: HTTP/1.1 alone.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::{Builder, UpgradeableConnection};
use tower_service::Service;

use super::Failure;
use super::guard::Guarded;
use super::roll::Roll;
use super::wire::Wire;
use crate::rt::Io;

/// A connection, ready to be polled.
pub(super) fn begin<S, B>(
    roll: &Arc<Roll>,
    wire: Wire,
    service: Guarded<S>,
) -> UpgradeableConnection<Io<Wire>, Guarded<S>>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + 'static,
    B::Error: Into<Failure>,
{
    let limits = &roll.limits;
    let mut builder = Builder::new();
    builder
        // The connection knows who takes too long, and who has gone.
        .header_read_timeout(None)
        .half_close(true)
        .max_buf_size(limits.header_bytes);
    if let Some(headers) = limits.headers {
        builder.max_headers(headers);
    }
    builder
        .serve_connection(wire.into_io(), service)
        .with_upgrades()
}
