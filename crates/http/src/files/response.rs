//! One file as an answer. asyncio: aiohttp's `FileResponse`.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use tower_service::Service;

use super::Answering;
use super::answer::{Asked, answered, not_allowed, with_file};
use super::body::FileBody;
use super::place::{Sending, open};

/// Bytes that are read at a time at the least.
pub(super) const CHUNK_MIN: usize = 4096;

/// A file that is sent to whoever asks, as much of it as they ask for.
///
/// - As a service it answers GET and HEAD, whatever the path, and other methods with 405. A handler
///   calls [`respond`](Self::respond), which answers every method.
/// - Conditions (`If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`) come to
///   304 and 412. `Range`, with or without `If-Range`, is answered with 206, several ranges with
///   `multipart/byteranges`, and with 416 behind the end. Ranges that overlap, more than 16 of
///   them, and what is no range, are ignored: the whole is sent.
/// - Its `ETag` is made of time and length; weak for two seconds after a change, since more may
///   change meanwhile that neither of the two tells.
/// - A file that is not there is answered with 404, one that must not be read with 403, and what
///   else goes wrong with 500 and a report to the exception handler.
/// - asyncio: aiohttp's `FileResponse`. Reads and writes instead of `sendfile`: hyper keeps its
///   socket to itself.
///
/// ```
/// use bowerbird_http::files::FileResponse;
/// use bowerbird_http::http::Request;
///
/// # bowerbird::run(async {
/// let manifest = FileResponse::new("Cargo.toml");
/// let request = Request::get("/whatever").body(()).unwrap();
/// let answer = manifest.respond(&request).await;
/// assert_eq!(answer.headers()["content-type"], "text/x-toml");
///
/// let etag = answer.headers()["etag"].clone();
/// let again = Request::get("/").header("if-none-match", etag).body(()).unwrap();
/// assert_eq!(manifest.respond(&again).await.status(), 304);
///
/// let missing = FileResponse::new("no such file");
/// assert_eq!(missing.respond(&request).await.status(), 404);
/// # });
/// ```
#[derive(Debug, Clone)]
#[must_use = "a file is sent by what serves it, or by `respond`"]
pub struct FileResponse {
    /// Where it is, and how it is sent.
    file: Arc<Named>,
}

#[derive(Debug, Clone)]
struct Named {
    path: PathBuf,
    sending: Sending,
}

impl FileResponse {
    /// The file at `path`, which is opened anew for each request.
    ///
    /// - Links are followed: the path is yours. Never make it of what a client has sent; that is
    ///   what [`ServeDir`](super::ServeDir) is for.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (path, sending) = (path.into(), Sending::default());
        let file = Arc::new(Named { path, sending });
        Self { file }
    }

    /// What it is, instead of what its name says.
    pub fn content_type(mut self, content_type: HeaderValue) -> Self {
        self.sending().content_type = Some(content_type);
        self
    }

    /// Whether a file of the same name with `.br` or `.gz` behind it is sent to those who take it,
    /// as it is. Yes, as aiohttp has it.
    pub fn precompressed(mut self, is_packed: bool) -> Self {
        self.sending().is_packed = is_packed;
        self
    }

    /// How many bytes are read at a time, at least 4 KiB; an answer holds twice as many at most.
    /// 256 KiB, as aiohttp has it.
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.sending().chunk = bytes.max(CHUNK_MIN);
        self
    }

    /// The answer to a request.
    ///
    /// - Looked at are its method, its conditions and ranges, and the compressions it takes.
    /// - Cancel: nothing is left behind; a file that is being opened is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn respond<B>(
        &self,
        request: &Request<B>,
    ) -> impl Future<Output = Response<FileBody>> + Send + use<B> {
        self.answer(Asked::of(request))
    }

    fn answer(&self, asked: Asked) -> impl Future<Output = Response<FileBody>> + Send + use<> {
        let file = self.file.clone();
        answered(move || {
            let Named { path, sending } = &*file;
            let found = open(path, None, &asked.headers, sending)?;
            with_file(&asked, found, path, sending)
        })
    }

    fn sending(&mut self) -> &mut Sending {
        &mut Arc::make_mut(&mut self.file).sending
    }
}

impl<B> Service<Request<B>> for FileResponse {
    type Response = Response<FileBody>;
    type Error = Infallible;
    type Future = FileFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> FileFuture {
        let asked = Asked::of(&request);
        FileFuture(if asked.is_reading() {
            Box::pin(self.answer(asked))
        } else {
            Box::pin(ready(not_allowed()))
        })
    }
}

/// What the services of [`files`](super) give: an answer, without fail.
#[must_use = "futures do nothing unless awaited"]
pub struct FileFuture(pub(super) Answering);

impl Future for FileFuture {
    type Output = Result<Response<FileBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl std::fmt::Debug for FileFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileFuture").finish_non_exhaustive()
    }
}
