//! Whom to ask instead of the server, and when: proxies for `http`, tunnels for `https`, and the
//! hosts that need neither. Sessions and requests hold it; the connector goes through it.

use std::net::IpAddr;

use http::HeaderValue;
use url::{Host, Url};

use super::auth;
use super::errors::{ClientError, InvalidUrlKind};
use super::session::IntoUrl;

/// A proxy: `http` requests are told to it as they are, for `https` it is asked for a tunnel
/// (`CONNECT`).
///
/// - asyncio: aiohttp's `proxy` and `proxy_auth`.
///
/// ```
/// use bowerbird_http::client::Proxy;
///
/// let proxy = Proxy::new("http://name:secret@proxy.example:3128").unwrap();
/// assert!(!format!("{proxy:?}").contains("secret"));
/// assert!(Proxy::new("socks5://proxy.example").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Where it is; name and password were taken out.
    url: Url,
    /// Who asks.
    auth: Option<HeaderValue>,
}

impl Proxy {
    /// A proxy at this URL; `user:password@` before its host is said to it.
    ///
    /// # Errors
    /// `InvalidUrl` for what is no URL, or has a scheme that is not `http` (or `https`, with the
    /// feature `tls`).
    pub fn new(url: impl IntoUrl) -> Result<Self, ClientError> {
        let mut url = url.into_url()?;
        let auth = auth::take_from(&mut url)?;
        let why = match url.scheme() {
            "http" => None,
            "https" if cfg!(feature = "tls") => None,
            "https" => Some(InvalidUrlKind::NoTls),
            _ => Some(InvalidUrlKind::Scheme),
        };
        match why {
            None => Ok(Self { url, auth }),
            Some(why) => Err(ClientError::invalid_url(url.as_str(), why)),
        }
    }

    /// Says this name and password to it.
    ///
    /// # Errors
    /// `InvalidRequest` for a name with a colon.
    pub fn basic_auth(mut self, name: &str, password: &str) -> Result<Self, ClientError> {
        self.auth = Some(auth::basic(name, password)?);
        Ok(self)
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn auth(&self) -> Option<&HeaderValue> {
        self.auth.as_ref()
    }
}

/// Which proxy is for whom. asyncio: aiohttp's `trust_env`.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For `http`.
    http: Option<Proxy>,
    /// For `https`.
    https: Option<Proxy>,
    /// For whom there is none.
    except: Vec<String>,
}

impl Proxies {
    /// One proxy for everything.
    pub fn all(proxy: Proxy) -> Self {
        Self {
            http: Some(proxy.clone()),
            https: Some(proxy),
            except: Vec::new(),
        }
    }

    /// What the environment says now: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in
    /// lower case or in capitals. `HTTP_PROXY` in capitals is not believed inside a CGI program,
    /// where clients can set it.
    ///
    /// # Errors
    /// `InvalidUrl` for what is set and is no proxy.
    pub fn from_env() -> Result<Self, ClientError> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, ClientError> {
        let is_cgi = var("REQUEST_METHOD").is_some();
        let find = |name: &str| {
            let capitals = name.to_uppercase();
            let capitals = (!is_cgi || name != "http_proxy").then(|| var(&capitals));
            let found = var(name).or(capitals.flatten());
            found.filter(|value| !value.trim().is_empty())
        };
        let proxy = |name: &str| {
            let found = find(name).or_else(|| find("all_proxy"));
            found.map(|url| Proxy::new(with_scheme(&url))).transpose()
        };
        let except = find("no_proxy").unwrap_or_default();
        Ok(Self {
            http: proxy("http_proxy")?,
            https: proxy("https_proxy")?,
            except: Vec::new(),
        }
        .no_proxy(&except))
    }

    /// Goes to these hosts without a proxy: a list with commas of names, which stand for all names
    /// below them as well, of addresses, each with a port or for all; or `*`.
    #[must_use]
    pub fn no_proxy(mut self, hosts: &str) -> Self {
        let hosts = hosts.split(',').map(|host| host.trim().to_lowercase());
        self.except.extend(hosts.filter(|host| !host.is_empty()));
        self
    }

    /// The proxy for a URL.
    pub(super) fn find(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "https" | "wss" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        proxy.filter(|_| !self.except.iter().any(|rule| excepts(rule, url)))
    }
}

/// Whether a rule of `no_proxy` is about this URL.
fn excepts(rule: &str, url: &Url) -> bool {
    if rule == "*" {
        return true;
    }
    let (host, port) = match rule.rsplit_once(':') {
        // More colons are an address of IPv6; with brackets there may be a port behind it.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (rule, None),
    };
    let is_port = port.is_none_or(|port| port.parse().ok() == url.port_or_known_default());
    let host = host.trim_matches(['[', ']']);
    let is_host = match url.host() {
        Some(Host::Ipv4(ip)) => host.parse() == Ok(IpAddr::from(ip)),
        Some(Host::Ipv6(ip)) => host.parse() == Ok(IpAddr::from(ip)),
        Some(Host::Domain(name)) => {
            let rule = host.trim_start_matches('.');
            let above = name.strip_suffix(rule);
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        }
        None => false,
    };
    is_port && is_host
}

/// Proxies in the environment are often written without a scheme.
fn with_scheme(url: &str) -> String {
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    }
}

#[cfg(test)]
mod tests {
    //! Promises about who is asked.

    use super::*;

    fn asked(proxies: &Proxies, url: &str) -> Option<String> {
        let found = proxies.find(&Url::parse(url).unwrap());
        found.map(|proxy| proxy.url().to_string())
    }

    #[test]
    fn the_environment_is_read_as_others_read_it() {
        let vars = [
            ("http_proxy", "one:1"),
            ("HTTP_PROXY", "http://no:1"),
            ("ALL_PROXY", "http://two:2"),
            ("no_proxy", ".inside, 10.0.0.1,[::1]:81 , exact:8080"),
        ];
        let var = |name: &str| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::from_vars(var).unwrap();
        assert_eq!(asked(&proxies, "http://a.b/").unwrap(), "http://one:1/");
        assert_eq!(asked(&proxies, "https://a.b/").unwrap(), "http://two:2/");
        for url in [
            "http://inside/",
            "https://x.inside/",
            "http://10.0.0.1/",
            "http://[::1]:81/",
            "http://exact:8080",
        ] {
            assert_eq!(asked(&proxies, url), None, "{url}");
        }
        for url in [
            "http://outinside/",
            "http://10.0.0.2/",
            "http://[::1]/",
            "http://exact/",
        ] {
            assert!(asked(&proxies, url).is_some(), "{url}");
        }
    }

    #[test]
    fn a_cgi_program_does_not_believe_its_client() {
        let var = |name: &str| match name {
            "HTTP_PROXY" => Some("http://evil:1".to_owned()),
            "REQUEST_METHOD" => Some("GET".to_owned()),
            _ => None,
        };
        let proxies = Proxies::from_vars(var).unwrap();
        assert_eq!(asked(&proxies, "http://a.b/"), None);
        assert!(Proxies::from_vars(|_| Some("ftp://x".to_owned())).is_err());
        let everybody = Proxies::all(Proxy::new("http://p").unwrap()).no_proxy("*");
        assert_eq!(asked(&everybody, "http://a.b/"), None);
    }
}
