//! Our ends of the pipes to a child, with the traits of `futures-io`.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_executor::budget;
use futures_io::{AsyncRead, AsyncWrite};

mod link;

#[cfg(unix)]
mod unix;

#[cfg(windows)]
mod windows;

use link::{Flow, PipeLink};
#[cfg(unix)]
pub(super) use unix::Pipe;
#[cfg(windows)]
pub(super) use windows::Pipe;

use super::Stdio;
use crate::streams::{StreamReader, StreamWriter, reader_of, writer_of};

/// Goes to a child's stdin. Closing or dropping it is the end of input for the child.
///
/// Writing to a child that does not read any more is a `BrokenPipe`, and so is writing after
/// closing.
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// use bowerbird::subprocess::{PIPE, create_subprocess_exec};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// let mut cat = create_subprocess_exec("cat").stdin(PIPE).stdout(PIPE).await?;
/// let (mut stdin, mut stdout) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
/// stdin.write_all(b"through").await?;
/// stdin.close().await?;
/// let mut bytes = Vec::new();
/// stdout.read_to_end(&mut bytes).await?;
/// assert_eq!(bytes, b"through");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ChildStdin(Option<Pipe>);

impl ChildStdin {
    pub(super) const fn new(pipe: Pipe) -> Self {
        Self(Some(pipe))
    }

    /// Makes it a [`StreamWriter`], with `write` and `drain`. Closing that is the end of input for
    /// the child, and so are `write_eof` and dropping it, when all is written.
    ///
    /// - asyncio: what `Process.stdin` is there.
    ///
    /// # Panics
    /// Outside a running loop.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use bowerbird::subprocess::{PIPE, create_subprocess_exec};
    ///
    /// bowerbird::run(async {
    ///     let mut sort = create_subprocess_exec("sort").stdin(PIPE).stdout(PIPE).await?;
    ///     let stdin = sort.stdin.take().expect("it is a pipe").into_writer();
    ///     stdin.write("b\na\n").await?;
    ///     stdin.close();
    ///     let mut stdout = sort.stdout.take().expect("it is a pipe").into_reader();
    ///     assert_eq!(stdout.readline().await?, b"a\n");
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    #[track_caller]
    pub fn into_writer(self) -> StreamWriter {
        writer_of(Arc::new(PipeLink::new(self.0, Flow::ToChild)))
    }

    fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        op: impl FnOnce(&Pipe, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match &self.0 {
            Some(pipe) => spend(cx, |cx| op(pipe, cx)),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |pipe, cx| pipe.poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |pipe, cx| pipe.poll_write_vectored(cx, buffers))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Some(pipe) => pipe.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(self.as_mut().poll_flush(cx));
        self.0 = None;
        Poll::Ready(flushed)
    }
}

/// A type for what a child writes, read by `AsyncRead`.
macro_rules! output {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Pipe);

        impl $name {
            pub(super) const fn new(pipe: Pipe) -> Self {
                Self(pipe)
            }

            /// Makes it a [`StreamReader`], with `readline` and its kin, and a limit of 64 KiB for
            /// lines. Dropping that closes our end.
            ///
            /// - asyncio: what `Process.stdout` and `stderr` are there.
            ///
            /// # Panics
            /// Outside a running loop.
            ///
            /// ```
            /// # #[cfg(unix)]
            /// # fn main() -> std::io::Result<()> {
            /// use bowerbird::subprocess::{PIPE, create_subprocess_shell};
            ///
            /// bowerbird::run(async {
            ///     let line = "echo one; echo two";
            ///     let mut child = create_subprocess_shell(line).stdout(PIPE).await?;
            ///     let mut stdout = child.stdout.take().expect("it is a pipe").into_reader();
            ///     let mut lines = stdout.lines();
            ///     while let Some(line) = lines.next().await {
            ///         assert!(line?.ends_with(b"\n"));
            ///     }
            ///     child.wait().await?;
            ///     Ok(())
            /// })
            /// # }
            /// # #[cfg(not(unix))]
            /// # fn main() {}
            /// ```
            #[track_caller]
            pub fn into_reader(self) -> StreamReader {
                reader_of(Arc::new(PipeLink::new(Some(self.0), Flow::FromChild)))
            }

            /// Hands it to another child, as its stdin.
            ///
            /// # Errors
            /// When the system cannot take it out of the loop; on Windows while a read is under
            /// way.
            pub fn into_stdio(self) -> io::Result<Stdio> {
                self.0.into_file().map(Stdio::File)
            }
        }

        impl AsyncRead for $name {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                spend(cx, |cx| self.0.poll_read(cx, buffer))
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffers: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                spend(cx, |cx| self.0.poll_read_vectored(cx, buffers))
            }
        }
    };
}

output! {
    /// Comes from a child's stdout. At its end, everybody who could write to it has closed it: the
    /// child, and whoever inherited it from the child.
    ChildStdout
}

output! {
    /// Comes from a child's stderr; see [`ChildStdout`].
    ChildStderr
}

/// Counts a success against what a task may do in one poll.
fn spend<R>(cx: &mut Context<'_>, op: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
    ready!(budget::poll_proceed(cx));
    let done = op(cx);
    if done.is_pending() {
        budget::restore();
    }
    done
}
