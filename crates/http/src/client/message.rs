//! A request on its way: what middlewares see and may change, and what is sent over a connection.

use std::fmt;

use http::{HeaderMap, Method};
use url::Url;

use super::key::without_password;
use super::outgoing::RequestBody;

/// A request. Its builder makes it; each redirect makes another.
pub struct ClientRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: RequestBody,
}

impl ClientRequest {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whom it asks for what.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks somebody else, or for something else.
    pub fn set_url(&mut self, url: Url) {
        self.url = url;
    }

    /// The headers, without those that belong to the connection.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The body.
    pub fn body(&self) -> &RequestBody {
        &self.body
    }

    /// Sends something else.
    pub fn set_body(&mut self, body: impl Into<RequestBody>) {
        self.body = body.into();
    }

    /// The same once more; `None` where its body can be sent only once.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.try_clone()?,
        })
    }
}

impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRequest")
            .field("method", &self.method)
            .field("url", &without_password(&self.url).as_str())
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}
