//! The session: what all requests of a program have in common, and the methods that begin one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, Method};
use url::Url;

use super::connector::Connector;
use super::content::Content;
use super::cookies::CookieJar;
use super::errors::{ClientError, InvalidUrlKind};
use super::exchange::exchange;
use super::key::without_password;
use super::message::ClientRequest;
use super::middleware::{Answered, Middleware};
use super::proxy::{Proxies, Proxy};
use super::request::RequestBuilder;
use super::response::Response;
use super::timeouts::{ClientTimeout, Limits};

mod builder;

pub use builder::SessionBuilder;

/// Asks servers: with a pool of connections, cookies, and what all requests have in common. One is
/// enough for a program; cheap to clone, and clones are the same one.
///
/// - Dropping the last clone, or [`close`](Self::close), closes its connections.
/// - asyncio: aiohttp's `ClientSession`; dropping it needs no `await` here, and is no mistake.
///
/// ```
/// use bowerbird_http::client::ClientSession;
/// # use bowerbird_http::testing::TestServer;
/// # use bowerbird_http::{http, service_fn, Incoming};
///
/// # bowerbird::run(async {
/// # let hello = service_fn(async |_: http::Request<Incoming>| {
/// #     Ok::<_, std::io::Error>(http::Response::new("hello".to_owned()))
/// # });
/// # let server = TestServer::start(hello).await.unwrap();
/// # let url = server.url("/");
/// let session = ClientSession::new();
/// let response = session.get(url).query([("page", 2)]).await?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text().await?, "hello");
/// # server.stop().await;
/// # Ok::<_, bowerbird_http::ClientError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct ClientSession {
    /// What the clones share.
    pub(super) inner: Arc<Inner>,
}

/// See [`ClientSession`].
pub(super) struct Inner {
    /// Connections.
    pub(super) connector: Connector,
    /// Whether they are this session's alone.
    owns_connector: bool,
    /// Whether no request can be begun any more.
    is_closed: AtomicBool,
    /// What relative URLs are relative to.
    base_url: Option<Url>,
    /// Headers of every request that does not say otherwise.
    pub(super) headers: HeaderMap,
    /// Cookies.
    pub(super) cookies: Arc<CookieJar>,
    /// Limits of requests without their own.
    pub(super) timeout: ClientTimeout,
    /// What is around every request.
    pub(super) middlewares: Arc<[Arc<dyn Middleware>]>,
    /// Whom to ask instead.
    proxies: Proxies,
    /// Whether a status of 400 and above is an error.
    pub(super) raise_for_status: bool,
    /// Redirects that are followed.
    pub(super) max_redirects: usize,
    /// Whether compressed bodies are decompressed.
    pub(super) decompresses: bool,
    /// Bytes that are read of a body that is wanted whole.
    read_limit: usize,
}

impl ClientSession {
    /// A session with aiohttp's defaults.
    ///
    /// # Panics
    /// Never: there is nothing in the defaults that could be refused.
    pub fn new() -> Self {
        let built = Self::builder().build();
        built.expect("there is nothing in the defaults that could be refused")
    }

    /// A session with options.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::new()
    }

    /// Asks for something.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Sends something, to be worked on.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Sends something, to be kept.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Sends a change.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Has something deleted.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Asks for what a GET would, without the body. Redirects are not followed unless it is said.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url).allow_redirects(false)
    }

    /// Asks what can be asked.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::OPTIONS, url)
    }

    /// A request by any method. What is wrong with `url` is told when the request is sent.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let url = match &self.inner.base_url {
            Some(base) => url.into_url_within(base),
            None => url.into_url(),
        };
        RequestBuilder::new(self.clone(), method, url)
    }

    /// Its cookies.
    pub fn cookie_jar(&self) -> &CookieJar {
        &self.inner.cookies
    }

    /// Its connections.
    pub fn connector(&self) -> &Connector {
        &self.inner.connector
    }

    /// Lets no request begin any more, and closes its connections, those in use after use. A
    /// connector that was given to it stays open. Closing twice is fine.
    ///
    /// - asyncio: `close`, which has to be awaited.
    pub fn close(&self) {
        // Relaxed: it guards nothing but itself.
        self.inner.is_closed.store(true, Ordering::Relaxed);
        if self.inner.owns_connector {
            self.inner.connector.close();
        }
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        // Relaxed: as in `close`.
        self.inner.is_closed.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// Sends one request, behind all middlewares.
    ///
    /// # Errors
    /// As `exchange`.
    pub(super) async fn ask(
        &self,
        request: ClientRequest,
        proxy: Option<Proxy>,
        limits: &Limits,
    ) -> Answered {
        let url = without_password(&request.url);
        let proxy = proxy.or_else(|| self.proxies.find(&url).cloned());
        let (head, payload) = exchange(&self.connector, request, proxy, limits).await?;
        let content = Content::new(payload, &head.headers, self.decompresses);
        Ok(Response {
            head,
            url,
            history: Vec::new(),
            content,
            read_limit: self.read_limit,
        })
    }
}

impl Default for ClientSession {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("connector", &self.inner.connector)
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// What can be asked: a [`Url`], or a text that is one.
pub trait IntoUrl {
    /// The URL.
    ///
    /// # Errors
    /// `InvalidUrl` for what is none.
    fn into_url(self) -> Result<Url, ClientError>;

    /// The URL, where `base` is what a relative one is relative to.
    ///
    /// # Errors
    /// As [`into_url`](Self::into_url).
    fn into_url_within(self, base: &Url) -> Result<Url, ClientError>
    where
        Self: Sized;
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url, ClientError> {
        Ok(self)
    }

    fn into_url_within(self, _base: &Url) -> Result<Url, ClientError> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url, ClientError> {
        Ok(self.clone())
    }

    fn into_url_within(self, _base: &Url) -> Result<Url, ClientError> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url, ClientError> {
        Url::parse(self).map_err(|error| syntax(self, error))
    }

    fn into_url_within(self, base: &Url) -> Result<Url, ClientError> {
        base.join(self).map_err(|error| syntax(self, error))
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url, ClientError> {
        self.as_str().into_url()
    }

    fn into_url_within(self, base: &Url) -> Result<Url, ClientError> {
        self.as_str().into_url_within(base)
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url, ClientError> {
        self.as_str().into_url()
    }

    fn into_url_within(self, base: &Url) -> Result<Url, ClientError> {
        self.as_str().into_url_within(base)
    }
}

fn syntax(url: &str, error: url::ParseError) -> ClientError {
    ClientError::invalid_url(url, InvalidUrlKind::Syntax(error))
}
