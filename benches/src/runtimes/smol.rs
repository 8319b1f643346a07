//! smol behind the seam: its executor on threads of our own, since its global one takes the
//! number of its threads from the environment.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bowerbird_http::rt::Io;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use smol::{Executor, Task, Timer, channel, future};

use super::{Runtime, Shape, http};

/// async-executor, async-io and blocking, as smol ties them together.
#[derive(Debug)]
pub(crate) struct Smol;

static EXECUTOR: Executor<'static> = Executor::new();

impl Runtime for Smol {
    const NAME: &'static str = "smol";

    type Task<T: Send + 'static> = Task<T>;
    type Remote = ();
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn run<F>(shape: Shape, main: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let main = EXECUTOR.spawn(main);
        let Shape::Workers(count) = shape else {
            return smol::block_on(EXECUTOR.run(main));
        };
        let (stop, stopped) = channel::bounded::<()>(1);
        thread::scope(|scope| {
            for _ in 0..count {
                // Waiting for the channel to close is what ends a worker.
                scope.spawn(|| smol::block_on(EXECUTOR.run(stopped.recv())));
            }
            // futures-lite's `block_on` parks and drives nothing: the workers have the reactor.
            let output = futures_lite::future::block_on(main);
            drop(stop);
            output
        })
    }

    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn join<T: Send + 'static>(task: Self::Task<T>) -> impl Future<Output = T> + Send + 'static {
        task
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        task.detach();
    }

    fn remote() -> Self::Remote {}

    fn spawn_from<F>((): &Self::Remote, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        future::yield_now()
    }

    async fn sleep(length: Duration) {
        Timer::after(length).await;
    }

    async fn timeout<F>(limit: Duration, future: F) -> Option<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        let expiry = async {
            Timer::after(limit).await;
            None
        };
        future::or(async { Some(future.await) }, expiry).await
    }

    fn blocking<T, J>(job: J) -> impl Future<Output = T> + Send + 'static
    where
        T: Send + 'static,
        J: FnOnce() -> T + Send + 'static,
    {
        smol::unblock(job)
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

    fn serve_http(stream: Self::Stream) -> impl Future<Output = ()> + Send + 'static {
        http::serve(Io::new(stream), Deadlines)
    }
}

/// smol's timers, as hyper wants them.
struct Deadlines;

impl hyper::rt::Timer for Deadlines {
    fn sleep(&self, length: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Deadline(Timer::after(length)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Deadline(Timer::at(deadline)))
    }
}

/// A timer that forgets when it was due.
struct Deadline(Timer);

impl Future for Deadline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

impl hyper::rt::Sleep for Deadline {}
