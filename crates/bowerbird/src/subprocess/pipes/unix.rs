//! Pipes of Unix, which the reactor can watch.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use bowerbird_executor::Handle;
use bowerbird_io::{Async, children};

/// Our end of a pipe, in the loop.
#[derive(Debug)]
pub(in crate::subprocess) struct Pipe(Async<File>);

impl Pipe {
    pub(in crate::subprocess) fn new(handle: &Handle, end: impl Into<OwnedFd>) -> io::Result<Self> {
        children::pipe_end(handle.reactor(), end.into()).map(Self)
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
    }

    pub(super) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read_vectored(cx, buffers)
    }

    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buffer)
    }

    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, buffers)
    }

    /// What was written is in the pipe.
    pub(super) fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    pub(super) fn into_file(self) -> io::Result<File> {
        children::into_blocking(self.0)
    }
}
