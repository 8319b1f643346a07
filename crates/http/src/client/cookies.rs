//! Cookies: what servers ask to be told again, and whom it is told. The rules are those of
//! `cookie_store` (RFC 6265); this adds limits, an order, and a lock. Sessions share it with users.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::{Cookie, CookieStore, RawCookie};
use http::{HeaderMap, HeaderValue, header};
use url::{Host, Url};

use super::errors::ClientError;

/// Cookies that are kept, at most; beyond, the host with the most of them loses one.
const COOKIES: usize = 3_000;

/// Bytes of a cookie, name and value; longer ones are refused, and so are those whose attributes
/// are longer than this.
const LENGTH: usize = 4_096;

/// Cookies, by domain, path and name, until they expire.
///
/// - `Domain`, `Path`, `Secure`, `Max-Age` over `Expires`, and host-only cookies are kept to. Hosts
///   that are addresses have cookies of their own, for themselves alone; aiohttp refuses these
///   unless told otherwise. No cookie can be set for a whole top-level domain (`com`); there is no
///   list of the others (`co.uk`).
/// - 3,000 cookies of 4 KiB. A longer one is not kept; for one more, those that have expired go, or
///   else one of the host that has most.
/// - asyncio: aiohttp's `CookieJar`.
///
/// ```
/// use bowerbird_http::client::CookieJar;
///
/// let jar = CookieJar::new();
/// let url = "http://example.com/inside/".parse().unwrap();
/// jar.set("tea=green; Path=/inside", &url).unwrap();
/// assert_eq!(jar.value("tea", &url).as_deref(), Some("green"));
/// assert_eq!(jar.value("tea", &"http://example.com/".parse().unwrap()), None);
/// assert!(jar.set("a=b; Domain=elsewhere.com", &url).is_err());
/// ```
#[derive(Default)]
pub struct CookieJar {
    /// The cookies.
    store: Mutex<CookieStore>,
}

impl CookieJar {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a cookie, written as a server would, as if `url` had sent it.
    ///
    /// # Errors
    /// `InvalidRequest` for what is no cookie, or is not `url`'s to set.
    pub fn set(&self, cookie: &str, url: &Url) -> Result<(), ClientError> {
        let parsed = RawCookie::parse(cookie.to_owned());
        let parsed = parsed.map_err(|error| refused(cookie, &error))?;
        let is_too_wide = parsed
            .domain()
            .is_some_and(|domain| is_too_wide(domain, url));
        if is_too_wide {
            return Err(refused(cookie, &"not for this server to set"));
        }
        let length = parsed.name().len() + parsed.value().len();
        if length > LENGTH || cookie.len() - length > LENGTH {
            return Err(refused(cookie, &"too long"));
        }
        // One that cannot be told would take all others with it.
        let is_sayable = |text| HeaderValue::from_str(text).is_ok();
        if !is_sayable(parsed.name()) || !is_sayable(parsed.value()) {
            return Err(refused(cookie, &"it cannot stand in a header"));
        }
        let mut store = self.store();
        let kept = store.insert_raw(&parsed, url);
        if kept.is_ok() && store.iter_any().count() > COOKIES {
            make_room(&mut store);
        }
        kept.map(drop).map_err(|error| refused(cookie, &error))
    }

    /// The value of a cookie that would be told to `url`.
    pub fn value(&self, name: &str, url: &Url) -> Option<String> {
        let store = self.store();
        let mut values = store.get_request_values(url);
        let found = values.find(|(known, _)| *known == name);
        found.map(|(_, value)| value.to_owned())
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.store().clear();
    }

    /// Forgets those of a domain, and of all below it.
    pub fn clear_domain(&self, domain: &str) {
        let mut store = self.store();
        let mut gone = Vec::new();
        for place in store.iter_any().map(place) {
            let above = place.0.strip_suffix(domain);
            if above.is_some_and(|above| above.is_empty() || above.ends_with('.')) {
                gone.push(place);
            }
        }
        for (of, path, name) in gone {
            store.remove(&of, &path, &name);
        }
    }

    /// How many there are that have not expired.
    pub fn len(&self) -> usize {
        self.store().iter_unexpired().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is told to `url`: those of the longest paths first.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let store = self.store();
        let mut cookies = store.matches(url);
        if cookies.is_empty() {
            return None;
        }
        cookies.sort_by_key(|cookie| (usize::MAX - cookie.path.len(), cookie.name().to_owned()));
        let pairs = cookies
            .iter()
            .map(|one| format!("{}={}", one.name(), one.value()));
        let pairs: Vec<String> = pairs.collect();
        HeaderValue::try_from(pairs.join("; ")).ok()
    }

    /// Keeps what an answer from `url` sets, and ignores what it may not set.
    pub(super) fn learn(&self, headers: &HeaderMap, url: &Url) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                // As browsers do: a server that oversteps is not the user's error.
                let _kept = self.set(cookie, url);
            }
        }
    }

    fn store(&self) -> MutexGuard<'_, CookieStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a store knows a cookie by: domain, path, name.
type Place = (String, String, String);

fn place(cookie: &Cookie<'_>) -> Place {
    let domain = cookie.domain.as_cow().unwrap_or_default().into_owned();
    let path = String::from(&cookie.path);
    (domain, path, cookie.name().to_owned())
}

/// Forgets what has expired; or one cookie of the domain that has most, so that nobody can make the
/// jar forget those of others.
fn make_room(store: &mut CookieStore) {
    let expired = store.iter_any().filter(|cookie| cookie.is_expired());
    let mut gone: Vec<Place> = expired.map(place).collect();
    if gone.is_empty() {
        let mut counts = HashMap::new();
        for cookie in store.iter_any() {
            let (count, last) = counts.entry(cookie.domain.as_cow()).or_insert((0, None));
            *count += 1;
            *last = Some(cookie);
        }
        let most = counts.into_values().max_by_key(|(count, _)| *count);
        gone.extend(most.and_then(|(_, last)| last).map(place));
    }
    for (domain, path, name) in gone {
        store.remove(&domain, &path, &name);
    }
}

/// Whether a cookie would go to hosts that have nothing to do with `url`'s.
fn is_too_wide(domain: &str, url: &Url) -> bool {
    let domain = domain.trim_matches('.');
    match url.host() {
        Some(Host::Domain(own)) => !domain.contains('.') && !own.eq_ignore_ascii_case(domain),
        Some(address) => address.to_string() != domain,
        None => true,
    }
}

fn refused(cookie: &str, why: &dyn fmt::Display) -> ClientError {
    let name = cookie.split('=').next().unwrap_or_default();
    ClientError::invalid(format!("the cookie {name:?} is not kept: {why}"))
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are secrets.
        f.debug_struct("CookieJar")
            .field("len", &self.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    //! Promises about who is told what.

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_path_is_told_first_and_only_where_it_belongs() {
        let jar = CookieJar::new();
        jar.set("a=1; Path=/", &url("http://x.com/")).unwrap();
        jar.set("b=2; Path=/deep", &url("http://x.com/deep/"))
            .unwrap();
        jar.set("s=3; Secure", &url("https://x.com/")).unwrap();
        assert_eq!(
            jar.header(&url("http://x.com/deep/er")).unwrap(),
            "b=2; a=1"
        );
        assert_eq!(jar.header(&url("http://x.com/deeper")).unwrap(), "a=1");
        assert_eq!(jar.header(&url("http://sub.x.com/")), None);
        jar.set("w=4; Domain=x.com", &url("http://x.com/")).unwrap();
        assert_eq!(jar.header(&url("http://sub.x.com/")).unwrap(), "w=4");
        jar.clear_domain("x.com");
        assert!(jar.is_empty(), "{jar:?}");
    }

    #[test]
    fn an_age_outdoes_a_date_and_no_age_forgets() {
        let jar = CookieJar::new();
        let place = url("http://x.com/");
        let past = "Expires=Wed, 21 Oct 2015 07:28:00 GMT";
        jar.set(&format!("a=1; Max-Age=60; {past}"), &place)
            .unwrap();
        assert_eq!(jar.len(), 1);
        let _gone = jar.set("a=1; Max-Age=0", &place);
        assert_eq!(jar.header(&place), None);
    }

    #[test]
    fn nobody_sets_cookies_for_others() {
        let jar = CookieJar::new();
        for (cookie, from) in [
            ("a=1; Domain=com", "http://x.com/"),
            ("a=1; Domain=y.com", "http://x.com/"),
            ("a=1; Domain=0.0.1", "http://127.0.0.1/"),
            ("no cookie", "http://x.com/"),
        ] {
            assert!(jar.set(cookie, &url(from)).is_err(), "{cookie}");
        }
        let long = format!("a={}", "x".repeat(LENGTH));
        assert!(jar.set(&long, &url("http://x.com/")).is_err());
        jar.set("mine=1", &url("http://127.0.0.1:80/")).unwrap();
        assert_eq!(jar.header(&url("http://127.0.0.1:81/")).unwrap(), "mine=1");
    }

    #[test]
    fn a_full_jar_makes_room_and_nobody_fills_it_for_others() {
        let jar = CookieJar::new();
        let (much, little) = (url("http://much.com/"), url("http://little.com/"));
        jar.set("first=1", &little).unwrap();
        for number in 0..COOKIES + 10 {
            jar.set(&format!("c{number}=1"), &much).unwrap();
        }
        assert!(jar.len() <= COOKIES, "{jar:?}");
        jar.set("first=2", &little).unwrap();
        jar.set("second=1", &little).unwrap();
        assert_eq!(jar.header(&little).unwrap(), "first=2; second=1");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_not_kept() {
        let jar = CookieJar::new();
        let place = url("http://x.com/");
        jar.set("fine=1", &place).unwrap();
        for bad in ["a=b\u{1}c", "a\u{1}b=c", "a=b\r\nx: y"] {
            assert!(jar.set(bad, &place).is_err(), "{bad:?}");
        }
        let long = format!("a=1; Path=/{}", "x".repeat(100_000));
        assert!(jar.set(&long, &place).is_err());
        assert_eq!(jar.header(&place).unwrap(), "fine=1");
        let root = jar.set("a=1; Domain=com.", &url("http://x.com./"));
        assert!(root.is_err(), "{root:?}");
    }
}
