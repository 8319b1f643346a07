//! Limits of time: each fires as itself, and leaves nothing.

use std::error::Error;
use std::time::Duration;

use bowerbird::TimeoutError;
use bowerbird_http::client::{
    ClientError, ClientSession, ClientTimeout, Connector, RequestBuilder, TimeoutKind,
};

use crate::peers::{Scripted, text_of};
use crate::wire::inside_each;

const SHORT: Duration = Duration::from_millis(30);

/// Long enough for a peer on a slow machine that is to be in time.
const LONG: Duration = Duration::from_millis(800);

/// Says a head and half of a body, then nothing.
async fn stalling() -> Scripted {
    Scripted::start(|mut line, _| async move {
        let head = line.head().await.unwrap_or_default();
        if head.starts_with("get /half") {
            line.say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
                .await;
        }
        line.end().await;
    })
    .await
}

#[track_caller]
fn assert_late(error: ClientError, kind: TimeoutKind) {
    assert!(error.is_timeout());
    let cause = error.source().unwrap();
    assert!(cause.is::<TimeoutError>(), "{cause:?}");
    let ClientError::ServerTimeout(timeout) = &error else {
        panic!("{error:?}");
    };
    assert_eq!((timeout.kind(), timeout.limit()), (kind, SHORT));
    let error: std::io::Error = error.into();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

async fn read(request: RequestBuilder) -> Result<(), ClientError> {
    request.await?.bytes().await.map(drop)
}

#[test]
fn a_silent_server_is_late_before_and_inside_its_answer() {
    inside_each(async || {
        let peer = stalling().await;
        let session = ClientSession::new();
        for path in ["/", "/half"] {
            let total = ClientTimeout::none().total(SHORT);
            let error = read(session.get(peer.url(path)).timeout(total))
                .await
                .unwrap_err();
            assert_late(error, TimeoutKind::Total);
            let silent = ClientTimeout::none().sock_read(SHORT);
            let error = read(session.get(peer.url(path)).timeout(silent))
                .await
                .unwrap_err();
            assert_late(error, TimeoutKind::SockRead);
        }
        assert_eq!(session.connector().open_connections(), 0);
    });
}

#[test]
fn a_server_that_is_slow_and_never_silent_is_in_time() {
    inside_each(async || {
        let peer = Scripted::start(|mut line, _| async move {
            line.head().await;
            for byte in "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".bytes() {
                line.say([byte]).await;
                bowerbird::sleep(LONG / 32).await;
            }
        })
        .await;
        let silent = ClientTimeout::none().sock_read(LONG);
        let request = ClientSession::new().get(peer.url("/")).timeout(silent);
        assert_eq!(text_of(request).await, "abc");
    });
}

#[test]
fn waiting_for_the_pool_counts_as_connecting() {
    inside_each(async || {
        let peer = stalling().await;
        let connector = Connector::builder().limit(1).build();
        let session = ClientSession::builder().connector(connector.clone());
        let session = session.build().unwrap();
        let busy = session.get(peer.url("/half")).await.unwrap();
        let connect = ClientTimeout::none().connect(SHORT);
        let error = read(session.get(peer.url("/")).timeout(connect))
            .await
            .unwrap_err();
        assert_late(error, TimeoutKind::Connect);
        drop(busy);
        assert_eq!(connector.open_connections(), 0);
    });
}

#[test]
fn a_slow_sender_is_not_a_silent_server() {
    inside_each(async || {
        let peer = Scripted::start(|mut line, _| async move {
            line.head().await;
            let mut rest = Vec::new();
            while !rest.ends_with(b"0\r\n\r\n") {
                let mut byte = [0];
                futures_lite::AsyncReadExt::read_exact(&mut line.0, &mut byte)
                    .await
                    .unwrap();
                rest.push(byte[0]);
            }
            line.answer("thanks").await;
        })
        .await;
        let slowly = futures_lite::stream::unfold(0, |turn| async move {
            bowerbird::sleep(LONG * 5 / 4).await;
            (turn < 1).then(|| (Ok("piece".into()), turn + 1))
        });
        let silent = ClientTimeout::none().sock_read(LONG);
        let request = ClientSession::new().post(peer.url("/")).timeout(silent);
        let response = request.body_stream(slowly).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "thanks");
    });
}
