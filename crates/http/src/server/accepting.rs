//! Accepting: a loop for each listener, which ends by being cancelled. Called by the server.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use bowerbird::net::is_out_of_resources;
use bowerbird::{Report, get_running_loop, sleep};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use tower_service::Service;

use super::Failure;
use super::connection::converse;
use super::listener::Listener;
use super::roll::Roll;

/// How long a loop waits when the system has no descriptors or no memory. asyncio's number.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Gives each connection a task, and never more of them than are allowed.
pub(super) async fn accept_loop<S, B>(roll: Arc<Roll>, listener: Listener, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Failure>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    loop {
        match listener.accept().await {
            Ok(arrival) => {
                // Not before: a listener that nobody comes to would keep a place from the others.
                let permit = roll.room().await;
                // Who has enough of them finds this one closed.
                if let Some(pass) = roll.admit(permit, arrival.peer) {
                    roll.start(converse(pass, arrival, service.clone()));
                }
            }
            Err(error) if concerns_one(&error) => {}
            Err(error) => {
                tell(error);
                sleep(BACK_OFF).await;
            }
        }
    }
}

/// Whether only the connection that was to be accepted has failed.
fn concerns_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

fn tell(error: io::Error) {
    let cause = if is_out_of_resources(&error) {
        " for want of descriptors or memory"
    } else {
        ""
    };
    let what = format!("accept failed{cause}, trying again in a second");
    let report = Report::new(what)
        .with_source("HTTP server")
        .with_error(error);
    if let Ok(running) = get_running_loop() {
        running.call_exception_handler(&report);
    }
}
