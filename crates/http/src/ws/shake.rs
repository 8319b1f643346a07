//! The handshake's words: what both ends read in the headers of the other.

use http::{HeaderMap, HeaderName};
use tungstenite::handshake::derive_accept_key;

/// What a server answers to a client's `Sec-WebSocket-Key`, in `Sec-WebSocket-Accept`.
///
/// ```
/// # use bowerbird_http::ws::accept_key;
/// // The example of RFC 6455.
/// assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &str) -> String {
    derive_accept_key(key.as_bytes())
}

/// Whether a list of words in these headers has this one, whatever its case.
pub(crate) fn names(headers: &HeaderMap, header: HeaderName, word: &str) -> bool {
    words(headers, header).any(|one| one.eq_ignore_ascii_case(word))
}

/// The words of a list, which may be in several headers.
pub(crate) fn words(headers: &HeaderMap, header: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// Whether this is a key: 16 bytes in base64.
pub(super) fn is_key(key: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = key.strip_suffix("==");
    digits.is_some_and(|digits| digits.len() == 22 && digits.bytes().all(is_digit))
}
