//! WebSockets over streams that take nothing, say nothing and do not end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird::{create_task, timeout};
use bowerbird_http::ws::{Role, WebSocket, WebSocketError, WebSocketOptions};
use futures_lite::{AsyncRead, AsyncWrite};

use crate::wire::inside_each;

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(50);

/// Such a stream.
struct Stuck;

impl AsyncRead for Stuck {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl AsyncWrite for Stuck {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[test]
fn who_sends_learns_that_the_peer_was_given_up() {
    inside_each(async || {
        let options = WebSocketOptions::new()
            .close_timeout(SHORT)
            .heartbeat(SHORT);
        let socket = WebSocket::new(Stuck, Vec::new(), Role::Server, &options);
        let sender = socket.clone();
        let sending = create_task(async move { sender.send("hello").await });
        let received = timeout(Duration::from_secs(10), socket.receive()).await;
        assert!(
            matches!(received, Ok(Err(WebSocketError::Unresponsive))),
            "{received:?}"
        );
        let sent = timeout(Duration::from_secs(10), sending).await;
        assert!(
            matches!(sent, Ok(Ok(Err(WebSocketError::Closed)))),
            "{sent:?}"
        );
    });
}

#[test]
fn closing_ends_and_is_seen_by_who_receives_and_who_sends() {
    inside_each(async || {
        let options = WebSocketOptions::new().close_timeout(SHORT);
        let socket = WebSocket::new(Stuck, Vec::new(), Role::Client, &options);
        let (sender, receiver) = (socket.clone(), socket.clone());
        let sending = create_task(async move { sender.send("hello").await });
        let receiving = create_task(async move { receiver.receive().await });
        let closed = timeout(Duration::from_secs(10), socket.close(1000, "")).await;
        assert!(matches!(closed, Ok(Ok(()))), "{closed:?}");
        let sent = timeout(Duration::from_secs(10), sending).await;
        assert!(sent.is_ok_and(|sent| sent.unwrap().is_err()));
        let received = timeout(Duration::from_secs(10), receiving).await;
        let received = received.expect("it hangs").unwrap();
        assert!(
            matches!(received, Err(WebSocketError::Unresponsive)),
            "{received:?}"
        );
        assert!(matches!(socket.receive().await, Ok(None)));
    });
}
