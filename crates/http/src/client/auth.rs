//! Names and passwords as headers say them: Basic and Bearer. Used by requests and proxies.

use http::HeaderValue;
use url::Url;

use super::errors::ClientError;

/// The letters of base64, RFC 4648.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `Basic`, with UTF-8 inside.
///
/// # Errors
/// `InvalidRequest` for a name with a colon: nobody could tell where it ends.
pub(super) fn basic(name: &str, password: &str) -> Result<HeaderValue, ClientError> {
    if name.contains(':') {
        return Err(ClientError::invalid("a name for Basic has no colon"));
    }
    let encoded = base64(format!("{name}:{password}").as_bytes());
    secret(format!("Basic {encoded}"))
}

/// `Bearer`, with a token.
///
/// # Errors
/// `InvalidRequest` for what cannot stand in a header.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, ClientError> {
    secret(format!("Bearer {token}"))
}

/// What a URL says beside its host, taken out of it.
///
/// # Errors
/// As `basic`.
pub(super) fn take_from(url: &mut Url) -> Result<Option<HeaderValue>, ClientError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let name = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    // These fail only where there is nothing to take out.
    let _taken = (url.set_username(""), url.set_password(None));
    basic(&name, &password).map(Some)
}

/// Percent-decoding, by the rules of forms but for `+`.
fn decoded(text: &str) -> String {
    let escaped = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// A header's value that is not printed.
fn secret(text: String) -> Result<HeaderValue, ClientError> {
    let value = HeaderValue::try_from(text);
    let mut value =
        value.map_err(|_| ClientError::invalid("this token cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        for (at, byte) in group.iter().enumerate() {
            bits[at + 1] = *byte;
        }
        let bits = u32::from_be_bytes(bits);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= group.len() {
                letter.into()
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    //! Promises about the texts that are sent.

    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let encoded = texts.map(|text| base64(text.as_bytes()));
        let expected = [
            "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
        ];
        assert_eq!(encoded, expected);
    }

    #[test]
    fn names_in_urls_are_decoded_and_taken_out() {
        let mut url = Url::parse("http://a%40b:c%3Ad+e%26=f@host/x").unwrap();
        let taken = take_from(&mut url).unwrap().unwrap();
        assert_eq!(taken, basic("a@b", "c:d+e&=f").unwrap());
        assert!(taken.is_sensitive());
        assert_eq!(url.as_str(), "http://host/x");
        assert!(take_from(&mut url).unwrap().is_none());
        assert!(basic("a:b", "").is_err());
        assert!(bearer("line\nbreak").is_err());
    }
}
