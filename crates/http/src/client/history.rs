//! The way to an answer: a redirect each. Kept by responses and by errors.

use http::{HeaderMap, StatusCode};
use url::Url;

/// An answer that sent the client elsewhere. asyncio: an item of aiohttp's `history`.
#[derive(Debug, Clone)]
pub struct Hop {
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl Hop {
    /// Who answered so, without a password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status, one of the redirects.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}
