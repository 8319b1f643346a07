//! hyper, as it is set up on every runtime.

use std::convert::Infallible;

use hyper::body::Incoming;
use hyper::rt::{Read, Timer, Write};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};

use crate::load::HELLO;

/// Serves a page until the client leaves.
pub(super) async fn serve<I, T>(io: I, timer: T)
where
    I: Read + Write + Unpin,
    T: Timer + Send + Sync + 'static,
{
    // An error is the client going away.
    let _left = Builder::new()
        .timer(timer)
        .serve_connection(io, service_fn(hello))
        .await;
}

async fn hello(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(HELLO.to_owned()))
}
