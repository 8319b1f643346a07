//! The seam between workloads and runtimes: one trait, one file for each runtime behind it.
//!
//! Everything is a generic parameter or an associated type, nothing is boxed and nothing is
//! dynamic: a workload over [`Runtime`] compiles to what one would have written for that runtime by
//! hand. To add a runtime, write its file, and add it to [`names`] and [`visit`].

pub(crate) mod bowerbird;

mod tokio;

mod smol;

mod http;

pub(crate) mod web;

mod bowerbird_web;

mod tokio_web;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::workloads::{self, Workload};

/// How many threads run tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A pool of so many workers.
    Workers(usize),
    /// The thread that called `run`, and no other.
    CurrentThread,
}

/// What a workload may ask of a runtime.
pub(crate) trait Runtime: Sized + Send + Sync + 'static {
    /// As on the command line and in the table.
    const NAME: &'static str;

    /// A spawned task; what dropping it does differs, so workloads join or detach.
    type Task<T: Send + 'static>: Send + 'static;

    /// What a thread outside the runtime spawns with.
    type Remote: Clone + Send + 'static;

    type Listener: Send + Sync + 'static;

    type Stream: Send + 'static;

    /// Starts the runtime, **spawns** `main` as a task on it, gives back what it returns, and
    /// shuts the runtime down. A root future would sit on a worker in one runtime and outside of
    /// them all in the next; a spawned one is on a worker in each.
    fn run<F>(shape: Shape, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Spawns from inside a task.
    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Waits for a task and gives back what it returned.
    fn join<T: Send + 'static>(task: Self::Task<T>) -> impl Future<Output = T> + Send + 'static;

    /// Lets a task run on with nobody waiting for it.
    fn detach<T: Send + 'static>(task: Self::Task<T>);

    /// Called inside a task, for use outside.
    fn remote() -> Self::Remote;

    /// Spawns from any thread.
    fn spawn_from<F>(remote: &Self::Remote, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    fn yield_now() -> impl Future<Output = ()> + Send;

    fn sleep(length: Duration) -> impl Future<Output = ()> + Send;

    /// `None` when `limit` passes first.
    fn timeout<F>(limit: Duration, future: F) -> impl Future<Output = Option<F::Output>> + Send
    where
        F: Future + Send,
        F::Output: Send;

    /// Runs `job` where it may block. The job is queued by the call, not by the first poll.
    fn blocking<T, J>(job: J) -> impl Future<Output = T> + Send + 'static
    where
        T: Send + 'static,
        J: FnOnce() -> T + Send + 'static;

    /// Listens on a free port of the loopback interface.
    fn listen() -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    fn read(
        stream: &mut Self::Stream,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;

    fn write_all(
        stream: &mut Self::Stream,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// The workloads for the web, if there is something of its own to run them with.
    fn web() -> Vec<Workload> {
        workloads::web::nothing()
    }

    /// Has hyper serve a page to a connection, with the runtime's timers for its limits.
    fn serve_http(stream: Self::Stream) -> impl Future<Output = ()> + Send + 'static;
}

/// Something that is done for a runtime known by its name only.
pub(crate) trait Visitor {
    type Output;

    fn visit<R: Runtime>(self) -> Self::Output;
}

/// tokio with its switches on: in a build with `RUSTFLAGS="--cfg tokio_unstable"` alone.
pub(crate) const TOKIO_OPT: &str = "tokio-opt";

/// The runtimes in this build, in the order of the columns.
pub(crate) fn names() -> Vec<&'static str> {
    vec![
        bowerbird::Bowerbird::NAME,
        tokio::Tokio::NAME,
        #[cfg(tokio_unstable)]
        TOKIO_OPT,
        smol::Smol::NAME,
    ]
}

/// Shows `visitor` the runtime called `name`; `None` if there is none.
pub(crate) fn visit<V: Visitor>(name: &str, visitor: V) -> Option<V::Output> {
    Some(match name {
        bowerbird::Bowerbird::NAME => visitor.visit::<bowerbird::Bowerbird>(),
        tokio::Tokio::NAME => visitor.visit::<tokio::Tokio>(),
        #[cfg(tokio_unstable)]
        TOKIO_OPT => visitor.visit::<tokio::TokioOpt>(),
        smol::Smol::NAME => visitor.visit::<smol::Smol>(),
        _ => return None,
    })
}
