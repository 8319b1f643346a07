//! A directory beside another service: what is below a prefix is a file, the rest is the service's.
//! Made by `App::add_static`. asyncio: aiohttp's `UrlDispatcher.add_static`.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Either;
use hyper::body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::answer::not_allowed;
use super::body::FileBody;
use super::dir::{ServeDir, to_directory};
use super::response::FileFuture;

/// What [`App::add_static`](crate::App::add_static) makes of an app's service.
#[derive(Debug, Clone)]
pub struct WithFiles<S> {
    /// Begins with a slash, and does not end in one.
    prefix: String,
    /// What is below the prefix.
    files: ServeDir,
    /// The rest.
    inner: S,
}

impl<S> WithFiles<S> {
    pub(crate) fn new(prefix: &str, files: ServeDir, inner: S) -> Self {
        let prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            names => format!("/{names}"),
        };
        Self {
            prefix,
            files,
            inner,
        }
    }

    /// The answer, if this is about files.
    fn serve<B>(&self, request: &Request<B>) -> Option<FileFuture> {
        let rest = request.uri().path().strip_prefix(self.prefix.as_str())?;
        if rest.starts_with('/') {
            return Some(self.files.serve(request, rest));
        }
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        let answer = || match is_reading {
            true => to_directory(request.uri()),
            false => not_allowed(),
        };
        rest.is_empty()
            .then(|| FileFuture(Box::pin(ready(answer()))))
    }
}

impl<S, A, B> Service<Request<A>> for WithFiles<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Response = Response<Either<FileBody, B>>;
    type Error = S::Error;
    type Future = WithFilesFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        match self.serve(&request) {
            Some(file) => WithFilesFuture::File { file },
            None => WithFilesFuture::Inner {
                inner: self.inner.call(request),
            },
        }
    }
}

pin_project! {
    /// What a [`WithFiles`] gives: a file, or what its inner service does.
    #[project = Step]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub enum WithFilesFuture<F> {
        /// This was about a file.
        #[doc(hidden)]
        File { file: FileFuture },
        /// This was not.
        #[doc(hidden)]
        Inner { #[pin] inner: F },
    }
}

impl<F, B, E> Future for WithFilesFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Either<FileBody, B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project() {
            Step::File { file } => match ready!(Pin::new(file).poll(cx)) {
                Ok(answer) => Ok(answer.map(Either::Left)),
                Err(never) => match never {},
            },
            Step::Inner { inner } => ready!(inner.poll(cx)).map(|answer| answer.map(Either::Right)),
        })
    }
}
