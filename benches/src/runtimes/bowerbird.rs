//! Bowerbird behind the seam, through its public names only.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bowerbird::net::{TcpListener, TcpStream};
use bowerbird::{EventLoop, Flavor, Report, Task};
use bowerbird_http::rt::{Io, Timer};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use super::{Runtime, Shape, http};
use crate::workloads::{self, Workload};

/// The runtime this is all about.
#[derive(Debug)]
pub(crate) struct Bowerbird;

impl Runtime for Bowerbird {
    const NAME: &'static str = "bowerbird";

    type Task<T: Send + 'static> = Task<T>;
    type Remote = EventLoop;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn run<F>(shape: Shape, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let builder = match shape {
            Shape::Workers(count) => EventLoop::builder()
                .flavor(Flavor::MultiThread)
                .worker_threads(count),
            Shape::CurrentThread => EventLoop::builder().flavor(Flavor::CurrentThread),
        };
        let event_loop = builder
            .build()
            .expect("the system has threads and fds left");
        let output = event_loop
            .run_until_complete(async { Self::join(bowerbird::create_task(main)).await })
            .expect("a new loop is neither running nor closed");
        // What the other runtimes drop without a word, this one reports: up to a million lines.
        event_loop.set_exception_handler(Some(|_: &Report| {}));
        event_loop.close().expect("the loop has stopped running");
        output
    }

    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        bowerbird::create_task(future)
    }

    async fn join<T: Send + 'static>(task: Self::Task<T>) -> T {
        task.await
            .expect("no task of a workload panics or is cancelled")
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        drop(task);
    }

    fn remote() -> Self::Remote {
        bowerbird::get_running_loop().expect("workloads call this inside a task")
    }

    fn spawn_from<F>(remote: &Self::Remote, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        remote.create_task(future)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        bowerbird::yield_now()
    }

    fn sleep(length: Duration) -> impl Future<Output = ()> + Send {
        bowerbird::sleep(length)
    }

    async fn timeout<F>(limit: Duration, future: F) -> Option<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        bowerbird::wait_for(future, limit).await.ok()
    }

    fn blocking<T, J>(job: J) -> impl Future<Output = T> + Send + 'static
    where
        T: Send + 'static,
        J: FnOnce() -> T + Send + 'static,
    {
        let running = bowerbird::to_thread(job);
        async move { running.await.expect("no job of a workload panics") }
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
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
        http::serve(Io::new(stream), Timer)
    }
}
