//! tokio behind the seam: with its defaults, and, in a build with
//! `RUSTFLAGS="--cfg tokio_unstable"`, a second time with the switches that are off by default.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use super::{Runtime, Shape, TOKIO_OPT, http};
use crate::workloads::{self, Workload};

/// The runtime this project wants to beat.
pub(crate) type Tokio = Flavoured<false>;

/// The same with its alternative timer, its sharded blocking queue and its eager driver hand-off.
#[cfg(tokio_unstable)]
pub(crate) type TokioOpt = Flavoured<true>;

/// Both of them; `OPT` turns the switches on.
#[derive(Debug)]
pub(crate) struct Flavoured<const OPT: bool>;

impl<const OPT: bool> Runtime for Flavoured<OPT> {
    const NAME: &'static str = if OPT { TOKIO_OPT } else { "tokio" };

    type Task<T: Send + 'static> = JoinHandle<T>;
    type Remote = Handle;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn run<F>(shape: Shape, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut builder = match shape {
            Shape::Workers(_) => Builder::new_multi_thread(),
            Shape::CurrentThread => Builder::new_current_thread(),
        };
        if let Shape::Workers(count) = shape {
            builder.worker_threads(count);
            #[cfg(tokio_unstable)]
            if OPT {
                builder.enable_alt_timer().enable_eager_driver_handoff();
                builder.enable_sharded_blocking_queue();
            }
        }
        let runtime = builder
            .enable_all()
            .build()
            .expect("the system has threads and fds left");
        runtime.block_on(async { Self::join(tokio::spawn(main)).await })
    }

    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(future)
    }

    async fn join<T: Send + 'static>(task: Self::Task<T>) -> T {
        task.await
            .expect("no task of a workload panics or is cancelled")
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        drop(task);
    }

    fn remote() -> Self::Remote {
        Handle::current()
    }

    fn spawn_from<F>(remote: &Self::Remote, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        remote.spawn(future)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    fn sleep(length: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(length)
    }

    async fn timeout<F>(limit: Duration, future: F) -> Option<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        tokio::time::timeout(limit, future).await.ok()
    }

    fn blocking<T, J>(job: J) -> impl Future<Output = T> + Send + 'static
    where
        T: Send + 'static,
        J: FnOnce() -> T + Send + 'static,
    {
        Self::join(tokio::task::spawn_blocking(job))
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept().await?.0)
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }

    fn web() -> Vec<Workload> {
        workloads::web::catalogue::<Self>()
    }

    fn serve_http(stream: Self::Stream) -> impl Future<Output = ()> + Send + 'static {
        http::serve(TokioIo::new(stream), TokioTimer::new())
    }
}
