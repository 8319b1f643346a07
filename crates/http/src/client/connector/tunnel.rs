//! A way through a proxy: `CONNECT`, and then the proxy passes on whatever is sent.

use std::sync::Arc;

use http::{Method, Request, header};

use super::dial::failed;
use crate::client::connection::Http1;
use crate::client::errors::{Cause, ClientError, ConnectorErrorKind, Refused};
use crate::client::key::Key;
use crate::client::outgoing::{Outgoing, RequestBody};
use crate::client::proxy::Proxy;
use crate::client::wire::{Activity, Socket};

/// Asks the proxy at the other end of `socket` for a way to `key`.
///
/// # Errors
/// `Connector` with the proxy's answer.
pub(super) async fn tunnel(
    socket: Socket,
    key: &Key,
    proxy: &Proxy,
) -> Result<Socket, ClientError> {
    let refused = |cause: Cause| failed(key, ConnectorErrorKind::Proxy, cause);
    let broken = |error: hyper::Error| refused(error.into());
    let mut connection = Http1::new(socket).await.map_err(broken)?;
    let body = Outgoing::new(RequestBody::empty(), Arc::new(Activity::default()));
    let target = key.to_string();
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&target)
        .header(header::HOST, &target);
    if let Some(auth) = proxy.auth() {
        request = request.header(header::PROXY_AUTHORIZATION, auth);
    }
    let request = request.body(body).map_err(|error| refused(error.into()))?;
    let answer = connection.send(request).await.map_err(broken)?;
    if !answer.status().is_success() {
        return Err(refused(Refused(answer.status()).into()));
    }
    let (socket, early) = connection.into_socket();
    if !early.is_empty() {
        // TLS begins with the client: whoever speaks before is not the server.
        return Err(refused("it sent bytes of its own".into()));
    }
    Ok(socket)
}
