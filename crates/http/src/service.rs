//! A service out of an async function, for programs that want no more of tower than that.

use std::future::Future;
use std::task::{Context, Poll};

use tower_service::Service;

/// A tower service that calls `handler` for each request.
///
/// - `handler`: from a request to a `Result`, whose error the server answers with 500 and reports.
/// - asyncio: a handler of aiohttp.
///
/// See the [crate](crate) for an example.
pub const fn service_fn<F>(handler: F) -> ServiceFn<F> {
    ServiceFn(handler)
}

/// What [`service_fn`] gives.
#[derive(Debug, Clone, Copy)]
pub struct ServiceFn<F>(F);

impl<F, R, Answering, T, E> Service<R> for ServiceFn<F>
where
    F: FnMut(R) -> Answering,
    Answering: Future<Output = Result<T, E>>,
{
    type Response = T;
    type Error = E;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Answering {
        (self.0)(request)
    }
}
