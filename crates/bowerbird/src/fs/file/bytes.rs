//! The bytes that flow through a file: reading, writing, seeking, by trait and by method.
//!
//! All of it talks to the tray. What the tray can serve is served at once; else a request is left
//! there, and a courier sent if none is at work.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowerbird_executor::budget;
use futures_io::{AsyncRead, AsyncSeek, AsyncWrite};

use super::File;
use super::courier::Courier;
use super::tray::{READ_AHEAD, READ_MAX, Reply, Request};

impl File {
    /// Reads what comes next: how many bytes, zero at the end or for an empty buffer.
    ///
    /// - *Cancel:* what was read comes with the next read.
    ///
    /// # Errors
    /// Those of writing behind, and of reading.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, buffer)).await
    }

    /// Fills `buffer`.
    ///
    /// - *Cancel:* part of the buffer may be filled, and the position is after that part.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends too soon; those of [`read`](Self::read).
    pub async fn read_exact(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read(buffer).await? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => buffer = &mut buffer[length..],
            }
        }
        Ok(())
    }

    /// Adds all that comes up to the end to `bytes`: how many. One trip, whatever the size.
    ///
    /// - *Cancel:* nothing is added, and the next read begins where this one would have.
    ///
    /// # Errors
    /// Those of writing behind, and of reading; what was read before the error comes with the next
    /// read.
    pub async fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let rest = poll_fn(|cx| self.poll_rest(cx)).await?;
        let length = rest.len();
        if bytes.is_empty() {
            *bytes = rest;
        } else {
            bytes.extend_from_slice(&rest);
        }
        Ok(length)
    }

    /// Adds all that comes up to the end to `text`: how many bytes. One trip.
    ///
    /// - *Cancel:* as [`read_to_end`](Self::read_to_end).
    ///
    /// # Errors
    /// `InvalidData` when it is not UTF-8: `text` stays as it was, and the position is at the end.
    /// Those of `read_to_end`.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        let rest = poll_fn(|cx| self.poll_rest(cx)).await?;
        let rest = String::from_utf8(rest)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))?;
        text.push_str(&rest);
        Ok(rest.len())
    }

    /// Has bytes of `bytes` written: how many were accepted, zero only for none. Waits when 256 KiB
    /// are on their way.
    ///
    /// - *Cancel:* nothing was accepted.
    ///
    /// # Errors
    /// Those of writes before this one: see [`File`].
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| Pin::new(&mut *self).poll_write(cx, bytes)).await
    }

    /// Has all of `bytes` written.
    ///
    /// - *Cancel:* a part of them may have been accepted.
    ///
    /// # Errors
    /// As [`write`](Self::write); those of these bytes come with [`flush`](Self::flush).
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let accepted = self.write(bytes).await?;
            bytes = &bytes[accepted..];
        }
        Ok(())
    }

    /// Waits until what was written is in the file, for every reader on this machine; for the disk
    /// there is [`sync_all`](Self::sync_all).
    ///
    /// - *Cancel:* the bytes are written all the same.
    ///
    /// # Errors
    /// Why some are not, once.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_written(cx)).await
    }

    /// Moves the position: where it is now, in bytes from the start. Beyond the end is fine.
    ///
    /// - *Cancel:* the position stays.
    ///
    /// # Errors
    /// `InvalidInput` for a place before the start, `NotSeekable` for what has no positions, and
    /// those of writing behind. The position stays then.
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        poll_fn(|cx| Pin::new(&mut *self).poll_seek(cx, to)).await
    }

    /// Moves the position to the start.
    ///
    /// # Errors
    /// As [`seek`](Self::seek).
    pub async fn rewind(&mut self) -> io::Result<()> {
        self.seek(SeekFrom::Start(0)).await.map(drop)
    }

    /// The position, in bytes from the start. What was read ahead stays.
    ///
    /// # Errors
    /// As [`seek`](Self::seek).
    pub async fn stream_position(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }

    /// All up to the end.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let mut tray = self.opened.tray();
        tray.tell_failure()?;
        match tray.reply.take() {
            Some(Reply::ReadToEnd(read)) => {
                read?;
                return Poll::Ready(Ok(tray.unread.take_all()));
            }
            Some(Reply::Read(Err(error))) => return Poll::Ready(Err(error)),
            _given_up => {}
        }
        drop(tray);
        self.request(Request::ReadToEnd, cx)
    }

    /// Leaves a request, unless its turn has not come, and waits.
    fn request<R>(&self, request: Request, cx: &Context<'_>) -> Poll<R> {
        // Cloned, and dropped if it is known, while nothing is locked (I4).
        let waker = cx.waker().clone();
        let mut tray = self.opened.tray();
        let is_unattended = tray.is_open_to_requests() && tray.ask(request);
        let known = tray.wait(waker);
        drop(tray);
        drop(known);
        if is_unattended {
            Courier::send(&self.opened);
        }
        Poll::Pending
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut tray = self.opened.tray();
        tray.tell_failure()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if tray.is_current() && !tray.unread.is_empty() {
            tray.reply = None;
            return Poll::Ready(Ok(tray.unread.take_into(buffer)));
        }
        match tray.reply.take() {
            Some(Reply::Read(Ok(0))) => return Poll::Ready(Ok(0)),
            Some(Reply::Read(Err(error))) => return Poll::Ready(Err(error)),
            _given_up => {}
        }
        let ahead = if tray.is_shared { 1 } else { READ_AHEAD };
        drop(tray);
        let length = buffer.len().clamp(ahead, READ_MAX);
        self.request(Request::Read(length), cx)
    }

    fn poll_accept(&mut self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (accepted, is_unattended) = ready!(self.poll_tray(cx, |tray| {
            if let Err(error) = tray.tell_failure() {
                return Some(Err(error));
            }
            let accepted = tray.accept(bytes);
            (accepted.0 > 0 || bytes.is_empty()).then_some(Ok(accepted))
        }))?;
        if is_unattended {
            Courier::send(&self.opened);
        }
        Poll::Ready(Ok(accepted))
    }

    fn poll_move(&mut self, cx: &Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let mut tray = self.opened.tray();
        tray.tell_failure()?;
        if let Some(moved) = tray.take_move(to) {
            return Poll::Ready(moved);
        }
        drop(tray);
        self.request(Request::Seek(to), cx)
    }
}

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        spend(cx, |cx| self.poll_take(cx, buffer))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        // The others are filled from what the first one's trip has read ahead.
        let mut buffers = buffers.iter_mut().filter(|buffer| !buffer.is_empty());
        let Some(first) = buffers.next() else {
            return self.poll_read(cx, &mut []);
        };
        let length = first.len();
        let mut total = ready!(self.as_mut().poll_read(cx, first))?;
        if total == length {
            let mut tray = self.opened.tray();
            for buffer in buffers {
                if !tray.is_current() {
                    break;
                }
                total += tray.unread.take_into(buffer);
            }
        }
        Poll::Ready(Ok(total))
    }
}

impl AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        spend(cx, |cx| self.poll_accept(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut buffers = buffers.iter().filter(|buffer| !buffer.is_empty());
        let first = buffers.next().map_or(&[][..], |buffer| buffer);
        let mut total = ready!(self.as_mut().poll_write(cx, first))?;
        if total == first.len() {
            let mut tray = self.opened.tray();
            // Accepted by a tray that is served, or it would not have taken the first one. If its
            // courier has ended meanwhile, the rest is left to the next call.
            for buffer in buffers {
                if !tray.is_served {
                    break;
                }
                let (accepted, _is_served) = tray.accept(buffer);
                total += accepted;
            }
        }
        Poll::Ready(Ok(total))
    }

    /// See [`File::flush`].
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    /// As flushing; the file is closed when it is dropped.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }
}

impl AsyncSeek for File {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.poll_move(cx, to)
    }
}

/// Takes one from the poll's budget: a file that is always ready must not keep its worker.
fn spend<R>(cx: &mut Context<'_>, op: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
    ready!(budget::poll_proceed(cx));
    let done = op(cx);
    if done.is_pending() {
        budget::restore();
    }
    done
}
