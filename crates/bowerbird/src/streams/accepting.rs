//! Accept loops, and what becomes of a connection: its handshake, its handler, and what is told
//! when either fails. Started by the server; a task for each listening socket and connection.

use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bowerbird_executor::{Handle, Report};

use super::connection::Connection;
use super::link::Link;
use super::listener::Listener;
use super::roll::{Membership, OpenLoop, Roll};
use super::{StreamReader, StreamWriter};
use crate::events::birth;
use crate::exceptions::Panic;
use crate::net::is_out_of_resources;
use crate::tasks::sleep;
#[cfg(feature = "tls")]
use crate::tls::TlsAcceptor;

/// How long an accept loop waits when the system has no descriptors or no memory. asyncio's number.
const BACK_OFF: Duration = Duration::from_secs(1);

/// A failure of users' code.
pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// A handler's future.
pub(super) type Handling = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// What a server does with a connection.
pub(super) struct Serving {
    /// The user's code.
    pub(super) handler: Box<dyn Fn(StreamReader, StreamWriter) -> Handling + Send + Sync>,
    /// The longest line its readers take.
    pub(super) limit: usize,
    /// The loop it lives on.
    pub(super) handle: Handle,
    /// The server's side of TLS, if that is spoken.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsAcceptor>,
}

/// What a handler may end with: nothing, or a result whose error goes to the loop's exception
/// handler.
///
/// ```
/// use bowerbird::{StreamReader, StreamWriter, start_server};
///
/// async fn refuse(_reader: StreamReader, writer: StreamWriter) {
///     writer.write("closed today").await.ok(); // nothing to report
/// }
///
/// async fn greet(_reader: StreamReader, writer: StreamWriter) -> std::io::Result<()> {
///     writer.write("hello").await // an error is reported
/// }
///
/// # bowerbird::run(async {
/// start_server(refuse, "127.0.0.1:0").await?.close();
/// start_server(greet, "127.0.0.1:0").await?.close();
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait Outcome {
    /// The error, if it is one.
    #[doc(hidden)]
    fn into_failure(self) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl Outcome for () {
    fn into_failure(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<T, E: Into<Failure>> Outcome for Result<T, E> {
    fn into_failure(self) -> Result<(), Failure> {
        self.map(drop).map_err(Into::into)
    }
}

/// Starts an accept loop for each listener.
pub(super) fn start_loops(
    roll: &Roll,
    serving: &Arc<Serving>,
    listeners: Vec<(Listener, OpenLoop)>,
) {
    for (listener, open) in listeners {
        let accepting = accept_loop(roll.clone(), serving.clone(), listener, open);
        let mut birth = birth(&serving.handle, Location::caller());
        birth.name = Some("accept loop".into());
        // On a closed loop nobody is accepted: the listeners are dropped.
        let Ok(task) = serving.handle.create_task(accepting, birth) else {
            continue;
        };
        if !roll.add_loop(task.handle()) {
            task.cancel();
        }
        task.detach();
    }
}

async fn accept_loop(roll: Roll, serving: Arc<Serving>, listener: Listener, open: OpenLoop) {
    // Dropped in reverse order: the listener is gone when `open` says so.
    let _open = open;
    let listener = listener;
    loop {
        match listener.accept().await {
            Ok(link) => welcome(&roll, &serving, link),
            Err(error) if concerns_one(&error) => {}
            Err(_) if serving.handle.is_closed() => return,
            Err(error) => {
                serving.handle.report(&Report::new(accept_failed(&error)));
                sleep(BACK_OFF).await;
            }
        }
    }
}

fn accept_failed(error: &io::Error) -> String {
    let cause = if is_out_of_resources(error) {
        " for want of descriptors or memory"
    } else {
        ""
    };
    format!("accept failed{cause}, trying again in a second: {error}")
}

/// Whether only the connection that was to be accepted has failed.
fn concerns_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

/// Gives a new connection a task.
fn welcome(roll: &Roll, serving: &Arc<Serving>, link: Arc<dyn Link>) {
    let Some(membership) = roll.enter(&link) else {
        return;
    };
    let birth = birth(&serving.handle, Location::caller());
    let served = serve(serving.clone(), link, membership);
    if let Ok(task) = serving.handle.create_task(served, birth) {
        task.detach();
    }
}

async fn serve(serving: Arc<Serving>, link: Arc<dyn Link>, membership: Membership) {
    #[cfg(feature = "tls")]
    let link = match &serving.tls {
        None => link,
        Some(tls) => match tls.shake_hands(link, Vec::new()).await {
            Ok(link) => link,
            Err(error) => return handshake_failed(&serving.handle, &error),
        },
    };
    let connection = Connection::new(link, serving.handle.clone());
    membership.pass_to(&connection);
    connection.keep(membership);
    let reader = StreamReader::new(connection.clone(), serving.limit);
    let writer = StreamWriter::new(connection);
    // What the handler holds is dropped when it ends, which closes the connection.
    let handled = Caught {
        future: async { (serving.handler)(reader, writer).await },
    }
    .await;
    let mut report = Report::new("Unhandled exception in client_connected_cb");
    match handled {
        Ok(Ok(())) => return,
        Ok(Err(error)) => report.message = format!("{}: {error}", report.message),
        Err(payload) => report.panic = Some(Panic::new(payload)),
    }
    report.task = crate::tasks::current_task();
    serving.handle.report(&report);
}

/// Anybody can fail to shake hands: that is told in debug mode only, as asyncio has it.
#[cfg(feature = "tls")]
fn handshake_failed(handle: &Handle, error: &io::Error) {
    if handle.is_debug() {
        let told = format!("SSL handshake failed: {error}");
        handle.report(&Report::new(told));
    }
}

pin_project_lite::pin_project! {
    /// A future whose panic is a value.
    struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        // A future that has panicked is not polled again.
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}
