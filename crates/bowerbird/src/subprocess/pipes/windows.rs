//! Pipes of Windows, which only block: one call at a time goes to a thread for blocking calls.
//!
//! A read that nobody awaits any more keeps what it reads for the next one. A write is taken into a
//! buffer at once and reported done; its error, if any, comes with the next write or flush.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::windows::io::OwnedHandle;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bowerbird_core::Birth;
use bowerbird_executor::Handle;

use crate::tasks::Task;

/// Bytes of one call.
const BUFFER: usize = 16 * 1024;

/// Our end of a pipe.
#[derive(Debug)]
pub(in crate::subprocess) struct Pipe {
    /// Where blocking calls go.
    handle: Handle,
    /// One call at a time.
    state: Mutex<State>,
}

/// A pipe at rest, or a call under way.
#[derive(Debug)]
enum State {
    Idle(Idle),
    Busy(Task<(Idle, io::Result<()>)>),
    /// A call was lost with its thread.
    Broken,
}

/// A pipe at rest.
#[derive(Debug)]
struct Idle {
    /// The pipe itself.
    file: File,
    /// What was read and not taken, or taken and not written.
    buffer: Vec<u8>,
    /// The last read found the end.
    is_at_end: bool,
}

impl Pipe {
    pub(in crate::subprocess) fn new(
        handle: &Handle,
        end: impl Into<OwnedHandle>,
    ) -> io::Result<Self> {
        let idle = Idle {
            file: File::from(end.into()),
            buffer: Vec::new(),
            is_at_end: false,
        };
        Ok(Self {
            handle: handle.clone(),
            state: Mutex::new(State::Idle(idle)),
        })
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut idle = ready!(self.poll_idle(cx))?;
            if !idle.buffer.is_empty() || idle.is_at_end || target.is_empty() {
                let count = idle.buffer.len().min(target.len());
                target[..count].copy_from_slice(&idle.buffer[..count]);
                idle.buffer.drain(..count);
                self.put(State::Idle(idle));
                return Poll::Ready(Ok(count));
            }
            self.start(idle, |idle| {
                idle.buffer.resize(BUFFER, 0);
                let read = idle.file.read(&mut idle.buffer);
                let count = *read.as_ref().unwrap_or(&0);
                idle.buffer.truncate(count);
                idle.is_at_end = count == 0;
                read.map(drop)
            });
        }
    }

    pub(super) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        match buffers.iter_mut().find(|buffer| !buffer.is_empty()) {
            Some(buffer) => self.poll_read(cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        source: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut idle = ready!(self.poll_idle(cx))?;
        let count = source.len().min(BUFFER);
        idle.buffer.extend_from_slice(&source[..count]);
        self.start(idle, |idle| {
            let written = idle.file.write_all(&idle.buffer);
            idle.buffer.clear();
            written
        });
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match buffers.iter().find(|buffer| !buffer.is_empty()) {
            Some(buffer) => self.poll_write(cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }

    /// Waits until what was taken has been written.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let idle = ready!(self.poll_idle(cx))?;
        self.put(State::Idle(idle));
        Poll::Ready(Ok(()))
    }

    pub(super) fn into_file(self) -> io::Result<File> {
        match self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            State::Idle(idle) if idle.buffer.is_empty() => Ok(idle.file),
            _ => Err(io::ErrorKind::ResourceBusy.into()),
        }
    }

    /// Waits for the call under way, and takes the pipe; it is to be put back.
    fn poll_idle(&self, cx: &mut Context<'_>) -> Poll<io::Result<Idle>> {
        let mut task = match std::mem::replace(&mut *self.lock(), State::Broken) {
            State::Idle(idle) => return Poll::Ready(Ok(idle)),
            State::Broken => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            State::Busy(task) => task,
        };
        match task.poll_result(cx) {
            Poll::Pending => {
                self.put(State::Busy(task));
                Poll::Pending
            }
            Poll::Ready(Ok((idle, Ok(())))) => Poll::Ready(Ok(idle)),
            Poll::Ready(Ok((idle, Err(error)))) => {
                self.put(State::Idle(idle));
                Poll::Ready(Err(error))
            }
            Poll::Ready(Err(lost)) => Poll::Ready(Err(io::Error::other(lost))),
        }
    }

    /// Sends a call to a thread.
    fn start(
        &self,
        mut idle: Idle,
        call: impl FnOnce(&mut Idle) -> io::Result<()> + Send + 'static,
    ) {
        let call = move || {
            let done = call(&mut idle);
            (idle, done)
        };
        self.put(State::Busy(self.handle.to_thread(call, Birth::default())));
    }

    fn put(&self, state: State) {
        let _broken = std::mem::replace(&mut *self.lock(), state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
