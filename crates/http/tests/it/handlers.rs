//! What goes wrong in users' code, and what the rest of the server has of it: nothing.

use std::sync::{Arc, Mutex};

use bowerbird::{Report, get_running_loop};

use crate::wire::{Served, inside_each};

/// Collects what the exception handler is told.
fn listen() -> Arc<Mutex<Vec<String>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let handler = move |report: &Report| {
        sink.lock().unwrap().push(report.to_string());
    };
    get_running_loop()
        .unwrap()
        .set_exception_handler(Some(handler));
    told
}

#[test]
fn panics_and_errors_are_answered_with_500_and_reported() {
    inside_each(async || {
        let told = listen();
        let served = Served::plain().await;
        let mut client = served.client().await;
        for path in ["/panic", "/error"] {
            assert_eq!(client.get(path).await.status.as_u16(), 500);
        }
        assert_eq!(client.get("/fine").await.body, "GET /fine ");
        let told = told.lock().unwrap().clone();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("unhandled panic in an HTTP handler"),
            "{told:?}"
        );
        assert!(
            told[1].contains("unhandled error in an HTTP handler"),
            "{told:?}"
        );
        drop(client);
        served.stop().await;
    });
}
