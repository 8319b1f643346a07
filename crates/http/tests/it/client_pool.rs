//! The pool: which connection is used, who waits for one, and what is left over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{Event, all_tasks, create_task, gather, yield_now};
use bowerbird_http::client::{ClientError, ClientSession, Connector};
use bowerbird_http::service_fn;
use bowerbird_http::testing::TestServer;
use futures_lite::AsyncWriteExt;

use crate::peers::{Scripted, bytes_of, echo, text_of};
use crate::wire::{held, inside_each};

/// A server that tells each request which connection it came by.
async fn numbered() -> Scripted {
    Scripted::start(|mut line, number| async move {
        while line.head().await.is_some() {
            line.answer(&number.to_string()).await;
        }
    })
    .await
}

fn session(connector: &Connector) -> ClientSession {
    let session = ClientSession::builder().connector(connector.clone());
    session.build().unwrap()
}

#[test]
fn a_connection_read_to_its_end_is_used_again_and_others_are_closed() {
    inside_each(async || {
        let peer = numbered().await;
        let session = ClientSession::new();
        for _ in 0..3 {
            let response = session.get(peer.url("/")).await.unwrap();
            assert_eq!(response.text().await.unwrap(), "0");
            assert_eq!(session.connector().idle_connections(), 1);
        }
        // Neither dropped unread nor two at a time.
        drop(session.get(peer.url("/")).await.unwrap());
        assert_eq!(session.connector().open_connections(), 0);
        let first = session.get(peer.url("/")).await.unwrap();
        let second = session.get(peer.url("/")).await.unwrap();
        assert_eq!(second.text().await.unwrap(), "2");
        assert_eq!(first.text().await.unwrap(), "1");
        // The one that came back last is the first to be used.
        let third = session.get(peer.url("/")).await.unwrap();
        assert_eq!(third.text().await.unwrap(), "1");
        session.close();
        assert_eq!(session.connector().open_connections(), 0);
    });
}

#[test]
fn a_connection_the_server_has_closed_is_not_used() {
    inside_each(async || {
        let (kept, gone) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let (idle, closed) = (kept.clone(), gone.clone());
        let peer = Scripted::start(move |mut line, number| {
            let (idle, closed) = (idle.clone(), closed.clone());
            async move {
                while line.head().await.is_some() {
                    line.answer(&number.to_string()).await;
                    if number == 0 {
                        idle.wait().await;
                        // Said to the system, and not only dropped: a child that another test is
                        // starting may have a copy of the descriptor.
                        line.0.close().await.unwrap();
                        return closed.set();
                    }
                }
            }
        })
        .await;
        let session = ClientSession::new();
        bytes_of(session.get(peer.url("/"))).await;
        assert_eq!(session.connector().idle_connections(), 1);
        kept.set();
        gone.wait().await;
        // Not idempotent, so never sent twice: it was found closed beforehand.
        let response = session.post(peer.url("/")).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "1");
        assert_eq!(session.connector().open_connections(), 1);
    });
}

#[test]
fn a_request_on_a_stale_connection_is_sent_once_more_if_that_does_no_harm() {
    inside_each(async || {
        // Each connection answers once, and closes when it is asked again.
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let peer = Scripted::start(move |mut line, number| {
            let counted = counted.clone();
            async move {
                for turn in 0..2 {
                    if line.head().await.is_none() {
                        return;
                    }
                    counted.fetch_add(1, Ordering::Relaxed);
                    if turn == 0 {
                        line.answer(&number.to_string()).await;
                    }
                }
            }
        })
        .await;
        let session = ClientSession::new();
        let get = async || text_of(session.get(peer.url("/"))).await;
        assert_eq!(get().await, "0");
        assert_eq!(get().await, "1");
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        let error = session.post(peer.url("/")).await.unwrap_err();
        assert!(
            matches!(error, ClientError::ServerDisconnected(_)),
            "{error:?}"
        );
        assert_eq!(asked.load(Ordering::Relaxed), 4);
        // A body that can be sent once is sent once, whatever the method.
        assert_eq!(get().await, "2");
        let once = futures_lite::stream::iter([Ok("x".into())]);
        let error = session
            .put(peer.url("/"))
            .body_stream(once)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ClientError::ServerDisconnected(_)),
            "{error:?}"
        );
        assert_eq!(asked.load(Ordering::Relaxed), 6);
        assert_eq!(session.connector().open_connections(), 0);
    });
}

#[test]
fn limits_hold_and_who_came_first_is_served_first() {
    inside_each(async || {
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, peak) = (open.clone(), most.clone());
        let peer = Scripted::start(move |mut line, _| {
            let (now, peak) = (now.clone(), peak.clone());
            async move {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                while line.head().await.is_some() {
                    line.answer("x").await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
            }
        })
        .await;
        let connector = Connector::builder().limit(2).build();
        let session = session(&connector);
        let first = session.get(peer.url("/")).await.unwrap();
        let second = session.get(peer.url("/")).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for number in 0..10 {
            let (session, url, order) = (session.clone(), peer.url("/"), order.clone());
            let mut asking = Box::pin(async move {
                let response = session.get(url).await.unwrap();
                order.lock().unwrap().push(number);
                response.bytes().await.unwrap();
            });
            // Joins the line now, and not when some worker gets to it.
            assert!(futures_lite::future::poll_once(&mut asking).await.is_none());
            waiting.push(asking);
        }
        // One of them gives up; nobody is held up by that.
        drop(waiting.remove(3));
        drop(second);
        first.bytes().await.unwrap();
        for asking in waiting {
            asking.await;
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert!(most.load(Ordering::SeqCst) <= 3, "{most:?}");
        assert_eq!(connector.open_connections(), connector.idle_connections());
    });
}

#[test]
fn idle_connections_to_others_make_room() {
    inside_each(async || {
        let (one, other) = (numbered().await, numbered().await);
        let connector = Connector::builder().limit(1).build();
        let session = session(&connector);
        for _ in 0..3 {
            for peer in [&one, &other] {
                bytes_of(session.get(peer.url("/"))).await;
                assert_eq!(connector.open_connections(), 1);
            }
        }
    });
}

#[test]
fn a_full_host_holds_up_nobody_else() {
    inside_each(async || {
        let (one, other) = (numbered().await, numbered().await);
        let connector = Connector::builder().limit(2).limit_per_host(1).build();
        let session = session(&connector);
        let busy = session.get(one.url("/")).await.unwrap();
        let mut waiting = Box::pin(session.get(one.url("/")).send());
        assert!(
            futures_lite::future::poll_once(&mut waiting)
                .await
                .is_none()
        );
        bytes_of(session.get(other.url("/"))).await;
        assert!(
            futures_lite::future::poll_once(&mut waiting)
                .await
                .is_none()
        );
        busy.bytes().await.unwrap();
        bytes_of(waiting).await;
    });
}

#[test]
fn idle_connections_are_closed_after_a_while() {
    inside_each(async || {
        let ended = Arc::new(Event::new());
        let over = ended.clone();
        let peer = Scripted::start(move |mut line, _| {
            let over = over.clone();
            async move {
                while line.head().await.is_some() {
                    line.answer("x").await;
                }
                over.set();
            }
        })
        .await;
        let connector = Connector::builder()
            .keep_alive(Duration::from_millis(20))
            .build();
        let session = session(&connector);
        bytes_of(session.get(peer.url("/"))).await;
        assert_eq!(connector.open_connections(), 1);
        ended.wait().await;
        assert_eq!(connector.open_connections(), 0);

        let closing = Connector::builder().keep_alive(Duration::ZERO).build();
        let session = self::session(&closing);
        bytes_of(session.get(peer.url("/"))).await;
        assert_eq!(closing.open_connections(), 0);
    });
}

#[test]
fn cancelled_requests_leave_no_connection_and_no_task() {
    inside_each(async || {
        let (here, go) = (Arc::new(Event::new()), Arc::new(Event::new()));
        let handler = service_fn(held(here.clone(), go.clone()));
        let server = TestServer::start(handler).await.unwrap();
        let connector = Connector::builder().limit(3).build();
        let session = session(&connector);
        let asking: Vec<_> = (0..10)
            .map(|_| {
                let request = session.get(server.url("/"));
                create_task(async move { drop(request.await) })
            })
            .collect();
        here.wait().await;
        while connector.open_connections() < 3 {
            yield_now().await;
        }
        for task in &asking {
            task.cancel();
        }
        for task in asking {
            assert!(task.await.unwrap_err().is_cancelled());
        }
        assert_eq!(connector.open_connections(), 0);
        // Handlers go on without their clients, and may end now: this task, the server's, and the
        // one that accepts are left.
        go.set();
        while all_tasks().len() > 3 {
            yield_now().await;
        }
    });
}

#[test]
fn closing_sends_home_who_waits() {
    inside_each(async || {
        let peer = numbered().await;
        let connector = Connector::builder().limit(1).build();
        let session = session(&connector);
        let busy = session.get(peer.url("/")).await.unwrap();
        let mut waiting = Box::pin(session.get(peer.url("/")).send());
        assert!(
            futures_lite::future::poll_once(&mut waiting)
                .await
                .is_none()
        );
        connector.close();
        let error = waiting.await.unwrap_err();
        assert!(matches!(error, ClientError::SessionClosed), "{error:?}");
        assert_eq!(busy.text().await.unwrap(), "0");
        assert_eq!(connector.open_connections(), 0);
    });
}

#[test]
fn many_at_once_are_all_answered() {
    inside_each(async || {
        let server = echo().await;
        let connector = Connector::builder().limit(7).build();
        let session = session(&connector);
        let asked = (0..200).map(|number| {
            let request = session.get(server.url(&format!("/{number}")));
            async move { text_of(request).await }
        });
        let said = gather(asked).await.unwrap();
        for (number, said) in said.iter().enumerate() {
            assert_eq!(*said, format!("GET /{number} "));
        }
        assert_eq!(connector.open_connections(), connector.idle_connections());
        assert!(connector.open_connections() <= 7);
        server.stop().await;
    });
}
