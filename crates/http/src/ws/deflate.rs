//! permessage-deflate (RFC 7692): messages that are packed on their way. Called by both halves of
//! the handshake, which agree on it, and by the core.
//!
//! ```text
//! sending    message ──Packer──► one frame with its first reserved bit set ──► tungstenite
//! receiving  stream ──Unpacker──► frames as if nobody had packed them ──► tungstenite
//! ```
//!
//! tungstenite knows nothing of it: limits, fragments, texts and control frames are its business,
//! and count what was unpacked. So a message that unpacks to more than is allowed ends as every one
//! that is too large, a few KiB beyond the limit. Never allocates by what a peer announces.

mod terms;

mod packer;

mod unpacker;

use http::HeaderValue;

use self::terms::Terms;
use super::options::Role;

pub(super) use packer::Packer;
pub(super) use unpacker::{NotDeflate, Unpacker};

/// What may be packed, and how; see
/// [`WebSocketOptions::compress`](super::WebSocketOptions::compress).
///
/// - What was said before serves as a dictionary for what follows, which costs a WebSocket about
///   300 KiB once it has sent, and 100 KiB once it has received. The two `no_context_takeover`
///   forget it after each message: less is saved then, and little is kept.
/// - Messages are packed where they are sent, at some tens of MB/s: whoever sends many MiB at a
///   time holds up a worker for as long.
/// - An attacker who has a say in a message, and sees how long it becomes, can guess at what else
///   is in it. Secrets and what others wrote do not belong into the same WebSocket.
/// - asyncio: `compress`, whose windows of less than 2^15 bytes are not offered here, and declined
///   where they are asked for.
///
/// ```
/// use bowerbird_http::ws::{Deflate, WebSocketOptions};
///
/// let packed = Deflate::new().level(1).server_no_context_takeover();
/// let options = WebSocketOptions::new().compress(packed);
/// # let _ready = options;
/// ```
///
/// ```should_panic
/// # use bowerbird_http::ws::Deflate;
/// Deflate::new().level(10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deflate {
    /// How hard to try: 0 to 9.
    level: u32,
    /// Shorter messages go as they are, in bytes.
    min_bytes: usize,
    /// Whether the server is to forget each message.
    server_forgets: bool,
    /// Whether the client is to.
    client_forgets: bool,
}

/// What both ends have agreed on, as one of them sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packing {
    /// How hard to try.
    level: u32,
    /// Shorter messages go as they are.
    min_bytes: usize,
    /// Whether what we send stands alone, each message.
    we_forget: bool,
    /// Whether what we get does.
    they_forget: bool,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 6,
            min_bytes: 128,
            server_forgets: false,
            client_forgets: false,
        }
    }
}

impl Deflate {
    /// Level 6, for messages of 128 bytes and more; both ends remember.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How hard to try: from 1, the fastest, to 9, the smallest. At 0 nothing becomes smaller.
    ///
    /// # Panics
    /// For more than 9.
    #[must_use]
    pub fn level(mut self, level: u32) -> Self {
        assert!(level <= 9, "the levels of deflate are 0 to 9");
        self.level = level;
        self
    }

    /// Sends shorter messages, in bytes, as they are. Zero packs all but the empty ones.
    #[must_use]
    pub fn min_bytes(mut self, length: usize) -> Self {
        self.min_bytes = length;
        self
    }

    /// The server forgets each message that it has packed. A client that says so asks for it, and
    /// refuses a server that will not.
    #[must_use]
    pub fn server_no_context_takeover(mut self) -> Self {
        self.server_forgets = true;
        self
    }

    /// The client forgets each message that it has packed. A server that says so demands it.
    #[must_use]
    pub fn client_no_context_takeover(mut self) -> Self {
        self.client_forgets = true;
        self
    }

    /// What a client asks for.
    #[cfg(feature = "client")]
    pub(crate) fn offer(&self) -> HeaderValue {
        let terms = Terms {
            server_forgets: self.server_forgets,
            client_forgets: self.client_forgets,
            ..Terms::default()
        };
        terms.to_value()
    }

    /// What a client gets of it, by the only extension that the server has chosen; else what is
    /// wrong with that.
    #[cfg(feature = "client")]
    pub(crate) fn granted(&self, answer: &str) -> Result<Packing, &'static str> {
        let terms = Terms::parse(answer);
        let terms = terms.ok_or("the server chose an extension that was not offered")?;
        if terms.client_window.is_some() || (self.server_forgets && !terms.server_forgets) {
            return Err("the server packs in another way than was offered");
        }
        Ok(self.packing(&terms, Role::Client))
    }

    /// What a server agrees to, and says: the first offer that it can keep.
    pub(super) fn grant(&self, offers: &[String]) -> Option<(Packing, HeaderValue)> {
        let mut offers = offers.iter().filter_map(|offer| Terms::parse(offer));
        let offered = offers.find(|terms| matches!(terms.server_window, None | Some(15)))?;
        let terms = Terms {
            server_forgets: self.server_forgets || offered.server_forgets,
            client_forgets: self.client_forgets || offered.client_forgets,
            server_window: offered.server_window,
            // A hint; a window of any size can be read.
            client_window: None,
        };
        Some((self.packing(&terms, Role::Server), terms.to_value()))
    }

    fn packing(&self, terms: &Terms, role: Role) -> Packing {
        let client_forgets = terms.client_forgets || self.client_forgets;
        let (we_forget, they_forget) = match role {
            Role::Client => (client_forgets, terms.server_forgets),
            Role::Server => (terms.server_forgets, client_forgets),
        };
        Packing {
            level: self.level,
            min_bytes: self.min_bytes,
            we_forget,
            they_forget,
        }
    }
}

#[cfg(test)]
mod tests;
