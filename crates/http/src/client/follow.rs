//! From a request to its last answer: cookies, credentials, and redirects. Each redirect is a
//! request of its own, through all middlewares.

use std::time::Duration;

use bowerbird::timeout;
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use super::auth;
use super::errors::{ClientError, InvalidUrlKind, TooManyRedirects};
use super::history::Hop;
use super::message::ClientRequest;
use super::middleware::{Answered, Next};
use super::outgoing::RequestBody;
use super::response::Response;

/// A request that is sent wherever servers send it.
pub(super) struct Following {
    /// The request, as the user made it.
    pub(super) request: ClientRequest,
    /// What is inside.
    pub(super) next: Next,
    /// Redirects that are followed; `None`: redirects are answers.
    pub(super) max_redirects: Option<usize>,
}

/// What has to be kept of a request, for the next one.
struct Kept {
    /// How it was asked.
    method: Method,
    /// Whom.
    url: Url,
    /// With the user's headers.
    headers: HeaderMap,
    /// With this body; `None` where it could be sent only once.
    body: Option<RequestBody>,
}

/// # Errors
/// All that a request can end with.
pub(super) async fn follow(following: Following) -> Answered {
    let Following {
        mut request,
        next,
        max_redirects,
    } = following;
    let mut history = Vec::new();
    complete(&mut request, &next)?;
    loop {
        let kept = Kept {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.try_clone(),
        };
        add_cookies(&mut request, &next);
        let mut response = next.clone().run(request).await?;
        next.session
            .cookies
            .learn(&response.head.headers, &kept.url);
        let Some(target) = target(&response, &kept.url).filter(|_| max_redirects.is_some()) else {
            response.history = history;
            return Ok(response);
        };
        history.push(Hop {
            url: response.url.clone(),
            status: response.status(),
            headers: response.head.headers.clone(),
        });
        if max_redirects.is_some_and(|most| history.len() > most) {
            let error = TooManyRedirects { history };
            return Err(ClientError::TooManyRedirects(Box::new(error)));
        }
        request = redirected(kept, response.status(), &target?)?;
        // In a box: redirects are few, and would make every request's future large.
        Box::pin(finish(response)).await;
    }
}

/// Adds what the session says, where the request does not, and what the URL says of the user.
fn complete(request: &mut ClientRequest, next: &Next) -> Result<(), ClientError> {
    if let Some(value) = auth::take_from(&mut request.url)? {
        if request.headers.contains_key(header::AUTHORIZATION) {
            let why = "the user is named twice: in the URL, and by a header";
            return Err(ClientError::invalid(why));
        }
        request.headers.insert(header::AUTHORIZATION, value);
    }
    for name in next.session.headers.keys() {
        if !request.headers.contains_key(name) {
            for value in next.session.headers.get_all(name) {
                request.headers.append(name, value.clone());
            }
        }
    }
    Ok(())
}

/// The cookies of this hop; a request that brings its own is left alone.
fn add_cookies(request: &mut ClientRequest, next: &Next) {
    if !request.headers.contains_key(header::COOKIE) {
        if let Some(cookies) = next.session.cookies.header(&request.url) {
            request.headers.insert(header::COOKIE, cookies);
        }
    }
}

/// Where an answer sends the client, if it does. A place that is none, or none for HTTP, is an
/// error.
fn target(response: &Response, from: &Url) -> Option<Result<Url, ClientError>> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let headers = response.headers();
    let place = headers.get(header::LOCATION).or_else(|| headers.get("uri"));
    let place = place.filter(|_| is_redirect)?;
    let place = String::from_utf8_lossy(place.as_bytes());
    let invalid = |why| ClientError::invalid_url(&place, why);
    let joined = from.join(&place);
    Some(match joined {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Err(invalid(InvalidUrlKind::Scheme))
        }
        Ok(mut url) => {
            // What was asked for with a fragment is still meant, wherever it is.
            if url.fragment().is_none() {
                url.set_fragment(from.fragment());
            }
            Ok(url)
        }
        Err(error) => Err(invalid(InvalidUrlKind::Syntax(error))),
    })
}

/// The next request: as browsers have made it customary, and without secrets for strangers.
fn redirected(kept: Kept, status: StatusCode, target: &Url) -> Result<ClientRequest, ClientError> {
    let Kept {
        mut method,
        url,
        mut headers,
        body,
    } = kept;
    let becomes_get = match status {
        StatusCode::SEE_OTHER => method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
        _ => false,
    };
    let body = if becomes_get {
        method = Method::GET;
        for name in [
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::TRANSFER_ENCODING,
        ] {
            headers.remove(name);
        }
        RequestBody::empty()
    } else {
        let why = "redirected, and the body cannot be sent again: give bytes instead of a stream";
        body.ok_or_else(|| ClientError::invalid(why))?
    };
    if url.origin() != target.origin() {
        for secret in [
            header::AUTHORIZATION,
            header::COOKIE,
            header::PROXY_AUTHORIZATION,
            header::HOST,
        ] {
            headers.remove(secret);
        }
    }
    let mut url = target.clone();
    if let Some(value) = auth::take_from(&mut url)? {
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(ClientRequest {
        method,
        url,
        headers,
        body,
    })
}

/// Bytes of a redirect's body that are worth reading to keep its connection.
const SHORT: usize = 16 * 1024;

/// How long they are worth waiting for.
const SOON: Duration = Duration::from_millis(250);

/// Reads the body of a redirect, which is short as a rule, so that its connection can be used
/// again; one that is not, or breaks off, costs the connection and nothing else.
async fn finish(response: Response) {
    let _read = timeout(SOON, response.bytes_within(SHORT)).await;
}
