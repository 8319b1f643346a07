//! Options of a session.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use super::{ClientSession, Inner, IntoUrl};
use crate::client::connector::Connector;
use crate::client::cookies::CookieJar;
use crate::client::errors::ClientError;
use crate::client::middleware::Middleware;
use crate::client::proxy::{Proxies, Proxy};
use crate::client::response::READ_LIMIT;
use crate::client::timeouts::ClientTimeout;

/// What a session says it is, unless told otherwise.
const USER_AGENT: &str = concat!("bowerbird-http/", env!("CARGO_PKG_VERSION"));

/// Options of a [`ClientSession`].
#[must_use = "a builder does nothing until `build`"]
pub struct SessionBuilder {
    connector: Option<Connector>,
    base_url: Option<Result<Url, ClientError>>,
    headers: HeaderMap,
    cookies: Option<Arc<CookieJar>>,
    timeout: ClientTimeout,
    middlewares: Vec<Arc<dyn Middleware>>,
    proxies: Proxies,
    /// Whether the environment is asked for proxies.
    trusts_env: bool,
    raise_for_status: bool,
    max_redirects: usize,
    decompresses: bool,
    read_limit: usize,
    /// The first option that was no good.
    mistake: Option<ClientError>,
}

impl SessionBuilder {
    pub(super) fn new() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        Self {
            connector: None,
            base_url: None,
            headers,
            cookies: None,
            timeout: ClientTimeout::new(),
            middlewares: Vec::new(),
            proxies: Proxies::default(),
            trusts_env: false,
            raise_for_status: false,
            max_redirects: 10,
            decompresses: true,
            read_limit: READ_LIMIT,
            mistake: None,
        }
    }

    /// Uses these connections, which other sessions may use, too. Closing the session leaves them.
    /// asyncio: `connector`, with `connector_owner=False`.
    pub fn connector(mut self, connector: Connector) -> Self {
        self.connector = Some(connector);
        self
    }

    /// What relative URLs are relative to; its path ends in `/`, or building is an error: what
    /// follows the last slash would be left out.
    pub fn base_url(mut self, url: impl IntoUrl) -> Self {
        self.base_url = Some(url.into_url());
        self
    }

    /// A header of every request that does not set it itself; in place of one of that name.
    /// `User-Agent` and `Accept` are there from the beginning.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => drop(self.headers.insert(name, value)),
            _ => self.mistake = Some(ClientError::invalid("this is no name or value of a header")),
        }
        self
    }

    /// Keeps its cookies there, together with others perhaps.
    pub fn cookie_jar(mut self, jar: Arc<CookieJar>) -> Self {
        self.cookies = Some(jar);
        self
    }

    /// Limits of time for requests without their own: 300 s in all, unless told otherwise.
    pub fn timeout(mut self, timeout: ClientTimeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// Puts something around every request, inside of those before it.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.middlewares.push(Arc::new(middleware));
        self
    }

    /// Asks a proxy instead of each server.
    pub fn proxy(self, proxy: Proxy) -> Self {
        self.proxies(Proxies::all(proxy))
    }

    /// Asks proxies instead of some servers.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Asks the proxies that the environment names, as [`Proxies::from_env`] reads it when the
    /// session is built.
    pub fn trust_env(mut self, trust: bool) -> Self {
        self.trusts_env = trust;
        self
    }

    /// Whether a status of 400 and above is an error of the request. `false`.
    pub fn raise_for_status(mut self, raise: bool) -> Self {
        self.raise_for_status = raise;
        self
    }

    /// Redirects that are followed; one more is [`ClientError::TooManyRedirects`]. 10.
    pub fn max_redirects(mut self, redirects: usize) -> Self {
        self.max_redirects = redirects;
        self
    }

    /// Whether compressed bodies are asked for and decompressed, with the feature `compression`.
    /// `true`. asyncio: `auto_decompress`.
    pub fn auto_decompress(mut self, decompress: bool) -> Self {
        self.decompresses = decompress;
        self
    }

    /// Bytes that [`bytes`](crate::client::Response::bytes) and its kin read at most, after
    /// decompressing. 64 MiB. asyncio: none.
    pub fn read_limit(mut self, bytes: usize) -> Self {
        self.read_limit = bytes;
        self
    }

    /// The session.
    ///
    /// # Errors
    /// For the first option that is no good: `InvalidUrl`, `InvalidRequest`.
    pub fn build(mut self) -> Result<ClientSession, ClientError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.timeout.check()?;
        let base_url = self.base_url.transpose()?;
        if base_url
            .as_ref()
            .is_some_and(|base| !base.path().ends_with('/'))
        {
            return Err(ClientError::invalid(
                "the path of a base URL ends with a slash",
            ));
        }
        #[cfg(feature = "compression")]
        if self.decompresses {
            let accepted = HeaderValue::from_static(crate::client::content::ACCEPTED);
            let accepting = self.headers.entry(header::ACCEPT_ENCODING);
            accepting.or_insert(accepted);
        }
        if self.trusts_env {
            self.proxies = Proxies::from_env()?;
        }
        let inner = Inner {
            owns_connector: self.connector.is_none(),
            connector: self.connector.unwrap_or_default(),
            is_closed: AtomicBool::new(false),
            base_url,
            headers: self.headers,
            cookies: self.cookies.unwrap_or_default(),
            timeout: self.timeout,
            middlewares: self.middlewares.into(),
            proxies: self.proxies,
            raise_for_status: self.raise_for_status,
            max_redirects: self.max_redirects,
            decompresses: self.decompresses,
            read_limit: self.read_limit,
        };
        Ok(ClientSession {
            inner: Arc::new(inner),
        })
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
