//! Layers that limit the time of handlers and of requests' bodies, around other people's routers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use bowerbird::{Event, finally, sleep};
use bowerbird_http::http::StatusCode;
use bowerbird_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use crate::wire::{Served, inside_each};

/// Short enough to wait for, long enough for slow machines.
const SHORT: Duration = Duration::from_millis(100);

/// Long enough for a client on a slow machine that is to be in time.
const LONG: Duration = Duration::from_millis(1200);

/// Tells when it is dropped.
struct Note(Arc<Event>);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.set();
    }
}

#[test]
fn a_late_handler_is_dropped_and_answered_for() {
    inside_each(async || {
        let gone = Arc::new(Event::new());
        let seen = gone.clone();
        let never = async move || {
            let _note = Note(seen);
            std::future::pending::<String>().await
        };
        let routes = Router::new()
            .route("/never", get(never))
            .route("/now", get(async || "now"))
            .layer(TimeoutLayer::new(SHORT));
        let served = Served::new(routes, |server| server).await;
        let mut client = served.client().await;
        let late = client.get("/never").await;
        assert_eq!(
            (late.status, late.body.as_str()),
            (StatusCode::GATEWAY_TIMEOUT, "")
        );
        assert!(gone.is_set());
        // The connection lives on.
        assert_eq!(client.get("/now").await.body, "now");
        drop(client);
        served.stop().await;
    });
}

#[test]
fn the_status_can_be_chosen() {
    inside_each(async || {
        let status = StatusCode::REQUEST_TIMEOUT;
        let routes = Router::new()
            .route("/never", get(std::future::pending::<String>))
            .layer(TimeoutLayer::with_status_code(status, SHORT));
        let served = Served::new(routes, |server| server).await;
        let mut client = served.client().await;
        assert_eq!(client.get("/never").await.status, status);
        drop(client);
        served.stop().await;
    });
}

#[test]
fn a_late_handler_cleans_up_with_awaits_before_the_answer() {
    inside_each(async || {
        let clean = Arc::new(Event::new());
        let cleaned = clean.clone();
        let tidy = async move || {
            let clean_up = async {
                sleep(SHORT / 10).await;
                cleaned.set();
            };
            finally(std::future::pending::<String>(), clean_up).await
        };
        let routes = Router::new()
            .route("/tidy", get(tidy))
            .layer(TimeoutLayer::new(SHORT));
        let served = Served::new(routes, |server| server).await;
        let mut client = served.client().await;
        assert_eq!(
            client.get("/tidy").await.status,
            StatusCode::GATEWAY_TIMEOUT
        );
        assert!(clean.is_set());
        drop(client);
        served.stop().await;
    });
}

#[test]
fn pauses_in_bodies_break_them_off_and_pieces_in_time_do_not() {
    inside_each(async || {
        let length = async |text: Result<String, _>| -> Result<String, StatusCode> {
            let text = text
                .map_err(|_: axum::extract::rejection::StringRejection| StatusCode::IM_A_TEAPOT)?;
            Ok(text.len().to_string())
        };
        let routes = Router::new()
            .route("/length", post(length))
            .layer(RequestBodyTimeoutLayer::new(LONG));
        let served = Served::new(routes, |server| server).await;
        let head = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n";
        let mut steady = served.client().await;
        steady.say(head).await;
        // Longer than the limit in all, and each pause shorter.
        for byte in ["a", "b", "c", "d", "e"] {
            sleep(LONG / 4).await;
            steady.say(byte).await;
        }
        assert_eq!(steady.answer().await.unwrap().body, "5");
        let mut silent = served.client().await;
        silent.say(head).await;
        silent.say("ab").await;
        let answer = silent.answer().await.unwrap();
        assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
        drop((steady, silent));
        served.stop().await;
    });
}
