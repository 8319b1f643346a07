//! A directory of files, by the paths of URLs. asyncio: aiohttp's `StaticResource`.

use std::convert::Infallible;
use std::fs;
use std::future::{Future, ready};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use tower_service::Service;

use super::answer::{Asked, answered, not_allowed, plain, with_file};
use super::body::FileBody;
use super::listing;
use super::path::{self, Below};
use super::place::{Sending, inside, open};
use super::response::{CHUNK_MIN, FileFuture};

/// What is sent for a directory, unless told otherwise.
const INDEX: &str = "index.html";

/// The files below a directory.
///
/// - A request's path is decoded once and taken name by name. What could lead elsewhere is not
///   found (404): `..` in whatever spelling, backslashes, NULs, on Windows drives and devices, and
///   links that lead out of the directory, unless they are to be [followed](Self::follow_symlinks).
/// - A directory is answered with its [`index`](Self::index), having sent its visitor to the path
///   with a slash at its end (307); without an index it is forbidden (403), unless it is to be
///   [shown](Self::show_index).
/// - Files are sent as [`FileResponse`](super::FileResponse) sends them. What is neither file nor
///   directory is not found. Names that begin with a dot are names like others, as in aiohttp: keep
///   what is nobody's business elsewhere.
/// - Whoever may write to the directory is trusted: a name that is replaced by a link between being
///   looked at and being opened is followed.
/// - As a service it answers GET and HEAD, and other methods with 405. Routers take the prefix off;
///   without one there is [`App::add_static`](crate::App::add_static).
/// - asyncio: aiohttp's `add_static` and `web.static`, without `append_version`.
///
/// See the [module](super) for an example.
#[derive(Debug, Clone)]
#[must_use = "a directory is served by what routes to it"]
pub struct ServeDir {
    /// Shared by requests.
    settings: Arc<Settings>,
}

#[derive(Debug, Clone)]
struct Settings {
    /// The directory, as it was given.
    root: PathBuf,
    /// What is sent for a directory.
    index: Option<String>,
    /// Whether a directory is listed where there is no such thing.
    is_shown: bool,
    /// Whether links may lead out of it.
    is_following: bool,
    /// How files are sent.
    sending: Sending,
}

impl ServeDir {
    /// What is below `root`, which is looked for anew at each request: it may be a link that is
    /// turned from one release to the next.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let settings = Arc::new(Settings {
            root: root.into(),
            index: Some(INDEX.to_owned()),
            is_shown: false,
            is_following: false,
            sending: Sending::default(),
        });
        Self { settings }
    }

    /// The name of what is sent for a directory; `None` for nothing. `index.html`. aiohttp has
    /// none.
    pub fn index(mut self, name: impl Into<Option<String>>) -> Self {
        self.settings().index = name.into();
        self
    }

    /// Whether a directory without an index is answered with a page of links to all that is in it.
    /// No, as aiohttp has it.
    pub fn show_index(mut self, is_shown: bool) -> Self {
        self.settings().is_shown = is_shown;
        self
    }

    /// Whether links may lead out of the directory. No, as aiohttp has it.
    pub fn follow_symlinks(mut self, is_following: bool) -> Self {
        self.settings().is_following = is_following;
        self
    }

    /// As [`FileResponse::precompressed`](super::FileResponse::precompressed).
    pub fn precompressed(mut self, is_packed: bool) -> Self {
        self.settings().sending.is_packed = is_packed;
        self
    }

    /// As [`FileResponse::chunk_size`](super::FileResponse::chunk_size).
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.settings().sending.chunk = bytes.max(CHUNK_MIN);
        self
    }

    /// The answer to a request for `request.uri().path()`, for handlers that look at it first.
    ///
    /// - Cancel: nothing is left behind; a file that is being opened is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn respond<B>(
        &self,
        request: &Request<B>,
    ) -> impl Future<Output = Response<FileBody>> + Send + use<B> {
        let serving = self.serve(request, request.uri().path());
        serving.0
    }

    /// The same for `url_path`, what is left of the request's after a prefix.
    pub(super) fn serve<B>(&self, request: &Request<B>, url_path: &str) -> FileFuture {
        let asked = Asked::of(request);
        if !asked.is_reading() {
            return FileFuture(Box::pin(ready(not_allowed())));
        }
        let Some(below) = path::below(url_path) else {
            return FileFuture(Box::pin(ready(plain(StatusCode::NOT_FOUND))));
        };
        let settings = self.settings.clone();
        let uri = request.uri().clone();
        FileFuture(Box::pin(answered(move || {
            settings.answer(&asked, &below, &uri)
        })))
    }

    fn settings(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl Settings {
    /// On a thread that may block.
    fn answer(&self, asked: &Asked, below: &Below, uri: &Uri) -> io::Result<Response<FileBody>> {
        let root = fs::canonicalize(&self.root)?;
        let real = self.reach(&root, &below.path)?;
        if !fs::metadata(&real)?.is_dir() {
            if below.is_directory {
                return Err(io::ErrorKind::NotFound.into());
            }
            return self.send(asked, &root, &real, &below.path);
        }
        self.answer_directory(asked, below, (&root, &real), uri)
    }

    /// The same for a directory, at the second of `places`, the first being the root.
    fn answer_directory(
        &self,
        asked: &Asked,
        below: &Below,
        (root, real): (&Path, &Path),
        uri: &Uri,
    ) -> io::Result<Response<FileBody>> {
        let index = match &self.index {
            Some(index) => {
                let name = below.path.join(index);
                let found = self.reach(root, &name);
                found.map(|real| (name, real))
            }
            None => Err(io::ErrorKind::NotFound.into()),
        };
        match index {
            Ok(_) if !below.is_directory => Ok(to_directory(uri)),
            Ok((name, real)) => self.send(asked, root, &real, &name),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) if !self.is_shown => Ok(plain(StatusCode::FORBIDDEN)),
            Err(_) if !below.is_directory => Ok(to_directory(uri)),
            Err(_) => {
                let root = (!self.is_following).then_some(root);
                Ok(asked.page(listing::page(real, &below.path, root)?))
            }
        }
    }

    /// Where a path below the root leads to, if it may.
    fn reach(&self, root: &Path, path: &Path) -> io::Result<PathBuf> {
        let path = root.join(path);
        if self.is_following {
            fs::canonicalize(path)
        } else {
            inside(root, &path)
        }
    }

    /// What `name` leads to is at `real`.
    fn send(
        &self,
        asked: &Asked,
        root: &Path,
        real: &Path,
        name: &Path,
    ) -> io::Result<Response<FileBody>> {
        let root = (!self.is_following).then_some(root);
        let found = open(real, root, &asked.headers, &self.sending)?;
        with_file(asked, found, name, &self.sending)
    }
}

/// Sends a visitor to the path of a directory, so that what its index names is found there.
/// Relative to what the visitor knows, since a router may have taken the beginning of the path off.
pub(super) fn to_directory(uri: &Uri) -> Response<FileBody> {
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}"));
    let place = format!("./{name}/{}", query.unwrap_or_default());
    let mut answer = plain(StatusCode::TEMPORARY_REDIRECT);
    // What was said in a request's line can be said in a header, but for what is no ASCII.
    match HeaderValue::try_from(place) {
        Ok(place) => {
            answer.headers_mut().insert(header::LOCATION, place);
            answer
        }
        Err(_unsayable) => plain(StatusCode::NOT_FOUND),
    }
}

impl<B> Service<Request<B>> for ServeDir {
    type Response = Response<FileBody>;
    type Error = Infallible;
    type Future = FileFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> FileFuture {
        self.serve(&request, request.uri().path())
    }
}
