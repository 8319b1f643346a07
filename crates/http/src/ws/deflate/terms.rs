//! permessage-deflate in the words of `Sec-WebSocket-Extensions`. Called by the handshake; knows
//! what may be said, not who may say it.

use http::HeaderValue;

/// The extension's name.
const NAME: &str = "permessage-deflate";

/// What is offered, or agreed on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// `server_no_context_takeover`.
    pub(super) server_forgets: bool,
    /// `client_no_context_takeover`.
    pub(super) client_forgets: bool,
    /// `server_max_window_bits`.
    pub(super) server_window: Option<u8>,
    /// `client_max_window_bits`; 15 where a client has left it open.
    pub(super) client_window: Option<u8>,
}

impl Terms {
    /// What one extension of a list says; `None` for others, and for what nobody may say.
    pub(super) fn parse(extension: &str) -> Option<Self> {
        let mut words = extension.split(';').map(str::trim);
        if !words.next()?.eq_ignore_ascii_case(NAME) {
            return None;
        }
        let mut terms = Self::default();
        for word in words {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start())?)),
                None => (word, None),
            };
            terms.add(&name.to_ascii_lowercase(), value)?;
        }
        Some(terms)
    }

    /// Takes one parameter; each may be said once.
    fn add(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        let is_new = match (name, value) {
            ("server_no_context_takeover", None) => {
                !std::mem::replace(&mut self.server_forgets, true)
            }
            ("client_no_context_takeover", None) => {
                !std::mem::replace(&mut self.client_forgets, true)
            }
            ("server_max_window_bits", Some(bits)) => {
                self.server_window.replace(window(bits)?).is_none()
            }
            ("client_max_window_bits", bits) => {
                let bits = bits.map_or(Some(15), window)?;
                self.client_window.replace(bits).is_none()
            }
            _unknown => false,
        };
        is_new.then_some(())
    }

    /// As a header says it.
    pub(super) fn to_value(&self) -> HeaderValue {
        let mut said = NAME.to_owned();
        if self.server_forgets {
            said += "; server_no_context_takeover";
        }
        if self.client_forgets {
            said += "; client_no_context_takeover";
        }
        if let Some(bits) = self.server_window {
            said += &format!("; server_max_window_bits={bits}");
        }
        HeaderValue::try_from(said).expect("these words can be said in a header")
    }
}

/// Without the quotes that it may stand in; `None` for half of them.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"'),
        None => Some(value),
    }
}

/// A size of windows: a power of two, from 8 to 15, without zeros before it.
fn window(bits: &str) -> Option<u8> {
    let is_plain = !bits.starts_with(['0', '+']);
    let bits = bits.parse().ok().filter(|_| is_plain)?;
    (8..=15).contains(&bits).then_some(bits)
}
