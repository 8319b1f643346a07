//! TLS before HTTP: in the connection's own task, so that who is slow or talks nonsense keeps
//! nobody else waiting. Called for each connection, with the feature `tls`.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;

use bowerbird::timeout;

use super::listener::{Arrival, Socket};
use super::roll::Roll;

/// The socket to talk over, once its ends have agreed; `None` when they do not, or not in time, or
/// when the server stops.
pub(super) async fn secured(roll: &Roll, arrival: Arrival) -> Option<Socket> {
    let Some(acceptor) = arrival.acceptor else {
        return Some(arrival.socket);
    };
    let shaking = timeout(roll.limits.header_read, acceptor.accept(arrival.socket));
    let (mut shaking, mut stopping) = (pin!(shaking), pin!(roll.stopping()));
    let agreed = poll_fn(|cx| {
        if stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        shaking.as_mut().poll(cx).map(Some)
    });
    match agreed.await? {
        Ok(Ok(stream)) => Some(Socket::Tls(Box::new(stream))),
        Ok(Err(error)) => note(&error),
        Err(late) => note(&io::Error::from(late)),
    }
}

/// What is the peer's fault is for those to hear who look for it.
fn note(error: &io::Error) -> Option<Socket> {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "bowerbird_http", %error, "TLS handshake failed");
    #[cfg(not(feature = "tracing"))]
    let _nobody_listens = error;
    None
}
