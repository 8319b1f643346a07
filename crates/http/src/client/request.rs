//! A request, before it is sent: what it asks, with what, and how long it may take.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Instant;

use bowerbird::{NoRunningLoop, get_running_loop, timeout_at};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use url::Url;

use super::auth;
use super::errors::{ClientError, TimeoutKind};
use super::follow::{Following, follow};
use super::form::FormData;
use super::message::ClientRequest;
use super::middleware::{Answered, Middleware, Next};
use super::outgoing::RequestBody;
use super::proxy::Proxy;
use super::session::ClientSession;
use super::timeouts::{ClientTimeout, Limits};

/// A request that is being put together. Awaiting it sends it, and gives the answer as soon as its
/// head is there.
///
/// - What is wrong with an option is told by the request, when it is sent.
/// - Cancel: dropping it midway closes its connection, or leaves the line for one.
/// - asyncio: the keyword arguments of aiohttp's `request`.
///
/// ```
/// use bowerbird_http::client::ClientSession;
///
/// # bowerbird::run(async {
/// let session = ClientSession::new();
/// let twice = session.post("http://localhost/").json(&[1, 2]).form([("a", "b")]);
/// let error = twice.await.unwrap_err();
/// assert_eq!(error.to_string(), "a request has one body, and this one was given two");
/// # });
/// ```
#[must_use = "a request does nothing unless awaited"]
pub struct RequestBuilder {
    /// Whose.
    session: ClientSession,
    /// What there is of it so far.
    request: Result<ClientRequest, ClientError>,
    /// Its own limits.
    timeout: Option<ClientTimeout>,
    /// Its own proxy.
    proxy: Option<Proxy>,
    /// Its own answer to whether a status is an error.
    raise_for_status: Option<bool>,
    /// Redirects that are followed.
    max_redirects: Option<usize>,
    /// Whether any are.
    allows_redirects: bool,
    /// What is around it, instead of the session's.
    middlewares: Option<Vec<std::sync::Arc<dyn Middleware>>>,
}

impl RequestBuilder {
    pub(super) fn new(
        session: ClientSession,
        method: Method,
        url: Result<Url, ClientError>,
    ) -> Self {
        let request = url.map(|url| ClientRequest {
            method,
            url,
            headers: HeaderMap::new(),
            body: RequestBody::empty(),
        });
        Self {
            session,
            request,
            timeout: None,
            proxy: None,
            raise_for_status: None,
            max_redirects: None,
            allows_redirects: true,
            middlewares: None,
        }
    }

    /// Changes the request, unless something was wrong before.
    fn with(mut self, change: impl FnOnce(&mut ClientRequest) -> Result<(), ClientError>) -> Self {
        if let Ok(request) = &mut self.request {
            if let Err(error) = change(request) {
                self.request = Err(error);
            }
        }
        self
    }

    /// The same for a URL of `ws` or `wss`: the handshake is a request of HTTP.
    #[cfg(feature = "ws")]
    pub(super) fn over_http(self) -> Self {
        self.with(|request| {
            let scheme = match request.url.scheme() {
                "ws" => "http",
                "wss" => "https",
                _ => return Ok(()),
            };
            let set = request.url.set_scheme(scheme);
            set.map_err(|()| ClientError::invalid("this URL cannot be asked for a WebSocket"))
        })
    }

    /// A header more; several of a name are all sent. In place of the session's of that name.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.with(|request| {
            let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else {
                let why = "this is no name or value of a header";
                return Err(ClientError::invalid(why));
            };
            request.headers.append(name, value);
            Ok(())
        })
    }

    /// These headers, in place of those of the same names.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.with(|request| {
            request.headers.extend(headers);
            Ok(())
        })
    }

    /// Adds to what stands behind the `?`. asyncio: `params`.
    pub fn query<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<str>,
        V: ToString,
    {
        self.with(|request| {
            let mut pairs = pairs.into_iter().peekable();
            // Nothing is not even a question mark.
            if pairs.peek().is_some() {
                let mut query = request.url.query_pairs_mut();
                for (key, value) in pairs {
                    query.append_pair(key.as_ref(), &value.to_string());
                }
            }
            Ok(())
        })
    }

    /// Sends bytes, a text, or a [`RequestBody`]. asyncio: `data`.
    pub fn body(self, body: impl Into<RequestBody>) -> Self {
        self.with(|request| {
            if !request.body.is_empty() {
                let why = "a request has one body, and this one was given two";
                return Err(ClientError::invalid(why));
            }
            request.body = body.into();
            Ok(())
        })
    }

    /// Sends what a stream gives, as fast as the server takes it; only once, so that redirects that
    /// want it again are an error.
    pub fn body_stream<S>(self, stream: S) -> Self
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    {
        self.body(RequestBody::stream(stream))
    }

    /// Sends a value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => self.typed("application/json", text),
            Err(error) => {
                let why = format!("this value cannot be written as JSON: {error}");
                self.with(|_| Err(ClientError::invalid(why)))
            }
        }
    }

    /// Sends pairs as a form (`application/x-www-form-urlencoded`).
    pub fn form<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<str>,
        V: ToString,
    {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in pairs {
            form.append_pair(key.as_ref(), &value.to_string());
        }
        self.typed("application/x-www-form-urlencoded", form.finish())
    }

    /// Sends a form with files (`multipart/form-data`).
    pub fn multipart(self, form: FormData) -> Self {
        let content_type = form.content_type();
        self.typed(&content_type, form.into_body())
    }

    /// A body with its type, unless a type was said.
    fn typed(self, content_type: &str, body: impl Into<RequestBody>) -> Self {
        let content_type = HeaderValue::try_from(content_type);
        self.body(body).with(|request| {
            let typed = request.headers.entry(header::CONTENT_TYPE);
            typed.or_insert(content_type.map_err(|_| ClientError::invalid("no content type"))?);
            Ok(())
        })
    }

    /// Says who asks, by name and password.
    pub fn basic_auth(self, name: &str, password: &str) -> Self {
        self.authorization(auth::basic(name, password))
    }

    /// Says who asks, by a token.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization(auth::bearer(token))
    }

    fn authorization(self, value: Result<HeaderValue, ClientError>) -> Self {
        self.with(|request| {
            request.headers.insert(header::AUTHORIZATION, value?);
            Ok(())
        })
    }

    /// Its own limits of time, instead of all of the session's.
    pub fn timeout(mut self, timeout: ClientTimeout) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Asks this proxy instead of the session's.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Whether redirects are followed. `true`, but for HEAD.
    pub fn allow_redirects(mut self, allow: bool) -> Self {
        self.allows_redirects = allow;
        self
    }

    /// Redirects that are followed, instead of the session's number.
    pub fn max_redirects(mut self, redirects: usize) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Whether a status of 400 and above is an error, whatever the session says.
    pub fn raise_for_status(mut self, raise: bool) -> Self {
        self.raise_for_status = Some(raise);
        self
    }

    /// Puts something around this request; the session's middlewares are left out.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        let middlewares = self.middlewares.get_or_insert_default();
        middlewares.push(std::sync::Arc::new(middleware));
        self
    }

    /// Sends it, and waits for the head of the answer. The same as awaiting the builder.
    ///
    /// # Errors
    /// Any [`ClientError`] but those about a body that is read later.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn send(self) -> Answered {
        let timeout = self.timeout.unwrap_or(self.session.inner.timeout);
        timeout.check()?;
        if self.session.is_closed() {
            return Err(ClientError::SessionClosed);
        }
        let limits = Limits::from(now(), timeout);
        let request = self.request?;
        let inner = self.session.inner;
        let given = self.middlewares.map(Into::into);
        let next = Next {
            middlewares: given.unwrap_or_else(|| inner.middlewares.clone()),
            session: inner.clone(),
            at: 0,
            limits,
            proxy: self.proxy,
        };
        let most = self.max_redirects.unwrap_or(inner.max_redirects);
        let following = Following {
            request,
            next,
            max_redirects: self.allows_redirects.then_some(most),
        };
        let answered = timeout_at(limits.deadline, follow(following)).await;
        let total = timeout.total.unwrap_or_default();
        let late = |_| Err(ClientError::timeout(TimeoutKind::Total, total));
        let response = answered.unwrap_or_else(late)?;
        if self.raise_for_status.unwrap_or(inner.raise_for_status) {
            return response.raise_for_status();
        }
        Ok(response)
    }
}

/// The loop's clock.
fn now() -> Instant {
    match get_running_loop() {
        Ok(running) => running.time(),
        Err(error @ NoRunningLoop { .. }) => panic!("{error}"),
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Answered;
    type IntoFuture = Pin<Box<dyn Future<Output = Answered> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
