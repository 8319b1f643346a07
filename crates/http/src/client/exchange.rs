//! One request and one answer, over one connection; and once more over another, where the first was
//! idle and had gone stale. Called behind the middlewares, once for each redirect.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird::{Sleep, sleep};
use http::{HeaderValue, Method, Request, Response, Uri, Version, header, response};
use hyper::body::Incoming;
use url::Position;

use super::connection::Connection;
use super::connector::Connector;
use super::errors::{ClientError, InvalidResponse, PayloadError, ServerDisconnected, TimeoutKind};
use super::key::Key;
use super::message::ClientRequest;
use super::outgoing::Outgoing;
use super::payload::Payload;
use super::pool::{Lease, Wanted};
use super::proxy::Proxy;
use super::timeouts::Limits;
use super::wire::Activity;

/// Sends a request, and gives the head of its answer with the body to be read.
///
/// # Errors
/// All of them but those about the answer itself.
pub(super) async fn exchange(
    connector: &Connector,
    mut request: ClientRequest,
    proxy: Option<Proxy>,
    limits: &Limits,
) -> Result<(response::Parts, Payload), ClientError> {
    let is_upgrade = request.headers.contains_key(header::UPGRADE);
    let key = Key::new(&request.url, proxy)?.upgrading(is_upgrade);
    let mut wanted = Wanted::Any;
    loop {
        let lease = connector.connect(&key, wanted, &limits.parts).await?;
        let may_be_stale = lease.is_reused() && wanted == Wanted::Any;
        let again = match may_be_stale && request.method.is_idempotent() {
            true => request.try_clone(),
            false => None,
        };
        match (send(lease, request, &key, limits).await, again) {
            (Ok(answer), _) => return Ok(answer),
            (Err(failed), Some(again)) if failed.is_stale => request = again,
            (Err(failed), _) => return Err(failed.error),
        }
        wanted = Wanted::Fresh;
    }
}

/// Why there is no answer.
struct Failed {
    /// What the user is told.
    error: ClientError,
    /// Whether the server had closed the connection, perhaps before it saw the request.
    is_stale: bool,
}

/// Sends a request over the connection of a lease.
async fn send(
    mut lease: Lease,
    request: ClientRequest,
    key: &Key,
    limits: &Limits,
) -> Result<(response::Parts, Payload), Failed> {
    let fatal = |error| Failed {
        error,
        is_stale: false,
    };
    let is_reused = lease.is_reused();
    let Some(connection) = lease.connection() else {
        return Err(fatal(ClientError::SessionClosed));
    };
    let (is_http2, activity) = match connection {
        Connection::Http1(one) => (false, one.activity.clone()),
        #[cfg(feature = "http2")]
        Connection::Http2(_) => (true, Arc::new(Activity::default())),
    };
    let arrived = activity.arrived();
    let request = prepare(request, key, is_http2, &activity).map_err(fatal)?;
    let mut silence = Silence::new(limits.parts.sock_read);
    let sent = answer(connection, request, &activity, &mut silence).await;
    match sent {
        Ok(Ok(answer)) => Ok(Payload::new(answer, lease, silence, limits)),
        Ok(Err(error)) => Err(Failed {
            is_stale: is_reused && !error.is_user() && activity.arrived() == arrived,
            error: broken(error),
        }),
        Err(late) => Err(fatal(late)),
    }
}

/// Waits for the head of an answer, as long as the server may be silent.
async fn answer(
    connection: &mut Connection,
    request: Request<Outgoing>,
    activity: &Activity,
    silence: &mut Silence,
) -> Result<hyper::Result<Response<Incoming>>, ClientError> {
    let mut answer = pin!(async {
        match connection {
            Connection::Http1(one) => one.send(request).await,
            #[cfg(feature = "http2")]
            Connection::Http2(shared) => shared.send(request).await,
        }
    });
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(Ok(answer));
        }
        silence.poll(cx, activity).map(Err)
    })
    .await
}

/// What is wrong when hyper gives up before the answer's head.
fn broken(error: hyper::Error) -> ClientError {
    if error.is_user() {
        return PayloadError::Sending(error.into()).into();
    }
    if error.is_parse() {
        return ClientError::InvalidResponse(InvalidResponse { cause: error });
    }
    let is_silent = error.is_canceled() || error.is_incomplete_message();
    let cause = (!is_silent).then(|| error.into());
    ClientError::ServerDisconnected(ServerDisconnected { cause })
}

/// A request as it goes over this connection.
fn prepare(
    request: ClientRequest,
    key: &Key,
    is_http2: bool,
    activity: &Arc<Activity>,
) -> Result<Request<Outgoing>, ClientError> {
    let unfit = |_| ClientError::invalid("the URL cannot be sent in a request");
    let ClientRequest {
        method,
        url,
        mut headers,
        body,
    } = request;
    let is_whole = is_http2 || key.is_told_to_proxy();
    let target = match is_whole {
        true => &url[..Position::AfterQuery],
        false => &url[Position::BeforePath..Position::AfterQuery],
    };
    let uri: Uri = target.parse().map_err(unfit)?;
    if is_http2 {
        headers.remove(header::HOST);
    } else if !headers.contains_key(header::HOST) {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let host = HeaderValue::from_str(host);
        let host = host.map_err(|_| ClientError::invalid("the host cannot stand in a header"))?;
        headers.insert(header::HOST, host);
    }
    if let Some(auth) = key
        .proxy()
        .and_then(Proxy::auth)
        .filter(|_| key.is_told_to_proxy())
    {
        headers.insert(header::PROXY_AUTHORIZATION, auth.clone());
    }
    let has_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
    if body.is_empty() && has_body {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut request = Request::new(Outgoing::new(body, activity.clone()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    if is_http2 {
        *request.version_mut() = Version::HTTP_2;
    }
    Ok(request)
}

/// How long the server may be silent, counted anew with whatever comes.
#[derive(Debug)]
pub(super) struct Silence {
    /// How long; `None` for ever.
    limit: Option<Duration>,
    /// What had come when the count began.
    arrived: u64,
    /// The count; `None` before it is the server's turn.
    alarm: Option<Sleep>,
}

impl Silence {
    fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            arrived: 0,
            alarm: None,
        }
    }

    /// Something came: the count begins anew when it is waited again.
    pub(super) fn end(&mut self) {
        self.alarm = None;
    }

    /// Ready with an error when it was too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, activity: &Activity) -> Poll<ClientError> {
        let Some(limit) = self.limit.filter(|_| activity.is_sent()) else {
            return Poll::Pending;
        };
        let arrived = activity.arrived();
        if arrived != self.arrived {
            self.arrived = arrived;
            self.alarm = None;
        }
        let alarm = self.alarm.get_or_insert_with(|| sleep(limit));
        Pin::new(alarm)
            .poll(cx)
            .map(|()| ClientError::timeout(TimeoutKind::SockRead, limit))
    }
}
