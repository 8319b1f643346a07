//! The client: a session that asks servers, as aiohttp's does.
//!
//! ```text
//! ClientSession ──► RequestBuilder ──► follow: cookies, redirects
//!                                        └──► middlewares ──► exchange: one request, one answer
//!                                                               └──► Connector: pool, proxy, TLS
//! Response ◄── content: decompressed ◄── payload: as it comes, then back to the pool
//! ```
//!
//! Connections of HTTP/1.1 have no task: whoever awaits an answer, or reads its body, does the
//! reading and writing. So dropping a request closes its connection at that moment, and an answer
//! costs no switch between tasks. hyper speaks the protocol; no wheel of it is driven by anything
//! but bowerbird.
//!
//! | aiohttp | here |
//! |---|---|
//! | `ClientSession`, its arguments | [`ClientSession`], [`SessionBuilder`] |
//! | `session.get(url, params=.., json=..)` | [`ClientSession::get`], [`RequestBuilder`] |
//! | `ClientResponse` | [`Response`] |
//! | `TCPConnector`, `UnixConnector` | [`Connector`] |
//! | `ClientTimeout` | [`ClientTimeout`] |
//! | `CookieJar` | [`CookieJar`] |
//! | `FormData` | [`FormData`] |
//! | client middlewares | [`Middleware`] |
//! | `ws_connect` | `ClientSession::ws_connect`, with the feature `ws` |
//! | `proxy`, `trust_env` | [`Proxy`], [`Proxies`] |
//! | `ClientError` and all below it | [`ClientError`] |

mod session;

mod request;

mod follow;

mod middleware;

mod message;

mod exchange;

mod outgoing;

mod form;

mod auth;

mod response;

mod content;

mod payload;

mod upgraded;

#[cfg(feature = "ws")]
mod ws_connect;

mod history;

mod cookies;

mod timeouts;

mod connector;

mod proxy;

mod dns;

mod pool;

mod key;

mod connection;

mod wire;

mod errors;

pub use connector::{Connector, ConnectorBuilder};
pub use cookies::CookieJar;
#[cfg(feature = "ws")]
pub use errors::WsHandshakeError;
pub use errors::{
    ClientConnectorError, ClientError, ConnectorErrorKind, ContentTypeError, InvalidRequest,
    InvalidResponse, InvalidUrl, PayloadError, ResponseError, ServerDisconnected, ServerTimeout,
    TimeoutKind, TooManyRedirects,
};
pub use form::{FormData, Part};
pub use history::Hop;
pub use message::ClientRequest;
pub use middleware::{Answered, Handling, Middleware, Next};
pub use outgoing::RequestBody;
pub use proxy::{Proxies, Proxy};
pub use request::RequestBuilder;
pub use response::Response;
pub use session::{ClientSession, IntoUrl, SessionBuilder};
pub use timeouts::ClientTimeout;
pub use upgraded::Upgraded;
/// The crate of URLs, in the version used here.
pub use url;
#[cfg(feature = "ws")]
pub use ws_connect::WsConnect;
