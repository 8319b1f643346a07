//! A connection of HTTP/2: many requests at a time, and one task that reads and writes. The pool
//! and every request under way have a share in it; the last to go ends the task.

use std::sync::Arc;
use std::time::Duration;

use bowerbird::{TaskRef, create_task};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2;

use crate::client::outgoing::Outgoing;
use crate::client::wire::{Activity, Socket, Wire};
use crate::rt::{Executor, Io, Timer};

/// How often a server is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);

/// How many streams the client opens before the server has said how many it takes.
const STREAMS: usize = 100;

/// A share is an `Arc` of it.
#[derive(Debug)]
pub(in crate::client) struct Shared {
    /// Takes requests; each gets a clone of it.
    sender: http2::SendRequest<Outgoing>,
    /// Reads and writes; cancelled with the last share.
    driver: TaskRef,
}

impl Shared {
    /// Shakes hands, and starts the task.
    ///
    /// # Errors
    /// hyper's.
    pub(in crate::client) async fn new(
        socket: Socket,
        ended: impl FnOnce() + Send + 'static,
    ) -> hyper::Result<Arc<Self>> {
        let wire = Wire::new(Arc::new(socket), Arc::new(Activity::default()));
        let (sender, talk) = http2::Builder::new(Executor)
            .timer(Timer)
            .initial_max_send_streams(STREAMS)
            .keep_alive_interval(PING)
            .handshake(Io::flattened(wire))
            .await?;
        let driver = create_task(async move {
            // Its end is seen by the requests under way.
            let _ended = talk.await;
            ended();
        });
        Ok(Arc::new(Self {
            sender,
            driver: driver.handle(),
        }))
    }

    /// Whether requests can still be sent.
    pub(in crate::client) fn is_open(&self) -> bool {
        !self.driver.is_done() && !self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// hyper's.
    pub(in crate::client) async fn send(
        &self,
        request: Request<Outgoing>,
    ) -> hyper::Result<Response<Incoming>> {
        let mut sender = self.sender.clone();
        sender.send_request(request).await
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.driver.cancel();
    }
}
